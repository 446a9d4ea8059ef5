"""The result of an evaluation: every image's answer kept, statistics derived."""

from __future__ import annotations

from collections import Counter
from dataclasses import asdict, dataclass
from typing import Any, Literal

from edgekit.evaluate.distance import Distance
from edgekit.evaluate.evaluated_model import EvaluatedModel
from edgekit.evaluate.statistics import PairedDifference, Share
from edgekit.files import documents, text_table
from edgekit.files.documents import Document

_IMAGENET_AND_BACKGROUND = 1001


@dataclass(frozen=True)
class Data:
    """What was shown to the models.

    Attributes:
        source: ``folder``, or ``synthetic`` for drawn images that are no photographs.
        description: the same in one line.
        class_names: names of the class subfolders by label; None if labels came otherwise.
        taken_whole: images that had the size of the input already and were neither resized nor
            cropped.
    """

    source: Literal["folder", "synthetic"]
    description: str
    class_names: tuple[str, ...] | None
    taken_whole: int


@dataclass(frozen=True)
class Answers:
    """What one subject answered, one entry an image.

    Attributes:
        subject: who answered.
        top1: label with the largest score; the first of equals.
        ranks: number of labels that come before the true one (0: it is the top-1); None for
            unlabelled images.
    """

    subject: EvaluatedModel
    top1: tuple[int, ...]
    ranks: tuple[int, ...] | None

    def __post_init__(self) -> None:
        if self.ranks is not None and len(self.ranks) != len(self.top1):
            raise ValueError(f"{len(self.ranks)} ranks for {len(self.top1)} answers")
        for values in (self.top1, self.ranks or ()):
            if values and not 0 <= min(values) <= max(values) < self.subject.classes:
                raise ValueError(f"an answer is outside the {self.subject.classes} classes")

    def top(self, k: int) -> Share | None:
        """Images with the true label among the ``k`` best; None if that says nothing.

        That is so without labels, and with no more than ``k`` classes.
        """
        if self.ranks is None or self.subject.classes <= k:
            return None
        return Share(sum(rank < k for rank in self.ranks), len(self.ranks))


@dataclass(frozen=True)
class ClassRow:
    """Accuracy on the images of one class.

    Attributes:
        label: class index.
        name: of its subfolder; None where labels came otherwise.
        images: number of its images.
        correct: those with the right top-1.
    """

    label: int
    name: str | None
    images: int
    correct: int


