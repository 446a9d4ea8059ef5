"""``edgekit export``."""
