"""tidegate.yaml and tidegate.lock as values."""
