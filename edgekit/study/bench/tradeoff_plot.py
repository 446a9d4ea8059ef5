"""The trade-off as a picture: top-1 over latency, one panel for each set of images."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from edgekit.errors import RefusedError, StorageError, UsageError
from edgekit.quantize.analysis.plots import require
from edgekit.study.store.row import Row

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_SUFFIXES = (".png", ".svg")
_DPI = 140
_COLORS = {"tflite": "#0b6bcb", "onnxruntime": "#c2410c"}
_NAMES = {"tflite": "LiteRT", "onnxruntime": "ONNX Runtime"}
_FLOAT = "float32"


def check(path: Path) -> None:
    """Check that a picture can be drawn there, before anything is measured.

    Raises:
        UsageError: the suffix is neither .png nor .svg.
        MissingPackageError: matplotlib is not installed.
    """
    if path.suffix.lower() not in _SUFFIXES:
        raise UsageError(f"--plot takes a .png or an .svg, not {path.name}")
    require()


def write(path: Path, rows: Sequence[Row]) -> None:
    """Draw top-1 over latency; a line with ends is the 95 % interval of a median.

    Full marks are float32, hollow ones other precisions, whose top-1, unless it was measured, is
    that of float32. Numbers of threads that differ are marks of their own.

    Raises:
        RefusedError: of no row are both known (reason "nothing-to-plot").
        StorageError: the file cannot be written.
    """
    from matplotlib.figure import Figure

    known = [row for row in rows if row.accuracy is not None and row.figures.median_ms is not None]
    if not known:
        raise RefusedError(
            "there is nothing to draw: no top-1 is published for what was measured; measure it "
            "with --data DIR",
            reason_code="nothing-to-plot",
        )
    panels: dict[str, list[Row]] = {}
    for row in known:
        panels.setdefault(row.accuracy_on or "unknown images", []).append(row)
    figure = Figure(figsize=(8, 4.6 * len(panels)), layout="constrained")
    every = figure.subplots(len(panels), squeeze=False)[:, 0]
    for axes, (images, some) in zip(every, panels.items(), strict=True):
        _draw(axes, images, some)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        figure.savefig(path, dpi=_DPI)
    except OSError as error:
        raise StorageError(f"cannot write {path}: {error.strerror}") from error


def _draw(axes: Axes, images: str, rows: Sequence[Row]) -> None:
    for row in rows:
        figures, color = row.figures, _COLORS.get(row.cell.runtime, "#52525b")
        x, y = figures.median_ms or 0.0, row.accuracy or 0.0
        ends = [[x - (figures.low_ms or x)], [(figures.high_ms or x) - x]]
        axes.errorbar(
            x,
            y,
            xerr=ends,
            fmt="o",
            ms=7,
            color=color,
            mfc=color if row.cell.precision == _FLOAT else "white",
            capsize=3,
            label=_label(row),
        )
    axes.set_xscale("log")
    axes.margins(x=0.25, y=0.2)
    for model in dict.fromkeys(row.cell.model for row in rows):
        slowest = max(
            (row for row in rows if row.cell.model == model),
            key=lambda row: row.figures.median_ms or 0.0,
        )
        axes.annotate(
            model,
            (slowest.figures.median_ms or 0.0, slowest.accuracy or 0.0),
            xytext=(0, 9),
            textcoords="offset points",
            ha="center",
            fontsize=9,
        )
    axes.set_xlabel("median latency, ms (log)")
    axes.xaxis.set_major_formatter(lambda value, _: f"{value:g}")
    is_measured = all(row.top1 is not None for row in rows)
    borrowed = any(row.top1 is None and row.cell.precision != _FLOAT for row in rows)
    whose = "\n(of the float32 network where a mark is hollow)" if borrowed else ""
    axes.set_ylabel(f"top-1 %, {'measured' if is_measured else 'published'} on {images}{whose}")
    axes.grid(alpha=0.25, which="both")
    handles, labels = axes.get_legend_handles_labels()
    once = dict(zip(labels, handles, strict=True))
    axes.legend(once.values(), once.keys(), loc="lower right", fontsize=9)


def _label(row: Row) -> str:
    cell = row.cell
    threads = f", {cell.threads} threads" if cell.threads > 1 else ""
    return f"{_NAMES.get(cell.runtime, cell.runtime)} {cell.precision or ''}{threads}"