@dataclass(frozen=True, repr=False)
class Evaluation(Document):
    """Answers of a model, and perhaps of one to compare with, to the same images.

    Attributes:
        data: the images.
        files: their names, in the order of all other lists.
        labels: their labels; None if they have none.
        answers: of the model under test.
        against: of the model compared with; None if there is none.
        distance: of the former's scores from the latter's; None likewise.
        edgekit_version: version that evaluated.
    """

    schema = "edgekit.evaluation"
    schema_version = 1

    data: Data
    files: tuple[str, ...]
    labels: tuple[int, ...] | None
    answers: Answers
    against: Answers | None
    distance: Distance | None
    edgekit_version: str

    def __post_init__(self) -> None:
        sides = [side for side in (self.answers, self.against) if side is not None]
        if not self.files or any(len(side.top1) != len(self.files) for side in sides):
            raise ValueError("every image needs a name and one answer a model")
        if (self.against is None) != (self.distance is None):
            raise ValueError("a comparison has both answers and a distance")
        if any((side.ranks is None) != (self.labels is None) for side in sides):
            raise ValueError("ranks and labels come together")
        if self.labels is not None:
            if len(self.labels) != len(self.files):
                raise ValueError(f"{len(self.labels)} labels for {len(self.files)} images")
            for side in sides:
                for label, top1, rank in zip(self.labels, side.top1, side.ranks or (), strict=True):
                    if (label == top1) != (rank == 0):
                        raise ValueError(f"label {label}, answer {top1} and rank {rank} disagree")

    def __repr__(self) -> str:
        sides = [side for side in (self.answers, self.against) if side is not None]
        table = text_table.text(
            ["model", "runtime", "top-1>", "top-5>"],
            [
                [
                    side.subject.name,
                    side.subject.runtime,
                    _percent(side.top(1)),
                    _percent(side.top(5)),
                ]
                for side in sides
            ],
        )
        lines = [table, self.data.description]
        if self.agreement is not None and self.distance is not None:
            sqnr = self.distance.sqnr_db
            lines.append(
                f"same top-1 {_percent(self.agreement)}, SQNR "
                + ("of equal answers" if sqnr is None else f"{sqnr:.1f} dB")
            )
        return "\n".join([*lines, *(f"note: {note}" for note in self.notes)])

    @property
    def agreement(self) -> Share | None:
        """Images with the same top-1 from both models; None without a second one."""
        if self.against is None:
            return None
        pairs = zip(self.answers.top1, self.against.top1, strict=True)
        return Share(sum(left == right for left, right in pairs), len(self.files))

    @property
    def top1_difference(self) -> PairedDifference | None:
        """Top-1 of the model under test less that of the other; None without both and labels."""
        if self.against is None or self.answers.ranks is None or self.against.ranks is None:
            return None
        pairs = Counter(
            (left == 0, right == 0)
            for left, right in zip(self.answers.ranks, self.against.ranks, strict=True)
        )
        return PairedDifference(pairs[True, False], pairs[False, True], len(self.files))

    @property
    def per_class(self) -> tuple[ClassRow, ...]:
        """Accuracy by class, for the classes that have images; empty without labels."""
        if self.labels is None or self.answers.ranks is None:
            return ()
        images = Counter(self.labels)
        correct = Counter(
            label for label, rank in zip(self.labels, self.answers.ranks, strict=True) if rank == 0
        )
        names = self.data.class_names
        return tuple(
            ClassRow(label, None if names is None else names[label], count, correct[label])
            for label, count in sorted(images.items())
        )

    @property
    def notes(self) -> tuple[str, ...]:
        """What makes the result doubtful, one line each."""
        notes = []
        for side in filter(None, (self.answers, self.against)):
            subject = side.subject
            if (subject.weights or "").startswith("untrained"):
                notes.append(f"{subject.name} is {subject.weights}: its answers mean nothing")
            if subject.classes == _IMAGENET_AND_BACKGROUND and self.labels is not None:
                notes.append(
                    f"{subject.name} has {subject.classes} outputs: if the first is a background "
                    "class, every label is off by one; --label-offset 1 drops it"
                )
        if self.data.taken_whole:
            notes.append(
                f"{self.data.taken_whole} of {len(self.files)} images have the size of the input "
                "already: they are neither resized nor cropped"
            )
        names, classes = self.data.class_names, self.answers.subject.classes
        if names is not None and len(names) != classes:
            notes.append(
                f"{len(names)} class subfolders for {classes} classes: the labels are right only "
                "if the missing ones come last by name; a labels.csv says them outright"
            )
        return tuple(dict.fromkeys(notes))

    def summary(self) -> dict[str, Any]:
        """Return the derived numbers, ready for JSON; intervals are 95 %."""
        difference, distance = self.top1_difference, self.distance
        return {
            "images": len(self.files),
            "top1": _numbers(self.answers.top(1)),
            "top5": _numbers(self.answers.top(5)),
            "against_top1": None if self.against is None else _numbers(self.against.top(1)),
            "against_top5": None if self.against is None else _numbers(self.against.top(5)),
            "top1_difference": None
            if difference is None
            else {"value": difference.value, "interval": list(difference.interval)},
            "agreement": _numbers(self.agreement),
            "sqnr_db": None if distance is None else distance.sqnr_db,
            "max_rel_error": None if distance is None else distance.max_rel_error,
            "per_class": [
                {**asdict(row), "top1": row.correct / row.images} for row in self.per_class
            ],
            "notes": list(self.notes),
        }

    def derived(self) -> dict[str, Any]:
        """Return the summary, which is for other readers."""
        return {"summary": self.summary()}


def from_json(text: str) -> Evaluation:
    """Read an evaluation that `Evaluation.to_json` wrote; its ``summary`` is derived anew.

    Raises:
        RefusedError: the text is no evaluation, is of another version, or is damaged.
    """
    return documents.read_document(
        Evaluation, text, Evaluation.schema, Evaluation.schema_version, "evaluation"
    )


def _percent(share: Share | None) -> str:
    if share is None:
        return "-"
    low, high = share.interval
    return f"{100 * share.value:.1f} % [{100 * low:.1f}, {100 * high:.1f}]"


def _numbers(share: Share | None) -> dict[str, Any] | None:
    if share is None:
        return None
    return {"value": share.value, "count": share.count, "interval": list(share.interval)}
