"""``edgekit info``: what a network or a model file is."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from edgekit.cli.shared import output
from edgekit.cli.shared.command.helping import Command
from edgekit.cli.shared.names import expanded
from edgekit.cli.shared.options import is_file, print_options
from edgekit.cli.shared.tables.columns import FACTS, figure, prose, word
from edgekit.cli.shared.words import delegate, preprocessing, weights
from edgekit.errors import InvalidPathError

if TYPE_CHECKING:
    from edgekit.models import ModelSpec
    from edgekit.runtimes import TensorInfo


_METRICS = {"macs": "MACs"}


@click.command(
    "info",
    cls=Command,
    short_help="Describe a network or a model file.",
    examples=(
        "info micronet-m0",
        "info net_int8.tflite",
    ),
)
@click.argument("subject", metavar="MODEL|FILE")
@print_options
def command(subject: str, *, as_json: bool) -> None:
    """Describe MODEL or FILE, an .onnx or .tflite.

    MODEL is a name from `edgekit list`, a pattern such as 'micronet*', or a network of another
    package: torchvision:NAME, timm:NAME or pytorchcv:NAME.

    A file is loaded by its runtime in a child process; operators and delegate partitions are
    the runtime's own account.
    """
    from edgekit.models import libraries

    names = expanded([subject])
    if len(names) > 1:
        _models(names, as_json=as_json)
        return
    subject = names[0]
    if is_file(subject):
        _file(Path(subject), as_json=as_json)
    elif libraries.is_reference(subject):
        _library(subject, as_json=as_json)
    else:
        _model(subject, as_json=as_json)


def _models(names: Sequence[str], *, as_json: bool) -> None:
    from edgekit import models
    from edgekit.cli.list_models import card

    if as_json:
        output.print_json("edgekit.models", 1, {"models": [card(models.get(n)) for n in names]})
        return
    for number, name in enumerate(names):
        if number:
            output.say()
        _model(name, as_json=False)


def _model(name: str, *, as_json: bool) -> None:
    from edgekit import models
    from edgekit.cli.list_models import card

    spec = models.get(name)
    if as_json:
        output.print_json("edgekit.model", 1, card(spec))
        return
    output.print_table(FACTS, _card_rows(spec))
    if spec.published:
        output.say()
        output.print_table(
            (word("published"), figure("value"), prose("on"), prose("source")),
            [
                [_METRICS.get(f.metric, f.metric), f"{f.value:g} {f.unit}", f.dataset, f.source]
                for f in spec.published
            ],
        )


def _library(reference: str, *, as_json: bool) -> None:
    from edgekit import models
    from edgekit.models import libraries

    found = libraries.find(reference)
    p = found.preprocessing
    counted = models.count(found.build(), found.input_shape)
    if as_json:
        fields = {
            "library": reference,
            "name": found.name,
            "input_shape": found.input_shape,
            "params": counted.params,
            "macs": counted.macs,
            "preprocessing": None if p is None else dataclasses.asdict(p),
        }
        output.print_json("edgekit.library_model", 1, fields)
        return
    rows = [
        ["model", f"{found.name}, from {reference}"],
        ["input", f"float32 NCHW {list(found.input_shape)}"],
        ["params", f"{counted.params:,}"],
        ["MACs", f"{counted.macs:,}"],
        ["input value", "unknown" if p is None else preprocessing(p)],
    ]
    output.print_table(FACTS, rows)


def _card_rows(spec: ModelSpec) -> list[list[str]]:
    rows = [
        ["model", spec.name],
        ["input", f"float32 NCHW {list(spec.input_shape)}"],
        ["classes", str(spec.classes)],
        ["params", f"{spec.params:,}"],
        ["MACs", f"{spec.macs:,}"],
        ["input value", preprocessing(spec.preprocessing)],
        ["paper", spec.paper],
    ]
    if spec.macs_published_convention is not None:
        rows.insert(5, ["MACs as published", f"{spec.macs_published_convention:,}"])
    if spec.trained is not None:
        t = spec.trained
        rows += [
            ["weights", f"shipped: top-1 {t.top1_percent:.4g} % on {t.evaluated_on}"],
            ["trained on", t.trained_on],
            ["recipe", f"{t.recipe}, seed {t.seed}"],
        ]
    if spec.library:
        rows.append(["baseline", f"of other networks; {spec.library} makes it"])
    if spec.note:
        rows.append(["note", spec.note])
    return rows


def _file(path: Path, *, as_json: bool) -> None:
    from edgekit.export import artifact
    from edgekit.processes import child

    if not path.is_file():
        raise InvalidPathError(f"{path}: no such file")
    info = child.describe(path)
    known = artifact.load(path)
    if as_json:
        fields = {
            "file": str(path),
            "runtime": dataclasses.asdict(info),
            "artifact": None if known is None else known.document(),
        }
        output.print_json("edgekit.file", 1, fields)
        return
    rows = [
        ["file", f"{path}, {output.size(path.stat().st_size)}"],
        ["runtime", info.runtime_version],
        *(["input", _tensor(tensor)] for tensor in info.inputs),
        *(["output", _tensor(tensor)] for tensor in info.outputs),
        ["operators", f"{info.operator_count}: " + _counts(info.operators)],
    ]
    if info.partitions is not None:
        rows.append(
            [info.delegate or "delegate", delegate(info.partitions, info.operators_outside)]
        )
    if known is not None:
        rows += [
            ["model", f"{known.model}, {known.precision}, weights {weights(known.weights)}"],
            ["params", f"{known.params:,}"],
            ["MACs", f"{known.macs:,}"],
            ["verified", known.verified],
        ]
    elif path.suffix.lower() == ".tflite":
        from edgekit.modelfile import counts

        found = counts.of_tflite(path)
        rows += [["params", f"{found.params:,}"], ["MACs", f"{found.macs:,}"]]
    output.print_table(FACTS, rows)


def _tensor(tensor: TensorInfo) -> str:
    text = f"{tensor.name}: {tensor.dtype} {list(tensor.shape)}"
    if tensor.scale is not None:
        text += f", scale {tensor.scale:g}, zero point {tensor.zero_point}"
    return text


def _counts(operators: dict[str, int]) -> str:
    return ", ".join(f"{count} {name}" for name, count in operators.items())
