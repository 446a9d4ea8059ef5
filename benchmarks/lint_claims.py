"""Confirm what each lint rule claims, on a pair of files of one function: found and clean.

    python benchmarks/lint_claims.py [CODE...]

Slower: processor time of an inference (of loading, for weights that are widened), both files in
turns in one process; confirmed if the whole 95 % interval of the ratio is above 1. Less exact:
error beside real numbers, or beside an instruction set that does not saturate. Larger: bytes.
Unusable: who refuses the file. Exit code 1 if a claim is not confirmed.
"""

from __future__ import annotations

import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from edgekit import runtimes
from edgekit.emulation import isa
from edgekit.errors import EdgekitError
from edgekit.lint import RULES
from edgekit.modelfile import metadata
from edgekit.processes import child
from edgekit.runtimes.base import Session, batch_one
from tests.specimens.drawn.linted import PAIRS, unlike_channels

_SIZE, _ROUNDS, _SLICE_S = 8, 31, 0.02
_BUILT_IN = ("unfused-activation",)  # XNNPACK joins these by itself: the claim is of the others
_LOADING = ("float16-constants",)


@dataclass(frozen=True)
class Verdict:
    """Whether a claim holds, and the figures; None if it cannot be decided here."""

    holds: bool | None
    figures: str


def _feeds(path: Path, count: int = 4) -> list[dict[str, np.ndarray]]:
    given = child.describe(path).inputs[0]
    rng = np.random.default_rng(1)
    if given.dtype == "float32":
        return [{given.name: rng.random(given.shape, np.float32)} for _ in range(count)]
    limits = np.iinfo(given.dtype)
    low, high = max(limits.min, -128), min(limits.max, 127)
    return [
        {given.name: rng.integers(low, high, given.shape).astype(given.dtype)} for _ in range(count)
    ]


def _slower(code: str, found: Path, clean: Path) -> Verdict:
    if code in _LOADING:
        work: list[Callable[[], object]] = [
            lambda path=path: runtimes.load("tflite", path) for path in (found, clean)
        ]
    else:
        work = [_invoker(code, path) for path in (found, clean)]
    logs = []
    for turn in range(_ROUNDS):
        order = (0, 1) if turn % 2 else (1, 0)
        times = {index: _time_ns(work[index]) for index in order}
        logs.append(np.log(times[0] / times[1]))
    draws = np.random.default_rng(0).choice(logs, (2000, len(logs)))
    low, high = np.exp(np.quantile(np.median(draws, axis=1), (0.025, 0.975)))
    ratio = float(np.exp(np.median(logs)))
    return Verdict(bool(low > 1), f"{ratio:.2f} times the processor time [{low:.2f}, {high:.2f}]")


def _invoker(code: str, path: Path) -> Callable[[], object]:
    session: Session
    if code in _BUILT_IN:
        session = runtimes.other_kernels("tflite")["built-in"](path, 1)
    else:
        session = runtimes.load(runtimes.for_file(path), path)
    session.set_inputs(_feeds(path, 1)[0])
    session.invoke()
    return session.invoke


def _time_ns(work: Callable[[], object]) -> float:
    count, begin = 0, time.process_time_ns()
    while time.process_time_ns() - begin < _SLICE_S * 1e9:
        work()
        count += 1
    return (time.process_time_ns() - begin) / count


def _outputs(path: Path, feeds: list[dict[str, np.ndarray]], on: str = isa.NATIVE) -> np.ndarray:
    target = child.describe(path).outputs[0]
    _, found = child.run(path, feeds, isa=on, exact_sums=False)
    return np.stack([each[target.name] for each in found]).astype(float) * (target.scale or 1.0)


def _less_exact(code: str, found: Path, clean: Path) -> Verdict:
    feeds = _feeds(found)
    if code == "saturation-without-vnni":
        if (why := isa.missing("avx2")) is not None:
            return Verdict(None, why)
        feeds = [{name: 5 * values for name, values in each.items()} for each in feeds]  # to 250
        wrong = [
            float(np.abs(_outputs(path, feeds) - _outputs(path, feeds, "avx2")).max())
            for path in (found, clean)
        ]
        return Verdict(
            wrong[0] > wrong[1], f"differs by {wrong[0]:g} under avx2, {wrong[1]:g} clean"
        )
    answers = [_outputs(path, feeds) for path in (found, clean)]
    if code == "bias-overflow":
        gap = float(np.abs(answers[0] - answers[1]).max())
        return Verdict(gap > 1e5, f"answers differ by {gap:,.0f} where sums are about 26,800,000")
    images = np.stack([next(iter(each.values())) for each in feeds]) * 0.02
    real = images @ unlike_channels().reshape(8, 8).T
    span = np.abs(real).max(axis=(0, 1, 2, 3))[-1]
    # Of the smallest channel, before the output's own rounding: that of the weights.
    errors = [float(np.abs(each - real)[..., -1].mean() / span) for each in answers]
    return Verdict(
        errors[0] > errors[1], f"error {errors[0]:.3f} of the range, {errors[1]:.3f} clean"
    )


def _larger(_code: str, found: Path, clean: Path) -> Verdict:
    sizes = [path.stat().st_size for path in (found, clean)]
    return Verdict(sizes[0] > sizes[1], f"{sizes[0]:,} bytes, {sizes[1]:,} clean")


def _unusable(code: str, found: Path, clean: Path) -> Verdict:
    if code == "missing-metadata":
        has = [metadata.read(path) is not None for path in (found, clean)]
        return Verdict(has == [False, True], "no normalization for an app's library to read")
    refused = []
    for path in (found, clean):
        try:
            batch_one(child.describe(path).inputs[0])
            refused.append("")
        except EdgekitError as error:
            refused.append(error.reason_code)
    return Verdict(bool(refused[0]) and not refused[1], f"refused as {refused[0]}")


_CHECKS = {
    "slower": _slower, "less exact": _less_exact, "larger": _larger, "unusable": _unusable,
}  # fmt: skip


def main() -> int:
    wanted = [RULES.name_of(code) for code in sys.argv[1:]] or list(RULES)
    denied = 0
    with tempfile.TemporaryDirectory() as folder:
        for code in wanted:
            rule, pair = RULES[code], PAIRS[code]
            paths = [Path(folder) / f"{name}{pair.suffix}" for name in ("found", "clean")]
            for path, draw in zip(paths, (pair.found, pair.clean), strict=True):
                path.write_bytes(draw(_SIZE))
            verdict = _CHECKS[rule.claim](code, *paths)
            words = {True: "confirmed", False: "NOT confirmed", None: "not decided here"}
            print(f"{code}: {rule.claim}: {words[verdict.holds]}: {verdict.figures}", flush=True)
            denied += verdict.holds is False
    return 1 if denied else 0


if __name__ == "__main__":
    sys.exit(main())
