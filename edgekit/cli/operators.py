"""``edgekit operators``: which ONNX operators a .tflite can hold."""

from __future__ import annotations

import dataclasses

import click

from edgekit.cli.shared import output
from edgekit.cli.shared.command.helping import Command
from edgekit.cli.shared.options import print_options
from edgekit.cli.shared.tables.columns import prose, word


@click.command(
    "operators",
    cls=Command,
    short_help="List the ONNX operators that a .tflite can hold.",
    examples=(
        "operators",
        "operators 'Conv*'",
    ),
)
@click.argument("pattern", default="*")
@print_options
def command(pattern: str, *, as_json: bool) -> None:
    """List the operators of the ONNX standard, all or those that match PATTERN (a shell wildcard).

    An .onnx holds every one. What is taken "when constant" becomes a constant as the file is read;
    what is "laid out" becomes others, where constants or shapes decide what it does. Forms of a
    supported operator that LiteRT does not compute exactly as ONNX asks are refused with the node
    and the reason: edgekit export FILE --report. An operator without integers stays float32 in a
    quantized file.
    """
    from edgekit.export.tflite import operator_support

    rows = operator_support.of_standard(pattern)
    if as_json:
        documents = [dataclasses.asdict(row) for row in rows]
        output.print_json("edgekit.operators", 1, {"operators": documents})
        return
    output.print_table(
        (
            word("operator"),
            word(".tflite"),
            word("int8"),
            word("XNNPACK"),
            word("class"),
            prose("refused of it"),
        ),
        [
            (
                row.operator,
                row.how,
                "yes" if row.integer else "",
                row.delegated,
                row.layer_class,
                "; ".join(row.limits),
            )
            for row in rows
        ],
    )
