"""What options take: lists of names and counts, durations, file formats."""

from __future__ import annotations

import re
from typing import Any

import click

from edgekit.cli.shared import output

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


class CountList(click.ParamType[tuple[int, ...]]):
    """A comma-separated list of whole numbers."""

    name = "N,..."

    def convert(
        self,
        value: Any,  # noqa: ANN401  # click hands over strings and defaults
        param: click.Parameter | None,
        ctx: click.Context | None,
    ) -> tuple[int, ...]:
        """Split and read."""
        if isinstance(value, tuple):
            return value
        try:
            return tuple(int(part) for part in str(value).split(","))
        except ValueError:
            self.fail(f"it takes whole numbers with commas between, not {value!r}", param, ctx)


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


class FileFormats(NameList):
    """Names of file formats; those of ways to print are taken for what they are."""

    def convert(
        self,
        value: Any,  # noqa: ANN401  # click hands over strings and defaults
        param: click.Parameter | None,
        ctx: click.Context | None,
    ) -> tuple[str, ...]:
        """Split, and say which option is meant where a way to print is named."""
        names = super().convert(value, param, ctx)
        for each in names:
            if each.casefold() in output.FORMATS:
                self.fail(
                    f"{each} is no format of the files that are written (onnx, tflite): how to "
                    f"print is --table-format {each.casefold()}",
                    param,
                    ctx,
                )
        return names
