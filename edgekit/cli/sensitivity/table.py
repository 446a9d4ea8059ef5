"""What ``edgekit sensitivity`` prints."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from edgekit.cli.shared import output
from edgekit.cli.shared.tables.columns import figure, name, word
from edgekit.cli.shared.words import decibels

if TYPE_CHECKING:
    from edgekit.quantize import LayerCost, SensitivityReport
    from edgekit.quantize.analysis.sensitivity import Sensitivity
    from edgekit.quantize.analysis.tensor_errors import TensorError

_EXACT_DB = 200.0  # as the room gives it where nothing differs


def show(report: SensitivityReport, top: int) -> None:
    """Print the report, with no more than ``top`` layers."""
    output.say(
        f"{report.model}: {report.origin}, judged on {report.samples} of {report.calibration}"
    )
    output.say()
    show_layers(report.layers, top)
    if report.accuracy:
        show_accuracy(report.accuracy)
    if report.tensors is not None:
        show_tensors(report.tensors)
    for path in report.plots:
        output.say(f"drew {path}")


def show_layers(rows: Sequence[Sensitivity], top: int) -> None:
    """Print the most sensitive layers."""
    output.print_table(
        (
            name("layer"),
            word("operator", 3),
            figure("alone"),
            figure("all but it"),
            figure("its output", 2),
            figure("agreement", 1),
        ),
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
        output.say(f"({len(rows) - top} less sensitive layers are not shown: --top {len(rows)})")


def show_accuracy(rows: Sequence[LayerCost]) -> None:
    """Print what the worst layers cost on images."""
    output.say()
    output.print_table(
        (
            name("layer alone"),
            figure("top-1 change"),
            word("[95 %]"),
            figure("agreement", 1),
            figure("images", 2),
        ),
        [[row.layer, *_top1(row), f"{100 * row.agreement:.1f} %", str(row.images)] for row in rows],
    )


def show_tensors(rows: Sequence[TensorError]) -> None:
    """Print the error of every stored tensor."""
    output.say()
    output.print_table(
        (name("tensor"), figure("simulated"), figure("onnxruntime"), figure("tflite")),
        [
            [row.tensor, _db(row.simulated_db), _db(row.onnxruntime_db), _db(row.tflite_db)]
            for row in rows
        ],
    )


def _top1(row: LayerCost) -> tuple[str, str]:
    if row.top1_points is None or row.top1_points_interval is None:
        return "-", "no labels"
    low, high = row.top1_points_interval
    return f"{row.top1_points:+.2f}", f"[{low:+.2f}, {high:+.2f}]"


def _db(value: float | None) -> str:
    return decibels(value, equal_from=_EXACT_DB)
