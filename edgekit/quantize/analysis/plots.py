"""Pictures of what quantization meets: sensitive layers, weight ranges, activation ranges."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from edgekit.errors import MissingPackageError, StorageError
from edgekit.quantize import ranges
from edgekit.quantize.analysis.sensitivity import Sensitivity
from edgekit.quantize.candidate import Draft
from edgekit.quantize.ranges import Summary
from edgekit.quantize.running import observe

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_DPI = 110
_ROW_INCHES = 0.2
_MOST_ROWS = 150  # a picture remains one that can be opened
_LOW_PERCENT, _HIGH_PERCENT = 0.1, 99.9


def require() -> None:
    """Check that pictures can be drawn, before anything takes time.

    Raises:
        MissingPackageError: matplotlib is not installed.
    """
    try:
        import matplotlib.figure  # noqa: F401
    except ModuleNotFoundError as error:
        raise MissingPackageError("matplotlib", "--plots") from error


def write(
    folder: Path,
    draft: Draft,
    rows: Sequence[Sensitivity],
    samples: Sequence[Mapping[str, np.ndarray]],
    worst: int,
) -> list[Path]:
    """Write ``sensitivity.png``, ``weights.png`` and ``activations.png``; replace older ones.

    Args:
        folder: for the files; it is made if it is not there.
        draft: the encodings.
        rows: sensitivities, the worst first, at least one.
        samples: sets of inputs, whose activations are shown.
        worst: number of layers whose weights are shown.

    Raises:
        MissingPackageError: matplotlib is not installed.
        StorageError: the files cannot be written.
    """
    require()
    figures = {
        "sensitivity.png": _sensitivities(rows[:_MOST_ROWS]),
        "weights.png": _weights(draft, [row.layer for row in rows[:worst]]),
        "activations.png": _activations(draft, samples),
    }
    paths = []
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for name, figure in figures.items():
            figure.savefig(folder / name, format="png", dpi=_DPI)
            paths.append(folder / name)
    except OSError as error:
        raise StorageError(f"cannot write plots to {folder}: {error.strerror}") from error
    return paths


def _sensitivities(rows: Sequence[Sensitivity]) -> Figure:
    figure, axes = _chart(len(rows), "Output SQNR by layer, most sensitive first")
    places = np.arange(len(rows))
    axes.barh(
        places,
        [row.alone_db for row in rows],
        color="tab:blue",
        label="this layer alone on integers",
    )
    axes.plot(
        [row.without_db for row in rows],
        places,
        ".",
        color="tab:orange",
        label="all but this layer on integers",
    )
    _name_rows(axes, [row.layer for row in rows])
    axes.set_xlabel("SQNR of the network's outputs, dB")
    return figure


def _weights(draft: Draft, names: Sequence[str]) -> Figure:
    from matplotlib.figure import Figure

    figure = Figure(figsize=(10, 2.4 * len(names) + 0.4), layout="constrained")
    panels = figure.subplots(len(names), squeeze=False)[:, 0]
    for axes, name in zip(panels, names, strict=True):
        layer = draft.encodings.layers[name]
        channels = np.moveaxis(layer.real_weight, layer.axis, 0).reshape(layer.bias.size, -1)
        low, high = channels.min(1), channels.max(1)
        places = np.arange(low.size)
        axes.bar(places, high - low, 0.8, low, color="tab:blue", label="weights, least to largest")
        reach = np.broadcast_to(127 * layer.scales, low.shape)
        style = {"color": "tab:orange", "where": "mid", "linewidth": 1.0}
        axes.step(places, reach, **style, label="range of int8")
        axes.step(places, -reach, **style)
        axes.set_title(_plain(name), fontsize=9, loc="left")
        axes.set_ylabel("weight")
        axes.use_sticky_edges = False
        axes.margins(x=0.01, y=0.1)
    panels[0].legend(fontsize=8, ncols=2, loc="upper right")
    panels[-1].set_xlabel("output channel")
    return figure


def _activations(draft: Draft, samples: Sequence[Mapping[str, np.ndarray]]) -> Figure:
    method = ranges.get("percentile")  # for its histograms
    floating = draft.floating()
    found = observe.summaries(floating, lambda: samples, method)
    names = [name for name in found if name in draft.encodings.activations][:_MOST_ROWS]
    figure, axes = _chart(len(names), "Ranges of activations, in graph order")
    places = np.arange(len(names))
    chosen = [draft.encodings.activations[name] for name in names]
    spans = [(found[name].extremes.low, found[name].extremes.high) for name in names]
    inner = [_percentiles(found[name]) for name in names]
    for span, height, color, label in (
        ([(a.low, a.high) for a in chosen], 0.8, "0.85", "chosen range"),
        (spans, 0.4, "tab:blue", "least to largest"),
        (inner, 0.2, "tab:orange", f"{_LOW_PERCENT} to {_HIGH_PERCENT} percent"),
    ):
        low, high = np.array(span).T
        axes.barh(places, high - low, height, low, color=color, label=label)
    axes.set_xscale("symlog", linthresh=1.0)
    axes.axvline(0, color="black", linewidth=0.6)
    _name_rows(axes, names)
    axes.set_xlabel("value; linear between -1 and 1, logarithmic beyond")
    return figure


def _percentiles(summary: Summary) -> tuple[float, float]:
    """Return the middle of the bins with the two percentiles; exact zeros count as values."""
    values = summary.values
    counts = np.insert(values.counts, values.negative_bins, values.zeros)
    middles = np.insert((values.edges[1:] + values.edges[:-1]) / 2, values.negative_bins, 0.0)
    up_to = np.cumsum(counts)
    wanted = np.array([_LOW_PERCENT, _HIGH_PERCENT]) / 100 * up_to[-1]
    low, high = middles[np.searchsorted(up_to, wanted)]
    return float(low), float(high)


def _chart(rows: int, title: str) -> tuple[Figure, Axes]:
    from matplotlib.figure import Figure

    figure = Figure(figsize=(10, _ROW_INCHES * rows + 1.6), layout="constrained")
    axes = figure.subplots()
    axes.set_title(title, fontsize=10, loc="left")
    return figure, axes


def _name_rows(axes: Axes, names: Sequence[str]) -> None:
    axes.set_yticks(range(len(names)), [_plain(name) for name in names], fontsize=7)
    axes.set_ylim(len(names) - 0.4, -0.6)  # the first on top
    axes.grid(axis="x", linewidth=0.3)
    axes.legend(fontsize=8, ncols=3, loc="lower right", bbox_to_anchor=(1, 1))


def _plain(name: str) -> str:
    """Return a name that is not read as a formula, and short enough to leave room."""
    return (name if len(name) <= 40 else f"...{name[-37:]}").replace("$", r"\$")
