"""Memory that nobody uses any more goes back to the system between one step and the next."""

from __future__ import annotations

import ctypes
import gc
from contextlib import suppress


def let_go() -> None:
    """Collect what nobody holds any more, and give back what the allocator keeps of it.

    Graphs are cycles, each with weights of its own, and heaps of threads that are gone are not
    made smaller by anyone else. Where the C library has no such call, the heaps stay.
    """
    gc.collect()
    with suppress(AttributeError, OSError, TypeError):  # TypeError: Windows has no such handle
        ctypes.CDLL(None).malloc_trim(0)
