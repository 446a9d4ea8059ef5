"""Files of .tflite run in two ways of LiteRT, in turns within fresh processes."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from multiprocessing import get_context
from pathlib import Path

from edgekit.devices import Contrast, MeasureSettings
from edgekit.devices.reports.comparison import joined_rounds
from edgekit.devices.statistics import verdict
from edgekit.devices.statistics.ratio import Timed
from edgekit.errors import EdgekitError, WorkerError
from edgekit.runtimes import timing
from edgekit.runtimes.timing import Block
from edgekit.study.claims.laboratory.base import Session


def contrasts(
    paths: Sequence[Path], base: Session, candidate: Session, settings: MeasureSettings
) -> list[Contrast]:
    """Compare two ways to run each of some files, with one thread.

    Raises:
        WorkerError: a process died, or the runtime refuses.
    """
    timed: list[tuple[list[Timed], list[Timed]]] = [([], []) for _ in paths]
    for number in range(settings.children):
        found = _in_process(paths, (base, candidate), settings, settings.seed + number)
        for sides, blocks in zip(timed, found, strict=True):
            for side, runs in enumerate(sides):
                runs.append(joined_rounds(blocks, side))
    return [verdict.of_turns(*each, threads=1, seed=settings.seed) for each in timed]


def _in_process(
    paths: Sequence[Path],
    sessions: tuple[Session, Session],
    settings: MeasureSettings,
    seed: int,
) -> list[tuple[Block, ...]]:
    """Return the blocks of each file."""
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as pool:
        try:
            return pool.submit(_measure, paths, sessions, settings, seed).result()
        except EdgekitError:
            raise
        except (BrokenProcessPool, ImportError, RuntimeError, ValueError) as error:
            names = ", ".join(path.name for path in paths)
            raise WorkerError(f"{names}, {' and '.join(sessions)}: {error}") from error


def _measure(
    paths: Sequence[Path],
    sessions: tuple[Session, Session],
    settings: MeasureSettings,
    seed: int,
) -> list[tuple[Block, ...]]:
    """Run in a process of its own, where what LiteRT logs at opening goes nowhere."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stderr.fileno())
    return [_blocks(path, sessions, settings, seed) for path in paths]


def _blocks(
    path: Path, sessions: tuple[Session, Session], settings: MeasureSettings, seed: int
) -> tuple[Block, ...]:
    invokes = [_OPENERS[each](path) for each in sessions]
    for invoke in invokes:
        timing.warm_up(invoke, settings.warmup_runs, settings.warmup_secs)
    return timing.sample_in_turns(
        invokes, settings.num_runs, settings.min_secs, settings.max_secs * len(invokes), seed
    )


def _interpreter(path: Path) -> Callable[[], object]:
    from edgekit.runtimes.litert import session

    return session.load(path, 1).invoke


def _built_in(path: Path) -> Callable[[], object]:
    from edgekit.runtimes.litert import session

    return session.OTHER_KERNELS["built-in"](path, 1).invoke


def _compiled_model(path: Path) -> Callable[[], object]:
    """Open with LiteRT's newer interface, which takes one thread unless it is told otherwise."""
    from ai_edge_litert.compiled_model import CompiledModel

    model = CompiledModel.from_file(str(path))
    inputs, outputs = model.create_input_buffers(0), model.create_output_buffers(0)
    return lambda: model.run_by_index(0, inputs, outputs)


_OPENERS: dict[Session, Callable[[Path], Callable[[], object]]] = {
    "interpreter": _interpreter,
    "compiled-model": _compiled_model,
    "built-in": _built_in,
}
