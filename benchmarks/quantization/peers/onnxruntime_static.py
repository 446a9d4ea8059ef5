"""ONNX Runtime's own static quantization to int8 (QDQ, int8 weights, 8-bit activations).

    python onnxruntime_static.py FLOAT.onnx CALIBRATION.npy INT8.onnx --method minmax --per-channel

After the preprocessing that its documentation asks for. Everything else is its default.
"""

from __future__ import annotations

import argparse
import tempfile
from pathlib import Path

import numpy as np
import onnxruntime
from calibration import Images
from onnxruntime import quantization
from onnxruntime.quantization import CalibrationMethod, QuantFormat, QuantType
from onnxruntime.quantization.shape_inference import quant_pre_process

METHODS = {
    "minmax": CalibrationMethod.MinMax,
    "entropy": CalibrationMethod.Entropy,
    "percentile": CalibrationMethod.Percentile,
}
TYPES = {"int8": QuantType.QInt8, "uint8": QuantType.QUInt8}


class Reader(quantization.CalibrationDataReader):
    """Hands one image after another to the calibrator."""

    def __init__(self, name: str, images: Images) -> None:
        self._name, self._images = name, images
        self.set_range(0, len(images))

    def __len__(self) -> int:
        return len(self._images)

    def set_range(self, start_index: int, end_index: int) -> None:
        """Restrict what follows to some of the images; asked for with --stride."""
        self._indices = iter(range(start_index, end_index))

    def get_next(self) -> dict[str, np.ndarray] | None:
        """Return the next image, or None after the last one."""
        index = next(self._indices, None)
        return None if index is None else {self._name: self._images[index]}


def main() -> None:
    """Quantize one file."""
    parser = argparse.ArgumentParser(description="Quantize with onnxruntime.quantization.")
    parser.add_argument("model", type=Path)
    parser.add_argument("calibration", type=Path)
    parser.add_argument("output", type=Path)
    parser.add_argument("--method", choices=METHODS, default="minmax")
    parser.add_argument("--per-channel", action="store_true")
    parser.add_argument("--activations", choices=TYPES, default="int8")
    parser.add_argument(
        "--stride", type=int, help="images whose activations are kept in memory (default: all)"
    )
    options = parser.parse_args()
    session = onnxruntime.InferenceSession(options.model, providers=["CPUExecutionProvider"])
    name = session.get_inputs()[0].name
    del session
    with tempfile.TemporaryDirectory() as folder:
        prepared = Path(folder, "prepared.onnx")
        quant_pre_process(options.model, prepared)
        quantization.quantize_static(
            prepared,
            options.output,
            Reader(name, Images(options.calibration)),
            quant_format=QuantFormat.QDQ,
            per_channel=options.per_channel,
            activation_type=TYPES[options.activations],
            weight_type=QuantType.QInt8,
            calibrate_method=METHODS[options.method],
            extra_options={"CalibStridedMinMax": options.stride} if options.stride else None,
        )


if __name__ == "__main__":
    main()
