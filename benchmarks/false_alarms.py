"""Does `edgekit compare` cry wolf, and does it see a slow-down? The table that says so.

    python benchmarks/false_alarms.py                          # about an hour
    python benchmarks/false_alarms.py --comparisons 20         # a look
    python benchmarks/false_alarms.py --loads none --runtimes tflite

Each comparison measures four files in turns: a chain of equal convolutions, the same file again,
and the chain with 5 % and with 10 % more of these convolutions. A verdict `faster` or `slower`
for the same file is a false alarm; a slow-down is found if the verdict is `slower`. With the load
`busy`, a process that computes without end runs beside. Comparisons are short, as a test would
take them: 5 processes with 0.15 s of samples a file. Exit status 1 if a share misses its bar.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TextIO

import numpy as np
import onnx

from edgekit import devices
from edgekit.devices import CompareRequest, Comparison, MeasureSettings, ModelFile
from edgekit.export import lowering, tflite
from edgekit.export.rewriting import rules
from edgekit.export.sources import canonical

LAYERS, CHANNELS, SIDE = 20, 16, 20
TRIALS = {"same file": 0, "+5 %": 1, "+10 %": 2}
MOST_FALSE_ALARMS = 0.05
LEAST_FOUND = {"+5 %": 0.80, "+10 %": 0.95}
SUFFIXES = {"onnxruntime": ".onnx", "tflite": ".tflite"}
SETTINGS = {"children": 5, "num_runs": 30, "min_secs": 0.15, "max_secs": 5.0, "warmup_runs": 3}
WARMUP_SECS = 0.05
BUSY_LOOP = "while True: pass"


def chain(layers: int) -> onnx.ModelProto:
    generator = np.random.default_rng(0)
    scale = np.sqrt(2 / (9 * CHANNELS))
    nodes, constants = [], []
    for i in range(layers):
        weights = scale * generator.standard_normal((CHANNELS, CHANNELS, 3, 3))
        constants.append(onnx.numpy_helper.from_array(weights.astype(np.float32), f"w{i}"))
        nodes.append(
            onnx.helper.make_node("Conv", [f"r{i}", f"w{i}"], [f"c{i}"], pads=[1, 1, 1, 1])
        )
        nodes.append(onnx.helper.make_node("Relu", [f"c{i}"], [f"r{i + 1}"]))
    first, last = (
        onnx.helper.make_tensor_value_info(name, onnx.TensorProto.FLOAT, (1, CHANNELS, SIDE, SIDE))
        for name in ("r0", f"r{layers}")
    )
    graph = onnx.helper.make_graph(nodes, "chain", [first], [last], constants)
    opset = onnx.helper.make_opsetid("", 18)
    return onnx.helper.make_model(graph, opset_imports=[opset], ir_version=9)


def written(folder: Path, runtime: str) -> list[Path]:
    """Write the chain, and the chain with 5 % and 10 % more layers."""
    paths = []
    for more in TRIALS.values():
        model = chain(LAYERS + more)
        path = folder / f"chain{LAYERS + more}{SUFFIXES[runtime]}"
        if runtime == "tflite":
            graph = canonical.from_proto(model)
            rules.apply(graph, lowering.TFLITE.rules)
            path.write_bytes(tflite.to_bytes(graph, "benchmark"))
        else:
            onnx.save(model, path)
        paths.append(path)
    return paths


@contextmanager
def load(kind: str) -> Iterator[None]:
    if kind == "none":
        yield
        return
    with subprocess.Popen([sys.executable, "-c", BUSY_LOOP]) as busy:
        try:
            yield
        finally:
            busy.kill()


def compared(paths: list[Path], seed: int) -> Comparison:
    settings = MeasureSettings(warmup_secs=WARMUP_SECS, seed=seed, **SETTINGS)
    files = tuple(ModelFile(path) for path in paths)
    return devices.compare(CompareRequest(files[0], files, settings))


def row(kind: str, runtime: str, trial: str, results: list[Comparison]) -> tuple[str, bool]:
    contrasts = [result.contrasts[TRIALS[trial]] for result in results]
    verdicts = Counter(each.verdict for each in contrasts)
    count = len(contrasts)
    if trial in LEAST_FOUND:
        share, bar = verdicts["slower"] / count, LEAST_FOUND[trial]
        passed, words = share >= bar, f"found {share:6.1%} (bar >= {bar:.0%})"
    else:
        share = (verdicts["faster"] + verdicts["slower"]) / count
        passed = share <= MOST_FALSE_ALARMS
        words = f"alarm {share:6.1%} (bar <= {MOST_FALSE_ALARMS:.0%})"
    ratio = np.exp(np.mean([np.log(each.ratio) for each in contrasts]))
    seen = np.median([each.smallest_change for each in contrasts])
    clocks = Counter(each.clock for each in contrasts)
    said = ", ".join(f"{verdict} {n}" for verdict, n in verdicts.most_common())
    return (
        f"{kind:5} {runtime:12} {trial:10} n {count:4}  {words}  {'PASS' if passed else 'FAIL'}  "
        f"mean ratio {ratio:.4f}  smallest change {seen:.1%}  by CPU time {clocks['CPU']:3}  {said}"
    ), passed


def report(kind: str, results: dict[str, list[Comparison]], file: TextIO) -> bool:
    """Print a row a trial and runtime; return whether every trial meets its bar."""
    passed = True
    together = [each for found in results.values() for each in found]
    for trial in TRIALS:
        for runtime, found in results.items():
            if found:
                print(row(kind, runtime, trial, found)[0], file=file)
        line, good = row(kind, "all", trial, together)
        print(line, file=file, flush=True)
        passed = passed and good
    return passed


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--comparisons", type=int, default=200, help="of each kind (default 200)")
    parser.add_argument("--loads", default="none,busy", help="none, busy or both")
    parser.add_argument("--runtimes", default="onnxruntime,tflite")
    options = parser.parse_args()
    runtimes = options.runtimes.split(",")
    passed = True
    with tempfile.TemporaryDirectory() as folder:
        files = {runtime: written(Path(folder), runtime) for runtime in runtimes}
        for kind in options.loads.split(","):
            results: dict[str, list[Comparison]] = {runtime: [] for runtime in runtimes}
            with load(kind):
                for number in range(options.comparisons):
                    runtime = runtimes[number % len(runtimes)]
                    results[runtime].append(compared(files[runtime], 1000 * number))
                    if number % 10 == 9:
                        report(kind, results, sys.stderr)
            passed = report(kind, results, sys.stdout) and passed
    return 0 if passed else 1


if __name__ == "__main__":
    sys.exit(main())
