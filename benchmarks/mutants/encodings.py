"""The rules of which values share an encoding, and the tests that say what they must do."""

from __future__ import annotations

import importlib
from types import ModuleType

import pytest

_SCALES = "tests/quantize/test_shared_scales.py"
TESTS = {
    "affine_choice": _SCALES,
    "faint": _SCALES,
    "float_by_default": "tests/quantize/test_float_by_default.py",
    "shared_scales": _SCALES,
    "unlike": _SCALES,
}

_QUIETLY = ("-x", "-q", "--assert=plain", "-p", "no:cacheprovider")


def modules() -> list[ModuleType]:
    """Return the modules that hold these rules."""
    return [importlib.import_module(f"edgekit.quantize.encoding.{name}") for name in TESTS]


def run_tests(name: str) -> None:
    """Run a module's tests in this process, up to the first that fails.

    Raises:
        AssertionError: one did.
    """
    if pytest.main([*_QUIETLY, TESTS[name]]) != 0:
        raise AssertionError
