"""``edgekit run``: what a model file answers to images."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from edgekit.cli.shared import output, words
from edgekit.cli.shared.command.helping import Command
from edgekit.cli.shared.names import check_are_files
from edgekit.cli.shared.options import (
    label_offset_option,
    print_options,
    threads_option,
)
from edgekit.cli.shared.preprocessing import PreprocessingOptions, preprocessing_options
from edgekit.cli.shared.tables.columns import figure, prose

if TYPE_CHECKING:
    from edgekit.evaluate import ShownImage

_SHOWN_VALUES = 8  # of a raw output, in the text; --json has all


@click.command(
    "run",
    cls=Command,
    short_help="Run a file on images: top-5, or raw outputs.",
    examples=(
        "run net_int8.tflite photo.jpg",
        "run net.onnx photo.jpg --labels names.txt --top 3",
        "run detector.tflite inputs.npz --raw",
    ),
)
@click.argument("file", type=click.Path(path_type=Path))
@click.argument(
    "images", metavar="IMAGE|ARRAYS...", nargs=-1, required=True, type=click.Path(path_type=Path)
)
@click.option(
    "--labels",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="Class names, one a line; without it those in the file itself, or of the network's card.",
)
@click.option("--top", type=int, default=5, show_default=True, help="Classes to name.")
@click.option("--raw", is_flag=True, help="Print the outputs as they are.")
@preprocessing_options
@label_offset_option
@threads_option
@print_options
def command(
    file: Path,
    images: tuple[Path, ...],
    labels: Path | None,
    top: int,
    pixels: PreprocessingOptions,
    label_offset: int,
    threads: int,
    *,
    raw: bool,
    as_json: bool,
) -> None:
    """Run FILE (.onnx, .tflite) on each IMAGE and print the best classes.

    ARRAYS are .npz files, an array for each input whose first axis counts the samples (.npy for a
    file with one input), or folders of them, for files of any inputs; an output without class
    scores is printed as it is.

    Images are resized, cropped and normalized as the file's sidecar says, or --preprocessing.
    Scores are the file's own: logits stay logits.
    """
    from edgekit import evaluate

    check_are_files([file])
    settings = evaluate.Settings(threads, None, pixels.choice, label_offset)
    result = evaluate.show(evaluate.ShowRequest(file, images, labels, top, raw, settings))
    if as_json:
        output.print_document(result)
        return
    for shown in result.images:
        output.say(shown.file)
        _print(shown)
    taken = "arrays as they are"
    if result.preprocessing is not None:
        taken = words.preprocessing(result.preprocessing, result.preprocessing_from)
    output.say(f"\n{result.runtime}; input {taken}")


def _print(shown: ShownImage) -> None:
    if shown.guesses:
        rows = [
            [f"{g.score:.4f}".replace("-0.0000", "0.0000"), str(g.index), g.label or ""]
            for g in shown.guesses
        ]
        output.print_table((figure("score"), figure("class"), prose("label")), rows)
    for each in shown.outputs:
        values = ", ".join(f"{value:g}" for value in each.values[:_SHOWN_VALUES])
        more = ", ..." if len(each.values) > _SHOWN_VALUES else ""
        output.say(f"{each.name}: {each.dtype} {list(each.shape)}: {values}{more}")


def _score(value: float) -> str:
    return f"{value:.4f}".replace("-0.0000", "0.0000")
