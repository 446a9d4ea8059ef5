"""onnx2tf on an .onnx file.

    python onnx2tf_float.py FLOAT.onnx OUTPUT.tflite

onnx2tf compares its operators on test images that it downloads unless a file of that name is in
the current folder; here random ones are, so that nothing is downloaded.
"""

from __future__ import annotations

import argparse
import shutil
from pathlib import Path

import numpy as np
import onnx2tf

TEST_IMAGES = "calibration_image_sample_data_20x128x128x3_float32.npy"


def main() -> None:
    """Convert one file."""
    parser = argparse.ArgumentParser(description="Convert with onnx2tf.")
    parser.add_argument("model", type=Path)
    parser.add_argument("output", type=Path)
    options = parser.parse_args()
    images = np.random.default_rng(0).random((20, 128, 128, 3), dtype=np.float32)
    np.save(TEST_IMAGES, images)
    folder = options.output.with_name("written")
    copied = shutil.copyfile(options.model, "copy.onnx")  # it overwrites what it reads
    onnx2tf.convert(
        input_onnx_file_path=copied,
        output_folder_path=str(folder),
        non_verbose=True,
    )
    shutil.move(folder / "copy_float32.tflite", options.output)


if __name__ == "__main__":
    main()
