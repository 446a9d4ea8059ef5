"""How fast are edgekit's files beside those of its peers, on the same runtime?

    python -m benchmarks.peers
    python -m benchmarks.peers --nets micronet-m0 'mobilenet-v3-*' --runtime litert
    python -m benchmarks.peers --contenders 'onnxruntime-*' --precision int8 --json race.json

Run it from the root of the repository with the interpreter that has edgekit. Each peer gets an
environment of its own, made once and kept. README.md beside this file says what is compared and
what the columns mean. Exit status 1 if nothing could be measured, or if edgekit itself failed.
"""

from __future__ import annotations

import argparse
import contextlib
import sys
import tempfile
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

from benchmarks import environments
from benchmarks.arguments import add_limits, limits, matching, positive
from benchmarks.environments import EDGEKIT, ENVIRONMENTS, PeerUnavailableError
from benchmarks.peers import networks, race, report
from benchmarks.peers.contenders import (
    CONTENDERS,
    FLOAT32,
    INT8,
    LITERT,
    ONNXRUNTIME,
    STEPS,
    Contender,
)
from benchmarks.peers.converting import Conversions
from benchmarks.peers.interpreters import Environments
from benchmarks.peers.networks import FOREIGN, NETWORKS, NetworkUnavailableError, Prepared
from edgekit import models


def main() -> int:
    """Compare what was asked for."""
    parser = _parser()
    options = parser.parse_args()
    nets = _networks(parser, options.nets)
    groups = _groups(matching(parser, CONTENDERS, options.contenders), options)
    named = dict(word.split("=", 1) for word in options.python)
    interpreters = Environments(options.environments, {k: Path(v) for k, v in named.items()})
    print(report.heading(), flush=True)
    results: list[dict[str, Any]] = []
    with contextlib.ExitStack() as stack:
        work = options.files or Path(stack.enter_context(tempfile.TemporaryDirectory()))
        work = work.absolute()  # conversions run in folders of their own
        for name in nets:
            try:
                prepared = _prepared(name, work, interpreters)
            except (NetworkUnavailableError, PeerUnavailableError) as error:
                print(f"{name}: n/a: {error}", flush=True)
                continue
            conversions = Conversions(prepared, interpreters, limits(options), options.repeat)
            for chosen in groups:
                group = race.run(prepared, conversions, chosen, work, options.rounds)
                print(report.text(group), flush=True)
                results.append(report.group_document(group, prepared))
                if options.json:  # after every group: a long run may be cut off
                    whole = report.document(_settings(options), interpreters.versions, results)
                    options.json.write_text(whole + "\n")
    ours = [row for group in results for row in group["rows"] if row["contender"] == EDGEKIT]
    return 1 if not ours or any(row["failure"] for row in ours) else 0


def _networks(parser: argparse.ArgumentParser, patterns: list[str]) -> list[str]:
    """Return the usual networks that a pattern fits, and any other that `edgekit list` has."""
    found = []
    for pattern in patterns:
        usual = [name for name in (*NETWORKS, *FOREIGN) if fnmatchcase(name, pattern)]
        named = [name for name in models.names() if name == pattern]
        if not usual and not named:
            parser.error(f"{pattern!r} fits nothing; known: {', '.join((*NETWORKS, *FOREIGN))}")
        found += usual or named
    return list(dict.fromkeys(found))


def _prepared(name: str, work: Path, interpreters: Environments) -> Prepared:
    if name in FOREIGN:
        return networks.prepare_foreign(name, work, interpreters.python_of("foreign"))
    return networks.prepare(name, work)


def _groups(chosen: list[Contender], options: argparse.Namespace) -> list[list[Contender]]:
    """Return the contenders by runtime and precision; edgekit is in each group."""
    groups = []
    for runtime in options.runtime:
        for precision in options.precision:
            every = [e for e in CONTENDERS if (e.runtime, e.precision) == (runtime, precision)]
            wanted = [each for each in every if each in chosen or each.name == EDGEKIT]
            if any(each in chosen for each in wanted):
                groups.append(wanted)
    return groups


def _settings(options: argparse.Namespace) -> dict[str, Any]:
    used = sorted({step.environment for step in STEPS.values()} - {EDGEKIT})
    return {
        "processes": options.rounds,
        "conversions": options.repeat,
        "calibration_images": networks.CALIBRATION_IMAGES,
        "checked_images": networks.CHECKED_IMAGES,
        "threads": 1,
        "requirements": {name: list(ENVIRONMENTS[name]) for name in used},
    }


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.peers",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument(
        "--nets", nargs="+", default=["*"], metavar="PATTERN",
        help="usual networks, such as 'shufflenet-*', or any name of `edgekit list`",
    )  # fmt: skip
    parser.add_argument(
        "--contenders", nargs="+", default=["*"], metavar="PATTERN", help="such as 'onnx*'"
    )
    known = {"--runtime": (LITERT, ONNXRUNTIME), "--precision": (FLOAT32, INT8)}
    for name, choices in known.items():
        parser.add_argument(name, nargs="+", choices=choices, default=list(choices))
    parser.add_argument(
        "--rounds", type=positive, default=5, metavar="N",
        help="processes in which each group of files is timed (default: %(default)s)",
    )  # fmt: skip
    parser.add_argument(
        "--repeat", type=positive, default=1, metavar="N", help="timed runs of each conversion"
    )
    parser.add_argument(
        "--environments", type=Path, default=environments.DEFAULT_FOLDER, metavar="DIR",
        help="where the peers' environments are kept (default: %(default)s)",
    )  # fmt: skip
    parser.add_argument(
        "--python", action="append", default=[], metavar="NAME=INTERPRETER",
        help="take this interpreter for an environment, such as onnx2tf=DIR/bin/python3.12",
    )  # fmt: skip
    parser.add_argument(
        "--files", type=Path, metavar="DIR",
        help="keep all files there; peers' files of an earlier run are taken as they are",
    )  # fmt: skip
    parser.add_argument("--json", type=Path, metavar="PATH", help="write the results there too")
    add_limits(parser)
    return parser


if __name__ == "__main__":
    sys.exit(main())
