"""litert-torch's converter, with the image's channels last, which is its faster form.

    python litert_torch_float.py MODULE.pt2 OUTPUT.tflite

Everything else is the library's default.
"""

from __future__ import annotations

import argparse

import litert_torch
import torch


def main() -> None:
    """Convert one module."""
    parser = argparse.ArgumentParser(description="Convert with litert-torch.")
    parser.add_argument("module")
    parser.add_argument("output")
    options = parser.parse_args()
    program = torch.export.load(options.module)
    (image,) = program.example_inputs[0]
    module = litert_torch.to_channel_last_io(program.module(check_guards=False), args=[0])
    litert_torch.convert(module, (image.permute(0, 2, 3, 1).contiguous(),)).export(options.output)


if __name__ == "__main__":
    main()
