"""``edgekit list``: which networks there are."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Any

import click

from edgekit.cli.shared import output
from edgekit.cli.shared.command.helping import Command
from edgekit.cli.shared.options import print_options
from edgekit.cli.shared.tables.columns import figure, name, prose, word

if TYPE_CHECKING:
    from edgekit.models import ModelSpec


@click.command(
    "list",
    cls=Command,
    short_help="List the registered networks.",
    examples=(
        "list",
        "list 'micronet*'",
        "list --format csv",
    ),
)
@click.argument("pattern", default="*")
@print_options
def command(pattern: str, *, as_json: bool) -> None:
    """List the registered networks, all or those that match PATTERN (a shell wildcard).

    MACs are multiply-accumulates of convolutions and fully connected layers at batch 1. Top-1 is
    what the authors published; "shipped" is the top-1 of weights that come with edgekit, on the
    data that `edgekit info` names. Baselines are networks of another package, which must be
    installed to export them: pip install 'edgekit-mobile[baselines]' for those of pytorchcv.
    """
    from edgekit import models
    from edgekit.models.registry import MODELS

    specs = [models.get(name) for name in models.names(pattern)]
    aliases = models.aliases()
    if not specs and pattern.casefold() in aliases:
        specs = [models.get(pattern)]
    if not specs:
        raise MODELS.unknown(pattern)
    if as_json:
        output.print_json("edgekit.models", 1, {"models": [card(spec) for spec in specs]})
        return
    also = {spec.name: [a for a, name in aliases.items() if name == spec.name] for spec in specs}
    columns = {
        name("model"): [spec.name for spec in specs],
        word("input", 1): ["x".join(str(size) for size in spec.input_shape[1:]) for spec in specs],
        figure("classes", 5): [str(spec.classes) for spec in specs],
        figure("params"): [output.millions(spec.params) for spec in specs],
        figure("MACs"): [output.millions(spec.macs) for spec in specs],
        figure("top-1"): [_percent(top1_percent(spec)) for spec in specs],
        figure("shipped", 2): [
            _percent(t.top1_percent if (t := spec.trained) else None) for spec in specs
        ],
        word("baseline from", 3): [spec.library.partition(":")[0] for spec in specs],
        prose("also called", 4): [", ".join(also[spec.name]) for spec in specs],
    }
    told = {column: cells for column, cells in columns.items() if any(cells)}
    output.print_table(list(told), list(zip(*told.values(), strict=True)))


def _percent(value: float | None) -> str:
    if value is None:
        return ""
    digits = f"{value:.4g}"
    return f"{digits if '.' in digits else f'{value:.1f}'} %"


def card(spec: ModelSpec) -> dict[str, Any]:
    """Return a card as JSON-ready data; the function that builds the network stays out."""
    fields = {field.name: getattr(spec, field.name) for field in dataclasses.fields(spec)}
    del fields["build"]
    fields["preprocessing"] = dataclasses.asdict(spec.preprocessing)
    fields["published"] = [dataclasses.asdict(fact) for fact in spec.published]
    fields["trained"] = None if spec.trained is None else dataclasses.asdict(spec.trained)
    fields["baseline"] = bool(spec.library)
    return fields


def top1_percent(spec: ModelSpec) -> float | None:
    """Return the first published top-1 accuracy, in percent; None where none was published."""
    for fact in spec.published:
        if fact.metric == "top-1":
            return fact.value
        if fact.metric == "top-1 error":
            return 100 - fact.value
    return None
