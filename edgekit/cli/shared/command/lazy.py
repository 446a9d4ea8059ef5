"""A click group that imports a command's module only when the command is needed."""

from __future__ import annotations

import importlib
from collections.abc import Mapping
from typing import Any

import click

from edgekit.cli.shared.command.completing import completed
from edgekit.errors import UnknownNameError


class LazyGroup(click.Group):
    """Commands are named by module; each module holds its command as ``command``.

    Args:
        sections: headings of ``--help``; under each, command name to module name.
    """

    def __init__(
        self,
        *args: Any,  # noqa: ANN401  # passed on to click unchanged
        sections: Mapping[str, Mapping[str, str]],
        **kwargs: Any,  # noqa: ANN401
    ) -> None:
        super().__init__(*args, **kwargs)
        self._sections = sections
        self._modules = {name: each for some in sections.values() for name, each in some.items()}

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002
        """Return the names in the table's order."""
        return list(self._modules)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write each section's commands."""
        widest = max(map(len, self._modules))
        for title, names in self._sections.items():
            with formatter.section(title):
                found = [(name, self.get_command(ctx, name)) for name in names]
                lines = [(n.ljust(widest), c.get_short_help_str(60)) for n, c in found if c]
                formatter.write_dl(lines)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002
        """Import and return a command; None if the table has no such name."""
        if cmd_name not in self._modules:
            return None
        command = importlib.import_module(self._modules[cmd_name]).command
        assert isinstance(command, click.Command)  # noqa: S101  # a slip in the table
        return completed(command)

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Find the command; an unknown one gets a suggestion."""
        if args and not args[0].startswith("-") and args[0] not in self._modules:
            listing = f"`{ctx.command_path} --help` lists them"
            raise UnknownNameError("command", args[0], self._modules, listing=listing)
        return super().resolve_command(ctx, args)
