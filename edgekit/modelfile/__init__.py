"""What can be read from a model file without running it."""
