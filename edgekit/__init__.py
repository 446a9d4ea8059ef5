"""edgekit: export, verify and measure efficient CNNs on ONNX Runtime and TFLite (LiteRT)."""

__version__ = "0.1.0"
