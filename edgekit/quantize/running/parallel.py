"""Many samples, several threads: what they make comes in the samples' order, whatever is first.

ONNX Runtime lets go of the interpreter while it computes, so that one sample a core is the
cheapest way to use all of them: threads that share a sample wait for each other at every operator.
"""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TypeVar

S = TypeVar("S")
T = TypeVar("T")

_MOST_WORKERS = 4  # each holds the values of a sample of its own


def workers() -> int:
    """Return how many samples to compute at a time."""
    return min(_MOST_WORKERS, os.cpu_count() or 1)


def threads_of_each() -> int:
    """Return how many threads each of them may have, so that no core is idle."""
    return max(1, (os.cpu_count() or 1) // workers())


def in_order(
    function: Callable[[S], T], items: Iterable[S], most: int | None = None
) -> Iterator[T]:
    """Yield ``function(item)`` for each item, in their order.

    Items are taken as they are needed, so that no more of them than ``most`` and no more results
    than that are in memory at a time.

    Args:
        function: called by several threads at a time.
        items: what it is called with; taken by the thread that asks for the results.
        most: calls at a time; None takes `workers`.
    """
    count = workers() if most is None else most
    if count < 2:
        yield from map(function, items)
        return
    with ThreadPoolExecutor(count) as pool:
        waiting: deque[Future[T]] = deque()
        try:
            for item in items:
                waiting.append(pool.submit(function, item))
                if len(waiting) > count:
                    yield waiting.popleft().result()
            while waiting:
                yield waiting.popleft().result()
        finally:
            for each in waiting:
                each.cancel()
