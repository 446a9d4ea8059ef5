"""Commands that a signal ends at some moment: what remains, and what the next run takes away.

``python -m benchmarks.reliability.kills FILE.json [--trials N] [--secs N] [--seed N]`` adds what
came of it to a file after every trial, so that it can run for long in the background, or twice.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import shutil
import signal
import sqlite3
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory

from benchmarks.reliability import kit
from benchmarks.reliability.commands import environment, leftovers, partial
from edgekit.files import scratch
from edgekit.files.staging import staging

SIGNALS = (signal.SIGKILL, signal.SIGTERM, signal.SIGHUP, signal.SIGINT)
_SECS_TO_TIDY = 30.0
_STORE = (".sqlite", ".sqlite-journal", ".sqlite-wal", ".sqlite-shm")
_SAID = (".json", ".xml", ".md")  # they may hold times, so that no two are alike
_LAST_SHARE = 1.05  # of a command's processor time, up to which a signal may come


@dataclass
class Tally:
    """What came of the trials with one signal.

    Attributes:
        trials: commands that were sent it.
        ended_before: those that were over by then.
        partial_files: results that are not whole, or a set of which a part is missing.
        orphans: processes that outlive the command.
        tracebacks: commands that showed one, other than of an interpreter that was just starting.
        left_by_polite_signals: hidden and temporary folders after a signal that can be heard.
        left_after_next_run: those that are there when the next run has begun.
        commands: trials by command.
        statuses: exit statuses.
        faults: each fault with the command that it befell.
    """

    trials: int = 0
    ended_before: int = 0
    partial_files: int = 0
    orphans: int = 0
    tracebacks: int = 0
    left_by_polite_signals: int = 0
    left_after_next_run: int = 0
    commands: Counter[str] = field(default_factory=Counter)
    statuses: Counter[str] = field(default_factory=Counter)
    faults: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class Whole:
    """A command that nobody has interrupted.

    Attributes:
        cpu_s: processor time of it and of its children.
        results: content of the files that it writes, by path in its output folder.
    """

    cpu_s: float
    results: dict[str, bytes]


def run(trials: int, secs: float, seed: int, place: Path, kept: Path) -> dict[str, Tally]:
    """Kill so many commands, or as many as fit into the time; return what came of it by signal.

    Args:
        trials: how many.
        secs: after which no further one begins.
        seed: of the moments.
        place: a folder for the files that the commands work on.
        kept: what came of earlier trials, if it is there; what came of these is added.
    """
    tallies = load(kept) if kept.exists() else {each.name: Tally() for each in SIGNALS}
    rng, wholes = random.Random(seed), dict[str, Whole]()
    pairs = [(each, name) for each in SIGNALS for name in kit.COMMANDS]
    rng.shuffle(pairs)
    end, made = time.monotonic() + secs, place / "kit"
    for number in range(trials):
        if time.monotonic() > end:
            break
        if not made.exists():
            kit.make(made)
        chosen, name = pairs[number % len(pairs)]
        if name not in wholes:
            with _folder(made, place / f"whole-{name}") as folder:
                wholes[name] = _whole(name, folder)
        with _folder(made, place / f"k{number}") as folder:
            _try(chosen, name, wholes[name], rng, folder, tallies[chosen.name])
        document = {signal_: vars(each) for signal_, each in tallies.items()}
        kept.write_text(json.dumps(document, indent=2) + "\n")
    return tallies


def load(kept: Path) -> dict[str, Tally]:
    """Return what came of earlier trials, by signal."""
    found = {}
    for name, each in json.loads(kept.read_text()).items():
        counters = {key: Counter(each.pop(key)) for key in ("commands", "statuses")}
        found[name] = Tally(**each, **counters)
    return found


def _try(
    number: signal.Signals, name: str, whole: Whole, rng: random.Random, place: Path, tally: Tally
) -> None:
    """Start a command in a folder, end it, look at what remains, and begin another one there."""
    out, temporary, cache = place / kit.OUT, place / "tmp", place / "cache"
    process = _started(name, place)
    _wait_for_cpu(process, rng.uniform(0.0, whole.cpu_s * _LAST_SHARE))
    tally.trials += 1
    tally.commands[name] += 1
    tally.ended_before += process.poll() is not None
    process.send_signal(number)
    _, log = process.communicate()
    tally.statuses[str(process.returncode)] += 1
    found = {
        "tracebacks": int(b"Traceback" in log and b"edgekit" in log),  # else of Python's own start
        "orphans": _orphans(temporary),
        "partial_files": len(partial(out)) + len(unlike(out, whole)),
    }
    if number != signal.SIGKILL:
        found["left_by_polite_signals"] = len(leftovers(temporary, out, cache))
    _next_run(out, temporary, cache)
    found["left_after_next_run"] = len(leftovers(temporary, out, cache))
    for what, count in found.items():
        setattr(tally, what, getattr(tally, what) + count)
        if count:
            tally.faults.append(f"{name}, {number.name}: {what}")


def unlike(out: Path, whole: Whole) -> list[str]:
    """Return what a folder holds other than the whole results, all of them or none."""
    found = {
        path.relative_to(out).as_posix(): path
        for path in sorted(out.rglob("*"))
        if path.is_file() and not path.relative_to(out).parts[0].startswith(".")
    }
    wrong = []
    for name, path in found.items():
        content = path.read_bytes()
        if path.suffix == ".sqlite":
            with closing(sqlite3.connect(path)) as store:
                if store.execute("pragma integrity_check").fetchone() != ("ok",):
                    wrong.append(name)
        elif path.suffix == ".json":
            try:
                json.loads(content)
            except ValueError:
                wrong.append(name)
        elif path.suffix in _SAID:
            if len(content) < len(whole.results.get(name, b"")) // 2:
                wrong.append(name)
        elif path.suffix not in _STORE and content != whole.results.get(name):
            wrong.append(name)
    results = {name for name in found if not name.endswith(_STORE)}
    missing = {name for name in whole.results if not name.endswith(_STORE)} - results
    return wrong + (sorted(missing) if results else [])


@contextmanager
def _folder(made: Path, place: Path) -> Iterator[Path]:
    shutil.copytree(made, place)
    (place / "tmp").mkdir()
    yield place
    shutil.rmtree(place, ignore_errors=True)


def _started(name: str, place: Path) -> subprocess.Popen[bytes]:
    given = environment(place / "tmp") | {"EDGEKIT_CACHE": str(place / "cache")}
    return subprocess.Popen(
        [sys.executable, "-m", "edgekit", *kit.COMMANDS[name]],
        stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, stdin=subprocess.DEVNULL,
        env=given, cwd=place,
    )  # fmt: skip


def _whole(name: str, place: Path) -> Whole:
    before = os.times()
    process = _started(name, place)
    _, log = process.communicate()
    if process.returncode:
        raise RuntimeError(f"{name} fails by itself: {log.decode(errors='replace')}")
    after = os.times()
    cpu_s = sum(after[2:4]) - sum(before[2:4])
    out = place / kit.OUT
    results = {
        path.relative_to(out).as_posix(): path.read_bytes()
        for path in out.rglob("*")
        if path.is_file()
    }
    return Whole(cpu_s, results)


def _next_run(out: Path, temporary: Path, cache: Path) -> None:
    """Do what every run does first in these folders, without the seconds after it."""
    with scratch.folder(temporary), staging(out):
        pass
    if cache.is_dir():
        with scratch.folder(cache, ".making-"):
            pass


def _wait_for_cpu(process: subprocess.Popen[bytes], cpu_s: float) -> None:
    """Wait until a process and its children have computed so long; the time of day says little."""
    ticks = os.sysconf("SC_CLK_TCK")
    while process.poll() is None:
        if sum(_cpu_ticks(each) for each in tree(process.pid)) / ticks >= cpu_s:
            return
        time.sleep(0.02)


def _cpu_ticks(process: int) -> int:
    """Return the processor time of a process and of its children that have ended."""
    try:
        fields = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return 0
    return sum(map(int, fields[11:15]))


def tree(root: int) -> list[int]:
    """Return a process and all that descend from it."""
    found, waiting = [], [root]
    while waiting:
        process = waiting.pop()
        found.append(process)
        for path in Path(f"/proc/{process}/task").glob("*/children"):
            try:
                waiting += map(int, path.read_text().split())
            except OSError:
                continue
    return found


def _orphans(temporary: Path) -> int:
    """Return how many processes of this trial still run, after time to notice that it is over."""
    end = time.monotonic() + _SECS_TO_TIDY
    while (count := _with_environment(temporary)) and time.monotonic() < end:
        time.sleep(0.1)
    return count


def _with_environment(temporary: Path) -> int:
    """Count processes whose temporary folder is the trial's, or lies in it."""
    wanted, count = f"TMPDIR={temporary}".encode(), 0
    for path in Path("/proc").glob("[0-9]*/environ"):
        try:
            count += any(each.startswith(wanted) for each in path.read_bytes().split(b"\0"))
        except OSError:
            continue
    return count


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("kept", type=Path, metavar="FILE.json")
    parser.add_argument("--trials", type=int, default=500)
    parser.add_argument("--secs", type=float, default=1e9)
    parser.add_argument("--seed", type=int, default=0)
    given = parser.parse_args()
    with TemporaryDirectory(prefix="kills-") as place:
        tallies = run(given.trials, given.secs, given.seed, Path(place), given.kept)
    for name, each in tallies.items():
        print(f"{name}: {each.trials} trials", *each.faults, sep="\n  ")
    return int(any(each.faults for each in tallies.values()))


if __name__ == "__main__":
    sys.exit(main())
