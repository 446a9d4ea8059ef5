"""``edgekit sensitivity``: which layers and tensors lose most as integers."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from edgekit.cli.sensitivity import table
from edgekit.cli.shared import output
from edgekit.cli.shared.options import json_option, one_model

if TYPE_CHECKING:
    from edgekit.quantize.analysis.layer_accuracy import LayerAccuracy


@click.command("sensitivity", short_help="Rank layers by what int8 costs them.")
@click.argument("model_argument", metavar="[FILE|MODEL]", required=False)
@click.option("--model", "model_option", metavar="MODEL", help="The same as the argument.")
@click.option(
    "--calibration-data",
    type=click.Path(path_type=Path),
    metavar="DIR|FILE",
    help="As for `edgekit quantize`; the samples judged are of it too.",
)
@click.option(
    "--calibration-samples",
    type=int,
    metavar="N",
    help="Most samples to calibrate with, evenly spaced; without it all, of images 200.",
)
@click.option("--recipe", default="minmax", show_default=True, help="As for `edgekit quantize`.")
@click.option(
    "--encodings",
    "encodings_path",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="Judge these encodings, of the same network, and calibrate nothing.",
)
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
    "--data",
    type=click.Path(path_type=Path),
    metavar="DIR",
    help="Images on which the worst layers are evaluated, at most 300; without it those of "
    "--calibration-data that were not used.",
)
@click.option(
    "--worst",
    type=click.IntRange(min=1),
    default=5,
    show_default=True,
    metavar="N",
    help="Layers to evaluate on images, and whose weights are drawn.",
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
@click.option(
    "--preprocessing",
    metavar="NAME",
    help="Of a file without a sidecar: imagenet, cifar10, minus-one-to-one or raw.",
)
@click.option("--weights", type=click.Path(path_type=Path), help="As for `edgekit export`.")
@json_option
def command(
    model_argument: str | None,
    model_option: str | None,
    calibration_data: Path | None,
    calibration_samples: int | None,
    recipe: str,
    encodings_path: Path | None,
    judged: int,
    data: Path | None,
    worst: int,
    top: int,
    plots: Path | None,
    preprocessing: str | None,
    weights: Path | None,
    *,
    per_tensor: bool,
    as_json: bool,
) -> None:
    """Rank the layers of FILE, a float .onnx, or MODEL by what int8 costs the network's outputs.

    "alone" is the SQNR of the outputs with that layer alone on integers, "all but it" with all
    others; the lower "alone" is, the more the layer disturbs. Nothing but plots is written.
    """
    name = one_model(model_argument, model_option)
    from edgekit import quantize
    from edgekit.quantize import request
    from edgekit.quantize.analysis import layer_accuracy, sensitivity, tensor_errors
    from edgekit.quantize.analysis import plots as pictures
    from edgekit.quantize.samples import reading

    if plots is not None:
        pictures.require()
    asked = request.recipe_of(
        recipe,
        per_channel=None,
        precision="int8",
        seven_bit=frozenset(),
        samples=calibration_samples,
    )
    with output.progress(name) as say:
        subject = quantize.prepare(name, weights=weights, preprocessing=preprocessing, progress=say)
        known = subject.source.preprocessing
        given = reading.read(
            calibration_data,
            subject.inputs,
            known,
            request.limit(asked, calibration_data, calibration_samples),
        )
        warned = reading.warnings_about(given)
        images = request.evaluation_images(data, calibration_data, given)
        if encodings_path is not None:
            draft = request.read(encodings_path, subject)
        else:
            draft, _ = request.draft_of(subject, asked, given, None, None, say)
        few = quantize.Context(given, given.sets, asked.per_channel, say).few(judged)
        rows = sensitivity.by_layer(draft, few, say)
        costs: list[LayerAccuracy] = []
        if images is not None:
            names = [row.layer for row in rows[:worst]]
            costs = layer_accuracy.of_layers(draft, names, images, known, say)
        tensors = tensor_errors.by_tensor(draft, few, say) if per_tensor else None
        drawn = [] if plots is None else pictures.write(plots, draft, rows, few, worst)
    for line in warned:
        click.echo(f"warning: {line}", err=True)
    origin = (
        f"recipe {asked.text}" if encodings_path is None else f"encodings {encodings_path.name}"
    )
    if as_json:
        fields: dict[str, Any] = {
            "model": subject.source.name,
            "origin": origin,
            "calibration": given.description,
            "samples": len(few),
            "layers": [asdict(row) for row in rows],
            "accuracy": [_cost(row) for row in costs],
            "tensors": None if tensors is None else [asdict(row) for row in tensors],
            "plots": [str(path) for path in drawn],
            "warnings": list(warned),
        }
        output.print_json("edgekit.sensitivity", 1, fields)
        return
    click.echo(f"{subject.source.name}: {origin}, judged on {len(few)} of {given.description}")
    click.echo()
    table.show_layers(rows, top)
    if costs:
        table.show_accuracy(costs)
    if tensors is not None:
        table.show_tensors(tensors)
    for path in drawn:
        click.echo(f"drew {path}")


def _cost(row: LayerAccuracy) -> dict[str, Any]:
    difference = row.top1_difference
    return {
        "layer": row.layer,
        "images": row.images,
        "agreement": row.agreement,
        "top1_points": None if difference is None else 100 * difference.value,
        "top1_points_interval": None
        if difference is None
        else [100 * end for end in difference.interval],
    }
