"""Words and figures that several commands print alike."""

from __future__ import annotations

import math
import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from edgekit.evaluate import Share
    from edgekit.models import Preprocessing
    from edgekit.models.preprocessing_choice import Source


def delegate(partitions: int | None, outside: tuple[str, ...]) -> str:
    """Say how the delegate takes a file; empty where the runtime has none."""
    if partitions is None:
        return ""
    words = f"{partitions} partition" + ("" if partitions == 1 else "s")
    return f"{words}, outside: {', '.join(outside)}" if outside else words


def share(value: Share | None) -> str:
    """Format a share in percent with its 95 % interval; ``-`` for none."""
    if value is None:
        return "-"
    low, high = value.interval
    return f"{100 * value.value:.1f} % [{100 * low:.1f}, {100 * high:.1f}]"


def decibels(value: float | None, *, equal_from: float | None = None) -> str:
    """Format a ratio: ``31.4 dB``; ``-`` for none, ``equal`` from a bound on."""
    if value is None:
        return "-"
    return "equal" if equal_from is not None and value >= equal_from else f"{value:.1f} dB"


def weights(text: str) -> str:
    """Shorten the hash in what is said of weights; the JSON document has all of it."""
    return re.sub(r"(sha256:[0-9a-f]{12})[0-9a-f]+", r"\1", text)


def preprocessing(wanted: Preprocessing, by: Source | None = None) -> str:
    """Say how pixels become an input, and by whose word."""
    words = {"option": "the options", "sidecar": "its sidecar", "card": "its card", None: ""}[by]
    return (
        f"({_scaled(wanted.scale)} - mean) / std, {wanted.channel_order}, mean "
        f"{list(wanted.mean)}, std {list(wanted.std)}, resize {wanted.resize} "
        f"{wanted.interpolation}, crop {wanted.crop}{f' (from {words})' if words else ''}"
    )


def _scaled(scale: float) -> str:
    if scale == 1:
        return "pixel"
    whole = round(1 / scale)
    is_fraction = whole > 1 and math.isclose(scale * whole, 1, rel_tol=1e-6)
    return f"pixel / {whole}" if is_fraction else f"pixel * {scale:.6g}"
