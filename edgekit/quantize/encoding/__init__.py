"""From ranges to encodings, and which values share one."""
