"""What ``--help`` of a command looks like: options by what they are about, and examples."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import click

_OTHERS = "Options"
_FEW = 9  # so many options are read through without headings
_SECTIONS = {
    "Inputs and outputs": ("batch", "sizes", "input_shapes", "input_values", "ends"),
    "How images become inputs": (
        "preprocessing",
        "mean",
        "std",
        "scale",
        "channel_order",
        "resize",
        "crop",
        "interpolation",
        "label_offset",
        "fold_preprocessing",
    ),
    "Calibration, and what to judge by": (
        "calibration_data",
        "calibration_samples",
        "encodings",
        "data",
        "limit",
    ),
    "How to measure": (
        "target",
        "threads",
        "children",
        "num_runs",
        "warmup_runs",
        "min_secs",
        "max_secs",
        "cpus",
        "cool_down_secs",
        "weight_cache",
    ),
    "Files that are written": ("folder", "force", "no_verify"),
    "Printing": ("print_format", "json_flag"),
}


class Command(click.Command):
    """A command whose help has sections and examples.

    Args:
        examples: command lines as they are typed, without ``edgekit``.
    """

    def __init__(
        self,
        *args: Any,  # noqa: ANN401  # passed on to click unchanged
        examples: Sequence[str] = (),
        **kwargs: Any,  # noqa: ANN401
    ) -> None:
        super().__init__(*args, **kwargs)
        self.examples = tuple(examples)

    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the options, in sections where there are many."""
        records: dict[str, list[tuple[str, str]]] = {title: [] for title in (_OTHERS, *_SECTIONS)}
        parameters = [each for each in self.get_params(ctx) if isinstance(each, click.Option)]
        are_few = len(parameters) <= _FEW
        for parameter in parameters:
            record = parameter.get_help_record(ctx)
            if record is not None:
                records[_OTHERS if are_few else _section(parameter.name or "")].append(record)
        for title, some in records.items():
            if some:
                with formatter.section(title):
                    formatter.write_dl(some)

    def format_epilog(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the examples."""
        super().format_epilog(ctx, formatter)
        if self.examples:
            with formatter.section("Examples"):
                for each in self.examples:
                    formatter.write(f"{'':>{formatter.current_indent}}edgekit {each}\n")


def _section(name: str) -> str:
    return next((title for title, names in _SECTIONS.items() if name in names), _OTHERS)
