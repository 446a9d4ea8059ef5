"""Random networks through every form: ``python -m benchmarks.fuzz_graphs [COUNT] [--seed N]``.

Each network runs in one of a few worker processes; what comes out wrong in integers also goes
through `edgekit quantize` itself (`fuzz_written`). Prints how often each form came out how, and the
refusals by reason; every fault is saved as NUMBER.onnx beside what was found.
"""

from __future__ import annotations

import argparse
import gc
import json
import random
import sys
from collections import Counter
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from pathlib import Path

import onnx

from benchmarks import fuzz_written
from edgekit.errors import EdgekitError
from edgekit.export import formats
from edgekit.export.rewriting.choices import Choices
from tests.specimens import generated, judged
from tests.specimens.judged import Verdict

_BATCH = 200


def made(number: int) -> tuple[onnx.ModelProto, Choices]:
    """Return the network of a number, and optional rules to try with it."""
    source = random.Random(number)
    names = [rule.name for rule in formats.get("tflite").lowering.alternatives]
    model = generated.network(source.randrange)
    return model, Choices(added=tuple(source.sample(names, source.randrange(len(names) + 1))))


def batch(first: int, count: int) -> list[tuple[int, list[Verdict]]]:
    """Judge networks one after the other."""
    rows = []
    for number in range(first, first + count):
        model, chosen = made(number)
        verdicts = judged.judge(model, chosen)
        rows.append((number, [fuzz_written.settled(model, verdict) for verdict in verdicts]))
        if number == first:
            gc.freeze()  # what the first one imported: each collection would pass over it
    return rows


def main() -> int:
    """Run, print the tables, save the faults; 1 if there are any."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("count", nargs="?", type=int, default=10_000)
    parser.add_argument("--seed", type=int, default=0, help="number of the first network")
    parser.add_argument("--processes", type=int, default=2)
    parser.add_argument("--faults", type=Path, default=Path("build/fuzz"))
    asked = parser.parse_args()
    outcomes: Counter[tuple[str, str]] = Counter()
    reasons: Counter[str] = Counter()
    faults = 0
    starts = range(asked.seed, asked.seed + asked.count, _BATCH)
    for start in starts:
        size = min(_BATCH, asked.seed + asked.count - start)
        for number, verdicts in _apart(start, size, asked.processes):
            for verdict in verdicts:
                form = "tflite with rules" if "+" in verdict.form else verdict.form
                outcomes[form, verdict.outcome] += 1
                if verdict.outcome == "refused":
                    reasons[f"{form}: {verdict.detail.partition(':')[0]}"] += 1
            bad = [verdict for verdict in verdicts if verdict.is_fault]
            if bad:
                faults += 1
                _save(asked.faults, number, bad)
        print(
            f"{start + size - asked.seed}/{asked.count} networks, {faults} with faults",
            end="\r",
            file=sys.stderr,
            flush=True,
        )
    for (form, outcome), count in sorted(outcomes.items()):
        print(f"{count:7d}  {form:20s} {outcome}")
    for reason, count in reasons.most_common():
        print(f"{count:7d}  refused, {reason}")
    print(f"{asked.count} networks, {faults} with faults")
    return int(faults > 0)


def _apart(start: int, size: int, processes: int) -> list[tuple[int, list[Verdict]]]:
    """Judge a batch in processes of its own; one that dies is looked at network by network."""
    share = -(-size // processes)
    parts = [
        (first, min(share, start + size - first)) for first in range(start, start + size, share)
    ]
    try:
        with ProcessPoolExecutor(processes) as pool:
            waiting = [pool.submit(batch, *part) for part in parts]
            return [row for each in waiting for row in each.result()]
    except (BrokenProcessPool, EdgekitError) as error:
        if size == 1:
            return [(start, [Verdict("all", "crashed", f"{type(error).__name__}: {error}"[:160])])]
    return [row for number in range(start, start + size) for row in _apart(number, 1, 1)]


def _save(folder: Path, number: int, bad: list[Verdict]) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    model, chosen = made(number)
    onnx.save(model, folder / f"{number}.onnx")
    found = [{"form": v.form, "outcome": v.outcome, "detail": v.detail} for v in bad]
    text = json.dumps({"lowering": chosen.text, "found": found}, indent=2)
    (folder / f"{number}.json").write_text(text + "\n")
    print(f"network {number}: {bad[0].form} {bad[0].outcome}: {bad[0].detail}", file=sys.stderr)


if __name__ == "__main__":
    sys.exit(main())
