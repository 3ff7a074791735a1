"""The page that shows people what is in the registry."""
