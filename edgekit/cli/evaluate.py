"""``edgekit evaluate``: how often a model is right, and how far it is from another."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from edgekit.cli.shared import output, words
from edgekit.cli.shared.command.helping import Command
from edgekit.cli.shared.names import only
from edgekit.cli.shared.options import (
    label_offset_option,
    model_option,
    one_model,
    print_options,
    threads_option,
)
from edgekit.cli.shared.preprocessing import PreprocessingOptions, preprocessing_options
from edgekit.cli.shared.progress import counted, working
from edgekit.cli.shared.tables import columns as column
from edgekit.cli.shared.tables.columns import FACTS, figure, prose, word

if TYPE_CHECKING:
    from edgekit.evaluate import (
        Answers,
        Evaluation,
        JudgedFile,
        OutputDifference,
        OutputEvaluation,
    )


@click.command(
    "evaluate",
    cls=Command,
    short_help="Accuracy, agreement and SQNR over images.",
    examples=(
        "evaluate net_int8.tflite --data photos",
        "evaluate net_int8.tflite --against net_float32.onnx --data photos",
    ),
)
@click.argument("model_argument", metavar="[MODEL|FILE]", required=False)
@model_option
@click.option(
    "--data",
    type=click.Path(path_type=Path),
    metavar="DIR|FILE",
    help="Images, labelled by a labels.csv (file,label) or by class subfolders, or unlabelled; a "
    "folder with images/ and masks/ (label maps, NAME.png); or .npz arrays, one for each input. "
    "Without it, synthetic images or seeded values serve to compare two models.",
)
@click.option("--against", metavar="MODEL|FILE", help="A second model to compare with.")
@click.option(
    "--weights",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="Weights of MODEL: a .safetensors file or a PyTorch state dict.",
)
@click.option(
    "--limit",
    type=click.IntRange(min=1),
    metavar="N",
    help="Take N images, evenly spaced over all; of synthetic ones N instead of 64.",
)
@preprocessing_options
@label_offset_option
@click.option(
    "--float16",
    is_flag=True,
    help="Compute .tflite files that leave float16 arithmetic to the processor in it.",
)
@threads_option
@print_options
def command(
    model_argument: str | None,
    model_option: str | None,
    data: Path | None,
    against: str | None,
    weights: Path | None,
    limit: int | None,
    pixels: PreprocessingOptions,
    label_offset: int,
    threads: int,
    *,
    float16: bool,
    as_json: bool,
) -> None:
    """Evaluate FILE (.onnx, .tflite) on its runtime, or MODEL (see `edgekit list`) in torch.

    Labelled images give top-1 and top-5 with 95 % intervals; a second model gives agreement and
    SQNR as well, on any images. Images are read one by one, and equal runs give equal results.

    Files with other inputs or outputs are compared with --against output by output: SQNR, and
    where an output has classes the share of places (pixels, vectors) with the same one. Label maps
    give mean IoU and pixel accuracy; 255 marks pixels that do not count.
    """
    name = only(one_model(model_argument, model_option))
    from edgekit import evaluate

    request = evaluate.EvaluateRequest(
        name,
        data,
        against=against,
        weights=weights,
        limit=limit,
        settings=evaluate.Settings(threads, None, pixels.choice, label_offset, float16=float16),
    )
    with working(f"evaluating {Path(name).name}") as say:
        result = evaluate.judge(request, progress=counted(say))
    if as_json:
        output.print_document(result)
    elif isinstance(result, evaluate.OutputEvaluation):
        print_outputs(result)
    else:
        _print(result)


def _print(result: Evaluation) -> None:
    sides = [side for side in (result.answers, result.against) if side is not None]
    output.print_table(
        (
            column.name("model"),
            word("runtime"),
            prose("weights", 2),
            figure("top-1 [95 % interval]"),
            figure("top-5 [95 % interval]", 1),
        ),
        [
            [
                Path(side.subject.name).name,
                side.subject.runtime,
                (side.subject.weights or "unknown").partition(" sha256:")[0],
                words.share(side.top(1)),
                words.share(side.top(5)),
            ]
            for side in sides
        ],
    )
    output.say()
    output.print_table(FACTS, [*comparison_rows(result), *_conditions(result, sides)])
    for note in result.notes:
        output.say(f"note: {note}")


def print_outputs(result: OutputEvaluation) -> None:
    """Print how far outputs are from another file's, or from label maps."""
    if result.outputs:
        output.print_table(
            (
                column.name("output"),
                word("shape", 2),
                figure("SQNR"),
                figure("largest error", 1),
                figure("same answer"),
            ),
            [
                [
                    each.name,
                    "x".join(map(str, each.shape)),
                    "equal" if each.distance.noise == 0 else words.decibels(each.distance.sqnr_db),
                    f"{each.distance.max_rel_error:.1e} of its range",
                    _agreement(each),
                ]
                for each in result.outputs
            ],
        )
        output.say()
    judged = [each for each in (result.file, result.against) if each is not None]
    if any(each.segmentation is not None for each in judged):
        output.print_table(
            (
                column.name("file"),
                figure("mean IoU"),
                figure("pixel accuracy"),
                figure("classes seen", 1),
            ),
            [_segmented(each) for each in judged],
        )
        output.say()
    rows = [["file", f"{Path(each.name).name}, {each.runtime}"] for each in judged]
    taken = [
        words.preprocessing(each.preprocessing, each.preprocessing_from)
        for each in judged
        if each.preprocessing is not None
    ]
    rows += [["input value", text] for text in dict.fromkeys(taken)]
    output.print_table(FACTS, [*rows, ["data", result.data]])


def _agreement(each: OutputDifference) -> str:
    if each.agreement is None:
        return "-"
    noun = "pixels" if each.is_dense else "samples"
    return f"{100 * each.agreement.value:.2f} % of {each.places} {noun}"


def _segmented(each: JudgedFile) -> list[str]:
    found = each.segmentation
    if found is None:
        return [Path(each.name).name, "-", "-", "-"]
    numbers = (found.mean_iou, found.pixel_accuracy)
    seen = sum(value is not None for value in found.iou)
    return [
        Path(each.name).name,
        *("-" if value is None else f"{100 * value:.2f} %" for value in numbers),
        str(seen),
    ]


def comparison_rows(result: Evaluation) -> list[list[str]]:
    """Return what a table says about two models, a name and a value each."""
    rows = []
    difference, agreement, distance = result.top1_difference, result.agreement, result.distance
    if difference is not None:
        low, high = (f"{100 * end:+.1f}" for end in difference.interval)
        rows.append(
            [
                "top-1 difference",
                f"{100 * difference.value:+.1f} points [{low}, {high}], paired: "
                f"{difference.gained} gained, {difference.lost} lost",
            ]
        )
    if agreement is not None and distance is not None:
        sqnr = distance.sqnr_db
        rows += [
            ["same top-1", f"{agreement.count} of {agreement.of}: {words.share(agreement)}"],
            ["SQNR", "equal to the last bit" if distance.noise == 0 else words.decibels(sqnr)],
            ["largest error", f"{distance.max_rel_error:.1e} of the output range"],
        ]
    return rows


def _conditions(result: Evaluation, sides: list[Answers]) -> list[list[str]]:
    inputs = dict.fromkeys(
        words.preprocessing(side.subject.preprocessing, side.subject.preprocessing_from)
        for side in sides
    )
    return [["data", result.data.description], *(["input value", text] for text in inputs)]
