"""Are all baselines what their cards say, and do they export to both formats, verified?

    python benchmarks/baselines.py [PATTERN ...] [--define-torchvision-operators]

For each baseline (`edgekit list` marks them): parameters and MACs of the module and MACs of the
canonical graph against the card; input size and preprocessing against the library's own; then both
formats with seeded weights, each compared with torch. Prints one line each, and what was refused
with its reason code. Fails if a card is wrong, a file is not verified, or the XNNPACK delegate
does not take a .tflite file whole. A library that is not here, or does not import here, is listed
and is no failure.

torchvision's wheel for CUDA does not import beside a CPU build of torch, because its compiled part
cannot be loaded; its networks do not need that part. --define-torchvision-operators declares the
operators that it would have registered, which is enough to build them. Takes some minutes and
about 5 GB of memory.
"""

from __future__ import annotations

import argparse
import gc
import sys
import tempfile
from dataclasses import dataclass, field
from pathlib import Path

import torch

from edgekit import export, models
from edgekit.errors import EdgekitError, EnvironmentMissingError
from edgekit.export.graph import macs as count
from edgekit.export.sources import source
from edgekit.models import ModelSpec, libraries

FORMATS = ("onnx", "tflite")
_DECLARATIONS = (
    "nms(Tensor dets, Tensor scores, float iou_threshold) -> Tensor",
    "qnms(Tensor dets, Tensor scores, float iou_threshold) -> Tensor",
)


@dataclass
class Row:
    """What was found out about one baseline."""

    name: str
    params: str = ""
    macs: str = ""
    errors: dict[str, str] = field(default_factory=dict)
    delegate: str = ""
    operators: str = ""
    refusal: str = ""
    problems: list[str] = field(default_factory=list)

    def cells(self) -> list[str]:
        """Return the table's row."""
        verdict = "FAIL" if self.problems else self.refusal or "ok"
        errors = [self.errors.get(name, "") for name in FORMATS]
        return [
            self.name, self.params, self.macs, *errors, self.delegate, self.operators, verdict,
        ]  # fmt: skip


def examine(spec: ModelSpec) -> Row:
    """Measure one baseline."""
    row = Row(spec.name)
    try:
        found = libraries.find(spec.library)
        if (found.input_shape, found.preprocessing) != (spec.input_shape, spec.preprocessing):
            row.problems.append(f"the library has {found.input_shape}, {found.preprocessing}")
        module = models.initialize(spec)
        counted = models.count(module, spec.input_shape)
        row.params, row.macs = f"{counted.params:,}", f"{counted.macs:,}"
        prepared = source.from_spec(spec, module, "untrained (seed 0)")
        graph_macs = count.macs(prepared.graph)
        if (counted.params, counted.macs, graph_macs) != (spec.params, spec.macs, spec.macs):
            row.problems.append(
                f"card {spec.params}, {spec.macs}; module {counted}; graph {graph_macs} MACs"
            )
        _export(prepared, row)
    except EnvironmentMissingError as error:
        row.refusal = error.reason_code
        print(f"{spec.name}: {error.reason_code}: {error}", file=sys.stderr)
    except EdgekitError as error:
        row.refusal = error.reason_code
        row.problems.append(f"{error.reason_code}: {error}")
    return row


def _export(prepared: source.Source, row: Row) -> None:
    with tempfile.TemporaryDirectory() as folder:
        for entry in export.to_files(prepared, FORMATS, Path(folder)):
            if entry.parity is None or not entry.parity.passed:
                row.problems.append(f"{entry.format} is {entry.verified}")
                continue
            row.errors[entry.format] = f"{entry.parity.max_rel_error:.1e}"
            if entry.partitions is not None:
                outside = ", ".join(entry.operators_outside) or "-"
                row.delegate = f"{entry.partitions}, outside {outside}"
                row.operators = str(sum(entry.operators.values()))
                if entry.partitions != 1 or entry.operators_outside:
                    row.problems.append(f"delegate: {row.delegate}")


def main() -> int:
    """Examine what was asked for; return 0 if nothing failed."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("patterns", nargs="*", default=["*"])
    parser.add_argument("--define-torchvision-operators", action="store_true")
    arguments = parser.parse_args()
    kept = []
    if arguments.define_torchvision_operators:
        kept.append(torch.library.Library("torchvision", "DEF"))
        for declaration in _DECLARATIONS:
            kept[0].define(declaration)
    names = dict.fromkeys(name for pattern in arguments.patterns for name in models.names(pattern))
    specs = [models.get(name) for name in names if models.get(name).library]
    print("| baseline | params | MACs | onnx error | tflite error | partitions | operators | |")
    print("|---|---|---|---|---|---|---|---|")
    problems = []
    for spec in specs:
        row = examine(spec)
        print(f"| {' | '.join(row.cells())} |", flush=True)
        problems += [f"{row.name}: {problem}" for problem in row.problems]
        gc.collect()
    for problem in problems:
        print(f"FAIL {problem}", file=sys.stderr)
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
