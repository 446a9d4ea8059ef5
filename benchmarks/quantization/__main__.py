"""How does edgekit's int8 quantization compare with that of its peers?

    python -m benchmarks.quantization --data DIR
    python -m benchmarks.quantization --data DIR --nets '*cifar10' --contenders 'nncf-*' 'edgekit-*'
    python -m benchmarks.quantization --data DIR --repeat 5 --json results.json
    python -m benchmarks.quantization --data DIR --memory

Run it from the root of the repository with the interpreter that has edgekit. Each peer gets an
environment of its own, made once and kept. README.md beside this file says what the data folder
must hold, what is compared, and what the columns mean. Exit status 1 if nothing could be
measured, or if edgekit itself failed.
"""

from __future__ import annotations

import argparse
import contextlib
import os
import sys
import tempfile
from pathlib import Path
from typing import Any

from benchmarks import environments
from benchmarks.arguments import add_limits, limits, matching, positive
from benchmarks.environments import EDGEKIT, ENVIRONMENTS
from benchmarks.quantization import bench, networks, report
from benchmarks.quantization.bench import Bench
from benchmarks.quantization.contenders import CONTENDERS, Contender
from benchmarks.quantization.networks import NETWORKS, Network, NetworkUnavailableError

MEMORY_SAMPLES = (32, 512)


def main() -> int:
    """Compare what was asked for."""
    parser = _parser()
    options = parser.parse_args()
    nets = matching(parser, NETWORKS, options.nets)
    chosen = matching(parser, CONTENDERS, options.contenders)
    if options.files and options.files.exists() and any(options.files.iterdir()):
        parser.error(f"--files {options.files} is not empty: name a new folder")
    measured = Bench(options.environments, limits(options))
    print(report.heading(options.memory), flush=True)
    results: list[dict[str, Any]] = []
    with contextlib.ExitStack() as stack:
        work = options.files or Path(stack.enter_context(tempfile.TemporaryDirectory()))
        work = work.absolute()  # contenders run in folders of their own
        for net in nets:
            try:
                walk = _memory if options.memory else _compare
                results += walk(measured, net, chosen, work, options)
            except NetworkUnavailableError as error:
                print(f"{net.name}: n/a: {error}", flush=True)
            if options.json:  # after every network: a long run may be cut off
                text = report.document(_settings(options), measured.versions, results)
                options.json.write_text(text + "\n")
    failed = [row for row in results if row["failure"]]
    ours = any(row["contender"].startswith(EDGEKIT) for row in failed)
    return 1 if ours or len(failed) == len(results) else 0


def _settings(options: argparse.Namespace) -> dict[str, Any]:
    samples = list(MEMORY_SAMPLES) if options.memory else [options.calibration_samples]
    used = sorted({contender.tool.environment for contender in CONTENDERS})
    return {
        "mode": "memory" if options.memory else "compare",
        "calibration_samples": samples,
        "rounds": options.repeat,
        "seed": bench.SEED,
        "requirements": {name: list(ENVIRONMENTS[name]) for name in used if name != EDGEKIT},
    }


def _compare(
    measured: Bench,
    net: Network,
    chosen: list[Contender],
    work: Path,
    options: argparse.Namespace,
) -> list[dict[str, Any]]:
    prepared = networks.prepare(options.data, work, net, options.calibration_samples)
    rows = bench.compare(measured, prepared, chosen, options.repeat)
    print(*map(report.text, rows), sep="\n", flush=True)
    return [report.row_document(row) for row in rows]


def _memory(
    measured: Bench,
    net: Network,
    chosen: list[Contender],
    work: Path,
    options: argparse.Namespace,
) -> list[dict[str, Any]]:
    few, many = (
        networks.prepare(options.data, work, net, samples, evaluate=False)
        for samples in MEMORY_SAMPLES
    )
    documents = []
    for contender in chosen:
        sides = bench.memory(measured, few, many, contender)
        print(report.memory_text(net.name, contender.name, *sides), flush=True)
        documents += [
            report.memory_document(net.name, contender.name, samples, side)
            for samples, side in zip(MEMORY_SAMPLES, sides, strict=True)
        ]
    return documents


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.quantization",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    data = os.environ.get("EDGEKIT_DATA")
    parser.add_argument(
        "--data", type=Path, default=data, required=data is None, metavar="DIR",
        help="folder with weights and images (default: $EDGEKIT_DATA)",
    )  # fmt: skip
    parser.add_argument(
        "--environments", type=Path, default=environments.DEFAULT_FOLDER, metavar="DIR",
        help="where the peers' environments are kept (default: %(default)s)",
    )  # fmt: skip
    parser.add_argument(
        "--nets", nargs="+", default=["*"], metavar="PATTERN", help="networks, such as '*cifar10'"
    )
    parser.add_argument(
        "--contenders", nargs="+", default=["*"], metavar="PATTERN", help="such as 'nncf-*'"
    )
    parser.add_argument("--calibration-samples", type=positive, default=200, metavar="N")
    parser.add_argument("--repeat", type=positive, default=1, metavar="N", help="timed rounds")
    parser.add_argument(
        "--memory", action="store_true",
        help="measure only the peak memory, with 32 and with 512 calibration images",
    )  # fmt: skip
    parser.add_argument("--json", type=Path, metavar="PATH", help="write the results there too")
    parser.add_argument(
        "--files", type=Path, metavar="DIR", help="keep all files in this new folder"
    )
    add_limits(parser)
    return parser


if __name__ == "__main__":
    sys.exit(main())
