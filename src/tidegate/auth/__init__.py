"""Credentials for registries, fetched right before they are used."""
