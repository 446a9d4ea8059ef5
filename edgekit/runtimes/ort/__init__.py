"""ONNX Runtime, as the worker drives it."""
