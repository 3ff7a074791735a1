"""Vulnerability data: OSV dumps taken in, looked up by package name."""
