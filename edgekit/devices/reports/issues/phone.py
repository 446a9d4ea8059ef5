"""Doubts about a phone: Android slowing it down, its battery, its unlike cores."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence

from edgekit.devices.reports.issues.issue import Issue
from edgekit.devices.targets.phone_facts import Phone, PhoneState

# Android's THERMAL_STATUS_MODERATE: from here on it slows down what runs.
THROTTLING = 2
# Below this, phones save power.
LEAST_BATTERY_PERCENT = 30
# Above this, many phones slow down before Android says so.
HOTTEST_BATTERY_C = 40.0


def thermal_status(states: Sequence[PhoneState]) -> Iterator[Issue]:
    """Yield that Android slowed down what ran."""
    known = [state.thermal_status for state in states if state.thermal_status is not None]
    if known and max(known) >= THROTTLING:
        yield Issue(
            "thermal-status",
            f"Android's thermal status reached {max(known)}: it slowed down what ran",
            "let the phone cool down until it is 0",
        )


def battery(states: Sequence[PhoneState]) -> Iterator[Issue]:
    """Yield that the battery was low or hot."""
    levels = [state.battery_percent for state in states if state.battery_percent is not None]
    if levels and min(levels) < LEAST_BATTERY_PERCENT:
        yield Issue(
            "battery-low", f"the battery was down to {min(levels)} %", "charge the phone first"
        )
    warmth = [state.battery_c for state in states if state.battery_c is not None]
    if warmth and max(warmth) >= HOTTEST_BATTERY_C:
        yield Issue(
            "battery-hot",
            f"the battery reached {max(warmth):.1f} C",
            "let the phone cool down, out of its case and not charging",
        )


def delegates_differ(said: Collection[str | None]) -> Iterator[Issue]:
    """Yield that the processes said different things of who ran the graph."""
    if len(set(said)) > 1:
        yield Issue(
            "delegates-differ",
            "the processes gave unlike parts of the graph to a delegate",
            "measure again",
        )


def any_core(phone: Phone, cpus: str | None) -> Iterator[Issue]:
    """Yield that nobody said which of a phone's unlike cores to run on."""
    if cpus is None and len(phone.clusters) > 1:
        yield Issue(
            "any-core",
            f"the phone has {len(phone.clusters)} kinds of cores, and Android chose among them",
            "take --cpus big or --cpus little",
        )
