"""``edgekit quantize``."""
