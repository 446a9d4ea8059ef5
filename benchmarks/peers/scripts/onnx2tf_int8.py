"""onnx2tf's own int8 on an .onnx file.

    python onnx2tf_int8.py FLOAT.onnx CALIBRATION.npy INT8.tflite

Calibration images are float32 (N, C, H, W), as the network takes them.
"""

from __future__ import annotations

import argparse
import shutil
from pathlib import Path

import numpy as np
import onnx2tf


def main() -> None:
    """Quantize one file."""
    parser = argparse.ArgumentParser(description="Quantize with onnx2tf.")
    parser.add_argument("model", type=Path)
    parser.add_argument("calibration", type=Path)
    parser.add_argument("output", type=Path)
    options = parser.parse_args()
    images = np.ascontiguousarray(np.load(options.calibration).transpose(0, 2, 3, 1))
    np.save("images.npy", images)
    as_they_are = [[[[0.0] * images.shape[-1]]]], [[[[1.0] * images.shape[-1]]]]
    copied = shutil.copyfile(options.model, "copy.onnx")  # it overwrites what it reads
    onnx2tf.convert(
        input_onnx_file_path=copied,
        output_folder_path="written",
        output_integer_quantized_tflite=True,
        custom_input_op_name_np_data_path=[["input", "images.npy", *as_they_are]],
        non_verbose=True,
    )
    (found,) = Path("written").glob("*_full_integer_quant.tflite")
    shutil.move(found, options.output)


if __name__ == "__main__":
    main()
