"""torch's own ONNX exporter, as its documentation calls it.

    python torch_onnx.py MODULE.pt2 OUTPUT.onnx

Opset 18, static shapes, weights in the file; everything else is its default.
"""

from __future__ import annotations

import argparse

import torch


def main() -> None:
    """Export one module."""
    parser = argparse.ArgumentParser(description="Export with torch.onnx.")
    parser.add_argument("module")
    parser.add_argument("output")
    options = parser.parse_args()
    program = torch.export.load(options.module)
    torch.onnx.export(
        program.module(check_guards=False),
        program.example_inputs[0],
        options.output,
        input_names=["input"],
        output_names=["output"],
        opset_version=18,
        dynamo=True,
        external_data=False,
        verbose=False,
    )


if __name__ == "__main__":
    main()
