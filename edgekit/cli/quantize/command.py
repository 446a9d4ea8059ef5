"""``edgekit quantize``: a float network becomes verified int8 .onnx and .tflite files."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from edgekit.cli.quantize import latency, table
from edgekit.cli.shared import output, tuning
from edgekit.cli.shared.options import NameList, json_option, one_model
from edgekit.errors import UsageError

if TYPE_CHECKING:
    from edgekit.quantize import Recipe, Request, Subject

_JUDGED_ON_NOISE = (
    "no images are left to judge by: the drop is that of agreement on synthetic ones; give --data, "
    "or fewer --calibration-samples"
)

_TUNING_SAMPLES = 4


@click.command("quantize", short_help="Write int8 files that keep their accuracy.")
@click.pass_context
@click.argument("model_argument", metavar="[FILE|MODEL]", required=False)
@click.option("--model", "model_option", metavar="MODEL", help="The same as the argument.")
@click.option(
    "--calibration-data",
    type=click.Path(path_type=Path),
    metavar="DIR|FILE",
    help="Folder of images, or .npy/.npz arrays; without it, synthetic samples.",
)
@click.option(
    "--calibration-samples",
    type=int,
    metavar="N",
    help="Most samples to calibrate with, evenly spaced; without it all, of images 200.",
)
@click.option(
    "--recipe",
    default="default",
    show_default=True,
    help="fast, default, best; RANGES[:WEIGHTS][+RUNG]... such as mse+equalize+bias; or a .toml.",
)
@click.option(
    "--max-drop",
    type=float,
    metavar="POINTS",
    help="Climb the ladder of rungs only until no more top-1 is lost than this (of agreement, "
    "where there are no labels). Without --recipe it starts at minmax.",
)
@click.option(
    "--data",
    type=click.Path(path_type=Path),
    metavar="DIR",
    help="Images to evaluate on; without it those of --calibration-data that were not used.",
)
@click.option(
    "--encodings",
    "encodings_path",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="Use these encodings, of the same network, and calibrate nothing.",
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
    "--preprocessing",
    metavar="NAME",
    help="Of a file without a sidecar: imagenet, cifar10, minus-one-to-one or raw.",
)
@click.option("--weights", type=click.Path(path_type=Path), help="As for `edgekit export`.")
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
@click.option("--no-verify", is_flag=True, help="Do not compare the files with their simulation.")
@tuning.options
@json_option
def command(
    ctx: click.Context,
    model_argument: str | None,
    model_option: str | None,
    calibration_data: Path | None,
    calibration_samples: int | None,
    recipe: str,
    max_drop: float | None,
    data: Path | None,
    encodings_path: Path | None,
    per_channel: bool | None,
    precision: str,
    seven_bit: tuple[str, ...],
    operators: tuple[str, ...],
    formats: tuple[str, ...],
    io: str,
    ort_activations: str,
    preprocessing: str | None,
    weights: Path | None,
    folder: Path,
    lowerings: tuple[str, ...],
    target: str,
    *,
    force: bool,
    no_verify: bool,
    wants_tuning: bool,
    as_json: bool,
) -> None:
    """Quantize FILE, a float .onnx, or MODEL (see `edgekit list`) to int8.

    One set of encodings makes both files, so ONNX Runtime and LiteRT run the same integers. They
    are saved beside them, <model>_int8.encodings.json, and taken back with --encodings. Each file
    is compared with a simulation of its integers before it gets its name.

    --tune and --lowering are those of `edgekit export`, for one --format at a time: the files of
    both share what is calibrated. Encodings belong to a lowering: give both together.

    Exit code 1 if --max-drop cannot be kept; the files are written all the same.
    """
    name = one_model(model_argument, model_option)
    from edgekit import quantize
    from edgekit.export import Origin
    from edgekit.export.rewriting.choices import DEFAULT
    from edgekit.quantize import request as chosen
    from edgekit.quantize.encoding import unlike
    from edgekit.quantize.samples import reading

    asked = chosen.recipe_of(
        _recipe_text(ctx, recipe, max_drop),
        per_channel=per_channel,
        precision=precision,
        seven_bit=frozenset(seven_bit),
        operators=frozenset(operators),
        samples=calibration_samples,
    )
    lowering = next(iter(tuning.read(lowerings, formats).values()), DEFAULT)
    request = quantize.Request(
        folder,
        formats,
        io == "int8",
        ort_activations,
        lowering=lowering,
        force=force,
        verify=not no_verify,
    )
    request.check_lowering(of_one=wants_tuning)
    if wants_tuning and (lowering != DEFAULT or encodings_path is not None):
        raise UsageError("--tune chooses the lowering itself, and calibrates for it")
    warned: tuple[str, ...] = ()
    with output.progress(name) as say:
        subject = quantize.prepare(name, weights=weights, preprocessing=preprocessing, progress=say)
        if wants_tuning:
            request = _tuned(subject, asked, request, target, say)
        subject = subject.lowered(request.lowering)
        if encodings_path is not None:
            if max_drop is not None:
                raise UsageError("--encodings are what they are: --max-drop searches for others")
            draft, outcome = chosen.read(encodings_path, subject), None
            origin = Origin(f"encodings {encodings_path.name}")
        else:
            given = reading.read(
                calibration_data,
                subject.inputs,
                subject.source.preprocessing,
                chosen.limit(asked, calibration_data, calibration_samples),
            )
            warned = reading.warnings_about(given)
            images = chosen.evaluation_images(data, calibration_data, given)
            if max_drop is not None and images is None:
                warned = (*warned, _JUDGED_ON_NOISE)
            draft, outcome = chosen.draft_of(
                subject, asked, given, images, max_drop, say, latency.of_float
            )
            final = asked if outcome is None else outcome.chosen.recipe
            trace = () if outcome is None else tuple(s.to_json() for s in outcome.steps)
            origin = Origin(final.text, given.description, trace)
        warned = (*warned, *unlike.kept_float(draft.graph, draft.encodings))
        artifacts = quantize.to_files(subject.source, draft, origin, request, say)
    for line in warned:
        click.echo(f"warning: {line}", err=True)
    if as_json:
        fields: dict[str, Any] = {
            "artifacts": [entry.to_json() for entry in artifacts],
            "warnings": list(warned),
            "within_budget": None if outcome is None else outcome.within,
        }
        output.print_json("edgekit.quantize", 1, fields)
    else:
        table.show(artifacts, origin, outcome, max_drop)
        tuning.show(artifacts)
    if outcome is not None and not outcome.within:
        ctx.exit(1)


def _tuned(
    subject: Subject, asked: Recipe, request: Request, target: str, say: Callable[[str], None]
) -> Request:
    """Return the request with the fastest lowering; ranges of a few samples serve to find it."""
    from edgekit.devices.tuning.candidates import IntegerForms
    from edgekit.quantize import recipe
    from edgekit.quantize.samples import reading

    quick = replace(
        recipe.get("minmax"),
        per_channel=asked.per_channel,
        activation_bits=asked.activation_bits,
        operators=asked.operators,
    )
    few = reading.read(None, subject.inputs, subject.source.preprocessing, _TUNING_SAMPLES)
    (found,) = tuning.measured([IntegerForms(subject, quick, few, request)], target, say)
    return replace(request, lowering=found.choices, tuning=found.steps)


def _recipe_text(ctx: click.Context, recipe: str, max_drop: float | None) -> str:
    given = ctx.get_parameter_source("recipe") is not click.core.ParameterSource.DEFAULT
    return recipe if given or max_drop is None else "minmax"
