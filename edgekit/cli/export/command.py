"""``edgekit export``: a network becomes verified .onnx and .tflite files."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import click

from edgekit.cli.export import coverage_table
from edgekit.cli.shared import output
from edgekit.cli.shared.command.helping import Command
from edgekit.cli.shared.command.values import NameList
from edgekit.cli.shared.names import expanded
from edgekit.cli.shared.options import (
    InputOptions,
    Outputs,
    calibration_data_option,
    format_option,
    input_options,
    model_option,
    one_model,
    output_options,
    table_format_options,
)
from edgekit.cli.shared.preprocessing import (
    PreprocessingOptions,
    fold_preprocessing_option,
    preprocessing_options,
)
from edgekit.cli.shared.progress import working
from edgekit.cli.shared.reading_ahead import started_ahead
from edgekit.cli.shared.tables.columns import figure, name, prose, word
from edgekit.cli.shared.tuning import TuningOptions, show_tuning, target_options
from edgekit.cli.shared.words import delegate
from edgekit.errors import EdgekitError, UsageError
from edgekit.progress import Tell

if TYPE_CHECKING:
    from edgekit.export import Artifact, ExportRequest, ExportResult
    from edgekit.quantize import QuantizeResult


@click.command(
    "export",
    cls=Command,
    short_help="Write verified .onnx and .tflite files.",
    examples=(
        "export micronet-m0-cifar10 -o out",
        "export mobilenet-v1-1.0-224 --weights checkpoint.pth --format tflite",
        "export net.onnx --input-shape 1,3,160,160 --precision float32,float16",
        "export mypackage.nets:make --input-shape 1,3,224,224",
        "export net.onnx --report",
    ),
)
@click.argument("model_argument", metavar="[MODEL]", required=False)
@model_option
@format_option
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
    help="Number types of the files: float32, float16, float16-compute, weight-int8, "
    "dynamic-int8; with --calibration-data int8, int16x8; or auto, which decides on "
    "float16-compute.",
)
@click.option(
    "--data",
    type=click.Path(path_type=Path),
    metavar="DIR",
    help="Images, labelled or not, on which float16 arithmetic is judged, of --precision auto or "
    "float16-compute: it is refused where top-1 moves by more than 0.1 points.",
)
@calibration_data_option
@preprocessing_options
@fold_preprocessing_option
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
@input_options
@output_options
@target_options
@click.option(
    "--report",
    "wants_report",
    is_flag=True,
    help="List every operator, what it becomes in each format, and all that is refused.",
)
@table_format_options
def command(
    model_argument: str | None,
    model_option: str | None,
    formats: tuple[str, ...],
    precisions: tuple[str, ...],
    data: Path | None,
    calibration_data: Path | None,
    pixels: PreprocessingOptions,
    weights: Path | None,
    seed: int | None,
    inputs: InputOptions,
    outputs: Outputs,
    tuning: TuningOptions,
    *,
    wants_ort_format: bool,
    wants_report: bool,
    fold_preprocessing: bool,
    as_json: bool,
) -> None:
    """Export MODEL: a registered network, another package's, an .onnx file, or your own code.

    That is: a name from `edgekit list`, or a pattern such as 'micronet*', quoted; torchvision:NAME,
    timm:NAME or pytorchcv:NAME; a path to an .onnx file; or package.module:factory.

    package.module:factory runs code of yours, and nothing else does: the module is imported, with
    the current folder on the path, and the factory called without arguments for its nn.Module.
    It needs --input-shape.

    --preprocessing, --mean and the like are kept in the sidecar, from which every later command
    takes them.

    Each file is run on its runtime and compared with its source before it gets its name,
    <model>_<precision>.<format>; a sidecar <file>.json says what it is and what was checked.

    int8 and int16x8 find their ranges on --calibration-data, by the default recipe of
    `edgekit quantize`, which has more to say about them.

    float16 and weight-int8 store short weights and compute in float32; dynamic-int8 computes on
    integers whose ranges it finds as it runs. Such a file is compared with a simulation of its
    rounding; "from float32" is what the rounding itself changes. float16-compute, of .tflite files
    alone, leaves the numbers and lets Arm cores with float16 arithmetic use it: count with
    `edgekit latency --target qemu:cortex-a76` whether a network gains, and see with `edgekit
    verify --isa cortex-a76` whether its answers hold. --precision auto does both: it counts float32
    and float16-compute on an emulated Cortex-A76 (or measures them on --target), and writes the
    second only where it needs less and its answers hold on the images of --data; without them it
    says how large the error gets. ONNX Runtime has no such switch, so .onnx files stay float32.

    --tune writes every form that optional lowering rules give the network, compares their times
    with `edgekit compare`'s method, and keeps what is faster beyond doubt, twice. The sidecar says
    what was measured, and the rules under "lowering"; `--lowering` with that text makes the same
    file again.
    """
    if model_argument and not model_option:
        started_ahead(model_argument)
    from edgekit import export

    if data is not None and not {"auto", "float16-compute"} & {
        each.casefold() for each in precisions
    }:
        raise UsageError("--data is for --precision auto or float16-compute")
    names = expanded([one_model(model_argument, model_option)])
    integers = tuple(each for each in precisions if each.casefold() in export.CALIBRATED)
    if calibration_data is None:
        integers = ()  # the request then says what they need
    elif not integers:
        raise UsageError("--calibration-data is for --precision int8 or int16x8")
    elif tuning.lowerings or tuning.wants_tuning:
        raise UsageError("--tune and --lowering of integer files are `edgekit quantize`'s")
    results = []
    for number, model in enumerate(names):
        request = export.ExportRequest(
            model,
            outputs.folder,
            (*formats, "ort-format") if wants_ort_format else formats,
            tuple(each for each in precisions if each not in integers),
            weights=weights,
            seed=seed,
            batch=inputs.batch,
            input_shapes=inputs.input_shapes,
            input_values=inputs.input_values,
            ends=inputs.ends,
            lowering=tuning.lowerings,
            force=outputs.force,
            verify=not outputs.no_verify,
            report=wants_report,
            preprocessing=pixels.choice,
            fold_preprocessing=fold_preprocessing,
        )
        calibration = _Calibration(integers, calibration_data)
        results.append(_exported(request, calibration, tuning, data, as_json=as_json))
        if not as_json:
            if number:
                output.say()
            _show(results[-1])
    if as_json and len(results) == 1:
        output.print_document(results[0])
    elif as_json:
        documents = [json.loads(each.to_json()) for each in results]
        output.print_json("edgekit.exports", 1, {"exports": documents})


@dataclass(frozen=True)
class _Calibration:
    """Which integer precisions are written, and with what samples."""

    precisions: tuple[str, ...]
    data: Path | None


def _exported(
    request: ExportRequest,
    calibration: _Calibration,
    tuning: TuningOptions,
    images: Path | None,
    *,
    as_json: bool,
) -> ExportResult:
    """Write the files of one network."""
    from edgekit import export

    decides = request.is_precision_open or images is not None
    tuner = tuning.deciding(images) if decides else tuning.tuner
    try:
        with working(request.model) as say:
            result = export.run(request, tuner=tuner, progress=say)
            quantized = _quantized(request, calibration, say)
    except EdgekitError as error:
        report = export.coverage_of(error)
        if report is not None and not as_json:
            coverage_table.show(report)
        raise
    said = (*result.notes, *(line for each in quantized for line in each.warnings))
    for line in dict.fromkeys(said):
        output.say(f"warning: {line}", err=True)
    more = tuple(entry for each in quantized for entry in each.artifacts)
    return replace(result, artifacts=(*result.artifacts, *more))


def _quantized(
    request: ExportRequest, calibration: _Calibration, say: Tell
) -> list[QuantizeResult]:
    """Write the integer precisions of the same network."""
    if not calibration.precisions:
        return []
    from edgekit import quantize

    requests = [
        quantize.QuantizeRequest(
            request.model,
            calibration_data=calibration.data,
            precision=precision,
            preprocessing=request.preprocessing,
            fold_preprocessing=request.fold_preprocessing,
            weights=request.weights,
            seed=request.seed,
            batch=request.batch,
            input_shapes=request.input_shapes,
            input_values=request.input_values,
            ends=request.ends,
            folder=request.folder,
            formats=request.formats,
            force=request.force,
            verify=request.verify,
        )
        for precision in calibration.precisions
    ]
    return [quantize.run(each, progress=say) for each in requests]


def _show(result: ExportResult) -> None:
    first = result.artifacts[0]
    output.say(
        f"{first.model}: {first.params:,} params, {output.millions(first.macs)} MACs, "
        f"weights {first.weights}"
    )
    columns = [
        name("file"), figure("size"), figure("operators", 2), prose("delegate", 3),
        figure("max error"), figure("top-1", 1), word("verified"),
    ]  # fmt: skip
    rows = [_row(entry) for entry in result.artifacts]
    if any(entry.drift is not None for entry in result.artifacts):
        columns.append(figure("from float32", 1))
        for row, entry in zip(rows, result.artifacts, strict=True):
            row.append("" if entry.drift is None else f"{entry.drift.max_rel_error:.1e}")
    output.print_table(columns, rows)
    show_tuning(result.artifacts)
    if result.coverage is not None:
        output.say()
        coverage_table.show(result.coverage)


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
