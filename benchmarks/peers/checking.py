"""Does a file answer as the torch module does?"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from benchmarks.environments import last_line
from benchmarks.peers.contenders import FLOAT32
from benchmarks.peers.networks import Prepared
from edgekit.errors import EdgekitError
from edgekit.processes import child
from edgekit.runtimes import ModelInfo, TensorInfo

_LEAST_DB = {FLOAT32: 60.0}
_LEAST_INT8_DB = 0.0  # untrained networks lose much in int8; a file below this is broken


class DisagreementError(Exception):
    """A file does not run, or answers something else; the message is one line."""


@dataclass(frozen=True)
class Checked:
    """A file that answers as it should.

    Attributes:
        info: what the runtime says about it.
        snr_db: power of torch's answers over that of the difference; None if they are equal.
    """

    info: ModelInfo
    snr_db: float | None


def check(path: Path, prepared: Prepared, precision: str) -> Checked:
    """Run a file on its runtime, in a child process, on the images whose answers are known.

    Raises:
        DisagreementError: see there.
    """
    images, wanted = prepared.array("images"), prepared.array("answers").astype(np.float64)
    try:
        info = child.describe(path)
        (taken,), (given,) = info.inputs, info.outputs
        feeds = [{taken.name: _encoded(image, taken)} for image in images]
        _, answers = child.run(path, feeds)
        dims = wanted.shape[1:]
        found = np.stack([_decoded(answer[given.name], given, dims) for answer in answers])
    except (EdgekitError, ValueError) as error:
        raise DisagreementError(last_line(str(error))) from error
    if found.shape != wanted.shape or not np.isfinite(found).all():
        raise DisagreementError(f"it answers {found.shape}, torch {wanted.shape}, or not finitely")
    noise = float(((found - wanted) ** 2).sum())
    if noise == 0.0:
        return Checked(info, None)
    snr_db = 10 * float(np.log10((wanted**2).sum() / noise))
    least = _LEAST_DB.get(precision, _LEAST_INT8_DB)
    if snr_db < least:
        raise DisagreementError(f"its answers differ from torch's: {snr_db:.1f} dB < {least:g} dB")
    return Checked(info, snr_db)


def _encoded(image: npt.NDArray[np.float32], tensor: TensorInfo) -> npt.NDArray[np.generic]:
    """Return an image (3, H, W) in a tensor's layout and type."""
    channels_last = tensor.shape[-1] == image.shape[0]
    value = image.transpose(1, 2, 0)[None] if channels_last else image[None]
    dtype = np.dtype(tensor.dtype)
    if tensor.scale is not None and tensor.zero_point is not None:
        limits = np.iinfo(dtype)
        steps = np.round(value / np.float32(tensor.scale)) + tensor.zero_point
        value = steps.clip(limits.min, limits.max)
    return np.ascontiguousarray(value.astype(dtype))


def _decoded(
    answer: npt.NDArray[np.generic], tensor: TensorInfo, dims: tuple[int, ...]
) -> npt.NDArray[np.float64]:
    """Return an answer (1, ...) as numbers of shape ``dims``, whose channels may come last."""
    value = answer.astype(np.float64)[0]
    if value.shape != dims and value.ndim > 1:
        value = np.moveaxis(value, -1, 0)
    if tensor.scale is not None and tensor.zero_point is not None:
        value = (value - tensor.zero_point) * tensor.scale
    return value
