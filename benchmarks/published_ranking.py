"""Do counted instructions order networks as the times published for Raspberry Pi boards do?

    python -m benchmarks.published_ranking                       # cortex-a72, LiteRT
    python -m benchmarks.published_ranking --processor cortex-a53

Counts one inference of each network's float32 .tflite on an emulated processor, and prints
Spearman's rank correlation with every published column of such a board that has four of the
networks or more (`published/`). Counts are of one thread, so a column of several threads is judged
only where it is of the same runtime: how well another one shares a network out over cores is not in
them. Needs `edgekit doctor --setup-qemu`; takes some minutes. Exit status 1 if a correlation that
is judged is below 0.9.
"""

from __future__ import annotations

import argparse
import sys

import numpy as np

from benchmarks.calibrate import NETWORKS, Figure, figures
from edgekit import devices
from edgekit.devices import CountRequest, CountSettings, ModelFile
from edgekit.export.cache import exported

LEAST = 0.9
_FEWEST = 4  # networks that make an order
# Boards with the emulated processor's core, or with its like.
_BOARDS = {
    "cortex-a53": ("pi3", "pi3-plus", "pi-zero-2w"),
    "cortex-a72": ("pi4",),
    "cortex-a76": ("pi5",),
}
_COUNTED = (
    "mobilenet-v1", "mobilenet-v2", "mobilenet-v3-large", "mobilenet-v3-small", "shufflenet-v1",
    "shufflenet-v2",
)  # fmt: skip


def columns(boards: tuple[str, ...]) -> dict[str, list[Figure]]:
    """Return the published columns of boards, by a name for each."""
    found: dict[str, list[Figure]] = {}
    for figure in figures():
        if figure.device in boards and figure.network in _COUNTED:
            name = f"{figure.device} {figure.runtime} {figure.precision} x{figure.threads}"
            found.setdefault(name, []).append(figure)
    return {name: column for name, column in found.items() if len(column) >= _FEWEST}


def instructions(processor: str) -> dict[str, int]:
    """Count every network."""
    target = devices.resolve_target(f"qemu:{processor}")
    if not isinstance(target, devices.CountingTarget):
        raise TypeError(f"{processor} does not count")
    entries = [exported(NETWORKS[name], ["tflite"])[0] for name in _COUNTED]
    files = tuple(ModelFile(entry.path) for entry in entries)
    reports = devices.count(
        CountRequest(files, target, CountSettings(children=1, num_runs=1, warmup_runs=1)),
        lambda step: print(step.activity, file=sys.stderr),
    )
    return {name: report.instructions for name, report in zip(_COUNTED, reports, strict=True)}


def spearman(one: list[float], other: list[float]) -> float:
    """Return the correlation of two orders; no two values of one are equal here."""
    ranks = [np.argsort(np.argsort(values)) for values in (one, other)]
    return float(np.corrcoef(*ranks)[0, 1])


def main() -> int:
    """Do what the command line says."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--processor", choices=_BOARDS, default="cortex-a72")
    options = parser.parse_args()
    counted = instructions(options.processor)
    for name in sorted(counted, key=counted.__getitem__):
        print(f"{name:20} {counted[name] / 1e6:9.1f} M instructions on {options.processor}")
    worst = 1.0
    for name, column in columns(_BOARDS[options.processor]).items():
        found = spearman(
            [counted[figure.network] for figure in column], [figure.ms for figure in column]
        )
        order = " < ".join(figure.network for figure in sorted(column, key=lambda each: each.ms))
        judged = column[0].threads == 1 or column[0].runtime == "xnnpack"
        verdict = f"{found:.2f}" if judged else f"({found:.2f}, not judged)"
        print(f"{name:32} {len(column)} networks  Spearman {verdict}  published: {order}")
        if judged:
            worst = min(worst, found)
    return int(round(worst, 6) < LEAST)


if __name__ == "__main__":
    sys.exit(main())
