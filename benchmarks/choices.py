"""What does each optional lowering rule buy, network by network?

    python -m benchmarks.choices
    python -m benchmarks.choices --nets 'shufflenet-*' --format tflite --precision int8

Every default rule that can be left out, and every alternative, is measured beside the default form
of each network, all in turns in the same processes (`edgekit.devices.tuning.tune`). Prints a
Markdown table; `choices.md` beside this file is one such table.
"""

from __future__ import annotations

import argparse
import itertools
import sys
from dataclasses import replace
from fnmatch import fnmatchcase
from pathlib import Path

from edgekit import devices, models, quantize
from edgekit.devices.tuning.tune import tune
from edgekit.export import formats
from edgekit.export.forms import FloatForms, Forms
from edgekit.quantize import IntegerForms, Network, recipe
from edgekit.quantize.samples import reading
from edgekit.runtimes import machine

FLOAT32, INT8 = "float32", "int8"
SAMPLES = 4  # to calibrate with: time hardly depends on ranges
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
    place = devices.resolve_target("local")
    facts = machine.facts()
    print(f"{facts.cpu or facts.architecture}, {settings.children} processes, 1 thread.\n")
    print("| network | file | change | time beside the default [95 %] | verdict |")
    print("|---|---|---|---|---|", flush=True)
    for net in nets:
        subject = quantize.prepare(net)
        for name, precision in itertools.product(options.format, options.precision):
            found = tune(_forms(subject, name, precision), settings, place)
            file = f"{precision} {name}"
            for step in found.steps:
                if step["step"] == "trying":
                    low, high = step["interval"]
                    ratio = f"{step['ratio']:.3f} [{low:.3f}, {high:.3f}]"
                    print(f"| {net} | {file} | `{step['change']}` | {ratio} | {step['verdict']} |")
            print(f"| {net} | {file} | chosen | | {found.choices.text or 'the default'} |")
            sys.stdout.flush()
    return 0


def _forms(subject: Network, name: str, precision: str) -> Forms:
    if precision == FLOAT32:
        return FloatForms(subject.source, formats.get(name), precision)
    images = reading.read(None, subject.inputs, subject.source.preprocessing, SAMPLES)
    request = quantize.FileSettings(Path(), (name,), integer_io=True)
    return IntegerForms(subject, recipe.get("minmax"), images, request)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.choices",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--nets", nargs="+", default=["*"], metavar="PATTERN")
    parser.add_argument("--format", nargs="+", default=["tflite", "onnx"], metavar="FORMAT")
    parser.add_argument("--precision", nargs="+", default=[FLOAT32, INT8], choices=[FLOAT32, INT8])
    parser.add_argument("--children", type=int, default=6, metavar="N", help="processes")
    return parser


if __name__ == "__main__":
    sys.exit(main())
