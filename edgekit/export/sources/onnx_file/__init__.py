"""Foreign .onnx files: any opset, any exporter's habits, made a graph of standard operators."""
