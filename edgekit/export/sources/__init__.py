"""What is exported: registered networks, library networks, own code and .onnx files."""
