"""The result of a verification: what was compared, how far it is apart, and the verdicts."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from edgekit.errors import CheckFailedError, UsageError
from edgekit.evaluate.outputs.result import OutputEvaluation
from edgekit.evaluate.result import Evaluation
from edgekit.evaluate.verification.isa_check import IsaReport
from edgekit.evaluate.verification.saturation import SaturatingLayer
from edgekit.files import documents, text_table
from edgekit.files.documents import Document
from edgekit.runtimes import ModelInfo


@dataclass(frozen=True)
class FileFacts:
    """One of the files.

    Attributes:
        file: the path as it was given.
        size_bytes: its size.
        sha256: of its bytes.
        model: name of the network; None if the file has no sidecar.
        precision: number type of the weights; None likewise.
        info: what its runtime says about it.
    """

    file: str
    size_bytes: int
    sha256: str
    model: str | None
    precision: str | None
    info: ModelInfo


@dataclass(frozen=True)
class Thresholds:
    """What two files must reach; None does not matter.

    Attributes:
        min_agreement_percent: least share of inputs with the same top-1, in percent.
        min_sqnr_db: least signal to quantization noise ratio, in decibels.

    Raises:
        UsageError: the percentage is outside 0 to 100.
    """

    min_agreement_percent: float | None = None
    min_sqnr_db: float | None = None

    def __post_init__(self) -> None:
        percent = self.min_agreement_percent
        if percent is not None and not 0 <= percent <= 100:
            raise UsageError(f"--min-agreement takes 0 to 100 percent, not {percent:g}")

    @property
    def given(self) -> bool:
        """Whether there is any."""
        return self.min_agreement_percent is not None or self.min_sqnr_db is not None


@dataclass(frozen=True, repr=False)
class Verification(Document):
    """One or two files, verified.

    Attributes:
        files: the file under test, and perhaps the one that it is compared with.
        comparison: their class scores for the same images; None with one file, or without such.
        outputs: their outputs for the same inputs, where they are compared by those.
        isa_inputs: what each file was run on under the instruction sets; None if none was asked
            for.
        isa: a report for each file and instruction set.
        saturating: layers that saturate, where that was the case.
        saturation_searched: files whose layers were looked at one by one.
        native_saturates: whether this machine's own kernels can saturate.
        thresholds: what was demanded.
        edgekit_version: version that verified.
    """

    schema = "edgekit.verification"
    schema_version = 2

    files: tuple[FileFacts, ...]
    comparison: Evaluation | None
    outputs: OutputEvaluation | None
    isa_inputs: str | None
    isa: tuple[IsaReport, ...]
    saturating: tuple[SaturatingLayer, ...]
    saturation_searched: tuple[str, ...]
    native_saturates: bool
    thresholds: Thresholds
    edgekit_version: str

    def __post_init__(self) -> None:
        compared = [each for each in (self.comparison, self.outputs) if each is not None]
        if len(compared) != len(self.files) - 1:
            raise ValueError(f"{len(self.files)} files, and a comparison of two")
        if self.thresholds.given and not compared:
            raise ValueError("thresholds are for the comparison of two files")

    @property
    def failures(self) -> tuple[str, ...]:
        """What did not pass, one line each."""
        return (*self._missed(), *self._differing())

    def _missed(self) -> Iterator[str]:
        comparison, wanted = self.comparison, self.thresholds
        if self.outputs is not None:
            yield from _missed_outputs(self.outputs, wanted)
        if comparison is None or comparison.agreement is None or comparison.distance is None:
            return
        percent, least = 100 * comparison.agreement.value, wanted.min_agreement_percent
        if least is not None and percent < least:
            yield f"same top-1 for {percent:.2f} % of the images, less than {least:g} %"
        distance, decibels = comparison.distance, wanted.min_sqnr_db
        if decibels is not None and distance.noise > 0:
            sqnr = distance.sqnr_db
            if sqnr is None or sqnr < decibels:
                found = "without a signal" if sqnr is None else f"of {sqnr:.2f} dB"
                yield f"SQNR {found}, less than {decibels:g} dB"

    def _differing(self) -> Iterator[str]:
        for file in dict.fromkeys(report.file for report in self.isa):
            names = [each.isa for each in self.isa if each.file == file and not each.same]
            if names:
                yield f"{file} gives other answers under {', '.join(names)}"

    def __repr__(self) -> str:
        rows = [
            [
                each.file,
                each.model or "unknown",
                each.precision or "unknown",
                f"{each.size_bytes:,}",
            ]
            for each in self.files
        ]
        lines = [text_table.text(["file", "model", "precision", "bytes>"], rows)]
        if self.comparison is not None:
            lines.append(repr(self.comparison))
        if self.outputs is not None:
            lines.append(repr(self.outputs))
        lines += [f"{each.file} under {each.isa}: {_same(each)}" for each in self.isa]
        verdict = "passed" if self.passed else f"failed: {'; '.join(self.failures)}"
        return "\n".join([*lines, verdict])

    def check(self) -> None:
        """Raise CheckFailedError if something failed; the error has this as its ``result``."""
        if not self.passed:
            raise CheckFailedError("; ".join(self.failures), result=self)

    @property
    def passed(self) -> bool:
        """Whether nothing failed."""
        return not self.failures

    @property
    def notes(self) -> tuple[str, ...]:
        """What to know about the result, one line each."""
        notes = [] if self.comparison is None else list(self.comparison.notes)
        if self.isa and self.native_saturates:
            notes.append(
                "this machine's processor has no VNNI, so its own int8 answers of .onnx files "
                "saturate as those under avx2 do: trust the Arm ones"
            )
        named = {layer.file for layer in self.saturating}
        notes += [
            f"no layer of {file} differs on its own: the difference lies in other operators"
            for file in self.saturation_searched
            if file not in named
        ]
        return tuple(notes)

    @property
    def remedies(self) -> tuple[str, ...]:
        """What to do about saturation, one line for each file that has it."""
        lines = []
        for file in dict.fromkeys(layer.file for layer in self.saturating):
            names = dict.fromkeys(each.name for each in self.saturating if each.file == file)
            lines.append(
                f"{Path(file).name}: give these layers 7-bit weights, which cannot saturate: "
                f"edgekit quantize ... --seven-bit {','.join(names)}"
            )
        return tuple(lines)

    def summary(self) -> dict[str, Any]:
        """Return the derived numbers, ready for JSON."""
        return {
            "passed": self.passed,
            "failures": list(self.failures),
            "notes": list(self.notes),
            "remedies": list(self.remedies),
            "comparison": None if self.comparison is None else self.comparison.summary(),
            "outputs": None if self.outputs is None else self.outputs.summary(),
            "isa": [
                {
                    "file": report.file,
                    "isa": report.isa,
                    "same": report.same,
                    "sqnr_db": report.distance.sqnr_db,
                    "agreement": None if report.agreement is None else report.agreement.value,
                }
                for report in self.isa
            ],
        }

    def derived(self) -> dict[str, Any]:
        """Return the summary, which is for other readers."""
        return {"summary": self.summary()}


def _missed_outputs(found: OutputEvaluation, wanted: Thresholds) -> Iterator[str]:
    least, agreement = wanted.min_agreement_percent, found.worst_agreement
    if least is not None and agreement is None:
        yield "no output has classes that could agree: give --min-sqnr in place of --min-agreement"
    if least is not None and agreement is not None and 100 * agreement.value < least:
        yield f"same answer at {100 * agreement.value:.2f} % of the places, less than {least:g} %"
    decibels, worst = wanted.min_sqnr_db, found.worst
    if decibels is not None and worst is not None:
        sqnr = worst.distance.sqnr_db
        if sqnr is None or sqnr < decibels:
            level = "without a signal" if sqnr is None else f"of {sqnr:.2f} dB"
            yield f"output {worst.name!r}: SQNR {level}, less than {decibels:g} dB"


def _same(report: IsaReport) -> str:
    return "the same answers" if report.same else "other answers"


def from_json(text: str) -> Verification:
    """Read a verification that `Verification.to_json` wrote; its ``summary`` is derived anew.

    Raises:
        RefusedError: the text is no verification, is of another version, or is damaged.
    """
    return documents.read_document(
        Verification, text, Verification.schema, Verification.schema_version, "verification"
    )
