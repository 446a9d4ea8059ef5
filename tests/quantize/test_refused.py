"""Networks that have no integer form: weights without a value, batch norms in training."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from edgekit.errors import RefusedError
from edgekit.export.graph import nodes as g
from edgekit.quantize import network
from tests.specimens import graphs, integers
from tests.specimens.graphs import weights


@pytest.mark.parametrize("what", [np.nan, np.inf])
def test_weights_that_are_not_finite_are_refused(what: float) -> None:
    bad = weights(8, 4, 3, 3)
    bad[0, 0, 0, 0] = what
    graph = integers.network(
        "g (float[1,4,8,8] x) => (float[1,8,6,6] y) { a = Conv(x, w)\n y = Relu(a) }",
        w=weights(8, 4, 3, 3),
    )
    conv = next(node for node in graph.graph if node.op_type == "Conv")
    conv.replace_input_with(1, g.add_constant(graph.graph, "bad", bad))  # the reader refuses it
    with pytest.raises(RefusedError) as caught:
        integers.drafted(graph, integers.noise(graph))
    assert caught.value.reason_code == "not-finite"


def test_a_batch_norm_in_training_mode_is_refused(tmp_path: Path) -> None:
    model = graphs.proto(
        """g (float[1,4,6,6] x) => (float[1,4,6,6] y) {
             y, m2, v2 = BatchNormalization<training_mode=1>(x, s, b, m, v) }""",
        s=weights(4),
        b=weights(4, seed=1),
        m=weights(4, seed=2),
        v=weights(4, seed=3) ** 2,
    )
    path = tmp_path / "net.onnx"
    path.write_bytes(model.SerializeToString())
    with pytest.raises(RefusedError, match="in training mode") as caught:
        network.prepare(str(path))
    assert caught.value.reason_code == "training-mode"
