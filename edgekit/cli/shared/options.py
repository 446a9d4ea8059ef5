"""Options that several commands share."""

from __future__ import annotations

import re
from typing import Any

import click

from edgekit.errors import UsageError

_SECONDS = {"s": 1.0, "m": 60.0, "h": 3600.0}


class NameList(click.ParamType[tuple[str, ...]]):
    """A comma-separated list of names; the rooms know which names exist."""

    name = "name,..."

    def convert(
        self,
        value: Any,  # noqa: ANN401  # click hands over strings and defaults
        param: click.Parameter | None,
        ctx: click.Context | None,
    ) -> tuple[str, ...]:
        """Split and strip; an empty list is a mistake."""
        if isinstance(value, tuple):
            return value
        names = tuple(part.strip() for part in str(value).split(",") if part.strip())
        if not names:
            self.fail("the list is empty", param, ctx)
        return names


class Duration(click.ParamType[float]):
    """A duration such as ``90s``, ``30m`` or ``1h``, in seconds."""

    name = "duration"

    def convert(
        self,
        value: Any,  # noqa: ANN401  # click hands over strings and defaults
        param: click.Parameter | None,
        ctx: click.Context | None,
    ) -> float:
        """Read number and unit."""
        if isinstance(value, float):
            return value
        found = re.fullmatch(r"(\d+(?:\.\d+)?)([smh])", str(value).strip())
        if found is None:
            self.fail(f"a duration is such as 90s, 30m or 1h, not {value!r}", param, ctx)
        return float(found[1]) * _SECONDS[found[2]]


cool_down_option = click.option(
    "--cool-down",
    "cool_down_secs",
    type=Duration(),
    default=0.0,
    help="Before each process but the first, wait until the machine is as cool as at the start, "
    "for at most so long (60s).",
)
cpus_option = click.option(
    "--cpus",
    metavar="big|little|N,...",
    help="Processors to run on: the fast or slow ones of unlike cores, or numbers (0,1 or 4-7).",
)
json_option = click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")


def is_file(subject: str) -> bool:
    """Tell whether the user means a model file, by its suffix, and not a network's name."""
    return subject.lower().endswith((".onnx", ".ort", ".tflite"))


def one_model(positional: str | None, option: str | None) -> str:
    """Return the model given in either way.

    Raises:
        UsageError: none is given, or two different ones.
    """
    if positional and option and positional != option:
        raise UsageError(f"two models are given, {positional!r} and {option!r}: give one")
    chosen = positional or option
    if not chosen:
        raise UsageError("no model is given: name one (`edgekit list`) or a path to an .onnx file")
    return chosen
