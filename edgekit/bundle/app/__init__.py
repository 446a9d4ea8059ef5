"""Code for apps, made from a file's own preprocessing, shapes and quantization."""
