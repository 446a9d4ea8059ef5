"""Fit the constants of `edgekit predict` to published latencies, and say how far off they are.

    python -m benchmarks.calibrate             # fits, prints the errors, writes the constants
    python -m benchmarks.calibrate --check     # exit status 1 if edgekit ships something else
    python -m benchmarks.calibrate --networks  # measures the networks of published/ anew

`published/` holds the latencies, and what the networks' operators do. The error of a device is
that of constants that were fitted to all other devices: nothing but its profile is known of it. The
error of a network is that of constants that were fitted to all other networks.
Needs scipy.
"""

from __future__ import annotations

import argparse
import json
import sys
import tomllib
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from functools import cache
from pathlib import Path

import numpy as np

from edgekit.devices.prediction import device_profile, estimate, likeness, roofline
from edgekit.devices.prediction.roofline import Accuracy, Constants, Work, Workload
from edgekit.export.cache import exported

PUBLISHED = Path(__file__).parent / "published"
NETWORKS = {
    "mobilenet-v1": "mobilenet-v1-1.0-224",
    "mobilenet-v2": "mobilenet-v2-1.0-224",
    "mobilenet-v3-large": "mobilenet-v3-large-1.0",
    "mobilenet-v3-small": "mobilenet-v3-small-1.0",
    "shufflenet-v1": "shufflenet-v1-1.0x-g3",
    "shufflenet-v2": "shufflenet-v2-1.0x",
    "mnasnet": "mnasnet-1.0",
    "efficientnet-b0": "efficientnet-b0",
}
_OUT = Path(roofline.__file__).parent / "profiles" / "calibration.json"
_BYTES = {"float32": 4, "float16": 2, "int8": 1}  # of an element
_CLASSES = (
    "1x1 convolution", "1x1 grouped", "depthwise", "spatial convolution", "fully connected",
)  # fmt: skip
# name, first guess, least, most; efficiencies come first, in the order of _CLASSES
_PARAMETERS = (
    *((f"efficiency {name}", 0.6, 0.02, 1.0) for name in _CLASSES),
    ("in_order", 0.8, 0.3, 1.0),
    ("wide", 0.9, 0.5, 1.0),
    ("int8", 0.5, 0.1, 1.0),
    ("memory", 0.3, 0.05, 1.0),
    ("more_memory", 0.3, 0.0, 1.0),
    ("more_cores", 0.8, 0.2, 1.0),
    ("overhead_cycles", 5e3, 1e2, 1e6),
    ("xnnpack", 1.2, 0.5, 3.0),
)


@dataclass(frozen=True)
class Figure:
    """One published latency."""

    device: str
    network: str
    precision: str
    threads: int
    runtime: str
    ms: float


def figures() -> list[Figure]:
    """Return every published latency."""
    found = []
    for path in sorted(PUBLISHED.glob("*.toml")):
        document = tomllib.loads(path.read_text())
        for table in document["table"]:
            found += [
                Figure(
                    table["device"], network, table["precision"], table["threads"],
                    document["runtime"], float(ms),
                )
                for network, ms in table["ms"].items()
            ]  # fmt: skip
    return found


@cache
def networks() -> dict[str, list[Work]]:
    """Return what the operators of every network do, in float32."""
    document = json.loads((PUBLISHED / "networks.json").read_text())
    return {name: [Work(row[0], "float32", *row[1:]) for row in rows] for name, rows in
            document.items()}  # fmt: skip


def measured_networks() -> dict[str, list[tuple[str, int, int]]]:
    """Export every network, and return class, MACs and bytes of its operators."""
    found = {}
    for short, name in NETWORKS.items():
        (entry,) = exported(name, ["tflite"])
        found[short] = [(w.layer_class, w.macs, w.size_bytes) for w in estimate.work_of(entry.path)]
    return found


def constants(values: Sequence[float]) -> Constants:
    """Return fitted numbers as constants."""
    by_name = dict(zip((name for name, *_ in _PARAMETERS), values, strict=True))
    return Constants(
        efficiency={name: float(by_name[f"efficiency {name}"]) for name in _CLASSES},
        runtimes={"ncnn": 1.0, "xnnpack": float(by_name["xnnpack"])},
        **{name: float(by_name[name]) for name in (
            "in_order", "wide", "int8", "memory", "more_memory", "more_cores", "overhead_cycles",
        )},
    )  # fmt: skip


@cache
def workload(network: str, precision: str) -> Workload:
    """Return what a network's operators do in a precision."""
    scale = _BYTES[precision] / 4
    return Workload([
        Work(each.layer_class, precision, each.macs, int(each.size_bytes * scale))
        for each in networks()[network]
    ])  # fmt: skip


def estimate_ms(figure: Figure, known: Constants) -> float:
    """Return what the model says of one published latency."""
    work, device = workload(figure.network, figure.precision), device_profile.get(figure.device)
    times_ms, _ = roofline.costs(work, device, figure.threads, known, figure.runtime)
    return float(times_ms.sum())


