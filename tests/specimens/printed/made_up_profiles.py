"""A profile whose figures are made up."""

from __future__ import annotations

from edgekit.devices import ProfileReport
from edgekit.devices.reports.profile import ALONE, ProfileRun
from edgekit.devices.settings import ProfileSettings
from edgekit.runtimes.operators import Operand, Operator, OperatorTime
from edgekit.runtimes.timing import TimeSamples, WarmUp
from tests.specimens.printed import reports


def _operator(name: str, kind: str, size_bytes: int, macs: int = 0, groups: int = 1) -> Operator:
    half = Operand((size_bytes // 8,), "float32")
    taps = (groups, 1, 3, 3) if groups > 1 else (8, 8, 1, 1) if macs else None
    return Operator(name, kind, (half,), (half,), taps, macs, groups)


def _time(time_ns: float) -> OperatorTime:
    return OperatorTime(time_ns, 10, "")


REPORT = ProfileReport(
    file="net.tflite",
    sha256="0" * 64,
    size_bytes=1000,
    model="net",
    precision="float32",
    macs=1_100_000,
    target="local",
    edgekit_version="0",
    method=ALONE,
    settings=ProfileSettings(children=1),
    info=reports.INFO,
    machine=reports.MACHINE,
    operators=(
        _operator("conv", "CONV_2D", 100_000, 1_000_000),
        _operator("dw", "DEPTHWISE_CONV_2D", 1_000_000, 100_000, 8),
        _operator("add", "ADD", 1_000_000),
    ),
    runs=(
        ProfileRun(
            TimeSamples((1_000_000,), (1_000_000,), (0,)),
            WarmUp(1, 0.1, stationary=True),
            (_time(800_000), _time(100_000), _time(100_000)),
            0,
            reports.CALM,
            reports.CALM,
        ),
    ),
)
