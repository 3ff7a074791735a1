"""OCI values and the content store protocol; nothing here opens a connection."""
