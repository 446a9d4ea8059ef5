"""A share of ONNX's own node tests: what the TFLite writer takes, LiteRT answers as ONNX says.

`benchmarks/node_tests.py` runs them all.
"""

from __future__ import annotations

import zlib
from collections import Counter

import numpy as np
import pytest
from onnx.backend.test.loader import load_model_tests

from benchmarks import node_tests

_ONE_IN = 12
_LEAST_EQUAL = 0.7


@pytest.mark.filterwarnings("ignore::RuntimeWarning")  # of onnx, as it makes its own answers
def test_a_share_of_the_node_tests_is_equal_or_refused() -> None:
    said: dict[str, str] = {}
    for case in load_model_tests(kind="node"):
        if zlib.crc32(case.name.encode()) % _ONE_IN or case.model is None or not case.data_sets:
            continue
        inputs, outputs = case.data_sets[0]
        arrays = (*inputs, *outputs)
        if not inputs or not all(isinstance(array, np.ndarray) for array in arrays):
            continue
        if "_expanded" in case.name or any(a.dtype.name not in node_tests.KINDS for a in arrays):
            continue
        graph = case.model.graph
        fed = dict(zip([value.name for value in graph.input], inputs, strict=True))
        wanted = dict(zip([value.name for value in graph.output], outputs, strict=True))
        said[case.name] = node_tests.verdict(case.model, fed, wanted).partition(":")[0]
    kinds = Counter(said.values())
    assert set(kinds) <= {"equal", "refused"}, said
    assert kinds["equal"] > _LEAST_EQUAL * kinds.total()
