"""The ONNX writers: plain, QDQ, and ONNX Runtime's own format."""
