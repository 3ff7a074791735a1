"""Where an image came from, and which image a commit became."""
