"""Package sources: locked by uv and apt, fetched by hash, unpacked without running anything."""
