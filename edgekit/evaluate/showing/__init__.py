"""Show images to a model file: the first thing anyone does with one."""
