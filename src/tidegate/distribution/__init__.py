"""Registries as content stores, and moving content between stores."""
