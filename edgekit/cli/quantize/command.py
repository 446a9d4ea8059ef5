"""``edgekit quantize``: a float network becomes verified int8 .onnx and .tflite files."""

from __future__ import annotations

import gc

import click

from edgekit.cli.quantize import latency, table
from edgekit.cli.shared import output
from edgekit.cli.shared.command.helping import Command
from edgekit.cli.shared.command.values import NameList
from edgekit.cli.shared.names import only
from edgekit.cli.shared.options import (
    InputOptions,
    Outputs,
    SampleOptions,
    format_option,
    input_options,
    model_option,
    one_model,
    output_options,
    sample_options,
    table_format_options,
)
from edgekit.cli.shared.preprocessing import (
    PreprocessingOptions,
    fold_preprocessing_option,
    preprocessing_options,
)
from edgekit.cli.shared.progress import working
from edgekit.cli.shared.reading_ahead import started_ahead
from edgekit.cli.shared.tuning import TuningOptions, show_tuning, target_options


@click.command(
    "quantize",
    cls=Command,
    short_help="Write int8 files that keep their accuracy.",
    examples=(
        "quantize net.onnx --calibration-data photos",
        "quantize micronet-m0-cifar10 --calibration-data photos --recipe fast -o out",
        "quantize net.onnx --calibration-data photos --data validation --max-drop 1.0",
    ),
)
@click.argument("model_argument", metavar="[FILE|MODEL]", required=False)
@model_option
@click.option(
    "--recipe",
    help="fast, default, best; RANGES[:WEIGHTS][+RUNG]... such as mse+equalize+bias; or a .toml.  "
    "[default: default, and minmax with --max-drop]",
)
@sample_options
@preprocessing_options
@fold_preprocessing_option
@click.option(
    "--max-drop",
    type=float,
    metavar="POINTS",
    help="Climb the ladder of rungs only until no more top-1 is lost than this (of agreement, "
    "where there are no labels).",
)
@click.option(
    "--per-channel/--per-tensor",
    "per_channel",
    default=None,
    help="One weight scale an output channel (the default), or one a tensor.",
)
@click.option(
    "--precision",
    type=click.Choice(["int8", "w8a8", "int16x8", "w8a16"]),
    default="int8",
    show_default=True,
    help="Activations of 8 or 16 bits; weights of 8.",
)
@click.option(
    "--seven-bit",
    type=NameList(),
    default=(),
    metavar="LAYER,...",
    help="Layers whose weights get 7 bits; see `edgekit verify --isa`.",
)
@click.option(
    "--operators",
    type=NameList(),
    default=(),
    metavar="TYPE,...",
    help="Quantize operators of these ONNX types only, such as Conv,Gemm; the others stay float32.",
)
@format_option
@click.option(
    "--io",
    type=click.Choice(["float32", "int8"]),
    default="float32",
    show_default=True,
    help="Inputs and outputs of the .tflite.",
)
@click.option(
    "--ort-activations",
    type=click.Choice(["uint8", "int8"]),
    default="uint8",
    show_default=True,
    help="How the .onnx stores activations; on x86, ONNX Runtime has kernels for uint8 alone.",
)
@click.option(
    "--allow-drift",
    "allow_drift_db",
    type=float,
    metavar="DB",
    help="Accept outputs whose signal to noise ratio to the float network is no less than this; "
    "without it, 15 dB, or 6 less than plain rounding leaves.",
)
@input_options
@output_options
@target_options
@table_format_options
def command(
    model_argument: str | None,
    model_option: str | None,
    recipe: str | None,
    samples: SampleOptions,
    pixels: PreprocessingOptions,
    max_drop: float | None,
    per_channel: bool | None,
    precision: str,
    seven_bit: tuple[str, ...],
    operators: tuple[str, ...],
    formats: tuple[str, ...],
    io: str,
    ort_activations: str,
    allow_drift_db: float | None,
    inputs: InputOptions,
    outputs: Outputs,
    tuning: TuningOptions,
    *,
    fold_preprocessing: bool,
    as_json: bool,
) -> None:
    """Quantize FILE, a float .onnx, or MODEL (see `edgekit list`) to int8.

    One set of encodings makes both files, so ONNX Runtime and LiteRT run the same integers. They
    are saved beside them, <model>_int8.encodings.json, and taken back with --encodings. Each file
    is compared with a simulation of its integers before it gets its name, and with the float
    network: one that is too far from it is kept as <name>.failed, exit code 1.

    --tune and --lowering are those of `edgekit export`, for one --format at a time: the files of
    both share what is calibrated. Encodings belong to a lowering: give both together.

    Exit code 1 if --max-drop cannot be kept; the files are written all the same.
    """
    name = only(one_model(model_argument, model_option))
    started_ahead(name)
    from edgekit import quantize

    gc.freeze()  # modules live to the end: what collects garbage between steps need not see them
    request = quantize.QuantizeRequest(
        name,
        calibration_data=samples.calibration_data,
        calibration_samples=samples.calibration_samples,
        recipe=recipe,
        encodings=samples.encodings,
        per_channel=per_channel,
        precision=precision,
        seven_bit=seven_bit,
        operators=operators,
        data=samples.data,
        preprocessing=pixels.choice,
        fold_preprocessing=fold_preprocessing,
        weights=samples.weights,
        batch=inputs.batch,
        input_shapes=inputs.input_shapes,
        input_values=inputs.input_values,
        ends=inputs.ends,
        folder=outputs.folder,
        formats=formats,
        max_drop=max_drop,
        integer_io=io == "int8",
        ort_activations=ort_activations,
        lowering=tuning.lowerings,
        force=outputs.force,
        verify=not outputs.no_verify,
        allow_drift_db=allow_drift_db,
    )
    with working(name) as say:
        result = quantize.run(request, tuner=tuning.tuner, latency=latency.of_float, progress=say)
    for line in result.warnings:
        output.say(f"warning: {line}", err=True)
    if as_json:
        output.print_document(result)
    else:
        table.show(result)
        show_tuning(result.artifacts)
    result.check()
