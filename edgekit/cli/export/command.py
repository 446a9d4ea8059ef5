"""``edgekit export``: a network becomes verified .onnx and .tflite files."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from edgekit.cli.export import coverage_table
from edgekit.cli.shared import output, tuning
from edgekit.cli.shared.options import NameList, json_option, one_model
from edgekit.errors import EdgekitError, UnsupportedOperatorError, UsageError

if TYPE_CHECKING:
    from edgekit.export import Artifact


@click.command("export", short_help="Write verified .onnx and .tflite files.")
@click.argument("model_argument", metavar="[MODEL]", required=False)
@click.option("--model", "model_option", metavar="MODEL", help="The same as the argument.")
@click.option(
    "--format",
    "--target-runtime",
    "formats",
    type=NameList(),
    default="onnx,tflite",
    show_default=True,
    help="Formats to write; a runtime's name means its format.",
)
@click.option(
    "--ort-format",
    "wants_ort_format",
    is_flag=True,
    help="Write an .ort as well, for builds of ONNX Runtime that read nothing else.",
)
@click.option(
    "--precision",
    "precisions",
    type=NameList(),
    default="float32",
    show_default=True,
    help="Number types of the files: float32, float16, weight-int8, dynamic-int8.",
)
@click.option(
    "--weights",
    type=click.Path(path_type=Path),
    help="A .safetensors file or a PyTorch state dict; loaded without executing anything.",
)
@click.option(
    "--seed",
    type=click.IntRange(min=0),
    help="Draw random weights with this seed; 0 where nothing trained is at hand.",
)
@click.option(
    "--batch",
    type=int,
    metavar="N",
    help="Size of every batch dimension that the network leaves open.  [default: 1]",
)
@click.option(
    "--input-shape",
    "input_shapes",
    multiple=True,
    metavar="[NAME:]N,C,H,W",
    help="Sizes of one input; once for each, in order or by name. May fill what the network "
    "leaves open, not change what it fixes.",
)
@click.option(
    "-o",
    "--output",
    "folder",
    type=click.Path(path_type=Path),
    default=".",
    show_default=True,
    help="Folder for the files.",
)
@click.option("--force", is_flag=True, help="Replace existing files that have other content.")
@click.option("--no-verify", is_flag=True, help="Do not compare the files with their source.")
@tuning.options
@click.option(
    "--report",
    "wants_report",
    is_flag=True,
    help="List every operator, what it becomes in each format, and all that is refused.",
)
@json_option
def command(
    model_argument: str | None,
    model_option: str | None,
    formats: tuple[str, ...],
    precisions: tuple[str, ...],
    weights: Path | None,
    seed: int | None,
    batch: int | None,
    input_shapes: tuple[str, ...],
    folder: Path,
    lowerings: tuple[str, ...],
    target: str,
    *,
    force: bool,
    no_verify: bool,
    wants_ort_format: bool,
    wants_tuning: bool,
    wants_report: bool,
    as_json: bool,
) -> None:
    """Export MODEL: a registered network, another package's, an .onnx file, or your own code.

    That is: a name from `edgekit list`; torchvision:NAME, timm:NAME or pytorchcv:NAME; a path to
    an .onnx file; or package.module:factory.

    package.module:factory runs code of yours, and nothing else does: the module is imported, with
    the current folder on the path, and the factory called without arguments for its nn.Module.
    It needs --input-shape.

    Each file is run on its runtime and compared with its source before it gets its name,
    <model>_<precision>.<format>; a sidecar <file>.json says what it is and what was checked.

    float16 and weight-int8 store short weights and compute in float32; dynamic-int8 computes on
    integers whose ranges it finds as it runs. Such a file is compared with a simulation of its
    rounding; "from float32" is what the rounding itself changes.

    --tune writes every form that optional lowering rules give the network, compares their times
    with `edgekit compare`'s method, and keeps what is faster beyond doubt, twice. The sidecar says
    what was measured, and the rules under "lowering"; `--lowering` with that text makes the same
    file again.
    """
    name = one_model(model_argument, model_option)
    from edgekit import export
    from edgekit.export import coverage
    from edgekit.export import formats as known
    from edgekit.export.sources import shapes, source

    if wants_ort_format:
        formats = (*formats, "ort-format")
    export.check_request(formats, precisions)
    chosen = tuning.read(lowerings, formats)
    for format_name, rules in chosen.items():
        rules.check(known.get(format_name).lowering)
    if wants_tuning and (chosen or len(precisions) > 1):
        raise UsageError("--tune chooses the lowering itself, for one --precision at a time")
    steps: dict[str, tuple[Mapping[str, Any], ...]] = {}
    asked = shapes.parse(input_shapes, batch)
    report = None
    try:
        with output.progress(name) as say:
            prepared = source.resolve(name, weights=weights, seed=seed, asked=asked, progress=say)
            if wants_report:
                report = coverage.of_graph(prepared.name, prepared.graph, formats)
            if wants_tuning:
                from edgekit.devices.tuning.candidates import FloatForms

                targets = {known.get(each).name: known.get(each) for each in formats}
                every = [FloatForms(prepared, each, precisions[0]) for each in targets.values()]
                found = dict(zip(targets, tuning.measured(every, target, say), strict=True))
                chosen = {each: tuned.choices for each, tuned in found.items()}
                steps = {each: tuned.steps for each, tuned in found.items()}
            artifacts = export.to_files(
                prepared,
                formats,
                folder,
                precision_names=precisions,
                choices=chosen,
                tuning=steps,
                force=force,
                verify=not no_verify,
                progress=say,
            )
    except EdgekitError as error:
        if wants_report and report is None and isinstance(error, UnsupportedOperatorError):
            report = coverage.of_error(name, error)
        if report is not None and as_json:
            error.details = {"coverage": report.to_json()}
        elif report is not None:
            coverage_table.show(report)
        raise
    if as_json:
        fields: dict[str, Any] = {"artifacts": [entry.to_json() for entry in artifacts]}
        if report is not None:
            fields["coverage"] = report.to_json()
        output.print_json("edgekit.export", 1, fields)
        return
    first = artifacts[0]
    click.echo(
        f"{first.model}: {first.params:,} params, {output.millions(first.macs)} MACs, "
        f"weights {first.weights}"
    )
    columns = ["file", "size>", "operators>", "delegate", "max error>", "top-1>", "verified"]
    rows = [_row(entry) for entry in artifacts]
    if any(entry.drift is not None for entry in artifacts):
        columns.append("from float32>")
        for row, entry in zip(rows, artifacts, strict=True):
            row.append("" if entry.drift is None else f"{entry.drift.max_rel_error:.1e}")
    output.print_table(columns, rows)
    tuning.show(artifacts)
    if report is not None:
        click.echo()
        coverage_table.show(report)


def _row(entry: Artifact) -> list[str]:
    parity = entry.parity
    error = "" if parity is None else f"{parity.max_rel_error:.1e}"
    top1 = ""
    if parity is not None and parity.top1_agreement is not None:
        top1 = f"{parity.top1_agreement}/{parity.inputs}"
    return [
        str(entry.path),
        output.size(entry.size_bytes),
        str(sum(entry.operators.values())),
        delegate(entry.partitions, entry.operators_outside),
        error,
        top1,
        entry.verified,
    ]


def delegate(partitions: int | None, outside: tuple[str, ...]) -> str:
    """Say how the delegate takes a file; empty where the runtime has none."""
    if partitions is None:
        return ""
    words = f"{partitions} partition" + ("" if partitions == 1 else "s")
    return f"{words}, outside: {', '.join(outside)}" if outside else words
