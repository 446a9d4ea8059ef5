"""What to export, and how: the one argument of `edgekit.export.run`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from edgekit.errors import UsageError
from edgekit.export import formats, precisions
from edgekit.export.formats import Format
from edgekit.export.rewriting import choices
from edgekit.export.rewriting.choices import Choices
from edgekit.export.sources import shapes
from edgekit.export.sources.shapes import InputShapes
from edgekit.models.preprocessing_choice import PreprocessingChoice, choice_of


@dataclass(frozen=True)
class ExportRequest:
    """A network, the files to make of it, and where they go.

    Attributes:
        model: a registered name or alias; ``torchvision:NAME``, ``timm:NAME`` or
            ``pytorchcv:NAME``; a path to an .onnx file; or ``package.module:factory``, which
            runs that code.
        folder: where the files go; it is made if it is missing.
        formats: by name or alias, in the order wanted.
        precisions: those that need no sample data, by name or alias; `edgekit.quantize` makes
            the others. For a file that is quantized already, its own: ``int8`` or ``int16x8``.
            ``auto`` alone leaves the choice to the tuner of `edgekit.export.run`.
        weights: a .safetensors file or a PyTorch state dict; None takes those that come with
            the network, and where there are none, seeded ones.
        seed: of random weights; if given, trained ones are not looked for.
        batch: size of every batch dimension that the network leaves open; None is 1.
        input_shapes: sizes of one input each, ``N,C,H,W`` in order, or ``NAME:N,C,H,W``.
        input_values: inputs of a file that become constants, ``NAME=NUMBER``.
        ends: tensors of a file that become its outputs; none leaves it its own.
        lowering: optional rules of a format to add and to leave out, ``FORMAT:+RULE,-RULE``.
        force: replace existing files that have other content.
        verify: compare every file with its source.
        preprocessing: what is said of how pixels become the input, before what is on record: a
            name, a .toml file, or values; see `edgekit.models.preprocessing_choice`. It is kept in
            the sidecars.
        fold_preprocessing: put the preprocessing into the files, which then take raw pixels.
        report: also say what each operator becomes in each format.

    Raises:
        UnknownNameError: a format, a precision or a rule does not exist.
        UsageError: a shape or a lowering cannot be read.
    """

    model: str
    folder: Path = Path()
    formats: tuple[str, ...] = ("onnx", "tflite")
    precisions: tuple[str, ...] = (precisions.FLOAT32,)
    weights: Path | None = None
    seed: int | None = None
    batch: int | None = None
    input_shapes: tuple[str, ...] = ()
    input_values: tuple[str, ...] = ()
    ends: tuple[str, ...] = ()
    lowering: tuple[str, ...] = ()
    force: bool = False
    verify: bool = True
    report: bool = False
    preprocessing: str | PreprocessingChoice | None = None
    fold_preprocessing: bool = False

    def __post_init__(self) -> None:
        if self.is_precision_open and len(self.precisions) > 1:
            raise UsageError("the precision auto stands alone: leave out the others")
        for name in self.precisions:
            if self.is_precision_open:
                continue
            if not self.may_be_quantized or name.casefold() not in precisions.CALIBRATED:
                precisions.get(name)
        for name, rules in self.choices.items():
            rules.check(formats.get(name).lowering)
        _ = self.shapes, self.said  # finds a slip of the pen before the work

    @property
    def may_be_quantized(self) -> bool:
        """True for a file, which may hold integers of its own."""
        return self.model.lower().endswith(".onnx")

    @property
    def is_precision_open(self) -> bool:
        """True where measuring decides on the precision."""
        return precisions.AUTO in (name.casefold() for name in self.precisions)

    @cached_property
    def targets(self) -> dict[str, Format]:
        """The formats by their canonical names, each once."""
        found = [formats.get(name) for name in self.formats]
        return {each.name: each for each in found}

    @cached_property
    def choices(self) -> dict[str, Choices]:
        """The optional rules by the canonical name of their format."""
        return read_lowering(self.lowering, self.formats)

    @cached_property
    def said(self) -> PreprocessingChoice:
        """All that is said of the preprocessing."""
        return choice_of(self.preprocessing)

    @cached_property
    def shapes(self) -> InputShapes:
        """The input sizes asked for."""
        return shapes.parse(self.input_shapes, self.batch, self.input_values, self.ends)


def read_lowering(texts: Sequence[str], format_names: Sequence[str]) -> dict[str, Choices]:
    """Read optional rules, each ``FORMAT:+RULE,-RULE``, by the canonical name of their format.

    Raises:
        UnknownNameError: a format does not exist.
        UsageError: a text cannot be read, or its format is none of those that are written.
    """
    found = {}
    written = {formats.get(name).name for name in format_names}
    for text in texts:
        name, colon, rules = text.partition(":")
        if not colon:
            raise UsageError(f"--lowering takes FORMAT:+RULE,-RULE, not {text!r}")
        target = formats.get(name)
        if target.name not in written:
            raise UsageError(f"--lowering {text!r}: no {target.name} file is written")
        found[target.name] = choices.parse(rules)
    return found
