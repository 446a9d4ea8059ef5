"""The walk of a verification: compare two files, then each with itself under other processors."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from edgekit import __version__, runtimes
from edgekit.emulation import isa as instruction_sets
from edgekit.emulation.isa import NATIVE
from edgekit.errors import InvalidPathError, UsageError
from edgekit.evaluate.run import run
from edgekit.evaluate.settings import Settings
from edgekit.evaluate.verification import inputs, isa_check, saturation
from edgekit.evaluate.verification.inputs import Inputs
from edgekit.evaluate.verification.isa_check import IsaReport
from edgekit.evaluate.verification.report import FileFacts, Thresholds, Verification
from edgekit.evaluate.verification.saturation import SaturatingLayer
from edgekit.export import artifact
from edgekit.files import digest
from edgekit.processes import child

ISA_SAMPLES = 8
"""Inputs under each instruction set, if no number is given: emulation is slow.

Layers are looked at with no more than these: each has its input kept for every one of them.
"""


def verify(
    names: Sequence[str],
    data: Path | None = None,
    *,
    samples: int | None = None,
    isas: Sequence[str] = (),
    thresholds: Thresholds | None = None,
    settings: Settings | None = None,
    progress: Callable[[int, int], None] = lambda _done, _total: None,
    say: Callable[[str], None] = lambda _: None,
) -> Verification:
    """Compare one or two model files, with each other and with themselves elsewhere.

    Args:
        names: path of the file under test, and perhaps of one to compare it with.
        data: folder of images; None draws synthetic ones.
        samples: number of images; None takes all for the comparison (of synthetic ones 64), and
            8 under each instruction set.
        isas: instruction sets to run each file under; ``native`` is run anyway.
        thresholds: what the comparison must reach; None demands nothing.
        settings: see `Settings`; None takes the defaults.
        progress: called with the number of images compared and their total.
        say: called with a short line before each run under an instruction set.

    Raises:
        UsageError: the request asks for nothing, or contradicts itself.
        UnknownNameError: no instruction set is called that.
        InvalidPathError: a file or folder is not there.
        EnvironmentMissingError: this machine cannot run an instruction set.
        EdgekitError: what `edgekit.evaluate.run` and `edgekit.processes.child.run` raise.
    """
    thresholds, settings = thresholds or Thresholds(), settings or Settings()
    chosen = {instruction_sets.get(each).name: None for each in isas}
    others = [each for each in chosen if each != NATIVE]
    _check(names, others, samples, thresholds)
    for each in others:
        instruction_sets.launcher(each)  # before any work
    say("loading")
    files = tuple(_facts(each, settings.threads) for each in names)
    comparison = None
    if len(names) == 2:
        say(f"comparing {Path(names[0]).name} with {Path(names[1]).name}")
        comparison = run(
            names[0],
            data,
            against=names[1],
            limit=samples,
            settings=settings,
            progress=progress,
        )
    reports: list[IsaReport] = []
    layers: list[SaturatingLayer] = []
    searched: list[str] = []
    described = []
    for file in files if others else ():
        count = ISA_SAMPLES if samples is None else samples
        given = inputs.of_file(Path(file.file), file.info, data, count, settings)
        found = isa_check.check(file.file, file.info, given.feeds, others, settings.threads, say)
        reports += found
        described.append(given.description)
        for suspect, reference in _suspects(file, found):
            searched.append(file.file)
            layers += _layers(file, given, suspect, reference, settings.threads, say)
    return Verification(
        files=files,
        comparison=comparison,
        isa_inputs="; ".join(dict.fromkeys(described)) or None,
        isa=tuple(reports),
        saturating=tuple(layers),
        saturation_searched=tuple(searched),
        native_saturates=instruction_sets.pairs_saturate(NATIVE),
        thresholds=thresholds,
        edgekit_version=__version__,
    )


def _check(
    names: Sequence[str], others: Sequence[str], samples: int | None, thresholds: Thresholds
) -> None:
    if samples is not None and samples < 1:
        raise UsageError(f"a verification takes 1 sample or more, not {samples}")
    for name in names:
        runtimes.for_file(name)
        if not Path(name).is_file():
            raise InvalidPathError(f"{name}: no such file")
    if len(names) == 1 and thresholds.given:
        raise UsageError("--min-agreement and --min-sqnr compare two files: give a second one")
    if len(names) == 1 and not others:
        raise UsageError(
            f"{names[0]} alone has nothing to be compared with: give a second file, or other "
            f"instruction sets, --isa {','.join(instruction_sets.names())}"
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
