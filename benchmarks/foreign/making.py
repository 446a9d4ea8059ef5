"""Write the networks as .onnx files, in an environment that has their libraries.

    python -m benchmarks.foreign.making FOLDER [PATTERN ...] [--exporter dynamo]

Each is written by both of torch's exporters, as KIND_NAME.EXPORTER.onnx; a line of JSON each says
what was written, or why not. A file that is there is left as it is.
"""

from __future__ import annotations

import argparse
import contextlib
import io
import json
import logging
import sys
import warnings
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

import torch
from torch import nn

from benchmarks.foreign.networks.network import Network

DYNAMO, TORCHSCRIPT = "dynamo", "torchscript"
_OPSETS = {DYNAMO: (18,), TORCHSCRIPT: (13, 14, 15, 16, 17)}
"""In turns, a network each."""


def import_torchvision() -> None:
    """Import torchvision, whose own kernels do not load beside a CPU build of torch."""
    original = torch.library.register_fake

    def register(name: str, /, *rest: object, **named: object) -> object:
        if str(name).startswith("torchvision::"):
            return lambda function: function
        return original(name, *rest, **named)

    torch.library.register_fake = register
    try:
        import torchvision  # noqa: F401
    finally:
        torch.library.register_fake = original


def enliven(module: nn.Module, inputs: tuple[torch.Tensor, ...]) -> None:
    """Give untrained weights that are all equal some life: nothing of a network must be trivial.

    Scales of 0 or 1e-6 would hide whole branches, and fresh statistics what batch normalization
    does.
    """
    generator = torch.Generator().manual_seed(2)
    with torch.no_grad():
        for parameter in module.parameters():
            if parameter.numel() > 1 and parameter.std() == 0:
                noise = torch.rand(parameter.shape, generator=generator) - 0.5
                level = 0.5 if 0 < parameter.flatten()[0].abs() < 0.5 else parameter.flatten()[0]
                parameter.copy_(level + 0.4 * noise)
        norms = [m for m in module.modules() if isinstance(m, nn.modules.batchnorm._BatchNorm)]
        for norm in norms:
            norm.momentum = None
            norm.train()
            norm.register_forward_pre_hook(_with_statistics)
        module(*inputs)
        for norm in norms:
            norm._forward_pre_hooks.clear()
            norm.eval()


def _with_statistics(norm: nn.Module, inputs: tuple[torch.Tensor, ...]) -> None:
    (x,) = inputs
    axes = [axis for axis in range(x.dim()) if axis != 1]
    norm.running_mean = x.mean(axes)
    norm.running_var = x.var(axes, unbiased=False) + 0.1 * x.var() + 1e-3
    norm.eval()


def write(network: Network, exporter: str, opset: int, path: Path) -> None:
    """Write one network by one exporter; whatever it raises is the exporter's or the network's."""
    torch.manual_seed(0)
    module, inputs = network.build()
    module.eval()
    names = [f"input_{i}" for i in range(len(inputs))]
    more = {"external_data": False, "verbose": False} if exporter == DYNAMO else {}
    with torch.no_grad():
        enliven(module, inputs)
        torch.onnx.export(
            module, inputs, str(path), dynamo=exporter == DYNAMO, opset_version=opset,
            input_names=names, **more,
        )  # fmt: skip


def main() -> None:
    """Write all that is asked for."""
    parser = argparse.ArgumentParser(description="Write foreign networks as .onnx files.")
    parser.add_argument("folder", type=Path)
    parser.add_argument("patterns", nargs="*", default=["*"])
    parser.add_argument("--exporter", choices=_OPSETS, action="append")
    options = parser.parse_args()
    import_torchvision()
    from benchmarks.foreign.networks import NETWORKS

    logging.disable(logging.CRITICAL)
    warnings.simplefilter("ignore")
    torch.set_num_threads(1)
    torch.backends.mha.set_fastpath_enabled(False)  # no exporter knows its operator
    options.folder.mkdir(parents=True, exist_ok=True)
    for i, (name, network) in enumerate(NETWORKS.items()):
        if not any(fnmatchcase(name, pattern) for pattern in options.patterns):
            continue
        for exporter in options.exporter or _OPSETS:
            opset = _OPSETS[exporter][i % len(_OPSETS[exporter])]
            path = options.folder / f"{name.replace('/', '_')}.{exporter}.onnx"
            said: dict[str, Any] = {"network": name, "exporter": exporter, "opset": opset}
            if not path.is_file():
                said |= _written(network, exporter, opset, path)
            print(json.dumps(said), flush=True)


def _written(network: Network, exporter: str, opset: int, path: Path) -> dict[str, str]:
    draft = path.with_suffix(".part")
    try:
        with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
            write(network, exporter, opset, draft)
    except Exception as error:  # the exporter's own limits are part of the table
        draft.unlink(missing_ok=True)
        lines = str(error).strip().splitlines() or [""]
        return {"failure": f"{type(error).__name__}: {lines[0][:200]}"}
    draft.rename(path)
    return {}


if __name__ == "__main__":
    sys.exit(main())
