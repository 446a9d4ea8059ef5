"""Arithmetic between layers that costs more on integers than in float32 with conversions."""

from __future__ import annotations

import pytest

from edgekit.export.graph.annotations import is_integer
from edgekit.export.integer import encoded
from edgekit.quantize.encoding import dear_arithmetic
from tests.specimens import integers
from tests.specimens.graphs import weights

W, V, F = weights(4, 4, 1, 1), weights(4, 4, 1, 1, seed=1), weights(1, 4, 1, 1)
HEAD = "g (float[1,4,6,6] x) => (float[1,4,6,6] y) { a = Conv(x, w)\n b = Conv(x, v)\n"
POOLS = "p = GlobalAveragePool(a)\n q = GlobalAveragePool(b)\n"
SUM = POOLS + "i = Mul(a, p)\n j = Mul(b, q)\n k = Add(i, j)\n"
TWO = SUM + "l = Mul(a, q)\n m = Mul(b, p)\n n = Add(l, m)\n o = Max(k, n)\n y = Conv(o, w) }"

CHEAP = {
    "a residual": "k = Add(a, b)\n y = Conv(k, w) }",
    "several": "k = Add(a, b)\n l = Add(k, x)\n y = Conv(l, w) }",
    "a gate": "p = GlobalAveragePool(a)\n k = Mul(a, p)\n y = Conv(k, w) }",
    "a gate before a residual":
        "p = GlobalAveragePool(a)\n k = Mul(a, p)\n l = Add(k, b)\n y = Conv(l, w) }",
    "a product of two branches": "c = Relu(a)\n k = Mul(c, b)\n y = Conv(k, w) }",
    "the larger of two": "k = Max(a, b)\n y = Conv(k, w) }",
    "a factor that is given": "k = Mul(a, f)\n l = Add(k, b)\n y = Conv(l, w) }",
}  # fmt: skip


def test_sums_of_products_are_dear() -> None:
    graph = integers.network(HEAD + TWO, w=W, v=V)
    found = [node.op_type for node in dear_arithmetic.of(graph)]
    assert sorted(found) == ["Add", "Add", "Max", "Mul", "Mul", "Mul", "Mul"]


@pytest.mark.parametrize("name", CHEAP)
def test_few_operators_do_not_pay_for_their_conversions(name: str) -> None:
    graph = integers.network(HEAD + CHEAP[name], w=W, v=V, f=F)
    assert dear_arithmetic.of(graph) == []


def test_the_layers_around_them_are_integers() -> None:
    graph = integers.network(HEAD + TWO, w=W, v=V)
    draft = integers.drafted(graph, integers.noise(graph))
    encoded_graph = encoded.apply(draft.graph, draft.encodings)
    kinds = {n.op_type for n in encoded_graph.graph if is_integer(n)}
    assert kinds == {"Conv", "GlobalAveragePool"}
