"""``edgekit sensitivity``: which layers and tensors lose most as integers."""

from __future__ import annotations

from pathlib import Path

import click

from edgekit.cli.sensitivity import table
from edgekit.cli.shared import output
from edgekit.cli.shared.command.helping import Command
from edgekit.cli.shared.names import only
from edgekit.cli.shared.options import (
    InputOptions,
    SampleOptions,
    input_options,
    model_option,
    one_model,
    print_options,
    sample_options,
)
from edgekit.cli.shared.preprocessing import PreprocessingOptions, preprocessing_options
from edgekit.cli.shared.progress import working
from edgekit.cli.shared.reading_ahead import started_ahead


@click.command(
    "sensitivity",
    cls=Command,
    short_help="Rank layers by what int8 costs them.",
    examples=(
        "sensitivity net.onnx --calibration-data photos",
        "sensitivity net.onnx --calibration-data photos --plots pictures",
    ),
)
@click.argument("model_argument", metavar="[FILE|MODEL]", required=False)
@model_option
@click.option("--recipe", default="minmax", show_default=True, help="As for `edgekit quantize`.")
@sample_options
@preprocessing_options
@click.option(
    "--samples",
    "judged",
    type=click.IntRange(min=1),
    default=16,
    show_default=True,
    metavar="N",
    help="Most sets of inputs to judge by, evenly spaced.",
)
@click.option(
    "--worst",
    type=click.IntRange(min=1),
    default=5,
    show_default=True,
    metavar="N",
    help="Layers to evaluate on at most 300 images, and whose weights are drawn.",
)
@click.option(
    "--top",
    type=click.IntRange(min=1),
    default=20,
    show_default=True,
    metavar="N",
    help="Layers to print; --json has all.",
)
@click.option(
    "--per-tensor",
    is_flag=True,
    help="Compare every stored tensor of both files, as their runtimes compute it, with float32.",
)
@click.option(
    "--plots",
    type=click.Path(path_type=Path),
    metavar="DIR",
    help="Draw sensitivities and ranges there as .png; needs matplotlib.",
)
@input_options
@print_options
def command(
    model_argument: str | None,
    model_option: str | None,
    recipe: str,
    samples: SampleOptions,
    pixels: PreprocessingOptions,
    judged: int,
    worst: int,
    top: int,
    plots: Path | None,
    inputs: InputOptions,
    *,
    per_tensor: bool,
    as_json: bool,
) -> None:
    """Rank the layers of FILE, a float .onnx, or MODEL by what int8 costs the network's outputs.

    "alone" is the SQNR of the outputs with that layer alone on integers, "all but it" with all
    others; the lower "alone" is, the more the layer disturbs. Nothing but plots is written.
    """
    name = only(one_model(model_argument, model_option))
    started_ahead(name)
    from edgekit import quantize

    request = quantize.SensitivityRequest(
        name,
        calibration_data=samples.calibration_data,
        calibration_samples=samples.calibration_samples,
        recipe=recipe,
        encodings=samples.encodings,
        data=samples.data,
        preprocessing=pixels.choice,
        weights=samples.weights,
        batch=inputs.batch,
        input_shapes=inputs.input_shapes,
        input_values=inputs.input_values,
        ends=inputs.ends,
        samples=judged,
        worst=worst,
        per_tensor=per_tensor,
        plots=plots,
    )
    with working(name) as say:
        report = quantize.sensitivity(request, progress=say)
    for line in report.warnings:
        output.say(f"warning: {line}", err=True)
    if as_json:
        output.print_document(report)
    else:
        table.show(report, top)
