"""edgekit's float32 .tflite beside onnx2tf's and litert-torch's, network by network.

    python -m benchmarks.foreign.racing                                     (all: an hour or two)
    python -m benchmarks.foreign.racing 'phone/*vit*' --file my/detector.onnx --parts race
    python -m benchmarks.foreign.racing --write benchmarks/foreign/race.md

All files of one network are run on the same inputs and compared with ONNX Runtime's answers on the
.onnx that they come from, then timed in turns in the same processes. Each peer has an environment
of its own; --python PEER=INTERPRETER names another. Peers' files and all results are kept in
--work; edgekit's file is always made anew. --write writes the page of all results that are there,
those of this run among them. The exit code is 1 if edgekit has no file of a network.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from benchmarks import environments
from benchmarks.arguments import positive
from benchmarks.environments import DEFAULT_FOLDER, EDGEKIT
from benchmarks.foreign.__main__ import made
from benchmarks.foreign.racing import page, race
from benchmarks.foreign.racing.converting import LITERT_TORCH, ONNX2TF, Source

_ENVIRONMENTS = {"networks": "foreign", ONNX2TF: ONNX2TF, LITERT_TORCH: "foreign-litert-torch"}


def main() -> int:
    """Race what was asked for."""
    options = _parser().parse_args()
    named = dict(word.split("=", 1) for word in options.python)
    chosen = {
        name: Path(named[name]) if name in named
        else environments.python_of(environment, DEFAULT_FOLDER)
        for name, environment in _ENVIRONMENTS.items()
    }  # fmt: skip
    work = options.work.absolute()
    sources = [Source(path.stem, path.absolute(), True) for path in options.file]
    networks = options.patterns or ([] if options.file else ["phone/*"])
    if networks:
        rows = made(chosen.pop("networks"), work, networks, ["torchscript"])
        sources += [
            Source(row["network"], work / race.onnx_name(row), False)
            for row in rows
            if "failure" not in row
        ]
    else:
        del chosen["networks"]
    failed = False
    for source in sources:
        if "int8" in options.parts:
            race.keep_int8(source, work)
        if "race" in options.parts:
            pythons = {EDGEKIT: Path(sys.executable), **chosen}
            found = race.run(source, pythons, work, options.rounds)
            race.keep(found, work)
            print(page.line(found), flush=True)
            failed |= "failure" in found["files"][EDGEKIT]
    if options.write:
        options.write.write_text(page.text(race.kept(work)))
    return int(failed)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.foreign.racing",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("patterns", nargs="*", help="of networks' names, such as 'phone/*'")
    parser.add_argument("--file", type=Path, action="append", default=[], metavar="NET.onnx")
    parser.add_argument(
        "--rounds", type=positive, default=3, metavar="N",
        help="processes in which the files take turns (default: %(default)s)",
    )  # fmt: skip
    parser.add_argument(
        "--parts", nargs="+", choices=("race", "int8"), default=("race", "int8"),
        help="what is made and measured (default: all)",
    )  # fmt: skip
    parser.add_argument("--work", type=Path, default=DEFAULT_FOLDER / "racing")
    parser.add_argument(
        "--python", action="append", default=[], metavar="PEER=INTERPRETER",
        help=f"one of {', '.join(_ENVIRONMENTS)}",
    )  # fmt: skip
    parser.add_argument("--write", type=Path, metavar="PAGE.md")
    return parser


if __name__ == "__main__":
    sys.exit(main())
