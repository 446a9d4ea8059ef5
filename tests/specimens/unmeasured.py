"""Where coverage is suspended, which doubles the time of what it follows.

In functions of others, none of which is ours; and in tests that put many networks through code that
the tests of its parts cover.
"""

from __future__ import annotations

import functools
import importlib
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest

# Module, and what in it; none of them calls edgekit.
FOREIGN = (
    ("torch.onnx", "export"),
    ("onnx_ir", "from_proto"),
    ("onnx_ir", "to_proto"),
    ("onnx_ir", "Model.clone"),
    ("onnx_ir.passes", "PassBase.__call__"),
    ("onnxscript.optimizer", "basic_constant_propagation"),
    ("onnxscript.optimizer", "fold_constants"),
    ("onnxscript.rewriter", "RewriteRule.try_rewrite"),
    ("onnxsim", "simplify"),
    ("ai_edge_litert.schema_py_generated", "ModelT.InitFromObj"),
    ("ai_edge_litert.schema_py_generated", "ModelT.Pack"),
    ("jsonschema", "Draft202012Validator.validate"),
)


FILES = frozenset({
    "bundle/test_walk.py",
    "export/files/test_networks.py",
    "export/rules/test_near_misses.py",
    "export/test_generated.py",
    "export/test_node_tests.py",
    "export/test_second_opinion.py",
    "models/test_baselines.py",
    "models/test_counts.py",
    "models/test_trained.py",
    "quantize/test_trained_accuracy.py",
})  # fmt: skip
"""Tests of whole networks, and of hundreds of graphs."""


@contextmanager
def suspended() -> Iterator[None]:
    """Suspend coverage within all of them."""
    with pytest.MonkeyPatch.context() as patch:
        for module, path in FOREIGN:
            *owners, name = path.split(".")
            owner = functools.reduce(getattr, owners, importlib.import_module(module))
            patch.setattr(owner, name, _unmeasured(getattr(owner, name)))
        yield


def _unmeasured(function: Callable[..., Any]) -> Callable[..., Any]:
    @functools.wraps(function)
    def called(*arguments: Any, **options: Any) -> Any:
        measuring = sys.gettrace()
        sys.settrace(None)
        try:
            return function(*arguments, **options)
        finally:
            sys.settrace(measuring)

    return called
