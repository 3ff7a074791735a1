"""Tidegate: from a merged commit to a checked, traceable model image in a registry."""

__version__ = "0.1.0"
