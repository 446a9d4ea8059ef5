"""``edgekit sensitivity``."""
