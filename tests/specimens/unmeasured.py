"""Where coverage looks: into test functions, fixtures, and what is imported of ours.

Tracing doubles the time of all Python that runs, and most of that is pytest's and other packages'.
"""

from __future__ import annotations

import functools
import importlib
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from importlib.machinery import SourceFileLoader
from types import ModuleType
from typing import Any

import pytest
from _pytest import fixtures

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


# Of pytest, what calls fixtures.
_CALLS = ("call_fixture_func", "_teardown_yield_fixture")


class Coverage:
    """Coverage of this process, as long as it is `narrowed`; nothing where none is measured."""

    def __init__(self) -> None:
        self._trace: Any = None

    @contextmanager
    def narrowed(self) -> Iterator[None]:
        """Look only into fixtures, into what is `measured`, and into imports of ours."""
        trace = self._trace = sys.gettrace()
        if trace is None:
            yield
            return
        sys.settrace(None)
        try:
            with pytest.MonkeyPatch.context() as patch:
                patch.setattr(SourceFileLoader, "exec_module", self._importing())
                for name in _CALLS:
                    patch.setattr(fixtures, name, self.measured(getattr(fixtures, name)))
                yield
        finally:
            sys.settrace(trace)

    def measured(self, function: Callable[..., Any]) -> Callable[..., Any]:
        """Return the function with coverage within it, but not within `FOREIGN`."""
        return function if self._trace is None else _traced(self._trace, function)

    @contextmanager
    def within(self, item: pytest.Function) -> Iterator[None]:
        """Look into a test's function; into what Hypothesis calls with each example, if it does."""
        of_hypothesis = getattr(item.obj, "hypothesis", None)
        owner, name = (item, "obj") if of_hypothesis is None else (of_hypothesis, "inner_test")
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(owner, name, self.measured(getattr(owner, name)))
            yield

    def _importing(self) -> Callable[[SourceFileLoader, ModuleType], None]:
        theirs = _traced(None, SourceFileLoader.exec_module)
        ours = self.measured(SourceFileLoader.exec_module)

        def exec_module(loader: SourceFileLoader, module: ModuleType) -> None:
            is_ours = module.__name__.split(".")[0] in ("edgekit", "tests")
            (ours if is_ours else theirs)(loader, module)

        return exec_module


@contextmanager
def suspended() -> Iterator[None]:
    """Suspend coverage within all of `FOREIGN`."""
    with pytest.MonkeyPatch.context() as patch:
        for module, path in FOREIGN:
            *owners, name = path.split(".")
            owner = functools.reduce(getattr, owners, importlib.import_module(module))
            patch.setattr(owner, name, _traced(None, getattr(owner, name)))
        yield


def _traced(trace: Any, function: Callable[..., Any]) -> Callable[..., Any]:
    @functools.wraps(function)
    def called(*arguments: Any, **options: Any) -> Any:
        before = sys.gettrace()
        sys.settrace(trace)
        try:
            return function(*arguments, **options)
        finally:
            sys.settrace(before)

    return called
