"""Which file to ship, as far as it can be said without a clock."""

from __future__ import annotations

from collections.abc import Sequence

from edgekit.bundle.manifest import Accuracy, Choice, ModelEntry


def choose(models: Sequence[ModelEntry], accuracy: Sequence[Accuracy]) -> tuple[Choice, ...]:
    """Return one file of each format.

    No latency is known here, so the file of most exact numbers is named, and what would decide
    for another one.
    """
    chosen = []
    for form in dict.fromkeys(each.format for each in models):
        files = [each for each in models if each.format == form]
        best = min(files, key=lambda each: (each.precision != "float32", each.precision))
        chosen.append(Choice(form, best.path, _why(best, files, accuracy)))
    return tuple(chosen)


def _why(best: ModelEntry, files: Sequence[ModelEntry], accuracy: Sequence[Accuracy]) -> str:
    if len(files) == 1:
        return f"the only {best.format} file"
    others = [each.path for each in files if each is not best]
    whether = others[0] if len(others) == 1 else f"one of {', '.join(others)}"
    known = "" if accuracy else "; no accuracy was measured"
    return (
        f"nothing was timed for this choice, so the most exact numbers are named; on the device, "
        f"`edgekit compare` tells whether {whether} is faster{known}"
    )
