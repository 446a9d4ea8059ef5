"""What does each optional lowering rule buy, network by network?

    python -m benchmarks.choices
    python -m benchmarks.choices --nets 'shufflenet-*' --format tflite --children 6

Every default rule that can be left out, and every alternative, is measured beside the default form
of each network, all in turns in the same processes (`edgekit.devices.tune`). Prints a Markdown
table; `choices.md` beside this file is one such table.
"""

from __future__ import annotations

import argparse
import sys
from dataclasses import replace
from fnmatch import fnmatchcase

from edgekit import devices, models
from edgekit.devices.tune import tune
from edgekit.export import formats, source
from edgekit.runtimes import machine

NETS = (
    *models.REFERENCE,
    "shufflenet-v1-1.0x-g8",
    "micronet-m3",
    "mobilenet-v2-1.0-224",
    "mobilenet-v3-small-1.0",
    "shufflenet-v2-1.0x",
)


def main() -> int:
    """Measure and print."""
    options = _parser().parse_args()
    nets = [net for net in NETS if any(fnmatchcase(net, each) for each in options.nets)]
    if not nets:
        print(f"no network fits; known: {', '.join(NETS)}", file=sys.stderr)
        return 1
    settings = replace(devices.COMPARE_SETTINGS, children=options.children)
    facts = machine.facts()
    print(f"{facts.cpu or facts.architecture}, {settings.children} processes, 1 thread.\n")
    print("| network | format | change | time beside the default [95 %] | verdict |")
    print("|---|---|---|---|---|", flush=True)
    for net in nets:
        prepared = source.resolve(net)
        for name in options.format:
            place = devices.resolve_target("local")
            found = tune(prepared, formats.get(name), "float32", settings, place)
            for step in found.steps:
                if step["step"] == "trying":
                    low, high = step["interval"]
                    ratio = f"{step['ratio']:.3f} [{low:.3f}, {high:.3f}]"
                    print(f"| {net} | {name} | `{step['change']}` | {ratio} | {step['verdict']} |")
            print(f"| {net} | {name} | chosen | | {found.choices.text or 'the default'} |")
            sys.stdout.flush()
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.choices",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--nets", nargs="+", default=["*"], metavar="PATTERN")
    parser.add_argument("--format", nargs="+", default=["tflite", "onnx"], metavar="FORMAT")
    parser.add_argument("--children", type=int, default=6, metavar="N", help="processes")
    return parser


if __name__ == "__main__":
    sys.exit(main())
