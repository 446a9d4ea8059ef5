"""Time of each operator on LiteRT, measured alone.

LiteRT's Python interpreter has no profiler. So each operator comes as two models that hold it few
and many times over (see `edgekit.modelfile.tflite_cut`), and what the further ones add is its time:
the cost of a call and of the interpreter is in both and goes out.
"""

from __future__ import annotations

import gc
import statistics
import zipfile
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import numpy as np

from edgekit.errors import EdgekitError
from edgekit.runtimes import timing
from edgekit.runtimes.base import ModelInfo
from edgekit.runtimes.litert import session as litert
from edgekit.runtimes.operators import OperatorTime

_WARM_UPS = 5
_LEAST_RUNS = 10
_MOST_SECS = 1.0

Feeds = Callable[[ModelInfo], Mapping[str, np.ndarray]]


def measure(
    archive: Path, repeats: Sequence[Sequence[int]], threads: int, feeds: Feeds, secs: float
) -> tuple[OperatorTime, ...]:
    """Time each pair of models in turns: few, many, many, few.

    Args:
        archive: zip file with the models ``<operator>-<times>.tflite``.
        repeats: of each operator how often the two models hold it, the fewer first.
        threads: threads to compute with.
        feeds: makes a model's inputs.
        secs: least seconds of each of the four stretches.

    Returns:
        The time of each operator once; it may be below zero where that is less than the noise.
    """
    gc.freeze()  # each stretch collects garbage first, which else goes through all modules
    with zipfile.ZipFile(archive) as models:
        return tuple(
            _measure([models.read(f"{number}-{each}.tflite") for each in pair], pair, threads,
                     feeds, secs)
            for number, pair in enumerate(repeats)
        )  # fmt: skip


def _measure(
    models: Sequence[bytes], repeats: Sequence[int], threads: int, feeds: Feeds, secs: float
) -> OperatorTime:
    try:
        sessions = [litert.load_content(model, threads) for model in models]
        for session in sessions:
            session.set_inputs(feeds(session.info()))
            for _ in range(_WARM_UPS):
                session.invoke()
        taken: tuple[list[int], list[int]] = ([], [])
        for number in (0, 1, 1, 0):
            samples = timing.sample(sessions[number].invoke, _LEAST_RUNS, secs, _MOST_SECS)
            taken[number].extend(samples.wall_ns)
    except (EdgekitError, RuntimeError, ValueError) as error:
        return OperatorTime(None, 0, (str(error).splitlines() or [type(error).__name__])[0])
    few, many = (statistics.median(each) for each in taken)
    return OperatorTime((many - few) / (repeats[1] - repeats[0]), sum(map(len, taken)))
