"""``edgekit bundle``: one folder that an app team can open, check and ship."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from edgekit.cli.bundle_actions import ACTIONS
from edgekit.cli.shared import output
from edgekit.cli.shared.command.helping import Command
from edgekit.cli.shared.names import check_is_no_other_path
from edgekit.cli.shared.options import print_options
from edgekit.cli.shared.preprocessing import PreprocessingOptions, preprocessing_options
from edgekit.cli.shared.progress import working
from edgekit.cli.shared.tables.columns import figure, name, prose, word
from edgekit.errors import UsageError

if TYPE_CHECKING:
    from edgekit.bundle import Built

_path = click.Path(path_type=Path)


class _WithActions(Command):
    """The command, but for a first word that is an action's name."""

    actions = ACTIONS

    def make_context(
        self,
        info_name: str | None,
        args: list[str],
        parent: click.Context | None = None,
        **extra: Any,  # noqa: ANN401 -- click's
    ) -> click.Context:
        """Parse the arguments of the action that they name, or of the command itself."""
        action = self.actions.get(args[0]) if args else None
        if action is None:
            return super().make_context(info_name, args, parent, **extra)
        return action.make_context(f"{info_name} {args[0]}", args[1:], parent, **extra)


@click.command(
    "bundle",
    cls=_WithActions,
    short_help="Make a folder that app teams can open, check and ship.",
    examples=(
        "bundle out/*.onnx out/*.tflite -o dist --golden photos",
        "bundle out/net_float32.tflite --labels names.txt --license Apache-2.0 -o dist",
        "bundle sign dist/net.edgekit --private-key private.pem",
    ),
)
@click.argument("subjects", metavar="MODEL|FILE...", nargs=-1)
@click.option(
    "-o", "--output", "folder", type=_path, default=Path(), help="Where NAME.edgekit goes."
)
@click.option(
    "--config", type=_path, metavar="FILE", help="In place of edgekit.toml, without MODEL or FILE."
)
@click.option("--name", help="Of the bundle; without it the network's.")
@click.option("--labels", type=_path, metavar="FILE", help="Class names, one a line.")
@click.option("--license", "license_id", metavar="SPDX", help="Licence of the weights.")
@click.option("--license-file", type=_path, metavar="FILE", help="The text of that licence.")
@click.option("--revision", help="Of the source that made the weights, such as a commit.")
@preprocessing_options
@click.option(
    "--about",
    type=_path,
    metavar="FILE",
    help="What only people know, for bill of materials and model card: see docs/bundle.md.",
)
@click.option(
    "--golden", type=_path, metavar="DIR", help="Images for golden answers; else synthetic ones."
)
@click.option("--data", type=_path, metavar="DIR", help="Labelled images to measure accuracy on.")
@click.option("--limit", type=click.IntRange(min=1), metavar="N", help="Take N of these images.")
@click.option(
    "--fold-preprocessing",
    is_flag=True,
    help="Put per-channel means and blue-green-red order into the .tflite files, which MediaPipe "
    "cannot be told.",
)
@click.option(
    "--score-threshold", type=float, metavar="X", help="Scores below it are not worth showing."
)
@click.option(
    "--instructions",
    metavar="PROCESSOR",
    help="Count each file's instructions on this emulated one, such as cortex-a76.",
)
@click.option("--measure", is_flag=True, help="Time the files here, into measured/.")
@click.option("--zip", "as_zip", is_flag=True, help="Write NAME.edgekit.zip as well.")
@click.option("--force", is_flag=True, help="Replace a bundle of that name.")
@print_options
def command(
    subjects: tuple[str, ...],
    folder: Path,
    config: Path | None,
    name: str | None,
    labels: Path | None,
    license_id: str | None,
    license_file: Path | None,
    revision: str | None,
    pixels: PreprocessingOptions,
    about: Path | None,
    golden: Path | None,
    data: Path | None,
    limit: int | None,
    score_threshold: float | None,
    instructions: str | None,
    *,
    fold_preprocessing: bool,
    measure: bool,
    as_zip: bool,
    force: bool,
    as_json: bool,
) -> None:
    """Bundle FILEs of one network (.onnx, .tflite, with their sidecars), or MODEL, exported first.

    Without either, what [bundle] in edgekit.toml says: files, and the options below by their names
    with _ for -; options given here go before it.

    Metadata are written into the bundle's copies of the files. Equal inputs and versions give
    equal bytes; set SOURCE_DATE_EPOCH for a date.

    `edgekit bundle push|pull|sign|verify --help` is about a bundle that is made.
    """
    from edgekit import bundle

    if subjects and config is not None:
        raise UsageError("--config stands in place of MODEL or FILE: give one of the two")
    if not subjects and config is None and not Path("edgekit.toml").exists():
        raise UsageError("no MODEL or FILE is given, and there is no edgekit.toml here: name files")
    for each in subjects:
        check_is_no_other_path(each)
    known = None if subjects else bundle.read_config(config or Path("edgekit.toml"))
    request = bundle.BundleRequest(
        subjects=subjects if known is None else known.subjects,
        folder=folder,
        name=name,
        labels=labels,
        license=license_id,
        license_file=license_file,
        revision=revision,
        about=about,
        golden=golden,
        data=data,
        limit=limit,
        fold_preprocessing=fold_preprocessing,
        preprocessing=pixels.choice,
        score_threshold=score_threshold,
        instructions=instructions,
        measure=measure,
        as_zip=as_zip,
        force=force,
    )
    if known is not None:
        request = bundle.with_options(known, request)
    with working("bundle") as say:
        built = bundle.build(request, say=say, timing=say)
    if as_json:
        output.print_document(built.bundle)
    else:
        _print(built)


def _print(built: Built) -> None:
    rows = [
        [each.path, output.size(each.size_bytes), each.precision, each.checked_with]
        for each in built.bundle.models
    ]
    columns = (name("file"), figure("size"), word("precision"), prose("opened with"))
    output.print_table(columns, rows)
    for choice in built.bundle.choice:
        output.say(f"ship {choice.file}: {choice.why}")
    output.say(f"\n{built.path}")
    if built.archive is not None:
        output.say(str(built.archive))
