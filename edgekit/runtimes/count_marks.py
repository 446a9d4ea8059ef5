"""Run a model between marks that the counting plugin of the emulator sees.

A mark is the system call of `edgekit.runtimes.counting_plugin`, which no kernel knows: outside
the emulator it does nothing.
"""

from __future__ import annotations

import ctypes
import gc
from collections.abc import Callable

_MARKER = 0x5EED0

EMPTY_RUNS = 3
"""Pairs of marks with nothing in between that come first; Python's own part is read from them."""


def marked_runs(invoke: Callable[[], object], warmup_runs: int, runs: int) -> None:
    """Call ``invoke`` untimed ``warmup_runs`` times, then ``runs`` times between two marks each.

    Python's garbage collector rests meanwhile.
    """
    mark = ctypes.CDLL(None).syscall
    for _ in range(warmup_runs):
        invoke()
    gc.collect()
    gc.disable()
    try:
        for call in [_nothing] * EMPTY_RUNS + [invoke] * runs:
            mark(_MARKER)
            call()
            mark(_MARKER)
    finally:
        gc.enable()


def _nothing() -> None:
    pass
