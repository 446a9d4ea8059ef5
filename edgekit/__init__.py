"""edgekit: export, verify and measure efficient CNNs on ONNX Runtime and TFLite (LiteRT).

The rooms are reachable from here and imported when they are first used: ``edgekit.export.run``,
``edgekit.quantize.run``, ``edgekit.evaluate.run``, ``edgekit.devices.compare`` and their kin; see
docs/python.md.
"""

from __future__ import annotations

import importlib
import os
from types import ModuleType

__version__ = "0.1.0"

# ONNX Runtime sends usage reports by default, from every process that imports it. edgekit uses no
# network unless it is asked to reach a device, so it says no before any import, here and, since
# children inherit it, in them.
os.environ["ORT_DISABLE_TELEMETRY"] = "1"

_ROOMS = ("data", "devices", "evaluate", "export", "models", "quantize", "runtimes", "study")


def __getattr__(name: str) -> ModuleType:
    if name not in _ROOMS:
        raise AttributeError(f"module 'edgekit' has no attribute {name!r}")
    return importlib.import_module(f"edgekit.{name}")


def __dir__() -> list[str]:
    return sorted([*globals(), *_ROOMS])
