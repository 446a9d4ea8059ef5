"""How good a draft is: its integer file beside the float one, on the same images."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias

from edgekit import export
from edgekit.data import ImageFolder
from edgekit.errors import UsageError
from edgekit.export import QuantizationRecord, Source
from edgekit.files import scratch
from edgekit.quantize import files
from edgekit.quantize.candidate import Draft

if TYPE_CHECKING:
    from edgekit.evaluate import Evaluation, OutputEvaluation

Latency: TypeAlias = Callable[[Path, Path], dict[str, float | int]]
"""From the float file and the integer file to what was measured of both, by name."""


@dataclass(frozen=True)
class Score:
    """What a draft keeps of the float network.

    Attributes:
        lost_points: top-1 lost, in points of 100, where there are labels, else images of 100 on
            which the top-1 is another; negative where it is a gain.
        labelled: which of the two.
        agreement_percent: images with the same top-1 as in float32.
        sqnr_db: of the outputs; None if they are equal.
        images: how many were shown.
        size_bytes: of the integer file.
        latency: of both files, as `Latency` gives it; empty if nothing was measured.
    """

    lost_points: float
    labelled: bool
    agreement_percent: float
    sqnr_db: float | None
    images: int
    size_bytes: int
    latency: dict[str, float | int]


class Judge:
    """Evaluates drafts of one network on one set of images.

    Args:
        source: the network.
        folder: for the files; they are overwritten.
        images: none of them may have been calibrated with; None takes synthetic ones.
        latency: measures; None measures nothing.
    """

    def __init__(
        self, source: Source, folder: Path, images: ImageFolder | None, latency: Latency | None
    ) -> None:
        self._source, self._folder, self._images = source, folder, images
        self._latency = latency
        (self._float,) = export.to_files(source, ["onnx"], folder, verify=False)

    def score(self, draft: Draft, format_name: str = "onnx") -> Score:
        """Write a draft, evaluate and measure it."""
        from edgekit import evaluate  # which most quantizations do not need

        settings = files.FileSettings(self._folder, (format_name,), force=True, verify=False)
        (entry,) = files.to_files(self._source, draft, QuantizationRecord("judged"), settings)
        result = evaluate.judge(
            evaluate.EvaluateRequest(str(entry.path), self._images, against=str(self._float.path))
        )
        latency = {} if self._latency is None else self._latency(self._float.path, entry.path)
        return _score(result, entry.size_bytes, latency)


@contextmanager
def opened(source: Source, images: ImageFolder | None, latency: Latency | None) -> Iterator[Judge]:
    """Give a judge with a temporary folder."""
    with scratch.folder() as folder:
        yield Judge(source, folder, images, latency)


def _score(
    result: Evaluation | OutputEvaluation, size_bytes: int, latency: dict[str, float | int]
) -> Score:
    from edgekit.evaluate import OutputEvaluation

    if isinstance(result, OutputEvaluation):
        return _of_outputs(result, size_bytes, latency)
    agreement, difference = result.agreement, result.top1_difference
    if agreement is None or result.distance is None:
        raise ValueError("a judged file is compared with the float one")
    lost = 100 * (1 - agreement.value) if difference is None else -100 * difference.value
    return Score(
        lost_points=round(lost, 6),
        labelled=difference is not None,
        agreement_percent=round(100 * agreement.value, 6),
        sqnr_db=result.distance.sqnr_db,
        images=agreement.of,
        size_bytes=size_bytes,
        latency=latency,
    )


def _of_outputs(
    result: OutputEvaluation, size_bytes: int, latency: dict[str, float | int]
) -> Score:
    """Count the places, such as pixels, that get another class, at the output with most of them."""
    agreement, worst = result.worst_agreement, result.worst
    if agreement is None:
        raise UsageError(
            f"--max-drop counts answers that are lost, and {result.file.name} gives no classes: "
            "leave it out, and judge by the SQNR to float32"
        )
    return Score(
        lost_points=round(100 * (1 - agreement.value), 6),
        labelled=False,
        agreement_percent=round(100 * agreement.value, 6),
        sqnr_db=None if worst is None else worst.distance.sqnr_db,
        images=result.samples,
        size_bytes=size_bytes,
        latency=latency,
    )
