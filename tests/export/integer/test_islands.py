"""Integer nodes that would only round what passes between float32 ones."""

from __future__ import annotations

from pathlib import Path

import onnx
import pytest

from edgekit import quantize
from tests.specimens import graphs
from tests.specimens.graphs import weights

KEPT = {
    "a turned product": (
        "g (float[1,6,8] x) => (float[1,6,6] y) { a = MatMul(x, wa)\n b = Exp(a)\n"
        " t = Transpose<perm=[0,2,1]>(b)\n p = MatMul(b, t)\n s = Softmax(p)\n"
        " y = MatMul(s, wb) }",
        "Transpose",
        {"wa": weights(8, 8) / 4, "wb": weights(6, 6, seed=1)},
    ),
    "an activation behind a product of two activations": (
        "g (float[1,6,8] x) => (float[1,6,4] y) { a = MatMul(x, wa)\n"
        " t = Transpose<perm=[0,2,1]>(x)\n p = MatMul(a, t)\n r = Relu(p)\n y = MatMul(r, wb) }",
        "Relu",
        {"wa": weights(8, 8) / 4, "wb": weights(6, 4, seed=1)},
    ),
}


@pytest.mark.parametrize("name", KEPT)
def test_what_only_passes_between_floats_is_not_rounded(name: str, tmp_path: Path) -> None:
    """A value is rounded once, for the layer that reads it, and by no other encoding before."""
    text, passes, constants = KEPT[name]
    onnx.save(graphs.proto(text, **constants), tmp_path / "net.onnx")
    request = quantize.QuantizeRequest(
        str(tmp_path / "net.onnx"), recipe="minmax", folder=tmp_path, formats=("onnx",)
    )
    (artifact,) = quantize.run(request).artifacts
    made = {n.output[0]: n for n in onnx.load(artifact.path).graph.node}
    (node,) = (each for each in made.values() if each.op_type == passes)
    assert made[node.input[0]].op_type != "DequantizeLinear"
    assert artifact.verified == "passed"
