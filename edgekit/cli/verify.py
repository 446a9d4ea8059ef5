"""``edgekit verify``: are two files alike, and does one answer alike on every processor?"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from edgekit.cli.shared import output, words
from edgekit.cli.shared.command.helping import Command
from edgekit.cli.shared.command.values import NameList
from edgekit.cli.shared.names import check_are_files
from edgekit.cli.shared.options import (
    label_offset_option,
    print_options,
    threads_option,
)
from edgekit.cli.shared.preprocessing import PreprocessingOptions, preprocessing_options
from edgekit.cli.shared.progress import counted, working
from edgekit.cli.shared.tables.columns import FACTS, figure, name, prose, word

if TYPE_CHECKING:
    from edgekit.evaluate import FileFacts, IsaReport, SaturatingLayer, Verification
    from edgekit.evaluate.distance import Distance


@click.command(
    "verify",
    cls=Command,
    short_help="Compare two files, or one on several processors.",
    examples=(
        "verify net_int8.tflite net_float32.tflite --data photos",
        "verify net_int8.onnx --isa native,avx2,cortex-a76",
    ),
)
@click.argument("file", metavar="FILE")
@click.argument("other", metavar="[OTHER]", required=False)
@click.option(
    "--data",
    type=click.Path(path_type=Path),
    metavar="DIR|FILE",
    help="Images, labelled or not, or .npz arrays with one for each input; without it, synthetic "
    "images, or seeded values.",
)
@click.option(
    "--samples",
    type=click.IntRange(min=1),
    metavar="N",
    help="Take N images, evenly spaced; without it all (of synthetic ones 64), and 8 under --isa.",
)
@click.option(
    "--isa",
    "isas",
    type=NameList(),
    default=(),
    help="Run each file under these instruction sets, emulated, and compare its answers: native, "
    "avx2, cortex-a53, cortex-a72, cortex-a76, armv8-i8mm.",
)
@click.option(
    "--min-agreement",
    type=float,
    metavar="PERCENT",
    help="Fail if the two files' answer is the same for less: top-1 of the images, or class of "
    "the pixels.",
)
@click.option(
    "--min-sqnr", type=float, metavar="DB", help="Fail if the SQNR of FILE to OTHER is less."
)
@preprocessing_options
@label_offset_option
@threads_option
@print_options
def command(
    file: str,
    other: str | None,
    data: Path | None,
    samples: int | None,
    isas: tuple[str, ...],
    min_agreement: float | None,
    min_sqnr: float | None,
    pixels: PreprocessingOptions,
    label_offset: int,
    threads: int,
    *,
    as_json: bool,
) -> None:
    """Compare FILE with OTHER, and FILE (and OTHER) with itself under --isa.

    Both are .onnx or .tflite files with any inputs and outputs; OTHER is the reference, such as
    the float32 file of an int8 one. An int8 .onnx file whose answers differ on x86-64 without VNNI
    has layers that saturate there; they are named, with the remedy. Emulated instruction sets are
    set up once by `edgekit doctor --setup-qemu`.

    Exit code 1 if a threshold is missed or an instruction set gives other answers.
    """
    from edgekit import evaluate

    check_are_files([file] if other is None else [file, other])
    request = evaluate.VerifyRequest(
        (file,) if other is None else (file, other),
        data,
        samples=samples,
        isas=isas,
        thresholds=evaluate.Thresholds(min_agreement, min_sqnr),
        settings=evaluate.Settings(threads, None, pixels.choice, label_offset),
    )
    with working("verifying") as say:
        result = evaluate.verify(request, progress=counted(say), say=say)
    if as_json:
        output.print_document(result)
    else:
        _print(result)
    result.check()


def _print(result: Verification) -> None:
    output.print_table(
        (
            name("file"),
            figure("size"),
            name("model", 2),
            word("precision"),
            prose("runtime", 1),
            figure("operators", 3),
            word("sha256", 4),
        ),
        [_facts(each) for each in result.files],
    )
    if result.comparison is not None:
        from edgekit.cli import evaluate

        rows = [["data", result.comparison.data.description]]
        output.say()
        output.print_table(FACTS, [*evaluate.comparison_rows(result.comparison), *rows])
    if result.outputs is not None:
        from edgekit.cli import evaluate

        output.say()
        evaluate.print_outputs(result.outputs)
    if result.isa:
        output.say(f"\nagainst native, {result.isa_inputs}")
        output.print_table(
            (
                name("file"),
                word("instruction set"),
                prose("answers"),
                figure("largest difference"),
                figure("SQNR", 1),
                figure("same top-1", 2),
            ),
            [_isa(each) for each in result.isa],
        )
    if result.saturating:
        output.say("\nlayers that saturate")
        output.print_table(
            (
                name("file"),
                name("layer"),
                word("operator", 1),
                word("under"),
                figure("elements that differ"),
                figure("largest difference", 2),
            ),
            [_layer(each) for each in result.saturating],
        )
    for note in result.notes:
        output.say(f"note: {note}")
    for remedy in result.remedies:
        output.say(f"remedy: {remedy}")
    for failure in result.failures:
        output.say(f"failed: {failure}")


def _facts(facts: FileFacts) -> list[str]:
    return [
        Path(facts.file).name,
        output.size(facts.size_bytes),
        facts.model or "unknown",
        facts.precision or "unknown",
        facts.info.runtime_version,
        str(facts.info.operator_count),
        facts.sha256[:12],
    ]


def _isa(report: IsaReport) -> list[str]:
    verdict = "equal to the last bit" if report.bit_equal else "but for rounding, the same"
    share = report.agreement
    return [
        Path(report.file).name,
        report.isa,
        verdict if report.same else "differ",
        _largest(report.largest_steps, report.distance),
        words.decibels(report.distance.sqnr_db),
        "-" if share is None else f"{share.count}/{share.of}",
    ]


def _largest(steps: float | None, distance: Distance) -> str:
    if steps is not None:
        return _steps(steps)
    return f"{distance.max_rel_error:.1e} of the range" if distance.max_rel_error else "0"


def _steps(steps: float) -> str:
    return f"{steps:g} step{'' if steps == 1 else 's'}"


def _layer(layer: SaturatingLayer) -> list[str]:
    return [
        Path(layer.file).name,
        layer.name,
        layer.operator,
        layer.isa,
        f"{max(100 * layer.share, 0.01):.2f} %",  # never 0.00: some did differ
        "-" if layer.largest_steps is None else _steps(layer.largest_steps),
    ]
