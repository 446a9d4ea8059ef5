"""LiteRT (TFLite), as the worker drives it."""
