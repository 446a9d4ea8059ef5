"""Modules that others import for what is seldom done, loaded when it is done, or not at all."""

from __future__ import annotations

import importlib
import importlib.util
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


def take_alone(package: str, part: str, name: str, *, without: str) -> None:
    """Let a package be one function of one of its modules, and not import all others.

    For a process of edgekit's own that needs nothing else of it: onnxsim has 150 modules. Where
    this version of the package is laid out otherwise, it is found whole, as ever.

    Args:
        package: what ``import`` names.
        part: the module.
        name: of the function.
        without: another package that ``part`` can do without, and does then.
    """
    spec = importlib.util.find_spec(package)
    if package in sys.modules or spec is None or spec.submodule_search_locations is None:
        return
    before = set(sys.modules)
    made = ModuleType(package)
    made.__path__, made.__spec__ = spec.submodule_search_locations, spec
    sys.modules[package] = made
    if without not in before:
        sys.modules[without] = None  # type: ignore[assignment]
    try:
        setattr(made, name, getattr(importlib.import_module(f"{package}.{part}"), name))
    except (ImportError, AttributeError):
        for each in set(sys.modules) - before:
            if each.partition(".")[0] == package:
                del sys.modules[each]
    finally:
        if without not in before:
            del sys.modules[without]
