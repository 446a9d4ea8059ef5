"""ONNX Runtime's offline optimization at its highest level that suits any machine, "extended".

    python onnxruntime_extended.py FLOAT.onnx OUTPUT.onnx

The file has operators that only ONNX Runtime knows.
"""

from __future__ import annotations

import argparse

import onnxruntime


def main() -> None:
    """Optimize one file."""
    parser = argparse.ArgumentParser(description="Optimize with ONNX Runtime.")
    parser.add_argument("model")
    parser.add_argument("output")
    options = parser.parse_args()
    settings = onnxruntime.SessionOptions()
    settings.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_ENABLE_EXTENDED
    settings.optimized_model_filepath = options.output
    onnxruntime.InferenceSession(options.model, settings, providers=["CPUExecutionProvider"])


if __name__ == "__main__":
    main()
