"""What a shell completes: names of networks, devices, targets, formats and recipes, and files.

The lists are read from the registries when the shell asks; none of them imports torch.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import partial

import click
from click.shell_completion import CompletionItem

Completer = Callable[[click.Parameter, click.Context, str], list[CompletionItem]]


def _completer(names: Callable[[], Iterable[str]], *, or_file: bool = False) -> Completer:
    """Return a completer of names, also of the last in a comma-separated list."""

    def complete(
        _parameter: click.Parameter, _context: click.Context, incomplete: str
    ) -> list[CompletionItem]:
        before, comma, last = incomplete.rpartition(",")
        found = [
            CompletionItem(f"{before}{comma}{name}")
            for name in names()
            if name.startswith(last.casefold())
        ]
        if or_file and (not found or not incomplete):
            found.append(CompletionItem(incomplete, type="file"))
        return found

    return complete


def _models() -> list[str]:
    from edgekit import models

    return [*models.names(), *models.aliases()]


def _devices() -> Iterable[str]:
    from edgekit.devices.prediction import device_profile

    return device_profile.names()


def _targets() -> list[str]:
    from edgekit.devices.targets import fleet
    from edgekit.emulation import isa

    emulated = [f"qemu:{each}" for each in isa.names() if isa.get(each).emulator == "qemu-aarch64"]
    return ["local", *fleet.devices(), *emulated, "ssh:", "adb:"]


def _instruction_sets() -> Iterable[str]:
    from edgekit.emulation import isa

    return isa.names()


def _formats() -> Iterable[str]:
    from edgekit.export import formats

    return formats.FORMATS


def _recipes() -> Iterable[str]:
    from edgekit.quantize import recipe

    return recipe.NAMED


def _runtimes() -> Iterable[str]:
    from edgekit import runtimes

    return runtimes.names()


COMPLETERS: dict[str, Completer] = {
    "subject": _completer(_models, or_file=True),
    "subjects": _completer(_models, or_file=True),
    "model_argument": _completer(_models, or_file=True),
    "model_option": _completer(_models, or_file=True),
    "models": _completer(_models, or_file=True),
    "base": _completer(_models, or_file=True),
    "candidates": _completer(_models, or_file=True),
    "against": _completer(_models, or_file=True),
    "pattern": _completer(_models),
    "devices_": _completer(_devices),
    "target": _completer(_targets),
    "isas": _completer(_instruction_sets),
    "formats": _completer(_formats),
    "recipe": _completer(_recipes),
    "backend": _completer(_runtimes),
    "backends": _completer(_runtimes),
    "runtimes": _completer(_runtimes),
}
"""By the name of a command's parameter."""


def completed(command: click.Command) -> click.Command:
    """Give the parameters of a command what completes them."""
    for parameter in command.params:
        completer = COMPLETERS.get(parameter.name or "")
        if completer is not None:
            parameter.shell_complete = partial(completer, parameter)  # type: ignore[method-assign]
    return command
