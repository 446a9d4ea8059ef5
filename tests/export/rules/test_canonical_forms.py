"""The forms that exporters write, brought to one: the same numbers, and the operators promised."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import numpy as np
import onnx
import onnx_ir as ir
import pytest

from edgekit.export.sources import canonical
from tests.specimens import graphs
from tests.specimens.rules.canonical import CASES, EINSUMS


def _canonical(model: onnx.ModelProto, folder: Path) -> Counter[str]:
    """Return the operators of the canonical graph, whose answers are the model's."""
    graph = canonical.from_proto(model)
    inputs = graphs.feeds(model)
    before = graphs.run_onnx(model.SerializeToString(), inputs, folder)
    now = graphs.run_onnx(graphs.to_onnx(graph), inputs, folder)
    np.testing.assert_allclose(now["y"], before["y"], rtol=1e-5, atol=1e-5)
    assert graph.graph.outputs[0].shape == ir.Shape(before["y"].shape)
    return Counter(node.op_type for node in graph.graph)


@pytest.mark.parametrize("name", CASES)
def test_forms_are_found(name: str, tmp_path: Path) -> None:
    text, constants, expected = CASES[name]
    assert _canonical(graphs.proto(text, **constants), tmp_path) == expected


@pytest.mark.parametrize("equation", EINSUMS)
def test_einsum_is_taken_apart(equation: str, tmp_path: Path) -> None:
    shapes = EINSUMS[equation]
    inputs = ", ".join(
        f"float[{','.join(map(str, shape))}] x{index}" for index, shape in enumerate(shapes)
    )
    operands = ", ".join(f"x{index}" for index in range(len(shapes)))
    truth = np.einsum(equation, *(np.zeros(shape) for shape in shapes))
    result = f"float[{','.join(map(str, truth.shape))}]"
    text = f'g ({inputs}) => ({result} y) {{ y = Einsum<equation="{equation}">({operands}) }}'
    operators = _canonical(graphs.proto(text), tmp_path)
    diagonal = any(len(set(term)) < len(term) for term in equation.split("->")[0].split(","))
    allowed = {"MatMul", "Mul", "ReduceSum", "Reshape", "Transpose", "Gemm"}
    assert set(operators) <= (allowed | {"Gather"} if diagonal else allowed)
