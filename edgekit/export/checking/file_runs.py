"""A file that was just made, run on its own runtime, in its own layout and number types."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from edgekit.export import parity
from edgekit.export.checking.job import Job
from edgekit.export.parity import Arrays
from edgekit.export.sources.source import Source
from edgekit.processes import child
from edgekit.processes.child import KernelAnswer
from edgekit.runtimes import ModelInfo, TensorInfo


@dataclass(frozen=True)
class Ran:
    """What a staged file answered.

    Attributes:
        info: what the runtime says about it.
        answers: to the source's feeds and then the yardstick's, as the source would give them.
        others: to the first of them, on the runtime's other kernels.
    """

    info: ModelInfo
    answers: Sequence[Arrays] = ()
    others: Sequence[KernelAnswer] = ()


def run(source: Source, job: Job, path: Path, *, is_compared: bool) -> Ran:
    """Run a file on inputs of its source.

    Args:
        source: the network that the file is of.
        job: what the file was made by.
        path: the file.
        is_compared: it will be compared, though the job does not say yet what it must answer.
    """
    runtime = job.target.runtime
    if job.answers is None and not is_compared:
        return Ran(child.describe(path, runtime=runtime))
    expected = child.describe(path, runtime=runtime).inputs if job.integer_io else ()
    feeds = (*source.feeds, *job.yardstick_feeds)
    taken = [_taken(source, feed, job, expected) for feed in feeds]
    if job.yardstick_feeds:
        info, answers, others = child.run_on_all_kernels(path, taken, runtime=runtime)
    else:
        (info, answers), others = child.run(path, taken, runtime=runtime), []
    return Ran(info, [given(answer, job, info.outputs) for answer in answers], others)


def _taken(
    source: Source, feed: Arrays, job: Job, tensors: Sequence[TensorInfo]
) -> dict[str, np.ndarray]:
    """Return inputs of the source as the file takes them."""
    if job.target.channels_last:
        arrays: Arrays = parity.to_nhwc(feed, job.maps)
    else:
        (arrays,) = source.stored([feed])
    return _stored(arrays, tensors)


def given(answer: Arrays, job: Job, tensors: Sequence[TensorInfo]) -> dict[str, np.ndarray]:
    """Return what the file answers as the source would."""
    real = dict(answer) if job.raw_integers else _real(answer, tensors)
    return parity.to_nchw(real, job.maps) if job.target.channels_last else real


def _stored(feed: Arrays, tensors: Sequence[TensorInfo]) -> dict[str, np.ndarray]:
    """Return inputs as a quantized file takes them."""
    result = dict(feed)
    for tensor in tensors:
        if tensor.scale is not None and tensor.zero_point is not None:
            limits = np.iinfo(tensor.dtype)
            steps = np.rint(feed[tensor.name] / tensor.scale) + tensor.zero_point
            result[tensor.name] = np.clip(steps, limits.min, limits.max).astype(tensor.dtype)
    return result


def _real(answer: Arrays, tensors: Sequence[TensorInfo]) -> dict[str, np.ndarray]:
    """Return outputs as the real values that a quantized file means."""
    result = dict(answer)
    for tensor in tensors:
        if tensor.scale is not None and tensor.zero_point is not None:
            steps = answer[tensor.name].astype(np.float32) - tensor.zero_point
            result[tensor.name] = steps * np.float32(tensor.scale)
    return result
