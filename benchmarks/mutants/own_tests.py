"""Files of tests about one rule, and the modules of rules that have no other tests.

The latter say which values share an encoding.
"""

from __future__ import annotations

import importlib
from types import ModuleType

import pytest

_SCALES, _COARSE = (
    "tests/quantize/encoding/test_shared_scales.py",
    "tests/quantize/encoding/test_coarse_steps.py",
)
ENCODINGS = {
    "affine_choice": (_SCALES,),
    "coarse": (_COARSE,),
    "faint": (_COARSE, _SCALES),
    "float_by_default": ("tests/quantize/encoding/test_float_by_default.py",),
    "shared_scales": (_SCALES,),
    "unlike": (_COARSE, _SCALES),
}
_FILES = {"sparse_pointwise": ("tests/export/rules/test_sparse.py",), **ENCODINGS}
_QUIETLY = ("-x", "-q", "--assert=plain", "-p", "no:cacheprovider")


def modules() -> list[ModuleType]:
    """Return the modules that say which values share an encoding."""
    return [importlib.import_module(f"edgekit.quantize.encoding.{name}") for name in ENCODINGS]


def run(name: str) -> None:
    """Run the tests of a rule's own files in this process, up to the first that fails.

    Raises:
        AssertionError: one did.
    """
    if name in _FILES and pytest.main([*_QUIETLY, *_FILES[name]]) != 0:
        raise AssertionError
