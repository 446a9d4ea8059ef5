"""``edgekit list``: which networks there are."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Any

import click

from edgekit.cli import output
from edgekit.cli.options import json_option

if TYPE_CHECKING:
    from edgekit.models import ModelSpec


@click.command("list", short_help="List the registered networks.")
@click.argument("pattern", default="*")
@json_option
def command(pattern: str, *, as_json: bool) -> None:
    """List the registered networks, all or those that match PATTERN (a shell wildcard).

    MACs are multiply-accumulates of convolutions and fully connected layers at batch 1.
    """
    from edgekit import models
    from edgekit.errors import UnknownNameError

    specs = [models.get(name) for name in models.names(pattern)]
    aliases = models.aliases()
    if not specs and pattern.casefold() in aliases:
        specs = [models.get(pattern)]
    if not specs:
        raise UnknownNameError("model", pattern, [*models.names(), *aliases])
    if as_json:
        output.print_json("edgekit.models", 1, {"models": [card(spec) for spec in specs]})
        return
    also = {spec.name: [a for a, name in aliases.items() if name == spec.name] for spec in specs}
    output.print_table(
        ["model", "input", "classes>", "params>", "MACs>", "top-1>", "also called"],
        [
            [
                spec.name,
                "x".join(str(size) for size in spec.input_shape[1:]),
                str(spec.classes),
                output.millions(spec.params),
                output.millions(spec.macs),
                _top1(spec),
                ", ".join(also[spec.name]),
            ]
            for spec in specs
        ],
    )


def card(spec: ModelSpec) -> dict[str, Any]:
    """Return a card as JSON-ready data; the function that builds the network stays out."""
    fields = {field.name: getattr(spec, field.name) for field in dataclasses.fields(spec)}
    del fields["build"]
    fields["preprocessing"] = dataclasses.asdict(spec.preprocessing)
    fields["published"] = [dataclasses.asdict(fact) for fact in spec.published]
    return fields


def _top1(spec: ModelSpec) -> str:
    for fact in spec.published:
        if fact.metric == "top-1":
            return f"{fact.value:g} %"
        if fact.metric == "top-1 error":
            return f"{100 - fact.value:g} %"
    return ""
