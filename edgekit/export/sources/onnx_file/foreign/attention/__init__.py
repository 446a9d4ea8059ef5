"""Attention as ONNX Runtime fuses it, and what turns its queries and keys by their places."""
