"""Conversion steps at work on one network, each in a process of its own."""

from __future__ import annotations

import hashlib
import json
import shutil
import sys
from dataclasses import asdict, dataclass, replace
from pathlib import Path

import numpy as np

from benchmarks import processes
from benchmarks.environments import ENVIRONMENTS, PeerUnavailableError
from benchmarks.peers.contenders import STEPS, Step
from benchmarks.peers.interpreters import Environments, words
from benchmarks.peers.networks import Prepared
from benchmarks.processes import Limits
from edgekit.files import digest

_RECORD = "made.json"
"""In the folder of a step: what came of it, and of what."""


class ConversionFailedError(Exception):
    """A step gave no file; the message is one line that says why."""


@dataclass(frozen=True)
class Made:
    """The file of a step.

    Attributes:
        path: the file, or the folder of a SavedModel.
        seconds: wall time of each run of the whole process.
        peak_rss_bytes: most memory that it held.
    """

    path: Path
    seconds: tuple[float, ...]
    peak_rss_bytes: int


class Conversions:
    """The files of one network; each is made when it is first asked for.

    Args:
        prepared: the network.
        interpreters: shared by all networks.
        limits: when a step is stopped.
        repeats: how often each step runs, for its time.
    """

    def __init__(
        self, prepared: Prepared, interpreters: Environments, limits: Limits, repeats: int
    ) -> None:
        self._prepared, self._interpreters = prepared, interpreters
        self._limits, self._repeats = limits, repeats
        self._made: dict[str, Made | ConversionFailedError] = {}

    def make(self, name: str) -> Made:
        """Return the file of a step.

        Raises:
            ConversionFailedError: it, or one that it needs, cannot be made.
        """
        if name not in self._made:
            try:
                self._made[name] = self._run(name, self._step(name))
            except (PeerUnavailableError, ConversionFailedError) as error:
                self._made[name] = ConversionFailedError(str(error))
        found = self._made[name]
        if isinstance(found, ConversionFailedError):
            raise found
        return found

    def chain(self, name: str) -> dict[str, Made]:
        """Return what all steps up to this one gave, by name, each once."""
        found: dict[str, Made] = {}
        for source in self._step(name).takes:
            found |= self.chain(source)
        return {**found, name: self.make(name)}

    def _step(self, name: str) -> Step:
        step = STEPS[name]
        return replace(step, arguments=step.arguments.replace("{given}", self._prepared.given))

    def _run(self, name: str, step: Step) -> Made:
        sources = {source: self.make(source).path for source in step.takes}
        python = self._interpreters.python_for(step)
        folder = (self._prepared.folder / name).absolute()
        key = self._key(step, python, sources)
        # What edgekit makes is never kept: any of its sources may have changed.
        if "edgekit" not in step.program.split() and (kept := _kept(folder, key)) is not None:
            return kept
        shutil.rmtree(folder, ignore_errors=True)
        print(f"{self._prepared.name}: {name}", file=sys.stderr, flush=True)
        runs = []
        for repeat in reversed(range(self._repeats)):  # what the last run leaves is kept
            place = folder / f"again-{repeat}" if repeat else folder
            place.mkdir(parents=True, exist_ok=True)
            output = place / f"{self._prepared.name}.{step.gives}"
            values = {
                **self._prepared.files, **sources,
                "net": self._prepared.name, "folder": place, "output": output,
            }  # fmt: skip
            command = words(f"{step.program} {step.arguments}", python, values)
            took = processes.run(command, place, self._limits)
            if took.failure:
                said = {"failure": f"{name}: {took.failure}", "key": key}
                (folder / _RECORD).write_text(json.dumps(said))
                raise ConversionFailedError(said["failure"])
            runs.append(took)
            if repeat:
                shutil.rmtree(place)
        made = Made(
            _only_file(folder, step.gives),
            tuple(run.seconds for run in runs),
            int(np.median([run.peak_rss_bytes for run in runs])),
        )
        document = {**asdict(made), "path": made.path.name, "key": key}
        (folder / _RECORD).write_text(json.dumps(document))
        return made

    def _key(self, step: Step, python: Path, sources: dict[str, Path]) -> str:
        """Say what a file depends on: one of an earlier run is kept if this is the same."""
        parts: list[object] = [asdict(step), self._repeats]
        files = [p if p.is_file() else p.with_name(_RECORD) for p in sources.values()]
        parts += [digest.sha256_of(path) for path in files]
        parts += [digest.sha256_of(self._prepared.files[key]) for key in ("weights", "answers")]
        parts += [ENVIRONMENTS.get(step.environment), self._interpreters.versions[step.environment]]
        script = Path(words(step.program, python, {})[-1])
        parts += [digest.sha256_of(script)] if script.is_file() else []
        return hashlib.sha256(json.dumps(parts).encode()).hexdigest()


def _kept(folder: Path, key: str) -> Made | None:
    """Return what an earlier run made, if it made it of the same.

    Raises:
        ConversionFailedError: it failed at it.
    """
    record = folder / _RECORD
    if not record.is_file():
        return None
    document = json.loads(record.read_text())
    if document["key"] != key:
        return None
    if "failure" in document:
        raise ConversionFailedError(document["failure"])
    return Made(folder / document["path"], tuple(document["seconds"]), document["peak_rss_bytes"])


def _only_file(folder: Path, suffix: str) -> Path:
    found = sorted(folder.glob(f"*.{suffix}"))
    if len(found) != 1:
        raise ConversionFailedError(f"it wrote {len(found)} .{suffix} files")
    return found[0]
