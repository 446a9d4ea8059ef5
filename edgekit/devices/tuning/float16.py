"""Does a network gain by float16 arithmetic, and do its answers hold?

The file that leaves it to the processor is taken only where it costs less on the target, and where
the answers stay: in float16 by force on this machine, over images if there are some, and on an
emulated target itself.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from edgekit import evaluate
from edgekit.devices.targets import CountingTarget, Target
from edgekit.devices.tuning.beside import Measure
from edgekit.errors import RefusedError
from edgekit.export import Artifact, parity, to_files
from edgekit.export.forms import FloatForms, Tuned
from edgekit.export.parity import Arrays
from edgekit.export.precisions import AUTO, FLOAT16_COMPUTE, FLOAT32, float16_compute
from edgekit.export.rewriting import choices
from edgekit.files import scratch
from edgekit.processes import child
from edgekit.progress import Progress, Step, silent
from edgekit.runtimes import arrays
from edgekit.runtimes.jobs import RunJob

MOST_POINTS = 0.1
"""By which float16 arithmetic may move top-1, in points of 100."""

_TIMEOUT_S = 3600.0  # emulation makes float networks hundreds of times slower


@dataclass(frozen=True)
class Judgement:
    """What float16 arithmetic does to the answers of a file.

    Attributes:
        max_rel_error: largest difference from float32 on the parity inputs, as a part of the
            output's range, with float16 by force on this machine.
        emulated_max_rel_error: the same on the emulated target; None on others.
        images: what images were judged on; None without any.
        points: by how much top-1 moves on them, of 100; without labels the share of images whose
            answer is another, which is no less. None without images.
    """

    max_rel_error: float
    emulated_max_rel_error: float | None
    images: str | None
    points: float | None

    @property
    def verdict(self) -> str:
        """``holds``, or why it does not; without images only the error is known."""
        if parity.INCOMPARABLE in (self.max_rel_error, self.emulated_max_rel_error):
            return "not finite"
        if self.points is None:
            return "error alone"
        if self.max_rel_error == 0:
            return "not in float16 here"
        return "holds" if abs(self.points) <= MOST_POINTS else "moves"

    @property
    def holds(self) -> bool:
        """Whether nothing speaks against it."""
        return self.verdict in ("holds", "error alone")

    @property
    def found(self) -> Mapping[str, Any]:
        """What a sidecar says of it."""
        return {**vars(self), "verdict": self.verdict}


def decide(
    forms: FloatForms,
    by: Measure,
    place: Target,
    images: Path | None = None,
    progress: Progress = silent,
) -> Tuned:
    """Decide whether a file leaves float16 arithmetic to the processor.

    Args:
        forms: of a precision that is left open, or of `FLOAT16_COMPUTE`, which is then judged
            alone.
        by: tells which file costs less.
        place: where the file is to run.
        images: a folder of images, labelled or not, to judge the answers on.
        progress: told before each step.

    Returns:
        The precision, with what was measured; the default rules.

    Raises:
        RefusedError: `FLOAT16_COMPUTE` was asked for, and its answers move (reason
            "float16-accuracy").
        EdgekitError: a file cannot be made or run.
    """
    if forms.target.stored_form not in float16_compute.FORMS:
        return Tuned(choices.DEFAULT, (), FLOAT32)
    steps: list[Mapping[str, Any]] = []
    with scratch.folder() as folder:
        progress(Step("writing float32 and float16-compute"))
        plain, short = _both(forms, folder)
        if forms.precision == AUTO:
            found = by.beside(plain.path, {FLOAT16_COMPUTE: short.path}, progress)[FLOAT16_COMPUTE]
            steps.append({"step": "trying", "change": FLOAT16_COMPUTE, **found.found})
            if not found.is_less:
                return Tuned(choices.DEFAULT, tuple(steps), FLOAT32)
        progress(Step("judging float16 arithmetic"))
        judged = _judge(forms, plain, short, place, images)
    steps.append({"step": "judging", "change": FLOAT16_COMPUTE, **judged.found})
    if judged.holds:
        return Tuned(choices.DEFAULT, tuple(steps), FLOAT16_COMPUTE)
    if forms.precision == FLOAT16_COMPUTE:
        raise RefusedError(
            f"{forms.source.name} cannot have float16 arithmetic: {_why(judged)}; write "
            "--precision float32",
            reason_code="float16-accuracy",
        )
    return Tuned(choices.DEFAULT, tuple(steps), FLOAT32)


def _why(judged: Judgement) -> str:
    if judged.verdict == "not finite":
        return "its answers are not finite"
    if judged.verdict == "moves":
        return f"top-1 moves by {judged.points:+.2f} points on {judged.images}"
    return "this processor cannot show what it does to the answers"


def _both(forms: FloatForms, folder: Path) -> Sequence[Artifact]:
    return to_files(
        forms.source, [forms.target.name], folder, precision_names=[FLOAT32, FLOAT16_COMPUTE]
    )


def _judge(
    forms: FloatForms, plain: Artifact, short: Artifact, place: Target, images: Path | None
) -> Judgement:
    maps = [each.name for each in short.inputs if each.layout == "NHWC"]
    feeds = [parity.to_nhwc(feed, maps) for feed in forms.source.feeds]
    _, wanted = child.run(plain.path, feeds)
    _, forced = child.run(short.path, feeds, float16=True)
    emulated = None
    if isinstance(place, CountingTarget):
        emulated = _error(wanted, _run_on(place, short.path, feeds))
    on, points = (None, None) if images is None else _moved(plain.path, short.path, images)
    return Judgement(_error(wanted, forced), emulated, on, points)


def _error(wanted: Sequence[Arrays], found: Sequence[Arrays]) -> float:
    return parity.compare("float32", wanted, found).max_rel_error


def _run_on(place: Target, path: Path, feeds: Sequence[Arrays]) -> list[dict[str, np.ndarray]]:
    with child.scratch_folder() as folder:
        inputs, outputs = folder / "inputs.zip", folder / "outputs.zip"
        arrays.write_sets(inputs, feeds)
        job = RunJob("tflite", str(path), 1, str(inputs), str(outputs), exact_sums=True)
        place.run(job, _TIMEOUT_S)
        return list(arrays.read_sets(outputs))


def _moved(plain: Path, short: Path, images: Path) -> tuple[str, float]:
    """Return what the images are, and by how many points top-1 moves on them."""
    settings = evaluate.Settings(float16=True)
    request = evaluate.EvaluateRequest(str(short), images, against=str(plain), settings=settings)
    result = evaluate.run(request)
    difference, agreement = result.top1_difference, result.agreement
    if difference is not None:
        return result.data.description, 100 * difference.value
    if agreement is None:
        raise ValueError("two files on the same images agree on some of them")
    return result.data.description, 100 * (1 - agreement.value)
