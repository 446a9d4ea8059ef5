"""The records of the race, as lines and as a page."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from benchmarks.environments import EDGEKIT
from benchmarks.foreign.racing.converting import CONTENDERS, NO_MODULE
from benchmarks.foreign.racing.race import CONTROL

Record = Mapping[str, Any]

_ABSOLUTE = re.compile(r"(?<![.\w])/\S+/")  # folders of this machine
_PEERS = [name for name in CONTENDERS if name != EDGEKIT]
_ABOUT = """# Networks of others, beside other converters

Written by `python -m benchmarks.foreign.racing --write benchmarks/foreign/race.md`; do not edit.
Networks of timm and torchvision, and others shaped as such are
(`benchmarks/foreign/networks/phone_sizes.py`), with seeded untrained weights, enlivened so that no
branch is trivial; and files of others. edgekit and onnx2tf read the same .onnx of torch's exporter,
litert-torch the torch module. RepVGG and MobileOne are as they are trained, their branches not
merged: edgekit merges them.

- *error*: largest of any output, as a share of its range, beside ONNX Runtime without its
  optimizations on the .onnx, on noise.
- *operators / transposes / pieces*: operators of the file, those that are `TRANSPOSE`, and parts
  that XNNPACK runs.
- *edgekit / peer*: processor time of edgekit's file divided by that of the peer's, one thread, all
  files in turns in the same processes, the median over rounds with its 95 % interval. Below 1,
  edgekit's is faster. *control* is edgekit's file beside itself: differences within its distance
  from 1 are none.
- *int8*: signal to noise ratio of the worst output of `edgekit quantize --recipe fast` on noise, in
  dB; empty where it was not tried.
"""


def line(record: Record) -> str:
    """Return one network's figures as plain text."""
    return "  ".join(cell or "-" for cell in _standing(record) + _made(record))


def text(records: Sequence[Record]) -> str:
    """Return the page."""
    parts = [_ABOUT, _conditions(records), "## In short\n", *_short(records)]
    parts.append("\n## Time\n")
    heads = ["network", "edgekit, ms", *(f"edgekit / {name}" for name in _PEERS), "control", "int8"]
    parts += _table(heads, map(_standing, records))
    parts.append("\n## Files\n")
    parts.append("Each: error; operators / transposes / pieces; MB.\n")
    parts += _table(["network", *CONTENDERS], ([r["network"], *_made(r)] for r in records))
    parts.append("\n## No file, or a wrong one\n")
    parts += [
        f"- {record['network']}, {name}: {_ABSOLUTE.sub('', facts['failure'])}"
        for record in records
        for name, facts in record["files"].items()
        if "failure" in facts
    ]
    parts += [
        f"- {record['network']}, int8: {record['int8']['reason']}"
        for record in records
        if "reason" in record.get("int8", {})
    ]
    return "\n".join(parts) + "\n"


def _conditions(records: Sequence[Record]) -> str:
    machine, versions = records[-1]["machine"], records[-1]["versions"]
    loads = [record["conditions"]["load_average"] or 0.0 for record in records]
    shares = [record["undisturbed_share"] for record in records if "undisturbed_share" in record]
    vectors = ", ".join(machine["int8_instructions"] or ["unknown int8 vectors"])
    peers = (
        f"{name} {versions[name].get(name, '?')} (Python {versions[name]['python']})"
        for name in _PEERS
    )
    return (
        f"{', '.join(versions['runtimes'].values())}; {', '.join(peers)}; {machine['cpu']} "
        f"({vectors}), {machine['cores']} cores{', virtual' if machine['virtual'] else ''}. Other "
        f"programs ran meanwhile: load averages of {min(loads):.1f} to {max(loads):.1f}. They "
        f"interrupted none of {100 * min(shares, default=0):.0f} to "
        f"{100 * max(shares, default=0):.0f} % of a network's runs, and those count.\n"
    )


def _short(records: Sequence[Record]) -> Iterable[str]:
    for name in CONTENDERS:
        tried = [r["files"][name] for r in records]
        tried = [facts for facts in tried if facts.get("failure") != NO_MODULE]
        right = sum("failure" not in facts for facts in tried)
        yield f"- {name}: {right} of {len(tried)} files right"
    for name in _PEERS:
        ratios = [r["ratios"][name] for r in records if name in r["ratios"]]
        slower = sum(ratio["low"] > 1 for ratio in ratios)
        faster = sum(ratio["high"] < 1 for ratio in ratios)
        yield (
            f"- beside {name}: faster on {faster}, slower on {slower}, neither for sure on "
            f"{len(ratios) - faster - slower} of {len(ratios)}; more transposes on "
            f"{sum(_more_transposes(r, name) for r in records)}"
        )


def _more_transposes(record: Record, peer: str) -> bool:
    ours, theirs = (record["files"][name] for name in (EDGEKIT, peer))
    if "failure" in ours or "failure" in theirs:
        return False
    return bool(_transposes(ours) > _transposes(theirs))


def _transposes(facts: Mapping[str, Any]) -> int:
    return int(facts["operators"].get("TRANSPOSE", 0))


def _standing(record: Record) -> list[str]:
    ratios = [_ratio(record["ratios"].get(name)) for name in (*_PEERS, CONTROL)]
    time = f"{record['edgekit_ms']:.3f}" if "edgekit_ms" in record else ""
    return [record["network"], time, *ratios, _int8(record.get("int8"))]


def _int8(facts: Mapping[str, Any] | None) -> str:
    if not facts:
        return ""
    if "reason" in facts:
        return "none"
    return "equal" if facts["sqnr_db"] is None else f"{facts['sqnr_db']:.0f}"


def _ratio(estimate: Mapping[str, float] | None) -> str:
    if estimate is None:
        return ""
    return f"{estimate['value']:.3f} [{estimate['low']:.3f}, {estimate['high']:.3f}]"


def _made(record: Record) -> list[str]:
    return [_facts(record["files"][name]) for name in CONTENDERS]


def _facts(facts: Mapping[str, Any]) -> str:
    if "operators" not in facts:
        return "no file"
    return (
        f"{facts['error']:.0e}; {sum(facts['operators'].values())} / {_transposes(facts)} / "
        f"{facts['partitions']}; {facts['file_bytes'] / 1e6:.2f}"
    )


def _table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> Iterable[str]:
    yield "| " + " | ".join(head) + " |"
    yield "|" + "---|" * len(head)
    for row in rows:
        yield "| " + " | ".join(row) + " |"
