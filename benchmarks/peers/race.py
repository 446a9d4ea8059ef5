"""One network through one runtime in one precision: convert, check, and let the files race."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from benchmarks.environments import EDGEKIT, last_line
from benchmarks.peers import checking, limit, turns
from benchmarks.peers.checking import Checked, DisagreementError
from benchmarks.peers.contenders import CONTENDERS, FLOAT32, Contender
from benchmarks.peers.converting import ConversionFailedError, Conversions, Made
from benchmarks.peers.limit import LayerClass, LimitUnavailableError
from benchmarks.peers.networks import Prepared
from benchmarks.peers.turns import Estimate, Turns
from edgekit.errors import EdgekitError


@dataclass(frozen=True)
class Row:
    """One contender's file, or why there is none.

    Attributes:
        contender: whose.
        failure: one line; None if all is well, and then nothing below is None.
        path: the file.
        checked: how it answers.
        steps: what each conversion step took, by name, from the torch module on.
        time_ms: median time of a run.
        ratio: edgekit's time divided by this file's; of edgekit's own, its time when it is
            loaded again divided by this one, which is the control.
    """

    contender: Contender
    failure: str | None = None
    path: Path | None = None
    checked: Checked | None = None
    steps: dict[str, Made] | None = None
    time_ms: float | None = None
    ratio: Estimate | None = None

    @property
    def seconds(self) -> float:
        """Wall time from the torch module to the file."""
        return sum(float(np.median(made.seconds)) for made in (self.steps or {}).values())

    @property
    def peak_rss_bytes(self) -> int:
        """Most memory that any step held."""
        return max(made.peak_rss_bytes for made in (self.steps or {}).values())


@dataclass(frozen=True)
class Group:
    """The rows of one network, runtime and precision.

    Attributes:
        network: name of the network.
        runtime: as in the contenders' table.
        precision: likewise.
        rows: edgekit's first.
        limit_share: multiply-accumulates per second of edgekit's file, as a share of those of
            the large convolution; None if either was not measured.
        limit_gmacs: the latter, 10^9 per second.
        layers: edgekit's file by classes of layers; empty where it cannot be profiled.
        speed_up: time of edgekit's float32 file divided by that of this int8 file; None in float32.
        undisturbed: share of runs that no other program interrupted.
    """

    network: str
    runtime: str
    precision: str
    rows: tuple[Row, ...]
    limit_share: Estimate | None = None
    limit_gmacs: float | None = None
    layers: tuple[LayerClass, ...] = ()
    speed_up: Estimate | None = None
    undisturbed: float | None = None

    @property
    def best_peer(self) -> Row | None:
        """The fastest file that is not edgekit's."""
        peers = [r for r in self.rows if r.contender.name != EDGEKIT and r.time_ms is not None]
        return max(peers, key=lambda row: row.ratio.value if row.ratio else 0.0, default=None)


def run(
    prepared: Prepared,
    conversions: Conversions,
    chosen: Sequence[Contender],
    work: Path,
    processes: int,
) -> Group:
    """Compare the chosen contenders, all of the same runtime and precision, edgekit among them."""
    runtime, precision = chosen[0].runtime, chosen[0].precision
    rows = [_converted(each, prepared, conversions) for each in chosen]
    files = {row.contender.name: row.path for row in rows if row.path is not None}
    if EDGEKIT not in files:
        return Group(prepared.name, runtime, precision, tuple(rows))
    order = dict(files)
    order["control"] = files[EDGEKIT]
    try:
        order["limit"] = limit.peak_file(work, runtime, precision)
    except LimitUnavailableError as error:
        rows.append(Row(Contender("limit", runtime, precision, ""), failure=str(error)))
    if precision != FLOAT32:
        ours = _ours(runtime)
        row = _converted(ours, prepared, conversions)
        if row.path is not None:
            order["float32"] = row.path
    try:
        timed = turns.measure(list(order.values()), processes)
    except EdgekitError as error:
        failure = f"not timed: {last_line(str(error))}"
        failed = (Row(r.contender, r.failure or failure) for r in rows)
        return Group(prepared.name, runtime, precision, tuple(failed))
    return _group(prepared, runtime, precision, rows, timed, order)


def _ours(runtime: str) -> Contender:
    return next(
        each
        for each in CONTENDERS
        if (each.name, each.runtime, each.precision) == (EDGEKIT, runtime, FLOAT32)
    )


def _converted(contender: Contender, prepared: Prepared, conversions: Conversions) -> Row:
    try:
        steps = conversions.chain(contender.step)
        path = steps[contender.step].path
        checked = checking.check(path, prepared, contender.precision)
    except (ConversionFailedError, DisagreementError) as error:
        return Row(contender, failure=str(error))
    return Row(contender, None, path, checked, steps)


def _layers(path: Path, peak: Path) -> tuple[LayerClass, ...]:
    try:
        return limit.layer_classes(path, peak)
    except LimitUnavailableError as error:
        print(f"{path.name}: no profile: {error}", file=sys.stderr)
        return ()


def _group(
    prepared: Prepared,
    runtime: str,
    precision: str,
    rows: Sequence[Row],
    timed: Turns,
    order: dict[str, Path],
) -> Group:
    places = {name: number for number, name in enumerate(order)}
    ours = places[EDGEKIT]
    measured = []
    for row in rows:
        name = row.contender.name
        if row.path is None:
            measured.append(row)
            continue
        pair = (places["control"], ours) if name == EDGEKIT else (ours, places[name])
        time_ms, ratio = timed.median_ms(places[name]), timed.ratio(*pair)
        measured.append(Row(row.contender, None, row.path, row.checked, row.steps, time_ms, ratio))
    share, gmacs, speed_up = None, None, None
    layers: tuple[LayerClass, ...] = ()
    if "limit" in places:
        times = timed.ratio(places["limit"], ours)
        part = prepared.macs / limit.MACS
        share = Estimate(times.value * part, times.low * part, times.high * part)
        gmacs = limit.MACS / timed.median_ms(places["limit"]) / 1e6
        layers = _layers(order[EDGEKIT], order["limit"])
    if "float32" in places:
        speed_up = timed.ratio(places["float32"], ours)
    return Group(
        prepared.name, runtime, precision, tuple(measured), share, gmacs, layers,
        speed_up, timed.undisturbed,
    )  # fmt: skip
