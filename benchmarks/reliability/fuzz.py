"""Mutated files through every reader: ``python -m benchmarks.reliability.fuzz [--secs N]``.

Every reader of `tests.hostile.readers` gets mutations of its sound file until the time is up or
``--count`` are through. Whatever is no result and no one-line error is saved in ``build/fuzz`` with
its traceback; make a case of it in ``tests/hostile``.
"""

from __future__ import annotations

import argparse
import signal
import sys
import time
import traceback
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from types import FrameType
from typing import NoReturn

from tests.hostile import mutations
from tests.hostile.readers import READERS

FOUND = Path("build/fuzz")
_LONGEST_S = 60  # of one file
_BATCH = 60


@dataclass
class Tally:
    """What came of the files of one reader."""

    tried: int = 0
    read: int = 0
    faults: int = 0
    slowest_s: float = 0.0
    kinds: Counter[str] = field(default_factory=Counter)


class _HangError(Exception):
    pass


def fuzz(name: str, seed: int, secs: float, count: int) -> Tally:
    """Try one reader."""
    reader, tally = READERS[name], Tally()
    sound, end = reader.sound(), time.monotonic() + secs
    signal.signal(signal.SIGALRM, _hung)
    with TemporaryDirectory() as folder:
        path = Path(folder, reader.name)
        while tally.tried < count and time.monotonic() < end:
            for kind, content in mutations.of(sound, seed + tally.tried, _BATCH):
                path.write_bytes(content)
                tally.tried += 1
                tally.kinds[kind] += 1
                start = time.process_time()
                signal.alarm(_LONGEST_S)
                try:
                    tally.read += reader.outcome(path) is None
                except Exception:
                    tally.faults += 1
                    FOUND.mkdir(parents=True, exist_ok=True)
                    (FOUND / f"{name}-{seed}-{tally.tried}-{reader.name}").write_bytes(content)
                    (FOUND / f"{name}-{seed}-{tally.tried}.txt").write_text(traceback.format_exc())
                finally:
                    signal.alarm(0)
                tally.slowest_s = max(tally.slowest_s, time.process_time() - start)
    return tally


def _hung(_number: int, _frame: FrameType | None) -> NoReturn:
    raise _HangError(f"it took more than {_LONGEST_S} s")


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--secs", type=float, default=60.0, help="for each reader")
    parser.add_argument("--count", type=int, default=10**9, help="files for each reader")
    parser.add_argument("--seed", type=int, default=0)
    given = parser.parse_args()
    faults = 0
    for name in READERS:
        found = fuzz(name, given.seed, given.secs, given.count)
        faults += found.faults
        print(
            f"{name}: {found.tried} files, {found.read} read, {found.faults} faults, slowest "
            f"{found.slowest_s:.2f} s",
            flush=True,
        )
    return int(faults > 0)


if __name__ == "__main__":
    sys.exit(main())
