"""What the tests of commands share: a network's name, quick settings, one line of error."""

from __future__ import annotations

SMALL = "shiftresnet20-e1"
QUICK = ["--min-secs", "0", "--num-runs", "30", "--warmup-runs", "1"]


def one_error_line(text: str) -> str:
    lines = [line for line in text.splitlines() if line.startswith("error: ")]
    assert len(lines) == 1, text
    assert "Traceback" not in text
    return lines[0]
