"""What a release leaves behind for people and for CI systems."""
