"""Instruction sets that can be run here, stand-ins for emulators, a file of integer operators."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pytest
from onnx import helper

from edgekit.emulation import isa, setup
from tests.specimens.drawn import qdq

ARM = [name for name in isa.names() if isa.get(name).core is not None]
EMULATED = ["avx2", *ARM]


def require(name: str) -> None:
    """Skip the test where an instruction set cannot be run."""
    if isa.missing(name) and os.environ.get("EDGEKIT_SETUP_QEMU") == "1":
        setup.set_up(lambda _: None)
    reason = isa.missing(name)
    if reason:
        pytest.skip(reason)


def program(path: Path, prints: str) -> None:
    path.write_text(f"#!/bin/sh\necho '{prints}'\n")
    path.chmod(0o755)


def integer_operators(path: Path) -> Path:
    """QLinearMatMul, and a product of two activations."""
    weights = np.arange(-32, 32, dtype=np.int8).reshape(qdq.CHANNELS, 4)
    scalars = {
        "s": np.float32(0.01), "z": np.uint8(0), "w": weights, "ws": np.float32(0.02),
        "wz": np.int8(0), "ys": np.float32(0.05), "yz": np.uint8(100),
    }  # fmt: skip
    make = helper.make_node
    nodes = [
        make("QuantizeLinear", ["x", "s", "z"], ["q"]),
        make("QLinearMatMul", ["q", "s", "z", "w", "ws", "wz", "ys", "yz"], ["p"], name="linear"),
        make("DequantizeLinear", ["p", "ys", "yz"], ["pd"]),
        make("Transpose", ["pd"], ["t"], perm=[1, 0]),
        make("QuantizeLinear", ["t", "ys", "yz"], ["tq"]),
        make("DequantizeLinear", ["tq", "ys", "yz"], ["td"]),
        make("MatMul", ["td", "pd"], ["m"]),
        make("QuantizeLinear", ["m", "ys", "yz"], ["y"]),
    ]
    return qdq.save(path, nodes, scalars, {"x": ("float32", (1, qdq.CHANNELS))}, ["y"])
