"""README.md: a model card with the front matter that model hubs read; measured figures only."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import fields

from edgekit.bundle.about import About
from edgekit.bundle.manifest import Bundle, ModelEntry


def text(bundle: Bundle, about: About) -> str:
    """Return the card."""
    return "\n".join([*_front_matter(bundle), "", *_body(bundle), *_stated(about), ""])


def _stated(about: About) -> list[str]:
    """Return a section of what is stated of the model; none if nothing is."""
    rows = [
        (each.name.replace("_", " ").capitalize(), value)
        for each in fields(about)
        if (value := getattr(about, each.name))
    ]
    if not rows:
        return []
    words = [
        f"- {name}: {value if isinstance(value, str) else '; '.join(value)}" for name, value in rows
    ]
    return ["", "## Stated of it", "", *words]


def _front_matter(bundle: Bundle) -> list[str]:
    license_id = "other" if bundle.license == "NOASSERTION" else bundle.license.lower()
    lines = [
        "---",
        f"license: {license_id}",
        "library_name: edgekit",
        f"pipeline_tag: {bundle.task}",
        "tags:",
        *(f"- {each}" for each in dict.fromkeys(each.format for each in bundle.models)),
    ]
    if bundle.accuracy:
        lines += ["model-index:", f"- name: {json.dumps(bundle.model)}", "  results:"]
    for each in bundle.accuracy:
        lines += [
            f"  - task: {{type: {bundle.task}}}",
            f"    dataset: {{type: folder, name: {json.dumps(each.data)}}}",
            f"    metrics: [{{type: accuracy, value: {each.top1!r}, "
            f"name: {json.dumps('top-1 of ' + each.file)}}}]",
        ]
    return [*lines, "---"]


def _body(bundle: Bundle) -> list[str]:
    stated = "not stated" if bundle.license == "NOASSERTION" else bundle.license
    lines = [
        f"# {bundle.name}",
        "",
        f"{bundle.model}, {bundle.classes} classes, {bundle.params:,} parameters, "
        f"{bundle.macs:,} multiply-accumulates an inference.",
        "",
        f"- Weights: {bundle.weights}",
        f"- Licence of the weights: {stated}",
        f"- Source revision: {bundle.revision or 'not stated'}",
        "",
        "## Files",
        "",
        "| file | precision | bytes | input | opened with | delegate |",
        "|---|---|---|---|---|---|",
        *(_row(each) for each in bundle.models),
        "",
        "Ship: " + "; ".join(f"`{each.file}` ({each.why})" for each in bundle.choice) + ".",
        "",
        "## Input",
        "",
        *(_input(each) for each in bundle.models),
        "",
        "## Accuracy",
        "",
    ]
    if not bundle.accuracy:
        lines.append("Not measured for this bundle (`edgekit bundle --data DIR` measures it).")
    else:
        lines += ["| file | images | top-1 | 95 % interval |", "|---|---|---|---|"]
    for each in bundle.accuracy:
        low, high = each.interval
        lines.append(
            f"| `{each.file}` | {each.data} | {100 * each.top1:.1f} % | "
            f"{100 * low:.1f} to {100 * high:.1f} % |"
        )
    lines += [
        "",
        "## Check it",
        "",
        f"`edgekit check {bundle.name}.edgekit` hashes every file, opens each model and replays "
        f"the golden answers ({bundle.golden_images}).",
    ]
    return lines


def _row(entry: ModelEntry) -> str:
    (image,) = entry.inputs
    count = entry.partitions
    pieces = "" if count is None else f"{count} partition{'' if count == 1 else 's'}"
    outside = ", outside: " + ", ".join(entry.operators_outside) if entry.operators_outside else ""
    return (
        f"| `{entry.path}` | {entry.precision} | {entry.size_bytes:,} | {image.dtype} "
        f"{_sizes(image.shape)} {image.layout} | {entry.checked_with} | {pieces}{outside} |"
    )


def _sizes(shape: Sequence[int]) -> str:
    return "x".join(str(size) for size in shape)


def _input(entry: ModelEntry) -> str:
    p = entry.preprocessing
    return (
        f"- `{entry.path}`: shorter side to {p.resize} ({p.interpolation}), centre square of "
        f"{p.crop}, {p.channel_order}, then `(pixel * {p.scale:.9g} - mean) / std` with mean "
        f"{list(p.mean)} and std {list(p.std)}"
        + (
            "; the rest of the network's preprocessing is in the file"
            * entry.preprocessing_in_graph
        )
    )
