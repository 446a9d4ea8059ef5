"""``package.module:factory``: the user's own network. Nothing else here runs foreign code."""

from __future__ import annotations

import contextlib
import importlib
import re
import sys
from collections.abc import Iterator
from types import ModuleType
from typing import TYPE_CHECKING

from edgekit.errors import (
    EdgekitError,
    MissingPackageError,
    RefusedError,
    UsageError,
    did_you_mean,
)

if TYPE_CHECKING:
    from torch import nn

_REFERENCE = re.compile(r"[^\W\d]\w*(?:\.[^\W\d]\w*)*:[^\W\d]\w*(?:\.[^\W\d]\w*)*")


def is_reference(what: str) -> bool:
    """Tell whether ``what`` has the form ``package.module:factory``."""
    return _REFERENCE.fullmatch(what) is not None


@contextlib.contextmanager
def running() -> Iterator[None]:
    """Let the user's code find its modules, as ``python -m`` would, and keep off stdout."""
    before = list(sys.path)
    sys.path.insert(0, "")
    importlib.invalidate_caches()
    try:
        with contextlib.redirect_stdout(sys.stderr):
            yield
    finally:
        sys.path[:] = before


def load(what: str, seed: int) -> nn.Module:
    """Import the module and return the network that its attribute is or makes.

    Args:
        what: ``package.module:factory``; the factory takes no arguments, or is an nn.Module.
        seed: torch's random state while the user's code runs; the caller's is left as it was.

    Raises:
        UsageError: there is no such module or attribute.
        MissingPackageError: the module imports a package that is not installed.
        RefusedError: the code raises (``own-code-failed``), or the result is no nn.Module
            (``not-a-module``).
    """
    import torch

    module_name, _, path = what.partition(":")
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        made: object = _import(module_name, what)
        for name in path.split("."):
            if not hasattr(made, name):
                near = did_you_mean(name, dir(made))
                advice = f"did you mean {' or '.join(near)}?" if near else "check the spelling"
                raise UsageError(f"{module_name} has no attribute {name!r}: {advice}")
            made = getattr(made, name)
        if not isinstance(made, torch.nn.Module):
            if not callable(made):
                raise _not_a_module(what, made)
            torch.manual_seed(seed)  # importing may have drawn, and happens once
            with failures_of(what):
                made = made()
    if not isinstance(made, torch.nn.Module):
        raise _not_a_module(f"{what}()", made)
    return made


@contextlib.contextmanager
def failures_of(subject: str) -> Iterator[None]:
    """Turn whatever foreign code raises into one line."""
    try:
        yield
    except EdgekitError:
        raise
    except (Exception, SystemExit) as error:
        first = (str(error).strip().splitlines() or ["no message"])[0]
        raise RefusedError(
            f"{subject} raised {type(error).__name__}: {first}; call it in Python to see where",
            reason_code="own-code-failed",
        ) from error


def _import(name: str, what: str) -> ModuleType:
    try:
        with failures_of(f"importing {name}"):
            return importlib.import_module(name)
    except RefusedError as error:
        absent = error.__cause__.name if isinstance(error.__cause__, ImportError) else None
        if not isinstance(error.__cause__, ModuleNotFoundError) or not absent:
            raise
        if f"{name}.".startswith(f"{absent}."):
            raise UsageError(
                f"there is no module {absent} for {what}: it is looked for in the current folder "
                "and among the installed packages"
            ) from error
        raise MissingPackageError(absent.partition(".")[0], name) from error


def _not_a_module(what: str, found: object) -> RefusedError:
    return RefusedError(
        f"{what} is of type {type(found).__name__}, no torch.nn.Module: name a function or class "
        "that takes no arguments and gives the network",
        reason_code="not-a-module",
    )
