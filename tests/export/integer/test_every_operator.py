"""The integer forms of every operator: both files hold what one set of encodings says."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import onnx
import pytest

from edgekit import runtimes
from edgekit.export.graph import operators
from edgekit.export.graph.annotations import is_integer
from edgekit.export.integer import encoded, quantizable
from tests.export.integer.cases import CASES, coarsest, drafted, fresh
from tests.specimens import graphs, integers


def test_every_operator_that_can_be_integer_is_tried() -> None:
    capable = {name for name, traits in operators.TRAITS.items() if traits.integer}
    tried = {
        node.op_type
        for name in CASES
        for node in drafted(name).graph.graph
        if quantizable.is_capable(node)
    }
    assert capable - tried == {"Identity"}, "which is taken out of every canonical graph"


@pytest.mark.parametrize("name", CASES)
def test_both_files_answer_as_the_simulation(name: str, tmp_path: Path) -> None:
    case, draft = CASES[name], drafted(name)
    # ONNX Runtime drops the first of two roundings in a row, whatever separates their scales.
    allowed = max(1.01, coarsest(draft) if "clip" in name or "relu" in name else 0)
    for feed in integers.noise(draft.graph, 2, seed=7):
        found = integers.answers(draft, feed, tmp_path)
        assert found.worst_steps() <= allowed
        for name_of_output, truth in found.wanted.items():
            assert np.ptp(truth) > 20 * found.steps[name_of_output], "nothing is compared"
    assert (found.info.partitions == 1) is case.whole
    assert bool(found.info.operators_outside) is not case.whole
    graph = encoded.apply(draft.graph, draft.encodings)
    assert any(not is_integer(node) for node in graph.graph) is case.floats


@pytest.mark.parametrize("name", CASES)
def test_the_integers_keep_the_float_answers(name: str) -> None:
    draft = drafted(name)
    assert integers.quality_db(draft, integers.noise(draft.graph)) > 24


@pytest.mark.parametrize("name", CASES)
def test_unsigned_activations_answer_as_signed_ones(name: str, tmp_path: Path) -> None:
    draft = drafted(name)
    for feed in integers.noise(draft.graph, 2, seed=7):
        answers = [
            graphs.run_onnx(integers.onnx_bytes(draft, unsigned=unsigned), feed, tmp_path)
            for unsigned in (False, True)
        ]
        for key, signed in answers[0].items():
            affine = draft.encodings.activations.get(key)
            step = 0.0 if affine is None else 1.01 * affine.scale
            np.testing.assert_allclose(answers[1][key], signed, rtol=1e-6, atol=step)
    stored = _stored_types(integers.onnx_bytes(draft, unsigned=True))
    assert "uint8" in stored
    assert "int8" not in stored


@pytest.mark.parametrize("name", CASES)
def test_equal_input_gives_equal_bytes(name: str) -> None:
    first, second = drafted(name), fresh(name)
    assert integers.onnx_bytes(first) == integers.onnx_bytes(second)
    assert integers.tflite_bytes(first) == integers.tflite_bytes(second)


@pytest.mark.parametrize("name", CASES)
def test_integer_inputs_and_outputs_mean_what_the_float_ones_are(name: str, tmp_path: Path) -> None:
    draft = drafted(name)
    (feed,) = integers.noise(draft.graph, 1, seed=7)
    outside = graphs.run_tflite(integers.tflite_bytes(draft), feed, tmp_path)
    affines = draft.encodings.activations
    stored = {key: affines[key].store(values) for key, values in feed.items()}
    inside = graphs.run_tflite(integers.tflite_bytes(draft, integer_io=True), stored, tmp_path)
    info = runtimes.load("tflite", tmp_path / "model.tflite").info()
    for tensor in (*info.inputs, *info.outputs):
        if CASES[name].floats and tensor.dtype == "float32":
            continue
        assert tensor.dtype == "int8"
        assert tensor.scale == pytest.approx(affines[tensor.name].scale)
        assert tensor.zero_point == affines[tensor.name].zero_point
    for key, values in outside.items():
        if inside[key].dtype == np.float32:
            np.testing.assert_array_equal(inside[key], values)
            continue
        steps = inside[key].astype(np.float32) - affines[key].zero_point
        np.testing.assert_allclose(steps * affines[key].scale, values, rtol=1e-5, atol=1e-6)


def _stored_types(data: bytes) -> set[str]:
    """The types that the QuantizeLinear nodes of a file make."""
    model = onnx.load_from_string(data)
    constants = {t.name: onnx.numpy_helper.to_array(t) for t in model.graph.initializer}
    quantizes = [node for node in model.graph.node if node.op_type == "QuantizeLinear"]
    return {str(constants[node.input[2]].dtype) for node in quantizes}
