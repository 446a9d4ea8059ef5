"""Wider witnesses of a rule: what other tests say of the operators in its specimens.

Each gives one word on an operator's form, an Einsum, a node test of ONNX or a random network. A
mutant is noticed where a word changes.
"""

from __future__ import annotations

import functools
import re
import tempfile
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import onnx
from onnx.backend.test.case.test_case import TestCase
from onnx.backend.test.loader import load_model_tests

from benchmarks import fuzz_graphs, node_tests
from tests.export import test_tflite
from tests.export.rules import test_canonical_forms
from tests.specimens.operators import FORMS
from tests.specimens.rules.canonical import CASES, EINSUMS
from tests.specimens.rules.further_away import FURTHER_AWAY

Witness = Callable[[], str]
_NETWORKS = 20
_NODE_TESTS = 60


def operators_of(*texts: str) -> set[str]:
    """Return the operators named in graphs that are written as text."""
    return {name for text in texts for name in re.findall(r"=\s*(\w+)\s*[<(]", text)}


def of(operators: set[str]) -> Iterator[Witness]:
    """Yield the witnesses that hold one of the operators, and some random networks."""
    for operator, text, constants in FORMS:
        if operator in operators:
            yield functools.partial(
                _passes,
                test_tflite.test_operator_computes_what_onnx_says,
                operator,
                text,
                constants,
            )
    for name, (text, _, _) in CASES.items():
        if operators & operators_of(text):
            yield functools.partial(_passes, test_canonical_forms.test_forms_are_found, name)
    if "Einsum" in operators:
        for equation in EINSUMS:
            yield functools.partial(
                _passes, test_canonical_forms.test_einsum_is_taken_apart, equation
            )
    yield from _node_tests(operators)
    for number in range(_NETWORKS):
        yield functools.partial(_network, number)


def further(rule: str) -> list[str]:
    """Return the names of the cases that were written for a rule."""
    return [case for case in FURTHER_AWAY if case.partition(":")[0] == rule]


def forms(rule: str) -> list[str]:
    """Return the names of the forms that a rule brings to one."""
    return [form for form in CASES if form.partition(":")[0] == rule]


def _passes(test: Callable[..., None], *arguments: object) -> str:
    with tempfile.TemporaryDirectory() as folder:
        try:
            test(*arguments, Path(folder))
        except Exception as error:
            return type(error).__name__
    return "passes"


def _node_tests(operators: set[str]) -> Iterator[Witness]:
    found = 0
    for case in _cases():
        if case.model is None or not case.data_sets or "_expanded" in case.name:
            continue
        if not operators & {node.op_type for node in case.model.graph.node}:
            continue
        inputs, outputs = case.data_sets[0]
        arrays = (*inputs, *outputs)
        if not inputs or not all(isinstance(array, np.ndarray) for array in arrays):
            continue
        if any(array.dtype.name not in node_tests.KINDS for array in arrays):
            continue
        graph = case.model.graph
        fed = dict(zip([value.name for value in graph.input], inputs, strict=True))
        wanted = dict(zip([value.name for value in graph.output], outputs, strict=True))
        yield functools.partial(_node_test, case.model, fed, wanted)
        found += 1
        if found == _NODE_TESTS:
            return


@functools.cache
def _cases() -> list[TestCase]:
    with warnings.catch_warnings(action="ignore"):  # of onnx, as it makes its own answers
        return list(load_model_tests(kind="node"))


def _node_test(model: onnx.ModelProto, fed: node_tests.Arrays, wanted: node_tests.Arrays) -> str:
    return node_tests.verdict(model, fed, wanted).partition(":")[0]


def _network(number: int) -> str:
    ((_, verdicts),) = fuzz_graphs.batch(number, 1)
    return ", ".join(f"{verdict.form} {verdict.outcome}" for verdict in verdicts)
