"""Outputs that the smallest change of a value can change by all that they are."""

from __future__ import annotations

from edgekit.export.judging import decisions
from edgekit.export.sources import canonical
from tests.specimens import graphs


def test_what_hangs_on_a_decision() -> None:
    model = graphs.proto(
        "g (float[1,2,4,4] x, int64[2] n) => (float[1,2,4,4] heat, float[1,2,4,4] peaks,"
        " float[1,2,4,4] boxes, float[1,2,4,2] best, int64[1,2,4,2] places, bool[2] same)"
        " <int64[1] k = {2}> { heat = Sigmoid(x)\n"
        " m = MaxPool<kernel_shape=[3,3],pads=[1,1,1,1]>(heat)\n e = Equal(m, heat)\n"
        " c = Cast<to=1>(e)\n peaks = Mul(heat, c)\n boxes = Exp(heat)\n"
        " best, places = TopK(boxes, k)\n same = Equal(n, k) }"
    )
    found = decisions.outputs_behind(canonical.from_proto(model))
    assert found == {"peaks", "places"}
