"""The HTTP API (distribution-spec 1.1): one file per noun."""
