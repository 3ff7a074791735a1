"""The embedded registry (distribution-spec 1.1)."""
