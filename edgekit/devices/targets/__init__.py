"""Places that run models, by the name a user types: ``local``, or ``transport:address``."""

from __future__ import annotations

import importlib

from edgekit.devices.targets.base import Probe, Target
from edgekit.errors import UnknownNameError

__all__ = ["Probe", "Target", "resolve"]

# Transport to the module of this package that offers `connect(address) -> Target`.
_TRANSPORTS = {"local": "local"}


def resolve(text: str) -> Target:
    """Return the target that ``text`` names.

    Raises:
        UnknownNameError: there is no such transport.
        UsageError: the address does not suit the transport.
    """
    transport, _, address = text.partition(":")
    if transport not in _TRANSPORTS:
        raise UnknownNameError("target", transport, _TRANSPORTS)
    module = importlib.import_module(f"edgekit.devices.targets.{_TRANSPORTS[transport]}")
    target: Target = module.connect(address)
    return target
