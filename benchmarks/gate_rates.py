"""How often `edgekit check` cries wolf, and how often it sees what it should.

    python -m benchmarks.gate_rates [--checks 100] [--minutes M] [--instructions PROCESSOR]

Bundles of one network of 20 equal layers: unchanged, with a layer more (5 % slower), and with 3
points of its accuracy lost among other disagreements. The limits are 2 % of latency and
instructions and 1 point of accuracy. Run it on a quiet machine: latencies take turns, and
`--min-secs` says for how long in each of six processes. Unchanged and slower ones are checked
alternately, until `--minutes` are over. Passes with at most 1 % false latency failures, none by
instructions, at least 95 % of the slower ones caught, and all of the less accurate ones.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
import time
from dataclasses import replace
from pathlib import Path

import numpy as np
import onnx
from PIL import Image

from edgekit import bundle, devices
from edgekit.bundle import Built, BundleRequest, CheckRequest
from edgekit.bundle.budgets import read as read_budgets
from edgekit.bundle.checking import limits
from edgekit.bundle.checking.limits import Sides
from edgekit.bundle.checking.measurements import Measurements
from edgekit.export.door import ExportRequest, run
from tests.specimens import classifiers, graphs

_LAYERS, _SIDE, _CHANNELS = 20, 16, 32
_IMAGES, _LOST, _OTHERWISE = 1000, 30, 20
_LIMITS = """\
[latency_ms]
max_increase_percent = 2
[instructions]
max_increase_percent = 2
if_missing = "skip"
"""
_PREPROCESSING = replace(classifiers.PLAIN, resize=_SIDE, crop=_SIDE)


def _network(layers: int) -> onnx.ModelProto:
    """Equal convolutions, then scores."""
    lines = ["v0 = Conv(x, first)"]
    lines += [
        f"a{i} = Conv<pads=[1,1,1,1]>(v{i}, w{i})\n v{i + 1} = Relu(a{i})" for i in range(layers)
    ]
    lines.append(f"p = GlobalAveragePool(v{layers})\n f = Flatten(p)\n y = MatMul(f, last)")
    draw = graphs.weights
    weights = {f"w{i}": draw(_CHANNELS, _CHANNELS, 3, 3, seed=i) / 12 for i in range(layers)}
    return graphs.proto(
        f"g (float[1,3,{_SIDE},{_SIDE}] x) => (float[1,3] y) {{ " + "\n ".join(lines) + " }",
        first=draw(_CHANNELS, 3, 1, 1),
        last=draw(_CHANNELS, 3),
        **weights,
    )


def _bundled(folder: Path, layers: int, data: Path, instructions: str | None) -> Built:
    folder.mkdir()
    onnx.save(_network(layers), folder / "chain.onnx")
    made = run(ExportRequest(str(folder / "chain.onnx"), folder / "out", formats=("tflite",)))
    files = tuple(str(classifiers.with_record(each, _PREPROCESSING)) for each in made.artifacts)
    request = BundleRequest(files, folder, data=data, instructions=instructions)
    return bundle.build(request)


def _pictures(folder: Path) -> Path:
    folder.mkdir()
    rng, rows = np.random.default_rng(0), ["file,label"]
    for index in range(_IMAGES):
        pixels = rng.integers(0, 256, (_SIDE, _SIDE, 3), np.uint8)
        Image.fromarray(pixels).save(folder / f"{index:04}.png")
        rows.append(f"{index:04}.png,{rng.integers(3)}")
    (folder / "labels.csv").write_text("\n".join(rows))
    return folder


def _rates(
    given: argparse.Namespace, sides: dict[str, Path], baseline: Path, budget: Path
) -> tuple[int, dict[str, dict[str, int]]]:
    """Check each side in turn; return how often, and how often each metric failed by side."""
    settings = replace(devices.COMPARE_SETTINGS, min_secs=given.min_secs)
    failed = {side: {"budget-latency-ms": 0, "budget-instructions": 0} for side in sides}
    end = time.monotonic() + 60 * given.minutes
    done = 0
    while done < given.checks and (not done or time.monotonic() < end):
        for side, candidate in sides.items():
            report = bundle.check(CheckRequest(candidate, baseline, budget, settings))
            for finding in report.failed:
                failed[side][finding.code] += 1
        done += 1
        print(f"{done}/{given.checks}: {failed}", end="\r", file=sys.stderr, flush=True)
    return done, failed


def _less_accurate(checks: int, made: Built, budget: Path) -> int:
    """Of so many draws of lost and changed answers, how many are caught."""
    path = made.path / "evidence" / "accuracy.json"
    whole = json.loads(path.read_text())
    caught = 0
    for seed in range(checks):
        rng = np.random.default_rng(seed)
        documents = [json.loads(json.dumps(whole)) for _ in range(2)]
        ranks = np.where(rng.random(_IMAGES) < 0.7, 0, 1)
        after = ranks.copy()
        right, wrong = np.flatnonzero(ranks == 0), np.flatnonzero(ranks)
        after[rng.choice(right, _LOST + _OTHERWISE, replace=False)] = 1
        after[rng.choice(wrong, _OTHERWISE, replace=False)] = 0
        with tempfile.TemporaryDirectory() as scratch:
            places = [Path(scratch) / name for name in ("now", "then")]
            for place, document, each in zip(places, documents, (after, ranks), strict=True):
                for row in document.values():
                    row["answers"]["ranks"] = each.tolist()
                    shifted = (np.array(row["labels"]) + each) % 3  # wrong by one where rank is 1
                    row["answers"]["top1"] = shifted.tolist()
                (place / "evidence").mkdir(parents=True)
                (place / "evidence" / "accuracy.json").write_text(json.dumps(document))
            sides = Sides(places[0], made.bundle, places[1], made.bundle, Measurements())
            found = list(limits.check(sides, read_budgets(budget)))
            caught += any(each.level == "failed" for each in found)
    return caught


def main() -> int:
    parser = argparse.ArgumentParser(description="rates of edgekit check")
    parser.add_argument("--checks", type=int, default=100)
    parser.add_argument("--instructions", metavar="PROCESSOR")
    parser.add_argument("--minutes", type=float, default=60.0, help="after which none is begun")
    parser.add_argument("--min-secs", type=float, default=1.0, help="a file and process")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        data = _pictures(folder / "pictures")
        (folder / "time.toml").write_text(_LIMITS)
        (folder / "accuracy.toml").write_text("[top1_percent]\nmax_decrease = 1\n")
        base = _bundled(folder / "base", _LAYERS, data, given.instructions)
        slow = _bundled(folder / "slow", _LAYERS + 1, data, given.instructions)
        sides = {"unchanged": base.path, "slower": slow.path}
        done, failed = _rates(given, sides, base.path, folder / "time.toml")
        false, seen = failed["unchanged"], failed["slower"]
        print(f"unchanged, of {done} checks failed: {false}")
        print(f"one layer of {_LAYERS} more, of {done} checks failed: {seen}")
        caught = _less_accurate(given.checks, base, folder / "accuracy.toml")
        print(f"3 points less accurate, of {given.checks} checks failed: {caught}")
    holds = (
        false["budget-latency-ms"] <= 0.01 * done
        and false["budget-instructions"] == 0
        and seen["budget-latency-ms"] >= 0.95 * done
        and caught == given.checks
    )
    print("PASS" if holds else "FAIL")
    return 0 if holds else 1


if __name__ == "__main__":
    sys.exit(main())
