"""The version control system that a model lives in: git."""
