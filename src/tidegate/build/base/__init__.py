"""What an image stands on: one file for each kind of base."""
