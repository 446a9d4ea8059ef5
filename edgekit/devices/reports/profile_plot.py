"""A roofline picture of a profile: rate of each operator over its arithmetic intensity."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from edgekit.devices.reports.profile import Cost, ProfileReport
from edgekit.errors import StorageError
from edgekit.modelfile.layer_class import CLASSES, layer_class
from edgekit.quantize.analysis.plots import require

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["require", "write"]

_DPI = 110
_LARGEST_MARK = 300.0  # square points, for all of a network's time


def write(folder: Path, reports: Sequence[ProfileReport]) -> list[Path]:
    """Draw ``<file>-<runtime>-<threads>.png`` for each report; replace older ones.

    A mark is an operator with MACs, its area its share of the time. The roof is the highest rate
    and the highest bandwidth that any operator of the file reached, not the machine's.

    Args:
        folder: for the files; it is made if it is not there.
        reports: what to draw.

    Raises:
        MissingPackageError: matplotlib is not installed.
        StorageError: the files cannot be written.
    """
    require()
    paths = []
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for report in reports:
            name = f"{Path(report.file).stem}-{report.info.runtime}-{report.settings.threads}.png"
            _draw(report, folder / name)
            paths.append(folder / name)
    except OSError as error:
        raise StorageError(f"cannot write plots to {folder}: {error.strerror}") from error
    return paths


def _draw(report: ProfileReport, path: Path) -> None:
    from matplotlib.figure import Figure

    figure = Figure(figsize=(8, 5.5), layout="constrained")
    axes = figure.subplots()
    marks: dict[str, list[tuple[float, float, float]]] = {name: [] for name in CLASSES}
    for operator, cost in zip(report.operators, report.costs, strict=True):
        if cost.macs_per_byte and cost.gmacs_per_s:
            share = cost.time_ms / report.whole.time_ms
            mark = (cost.macs_per_byte, cost.gmacs_per_s, _LARGEST_MARK * share)
            marks[layer_class(operator)].append(mark)
    intensities = [mark[0] for found in marks.values() for mark in found]
    if intensities:
        _draw_roof(axes, report.costs, min(intensities) / 2, max(intensities) * 2)
    for name, found in marks.items():
        if found:
            x, y, area = zip(*found, strict=True)
            axes.scatter(x, y, [each + 6 for each in area], alpha=0.6, label=name)
    axes.set_xscale("log")
    axes.set_yscale("log")
    axes.set_xlabel("arithmetic intensity, MACs/byte")
    axes.set_ylabel("GMAC/s")
    axes.set_title(
        f"{Path(report.file).name} on {report.info.runtime}: operators, area by share of time",
        fontsize=10,
        loc="left",
    )
    axes.grid(which="major", linewidth=0.3)
    if intensities:
        axes.legend(fontsize=8)
    figure.savefig(path, format="png", dpi=_DPI)


def _draw_roof(axes: Axes, costs: Sequence[Cost], low: float, high: float) -> None:
    working = [cost for cost in costs if cost.gmacs_per_s]
    rate = max(cost.gmacs_per_s or 0 for cost in working)
    bandwidth = max(cost.gbytes_per_s or 0 for cost in working)
    x = np.geomspace(low, high, 200)
    label = f"highest seen here: {rate:.3g} GMAC/s, {bandwidth:.3g} GB/s"
    axes.plot(x, np.minimum(rate, bandwidth * x), color="0.4", linewidth=1, label=label)
