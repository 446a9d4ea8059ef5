"""What ``edgekit sensitivity`` prints."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import click

from edgekit.cli.shared import output

if TYPE_CHECKING:
    from edgekit.quantize.analysis.layer_accuracy import LayerAccuracy
    from edgekit.quantize.analysis.sensitivity import Sensitivity
    from edgekit.quantize.analysis.tensor_errors import TensorError


def show_layers(rows: Sequence[Sensitivity], top: int) -> None:
    """Print the most sensitive layers."""
    output.print_table(
        ["layer", "operator", "alone>", "all but it>", "its output>", "agreement>"],
        [
            [
                row.layer,
                row.operator,
                _db(row.alone_db),
                _db(row.without_db),
                _db(row.output_db),
                "-" if row.agreement is None else f"{100 * row.agreement:.1f} %",
            ]
            for row in rows[:top]
        ],
    )
    if len(rows) > top:
        click.echo(f"({len(rows) - top} less sensitive layers are not shown: --top {len(rows)})")


def show_accuracy(rows: Sequence[LayerAccuracy]) -> None:
    """Print what the worst layers cost on images."""
    click.echo()
    output.print_table(
        ["layer alone", "top-1 change>", "[95 %]", "agreement>", "images>"],
        [[row.layer, *_top1(row), f"{100 * row.agreement:.1f} %", str(row.images)] for row in rows],
    )


def show_tensors(rows: Sequence[TensorError]) -> None:
    """Print the error of every stored tensor."""
    click.echo()
    output.print_table(
        ["tensor", "simulated>", "onnxruntime>", "tflite>"],
        [
            [row.tensor, _db(row.simulated_db), _db(row.onnxruntime_db), _db(row.tflite_db)]
            for row in rows
        ],
    )


def _top1(row: LayerAccuracy) -> tuple[str, str]:
    difference = row.top1_difference
    if difference is None:
        return "-", "no labels"
    low, high = difference.interval
    return f"{100 * difference.value:+.2f}", f"[{100 * low:+.2f}, {100 * high:+.2f}]"


def _db(value: float | None) -> str:
    if value is None:
        return "-"
    return "equal" if value >= 200 else f"{value:.1f} dB"
