"""The result of judging outputs: how far they are from another file's, and from label maps."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

from edgekit.evaluate.outputs.difference import OutputDifference
from edgekit.evaluate.outputs.segmentation import Segmentation
from edgekit.evaluate.statistics import Share
from edgekit.files import text_table
from edgekit.files.documents import Document
from edgekit.models import Preprocessing
from edgekit.models.preprocessing_choice import Source


@dataclass(frozen=True)
class JudgedFile:
    """One file.

    Attributes:
        name: the path as it was given.
        model: name of the network; None if unknown.
        precision: number type of the weights; None if unknown.
        runtime: package and version that computed the answers.
        sha256: of the file.
        preprocessing: how pixels became the input; None where none did.
        preprocessing_from: who said so; None likewise.
        segmentation: its answers beside label maps; None without them.
    """

    name: str
    model: str | None
    precision: str | None
    runtime: str
    sha256: str
    preprocessing: Preprocessing | None
    preprocessing_from: Source | None
    segmentation: Segmentation | None


@dataclass(frozen=True, repr=False)
class OutputEvaluation(Document):
    """Outputs of a file, beside those of another file or label maps.

    Attributes:
        source: where the inputs came from.
        data: the same in one line.
        samples: sets of inputs.
        file: the file under test.
        against: what it is compared with; None without one.
        outputs: of the file under test beside the other's; none without one.
        edgekit_version: version that evaluated.
    """

    schema = "edgekit.output-evaluation"
    schema_version = 1

    source: Literal["arrays", "folder", "synthetic", "random"]
    data: str
    samples: int
    file: JudgedFile
    against: JudgedFile | None
    outputs: tuple[OutputDifference, ...]
    edgekit_version: str

    @property
    def worst_agreement(self) -> Share | None:
        """The least agreement of any output; None where none has classes."""
        found = [each.agreement for each in self.outputs if each.agreement is not None]
        return min(found, key=lambda share: share.value, default=None)

    @property
    def worst(self) -> OutputDifference | None:
        """The output with the least signal to noise ratio; None if all are equal."""
        noisy = [each for each in self.outputs if each.distance.noise > 0]
        return min(noisy, key=_decibels, default=None)

    def summary(self) -> dict[str, Any]:
        """Return the derived numbers, ready for JSON."""
        return {
            "outputs": [
                {
                    "name": each.name,
                    "sqnr_db": each.distance.sqnr_db,
                    "agreement": None if each.agreement is None else each.agreement.value,
                }
                for each in self.outputs
            ],
            "segmentation": [
                {
                    "name": each.name,
                    "mean_iou": each.segmentation.mean_iou,
                    "pixel_accuracy": each.segmentation.pixel_accuracy,
                    "iou": list(each.segmentation.iou),
                }
                for each in (self.file, self.against)
                if each is not None and each.segmentation is not None
            ],
        }

    def derived(self) -> dict[str, Any]:
        """Return the summary, which is for other readers."""
        return {"summary": self.summary()}

    def __repr__(self) -> str:
        rows = [
            [each.name, _text(each.distance.sqnr_db), _percent(each.agreement)]
            for each in self.outputs
        ]
        lines = [text_table.text(["output", "SQNR dB>", "same answer>"], rows)] if rows else []
        lines += [
            f"{row['name']}: mean IoU {_text(row['mean_iou'], 3)}, pixel accuracy "
            f"{_text(row['pixel_accuracy'], 3)}"
            for row in self.summary()["segmentation"]
        ]
        return "\n".join([*lines, self.data])


def _decibels(output: OutputDifference) -> float:
    sqnr = output.distance.sqnr_db
    return float("-inf") if sqnr is None else sqnr


def _text(value: float | None, digits: int = 1) -> str:
    return "-" if value is None else f"{value:.{digits}f}"


def _percent(share: Share | None) -> str:
    return "-" if share is None else f"{100 * share.value:.1f} %"
