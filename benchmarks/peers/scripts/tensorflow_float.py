"""TensorFlow's converter on a SavedModel, in float32.

    python tensorflow_float.py SAVED_MODEL OUTPUT.tflite

The SavedModel is what tensorflow_saved_model.py made of an .onnx file.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import tensorflow as tf


def main() -> None:
    """Convert one network."""
    parser = argparse.ArgumentParser(description="Convert with TensorFlow's converter.")
    parser.add_argument("model", type=Path)
    parser.add_argument("output", type=Path)
    options = parser.parse_args()
    converter = tf.lite.TFLiteConverter.from_saved_model(str(options.model))
    options.output.write_bytes(converter.convert())


if __name__ == "__main__":
    main()
