"""litert-torch's converter on one of the networks, in an environment that has both.

    python -m benchmarks.foreign.racing.litert_torch_file NETWORK OUTPUT.tflite

Image maps come and go channels last, which is its faster form; everything else is its default. The
weights are those of the .onnx that `benchmarks.foreign.making` writes.
"""

from __future__ import annotations

import argparse

import torch

from benchmarks.foreign.making import enliven, import_torchvision


def main() -> None:
    """Convert one network."""
    parser = argparse.ArgumentParser(description="Convert with litert-torch.")
    parser.add_argument("network")
    parser.add_argument("output")
    options = parser.parse_args()
    import_torchvision()
    import litert_torch

    from benchmarks.foreign.networks import NETWORKS

    torch.set_num_threads(1)
    torch.backends.mha.set_fastpath_enabled(False)
    torch.manual_seed(0)
    module, inputs = NETWORKS[options.network].build()
    module.eval()
    with torch.no_grad():
        enliven(module, inputs)
        answers = module(*inputs)
    outputs = [answers] if isinstance(answers, torch.Tensor) else list(answers)
    maps = [number for number, x in enumerate(inputs) if x.dim() == 4]
    given = [number for number, x in enumerate(outputs) if x.dim() == 4]
    if maps:
        module = litert_torch.to_channel_last_io(module, args=maps, outputs=given)
    feeds = tuple(
        x.permute(0, 2, 3, 1).contiguous() if number in maps else x
        for number, x in enumerate(inputs)
    )
    litert_torch.convert(module.eval(), feeds).export(options.output)


if __name__ == "__main__":
    main()
