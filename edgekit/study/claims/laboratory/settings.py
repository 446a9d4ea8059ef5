"""How long an experiment measures."""

from __future__ import annotations

from edgekit.devices import COMPARE_SETTINGS, CountSettings, MeasureSettings, ProfileSettings

FULL = COMPARE_SETTINGS
QUICK = MeasureSettings(
    children=4, num_runs=20, min_secs=0.08, max_secs=2.0, warmup_runs=2, warmup_secs=0.1
)
"""Of a comparison: as `edgekit compare`, and as little as tells effects of a tenth apart.

20 runs and 0.08 s are two rounds, of slow files and of fast ones.
"""

FULL_PROFILE = ProfileSettings(children=5)
QUICK_PROFILE = ProfileSettings(
    children=3, num_runs=20, min_secs=0.1, max_secs=2.0, warmup_runs=2, warmup_secs=0.1,
    operator_secs=0.003,
)  # fmt: skip

COUNTED = CountSettings(children=1, num_runs=1, warmup_runs=1)
"""LiteRT executes the same number every time, ONNX Runtime within 0.3 %."""
COUNT_SPREAD = {"tflite": 0.0, "onnx": 0.003}
