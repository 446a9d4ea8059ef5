"""The walk of a verification: compare two files, then each with itself under other processors."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from edgekit import __version__, runtimes
from edgekit.emulation import isa as instruction_sets
from edgekit.emulation.isa import NATIVE
from edgekit.errors import InvalidPathError
from edgekit.evaluate.outputs.any_model import judge
from edgekit.evaluate.outputs.result import OutputEvaluation
from edgekit.evaluate.request import EvaluateRequest
from edgekit.evaluate.result import Evaluation
from edgekit.evaluate.verification import inputs, isa_check, saturation
from edgekit.evaluate.verification.inputs import Inputs
from edgekit.evaluate.verification.isa_check import IsaReport
from edgekit.evaluate.verification.report import FileFacts, Verification
from edgekit.evaluate.verification.request import VerifyRequest
from edgekit.evaluate.verification.saturation import SaturatingLayer
from edgekit.export import artifact
from edgekit.files import digest
from edgekit.processes import child

ISA_SAMPLES = 8
"""Inputs under each instruction set, if no number is given: emulation is slow.

Layers are looked at with no more than these: each has its input kept for every one of them.
"""


def verify(
    request: VerifyRequest,
    *,
    progress: Callable[[int, int], None] = lambda _done, _total: None,
    say: Callable[[str], None] = lambda _: None,
) -> Verification:
    """Compare one or two model files, with each other and with themselves elsewhere.

    Args:
        request: which files, on what, and where.
        progress: called with the number of images compared and their total.
        say: called with a short line before each run under an instruction set.

    Returns:
        What was found; its ``check`` says whether it passes.

    Raises:
        InvalidPathError: a file or folder is not there.
        EnvironmentMissingError: this machine cannot run an instruction set.
        EdgekitError: what `edgekit.evaluate.run` and `edgekit.processes.child.run` raise.
    """
    settings, others, samples = request.settings, request.others, request.samples
    for name in request.files:
        runtimes.for_file(name)
        if not Path(name).is_file():
            raise InvalidPathError(f"{name}: no such file")
    for each in others:
        instruction_sets.launcher(each)  # before any work
    say("loading")
    files = tuple(_facts(each, settings.threads) for each in request.files)
    comparison, outputs = None, None
    if len(files) == 2:
        tested, reference = request.files
        say(f"comparing {Path(tested).name} with {Path(reference).name}")
        wanted = EvaluateRequest(
            tested, request.data, against=reference, limit=samples, settings=settings
        )
        judged = judge(wanted, progress=progress)
        comparison = judged if isinstance(judged, Evaluation) else None
        outputs = judged if isinstance(judged, OutputEvaluation) else None
    reports: list[IsaReport] = []
    layers: list[SaturatingLayer] = []
    searched: list[str] = []
    described = []
    for file in files if others else ():
        count = ISA_SAMPLES if samples is None else samples
        given = inputs.of_file(Path(file.file), file.info, request.data, count, settings)
        found = isa_check.check(file.file, file.info, given.feeds, others, settings.threads, say)
        reports += found
        described.append(given.description)
        for suspect, sound in _suspects(file, found):
            searched.append(file.file)
            layers += _layers(file, given, suspect, sound, settings.threads, say)
    return Verification(
        files=files,
        comparison=comparison,
        outputs=outputs,
        isa_inputs="; ".join(dict.fromkeys(described)) or None,
        isa=tuple(reports),
        saturating=tuple(layers),
        saturation_searched=tuple(searched),
        native_saturates=instruction_sets.pairs_saturate(NATIVE),
        thresholds=request.thresholds,
        edgekit_version=__version__,
    )


def _facts(name: str, threads: int) -> FileFacts:
    path = Path(name)
    info = child.describe(path, threads=threads)
    known = artifact.load(path)
    return FileFacts(
        file=name,
        size_bytes=path.stat().st_size,
        sha256=digest.sha256_of(path),
        model=None if known is None else known.model,
        precision=None if known is None else known.precision,
        info=info,
    )


def _suspects(file: FileFacts, reports: Sequence[IsaReport]) -> Iterator[tuple[str, str]]:
    """Yield a saturating instruction set and a sound one between which an .onnx file differs."""
    if Path(file.file).suffix.lower() != ".onnx":
        return  # XNNPACK widens before it multiplies
    differing = [each.isa for each in reports if not each.same]
    if not instruction_sets.pairs_saturate(NATIVE):
        for isa in differing:
            if instruction_sets.pairs_saturate(isa):
                yield isa, NATIVE
        return
    sound = [each for each in differing if not instruction_sets.pairs_saturate(each)]
    if sound:
        yield NATIVE, sound[0]


def _layers(
    file: FileFacts,
    given: Inputs,
    isa: str,
    reference: str,
    threads: int,
    say: Callable[[str], None],
) -> tuple[SaturatingLayer, ...]:
    def named(step: str) -> None:
        say(f"{Path(file.file).name}: {step}")

    feeds = given.feeds[:ISA_SAMPLES]
    return saturation.find(file.file, feeds, isa, reference, threads, named)
