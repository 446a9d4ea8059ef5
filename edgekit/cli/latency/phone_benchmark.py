"""The table of `edgekit latency` for phones: what ``benchmark_model`` says, with its spread."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import TYPE_CHECKING

from edgekit.cli.latency.words import row_names
from edgekit.cli.shared import output
from edgekit.cli.shared.tables.columns import figure, name, prose, word
from edgekit.cli.shared.tables.notes import notes
from edgekit.errors import UsageError

if TYPE_CHECKING:
    from edgekit.devices import BenchmarkReport
    from edgekit.devices.targets.phone_facts import Cluster, Phone, PhoneState


def only(runtimes: Sequence[str]) -> list[str]:
    """Return those of the runtimes that ``benchmark_model`` has, for named models.

    Raises:
        UsageError: it has none of them.
    """
    if "tflite" not in runtimes:
        raise UsageError("benchmark_model on a phone runs .tflite files only: --backend tflite")
    return ["tflite"]


_COLUMNS = (
    name("model"), word("precision"), figure("threads", 1), figure("MACs", 4),
    figure("mean ms +- std"), figure("processes' means", 3), figure("min", 6), figure("max", 6),
    figure("n", 7), figure("first run", 5), figure("load", 5), figure("memory", 2),
    prose("delegate", 4), name("file", 9),
)  # fmt: skip


def show(reports: Sequence[BenchmarkReport], *, as_json: bool) -> None:
    """Print what was found of each file under each of the settings."""
    if as_json:
        documents = [json.loads(report.to_json()) for report in reports]
        output.print_json("edgekit.benchmark-model-reports", 1, {"reports": documents})
    else:
        _print(reports)


def _print(reports: Sequence[BenchmarkReport]) -> None:
    names = row_names(reports)
    output.print_table(
        _COLUMNS,
        [
            [
                called,
                report.precision or "",
                str(report.settings.threads),
                "" if report.macs is None else output.millions(report.macs),
                f"{report.mean_ms:.3f} +- {report.std_ms:.3f}",
                f"{min(report.process_means_ms):.3f} to {max(report.process_means_ms):.3f}",
                f"{report.min_ms:.3f}",
                f"{report.max_ms:.3f}",
                str(report.count),
                f"{report.first_run_ms:.3f}",
                f"{report.load_ms:.3f}",
                "-" if report.memory_mb is None else f"{report.memory_mb:.1f} MB",
                report.runs[-1].outcome.delegate or "-",
                report.file,
            ]
            for called, report in zip(names, reports, strict=True)
        ],
    )
    output.say(f"\n{_conditions(reports)}")
    first, last = reports[0].runs[0], reports[-1].runs[-1]
    output.say(f"before: {_state(first.before)}; after: {_state(last.after)}")
    for line in notes(zip(names, (report.issues for report in reports), strict=True)):
        output.say(line)


def _conditions(reports: Sequence[BenchmarkReport]) -> str:
    """Say in one line on what, with what and how the numbers were taken."""
    first = reports[0]
    settings, tool = first.settings, first.tool
    version = "" if tool.sha256 is None else f" (sha256 {tool.sha256[:12]})"
    cpus = "" if settings.cpus is None else f" on processors {settings.cpus}"
    return (
        f"{phone_words(first.phone)}, target {first.target}; benchmark_model{version}, which keeps "
        f"no samples; n runs in {settings.children} processes each{cpus}, after >= "
        f"{settings.warmup_secs:g} s of warm-up in each; mean and standard deviation over all n"
    )


def phone_words(phone: Phone) -> str:
    """Say in few words what a phone is."""
    known = [
        phone.model,
        phone.soc,
        phone.abi,
        phone.android and f"Android {phone.android}",
        " + ".join(map(_cluster, phone.clusters)),
    ]
    return ", ".join(word for word in known if word) or "an unknown phone"


def _cluster(cluster: Cluster) -> str:
    clock = cluster.max_frequency_khz
    return f"{len(cluster.cpus)} cores" + ("" if clock is None else f" at {clock / 1e6:.2f} GHz")


def _state(state: PhoneState) -> str:
    battery = [
        None if state.battery_percent is None else f"{state.battery_percent} %",
        None if state.battery_c is None else f"{state.battery_c:.1f} C",
        state.battery_status,
    ]
    parts = {
        "battery": " ".join(word for word in battery if word),
        "thermal status": "" if state.thermal_status is None else str(state.thermal_status),
        "governor": ", ".join(state.governors or ()),
        "clock": "" if state.frequency_khz is None else f"{state.frequency_khz / 1e6:.2f} GHz",
    }
    return ", ".join(f"{name} {text or 'unknown'}" for name, text in parts.items())
