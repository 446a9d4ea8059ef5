"""``edgekit latency``."""
