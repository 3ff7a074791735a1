"""HTTP: the one place that opens connections, with retries, limits and redaction."""
