"""Operators of ONNX Runtime's own on stored integers, and on such as are found as they run."""
