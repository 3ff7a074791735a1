"""A model folder to an image in the local store, without a daemon."""
