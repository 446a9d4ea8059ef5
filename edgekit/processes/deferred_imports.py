"""Modules that others import for what is seldom done, loaded when it is done."""

from __future__ import annotations

import importlib
import sys
from importlib.machinery import ModuleSpec
from types import ModuleType
from typing import Any

_SELDOM_USED = ("sympy", "onnx_ir._symbolic_shapes")
"""onnx_ir computes with sizes that have names by these; sympy is a third of what it imports."""


class _Deferred(ModuleType):
    """Stands for a module until somebody asks it for anything."""

    def __init__(self, name: str) -> None:
        super().__init__(name)
        self.__spec__ = ModuleSpec(name, None)  # which says that the module is there

    def __getattr__(self, name: str) -> Any:  # noqa: ANN401 -- whatever the module holds
        if sys.modules.get(self.__name__) is self:
            del sys.modules[self.__name__]
        return getattr(importlib.import_module(self.__name__), name)


def defer() -> None:
    """Defer what has not been imported yet; for programs of edgekit's own, not for libraries."""
    for name in _SELDOM_USED:
        sys.modules.setdefault(name, _Deferred(name))