def fit(known: Sequence[Figure]) -> Constants:
    """Return the constants of the least squared errors of logarithms, robustly."""
    from scipy.optimize import least_squares  # only a new fit needs scipy

    _, first, least, most = zip(*_PARAMETERS, strict=True)
    wanted = np.log([figure.ms for figure in known])

    def residuals(values: np.ndarray) -> np.ndarray:
        model = constants(values)
        return np.log([estimate_ms(figure, model) for figure in known]) - wanted

    found = least_squares(
        residuals, first, bounds=(least, most), x_scale=first, loss="soft_l1", f_scale=0.2
    )
    return constants(found.x)


def held_out(known: Sequence[Figure], of: Callable[[Figure], str]) -> dict[Figure, float]:
    """Return the ratio of published to estimated time, each figure left out of its fit.

    Args:
        known: the figures.
        of: what is left out together: a device, or a network.
    """
    ratios = {}
    for left_out in dict.fromkeys(map(of, known)):
        model = fit([figure for figure in known if of(figure) != left_out])
        for figure in known:
            if of(figure) == left_out:
                ratios[figure] = figure.ms / estimate_ms(figure, model)
    return ratios


def strangers(known: dict[str, list[Work]]) -> set[str]:
    """Return the networks that would get no estimate if they were not in the fit."""
    outlines = {name: likeness.outline(work) for name, work in known.items()}
    return {
        name
        for name, work in known.items()
        if likeness.likeness(work, {o: each for o, each in outlines.items() if o != name}).unlike
    }


def accuracy(ratios: dict[Figure, float]) -> Accuracy:
    """Sum up held-out ratios; the error is relative to the published time."""
    values = np.array(list(ratios.values()))
    low, high = np.quantile(values, [0.1, 0.9])
    errors = np.abs(1 / values - 1)
    return Accuracy(
        median_error=float(np.median(errors)),
        within_10=float(np.mean(errors <= 0.1)),
        within_20=float(np.mean(errors <= 0.2)),
        low=float(low),
        high=float(high),
        figures=len(values),
        devices=len({figure.device for figure in ratios}),
    )


def document(known: Sequence[Figure]) -> dict[str, object]:
    """Fit, print the errors, and return what edgekit ships, rounded."""
    ratios = held_out(known, lambda figure: figure.device)
    print(f"{'device left out':22} {'precision':9} threads  figures  median |error|  worst")
    groups = dict.fromkeys((f.device, f.precision, f.threads) for f in ratios)
    for device, precision, threads in groups:
        errors = [
            abs(1 / ratio - 1)
            for figure, ratio in ratios.items()
            if (figure.device, figure.precision, figure.threads) == (device, precision, threads)
        ]
        print(
            f"{device:22} {precision:9} {threads:7}  {len(errors):7}  {np.median(errors):14.1%}  "
            f"{max(errors):.0%}"
        )
    by_precision = {}
    for name in ("float32", "int8"):  # LiteRT does not compute in float16
        chosen = {figure: ratio for figure, ratio in ratios.items() if figure.precision == name}
        by_precision[name] = accuracy(chosen)
        print(f"all, {name}: {by_precision[name]}")
    print(f"all: {accuracy(ratios)}")
    by_network = held_out(known, lambda figure: figure.network)
    print("\nnetwork left out      figures  median |error|  within 10 %  within 20 %")
    for name in (*networks(), ""):
        chosen = {figure: r for figure, r in by_network.items() if name in ("", figure.network)}
        of = accuracy(chosen)
        print(
            f"{name or 'all':20} {of.figures:8}  {of.median_error:14.1%}  {of.within_10:11.0%}  "
            f"{of.within_20:11.0%}{'  no estimate' if name in strangers(networks()) else ''}"
        )
    known_alike = {f: r for f, r in by_network.items() if f.network not in strangers(networks())}
    unseen = {}
    for name in by_precision:
        chosen = {figure: r for figure, r in known_alike.items() if figure.precision == name}
        unseen[name] = accuracy(chosen)
        print(f"networks left out that get an estimate, {name}: {unseen[name]}")
    found = {
        "constants": fit(known),
        "accuracy": by_precision,
        "unseen": unseen,
        "networks": {name: likeness.outline(work) for name, work in networks().items()},
    }
    return json.loads(
        json.dumps(found, default=asdict), parse_float=lambda t: float(f"{float(t):.3g}")
    )


def main() -> int:
    """Do what the command line says."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--check", action="store_true")
    parser.add_argument("--networks", action="store_true")
    options = parser.parse_args()
    if options.networks:
        rows = {
            name: "[\n  " + ",\n  ".join(map(json.dumps, entries)) + "\n]"
            for name, entries in measured_networks().items()
        }
        text = ",\n".join(f'"{name}": {entries}' for name, entries in rows.items())
        (PUBLISHED / "networks.json").write_text(f"{{\n{text}\n}}\n")
        return 0
    made = document(figures())
    text = json.dumps(made, indent=1) + "\n"
    if options.check:
        return int(text != _OUT.read_text())
    _OUT.write_text(text)
    print(text)
    return 0


if __name__ == "__main__":
    sys.exit(main())
