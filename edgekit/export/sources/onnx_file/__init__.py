"""Foreign .onnx files: any opset, any exporter's habits, made a graph of standard operators."""

READER = "edgekit.export.sources.onnx_file.worker"
"""The module of the child process in which they are read."""
