"""All contenders on one network: in turns, each alone."""

from __future__ import annotations

import random
import sys
from pathlib import Path

from benchmarks import environments
from benchmarks.environments import EDGEKIT, PeerUnavailableError
from benchmarks.processes import Limits
from benchmarks.quantization import integers, networks, quantizing, report, scoring
from benchmarks.quantization.contenders import PEERS, Contender, Tool
from benchmarks.quantization.networks import Prepared
from benchmarks.quantization.quantizing import Outcome
from edgekit.errors import EdgekitError
from edgekit.files import digest

SEED = 0


class Bench:
    """What all runs share.

    Args:
        folder: where the environments are kept.
        limits: when a run is stopped.

    Attributes:
        versions: of all packages of each environment that was used.
    """

    def __init__(self, folder: Path, limits: Limits) -> None:
        self._folder, self._limits = folder, limits
        self._pythons: dict[Tool, Path | PeerUnavailableError] = {}
        self.versions: dict[str, dict[str, str]] = {}

    def run(self, contender: Contender, prepared: Prepared, out: Path) -> Outcome:
        """Quantize a network once, into a new folder; a failure is in the outcome."""
        try:
            python = self._python(contender.tool)
            if contender.tool.takes not in prepared.floats:
                networks.rebuild(prepared, python)
        except PeerUnavailableError as error:
            return Outcome(0.0, 0, (), str(error))
        print(f"{prepared.name}: {contender.name}", file=sys.stderr, flush=True)
        return quantizing.run(contender, python, prepared, out, self._limits)

    def _python(self, tool: Tool) -> Path:
        """Return the interpreter of an environment that is known to work."""
        if tool not in self._pythons:
            try:
                self._pythons[tool] = self._checked(tool)
            except PeerUnavailableError as error:
                self._pythons[tool] = error
        known = self._pythons[tool]
        if isinstance(known, PeerUnavailableError):
            raise known
        return known

    def _checked(self, tool: Tool) -> Path:
        python = environments.python_of(tool.environment, self._folder)
        self.versions[tool.environment] = environments.versions(python)
        if tool.environment != EDGEKIT:
            environments.check_imports([str(python), str(PEERS / tool.script)])
        return python


def compare(
    bench: Bench, prepared: Prepared, chosen: list[Contender], rounds: int
) -> list[report.Row]:
    """Run all contenders in turns, in random order within a round, then evaluate their files."""
    order, out = random.Random(SEED), prepared.floats["onnx"].parent
    runs: dict[str, list[Outcome]] = {contender.name: [] for contender in chosen}
    for number in range(rounds):
        for contender in order.sample(chosen, len(chosen)):
            earlier = runs[contender.name]
            if not earlier or earlier[0].failure is None:
                earlier.append(bench.run(contender, prepared, out / f"{contender.name}-{number}"))
    return [row for each in chosen for row in _evaluated(prepared, each, runs[each.name])]


def memory(
    bench: Bench, few: Prepared, many: Prepared, contender: Contender
) -> tuple[Outcome, Outcome]:
    """Run a contender with few and with many calibration images."""
    out = few.floats["onnx"].parent
    return (
        bench.run(contender, few, out / f"{contender.name}-few"),
        bench.run(contender, many, out / f"{contender.name}-many"),
    )


def _evaluated(prepared: Prepared, contender: Contender, runs: list[Outcome]) -> list[report.Row]:
    """Return one row for each file of the first run."""
    if runs[0].failure:
        failure = runs[0].failure
        return [report.Row(prepared.name, contender.name, None, None, None, None, (), failure)]
    rows = []
    worked = tuple(run for run in runs if run.failure is None)
    for file in runs[0].files:
        score, failure = None, None
        try:
            answers = scoring.scores(file, prepared.evaluated, prepared.preprocessing)
            score = scoring.compare(answers, prepared.reference, prepared.evaluated.labels)
        except (EdgekitError, ValueError) as error:  # ValueError: scores that are not finite
            failure = environments.last_line(str(error))
        facts = digest.sha256_of(file), integers.count(file)
        rows.append(report.Row(prepared.name, contender.name, file, *facts, score, worked, failure))
    return rows
