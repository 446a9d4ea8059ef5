"""Processors whose products saturate: seven bits for the layers that do."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import onnx
import pytest

from edgekit.emulation import isa
from edgekit.evaluate.verification import saturation
from tests.specimens import graphs
from tests.specimens.commands import Cli


def test_a_saturating_layer_is_named_and_repaired_with_seven_bits(cli: Cli, tmp_path: Path) -> None:
    for name in ("avx2", "cortex-a76") if isa.pairs_saturate(isa.NATIVE) else ("avx2",):
        reason = isa.missing(name)
        if reason:
            pytest.skip(reason)
    sound = "cortex-a76" if isa.pairs_saturate(isa.NATIVE) else isa.NATIVE
    loud = (
        np.full((16, 16, 1, 1), 1, np.float32)
        - np.arange(16, dtype=np.float32)[:, None, None, None] / 64
    )
    quiet = np.eye(16, dtype=np.float32)[:, :, None, None]
    text = """net (float[1,16,4,4] x) => (float[1,16,4,4] y) {
        a = Conv(x, w1)
        r = Relu(a)
        c = Conv(r, w2)
        y = Relu(c) }"""
    net = tmp_path / "net.onnx"
    onnx.save(graphs.proto(text, w1=quiet, w2=loud), net)
    generator = np.random.default_rng(0)
    samples = generator.uniform(0.7, 1, (8, 16, 4, 4)).astype(np.float32)
    np.save(tmp_path / "samples.npy", samples)
    how = (net, "--calibration-data", tmp_path / "samples.npy", "--recipe", "minmax")
    assert cli("quantize", *how, "--format", "onnx", "-o", tmp_path / "plain")[0] == 0
    feeds = [{"x": sample[None]} for sample in samples[:2]]
    found = saturation.find(str(tmp_path / "plain" / "net_int8.onnx"), feeds, "avx2", sound)
    assert len(found) == 1
    layers = json.loads((tmp_path / "plain" / "net_int8.encodings.json").read_text())["layers"]
    (name,) = {layer.name for layer in found}
    assert name in layers, "the remedy takes the name that the check gives"
    code, _, progress = cli(
        "quantize", *how, "--format", "onnx", "--seven-bit", name, "-o", tmp_path / "seven"
    )
    assert code == 0, progress
    path = str(tmp_path / "seven" / "net_int8.onnx")
    assert saturation.find(path, feeds, "avx2", sound) == ()
