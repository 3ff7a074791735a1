"""Ways to run an image: one file each, probed by running."""
