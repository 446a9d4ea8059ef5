"""NNCF's post-training quantization of an ONNX file.

    python nncf_onnx.py FLOAT.onnx CALIBRATION.npy INT8.onnx
    python nncf_onnx.py FLOAT.onnx CALIBRATION.npy INT8.onnx --preset mixed --bias-correction full
    python nncf_onnx.py FLOAT.onnx CALIBRATION.npy INT8.onnx --one-scale
    python nncf_onnx.py FLOAT.onnx CALIBRATION.npy INT8.onnx --accuracy-control LABELS.npy

Of itself NNCF gives the input of a depthwise convolution a scale for each channel, with which
ONNX Runtime can only compute in float; --one-scale gives every activation one scale. Accuracy
control judges top-1 on the calibration images, the only ones that any contender sees, and takes
the library's own limit for the drop, 0.01. Everything else is the library's default.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterable
from pathlib import Path

import nncf
import numpy as np
import onnx
import onnxruntime
from calibration import Feeds, Images
from nncf.quantization.advanced_parameters import (
    AdvancedQuantizationParameters,
    QuantizationParameters,
)

PRESETS = {
    "performance": nncf.QuantizationPreset.PERFORMANCE,
    "mixed": nncf.QuantizationPreset.MIXED,
}


def top1(model: onnx.ModelProto, data: Iterable[tuple[dict[str, np.ndarray], int]]) -> float:
    """Return the share of right answers."""
    session = onnxruntime.InferenceSession(
        model.SerializeToString(), providers=["CPUExecutionProvider"]
    )
    return float(np.mean([session.run(None, feed)[0].argmax() == label for feed, label in data]))


def main() -> None:
    """Quantize one file."""
    parser = argparse.ArgumentParser(description="Quantize with NNCF.")
    parser.add_argument("model", type=Path)
    parser.add_argument("calibration", type=Path)
    parser.add_argument("output", type=Path)
    parser.add_argument("--preset", choices=PRESETS)
    parser.add_argument("--bias-correction", choices=("fast", "full"), default="fast")
    parser.add_argument("--one-scale", action="store_true")
    parser.add_argument("--accuracy-control", type=Path, metavar="LABELS")
    options = parser.parse_args()
    model = onnx.load(options.model)
    name, images = model.graph.input[0].name, Images(options.calibration)
    settings = {
        "preset": PRESETS.get(options.preset),
        "subset_size": len(images),
        "fast_bias_correction": options.bias_correction == "fast",
    }
    advanced = None
    if options.one_scale:
        advanced = AdvancedQuantizationParameters(
            activations_quantization_params=QuantizationParameters(per_channel=False)
        )
    calibration = nncf.Dataset(Feeds(name, images))
    if options.accuracy_control is None:
        quantized = nncf.quantize(model, calibration, advanced_parameters=advanced, **settings)
    else:
        labelled = Feeds(name, images, np.load(options.accuracy_control))
        validation = nncf.Dataset(labelled, lambda item: item[0])
        quantized = nncf.quantize_with_accuracy_control(
            model,
            calibration,
            validation,
            top1,
            advanced_quantization_parameters=advanced,
            **settings,
        )
    onnx.save(quantized, options.output)


if __name__ == "__main__":
    main()
