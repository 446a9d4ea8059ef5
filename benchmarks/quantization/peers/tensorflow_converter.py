"""TensorFlow's converter: full-integer int8 from a SavedModel.

    python tensorflow_converter.py SAVED_MODEL CALIBRATION.npy INT8.tflite

The SavedModel is what tensorflow_saved_model.py made of the float .onnx file.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import tensorflow as tf
from calibration import Images


def main() -> None:
    """Quantize one network."""
    parser = argparse.ArgumentParser(description="Quantize with TensorFlow's converter.")
    parser.add_argument("model", type=Path)
    parser.add_argument("calibration", type=Path)
    parser.add_argument("output", type=Path)
    options = parser.parse_args()
    images = Images(options.calibration, channels_last=True)

    def representative_dataset() -> Iterator[list[np.ndarray]]:
        return ([image] for image in images)

    converter = tf.lite.TFLiteConverter.from_saved_model(str(options.model))
    converter.optimizations = [tf.lite.Optimize.DEFAULT]
    converter.representative_dataset = representative_dataset
    converter.target_spec.supported_ops = [tf.lite.OpsSet.TFLITE_BUILTINS_INT8]
    converter.inference_input_type = tf.int8
    converter.inference_output_type = tf.int8
    options.output.write_bytes(converter.convert())


if __name__ == "__main__":
    main()
