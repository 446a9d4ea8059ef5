"""Places that run models, by the name a user types: ``local``, or ``transport:address``."""

from __future__ import annotations

import importlib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from types import MappingProxyType

from edgekit.devices.targets import fleet
from edgekit.devices.targets.base import (
    Benchmarked,
    BenchmarkTarget,
    Counted,
    CountingTarget,
    InstallingTarget,
    Probe,
    Target,
    refuse_emulated,
)
from edgekit.errors import UnknownNameError, UsageError
from edgekit.progress import Progress, silent
from edgekit.registry import Registry

__all__ = [
    "BenchmarkTarget",
    "Benchmarked",
    "Counted",
    "CountingTarget",
    "InstallingTarget",
    "Probe",
    "Target",
    "opened",
    "refuse_emulated",
    "resolve",
]

# Transport to the module of this package that offers `connect(address) -> Target`.
_TRANSPORTS: Registry[str] = Registry(
    "target",
    {"local": "local", "ssh": "ssh.target", "adb": "adb.target", "qemu": "qemu"}.items(),
)


def resolve(text: str) -> Target:
    """Return the target that ``text`` names: one of the fleet file, or ``transport:address``.

    Raises:
        UnknownNameError: there is no such device or transport.
        UsageError: the address does not suit the transport, or the fleet file is damaged.
    """
    transport, separator, _ = text.partition(":")
    if separator or transport in _TRANSPORTS:
        return _connect(text)
    devices = fleet.devices()
    if text not in devices:
        forms = ["local", "ssh:HOST", "adb:", "qemu:PROCESSOR", *devices]
        raise UnknownNameError("target", text, forms)
    return _connect(devices[text].target, devices[text].programs)


def _connect(text: str, programs: Mapping[str, str] = MappingProxyType({})) -> Target:
    transport, _, address = text.partition(":")
    name = _TRANSPORTS.find(transport)
    module = importlib.import_module(f"edgekit.devices.targets.{name}")
    for program in programs:
        if fleet.PROGRAMS[program] != transport:
            raise UsageError(
                f"{fleet.FILE}: {program} goes with an {fleet.PROGRAMS[program]} target only, not "
                f"with {text}"
            )
    target: Target = module.connect(address, *programs.values())
    return target


@contextmanager
def opened(target: Target, progress: Progress = silent) -> Iterator[None]:
    """Hold a target for several jobs: one connection, and nobody else measures there meanwhile.

    Targets that need no holding, and those that are held already, are left as they are.

    Args:
        target: any target.
        progress: told while somebody else has the target, or it is out of reach.
    """
    hold = getattr(target, "opened", None)
    if hold is None:
        yield
        return
    with hold(progress):
        yield
