"""What to quantize, and how: the arguments of the room's doors."""

from __future__ import annotations

from dataclasses import KW_ONLY, dataclass, replace
from functools import cached_property
from pathlib import Path

from edgekit.data import array_samples
from edgekit.errors import UnknownNameError, UsageError
from edgekit.export.request import read_lowering
from edgekit.export.rewriting.choices import DEFAULT, Choices
from edgekit.export.sources import shapes
from edgekit.export.sources.shapes import InputShapes
from edgekit.models.preprocessing_choice import PreprocessingChoice, choice_of
from edgekit.quantize import recipe
from edgekit.quantize.files import FileSettings
from edgekit.quantize.recipe import Recipe
from edgekit.quantize.samples.reading import SYNTHETIC_COUNT

CALIBRATION_IMAGES = 200
"""Taken of a folder when nobody says how many; the rest remains for evaluation."""

PRECISIONS = {"int8": 8, "w8a8": 8, "int16x8": 16, "w8a16": 16}
"""Bits of an activation, by the names that users type; weights have 8."""


@dataclass(frozen=True)
class CalibrationRequest:
    """A network, and what its encodings follow from.

    Attributes:
        model: as `edgekit.export.ExportRequest` takes it; a file is a float32 .onnx.
        calibration_data: folder of images, or a .npy or .npz with an array for each input, or a
            folder of those (see `edgekit.data.array_samples.read`); None makes seeded synthetic
            samples.
        calibration_samples: how many of them at most, evenly spaced; None takes what the recipe
            says, of a folder of images 200, else all.
        recipe: a named one, a text of the grammar of `edgekit.quantize.recipe`, or a .toml file;
            None takes the door's own.
        encodings: a file of encodings to take as they are; nothing is calibrated then.
        per_channel: one weight scale an output channel, or one a tensor; None takes the recipe's.
        precision: ``int8`` or ``int16x8``, or an alias.
        seven_bit: layers whose weights get 7 bits, beside those of the recipe.
        operators: ONNX types to quantize; none leaves it to the recipe.
        data: folder of images to judge by; None takes those of ``calibration_data`` that were
            not calibrated with.
        preprocessing: as `edgekit.export.ExportRequest` takes it.
        fold_preprocessing: likewise.
        weights: of a network by name; see `edgekit.export.ExportRequest`.
        seed: likewise.
        batch: likewise.
        input_shapes: likewise.
        input_values: likewise.
        ends: likewise.

    Raises:
        UnknownNameError, InvalidPathError, RefusedError: see `edgekit.quantize.recipe.get`.
        UsageError: a number or a shape makes no sense.
    """

    model: str
    _: KW_ONLY
    calibration_data: Path | None = None
    calibration_samples: int | None = None
    recipe: str | None = None
    encodings: Path | None = None
    per_channel: bool | None = None
    precision: str = "int8"
    seven_bit: tuple[str, ...] = ()
    operators: tuple[str, ...] = ()
    data: Path | None = None
    preprocessing: str | PreprocessingChoice | None = None
    fold_preprocessing: bool = False
    weights: Path | None = None
    seed: int | None = None
    batch: int | None = None
    input_shapes: tuple[str, ...] = ()
    input_values: tuple[str, ...] = ()
    ends: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if self.precision not in PRECISIONS:
            raise UnknownNameError("precision", self.precision, PRECISIONS)
        _ = self.asked, self.shapes, self.said  # finds a slip of the pen before the work

    @property
    def usual_recipe(self) -> str:
        """What ``recipe`` is if nobody says."""
        return "default"

    @cached_property
    def asked(self) -> Recipe:
        """The recipe asked for; what is given beside its text overrides it.

        A number of samples then stands in the description of the samples, not in the recipe.
        """
        found = recipe.get(self.recipe or self.usual_recipe)
        if self.per_channel is not None:
            found = replace(found, per_channel=self.per_channel)
        if PRECISIONS[self.precision] == 16:
            found = replace(found, activation_bits=16)
        if self.operators:
            found = replace(found, operators=frozenset(self.operators))
        if self.calibration_samples is not None:
            found = replace(found, samples=None)
        return replace(found, seven_bit=found.seven_bit | frozenset(self.seven_bit))

    @cached_property
    def said(self) -> PreprocessingChoice:
        """All that is said of the preprocessing."""
        return choice_of(self.preprocessing)

    @cached_property
    def shapes(self) -> InputShapes:
        """The input sizes asked for."""
        return shapes.parse(self.input_shapes, self.batch, self.input_values, self.ends)

    @property
    def most_samples(self) -> int | None:
        """How many samples to calibrate with at most; None takes all there are."""
        if self.calibration_samples is not None:
            return self.calibration_samples
        most = self.asked.samples
        if self.calibration_data is None:
            return most if most is not None and most < SYNTHETIC_COUNT else None
        has_images = self.calibration_data.is_dir()
        has_images = has_images and not array_samples.holds_arrays(self.calibration_data)
        usual = CALIBRATION_IMAGES if has_images else most
        return usual if most is None or usual is None else min(usual, most)


@dataclass(frozen=True)
class QuantizeRequest(CalibrationRequest):
    """A network, the integer files to make of it, and where they go.

    Attributes:
        folder: where the files go; it is made if it is missing.
        formats: by name or alias, in the order wanted.
        max_drop: climb the ladder of rungs only until no more top-1 than this is lost, in points
            (of agreement, where there are no labels), from ``recipe`` on, or else ``minmax``.
        integer_io: inputs and outputs of the .tflite hold stored integers; else float32.
        ort_activations: how the .onnx stores activations, ``uint8`` or ``int8``.
        lowering: optional rules of the one format that is written, ``FORMAT:+RULE,-RULE``.
        force: replace existing files that have other content.
        verify: compare every file with the simulation of its integers, and with the float network.
        allow_drift_db: the smallest signal to noise ratio to the float network that an output
            may have; None takes `edgekit.quantize.analysis.verdict`'s.

    Raises:
        UnknownNameError: a format or a rule does not exist.
        UsageError: ``encodings`` and ``max_drop`` are both given, or rules for several formats.
    """

    _: KW_ONLY
    folder: Path = Path()
    formats: tuple[str, ...] = ("onnx", "tflite")
    max_drop: float | None = None
    integer_io: bool = False
    ort_activations: str = "uint8"
    lowering: tuple[str, ...] = ()
    force: bool = False
    verify: bool = True
    allow_drift_db: float | None = None

    def __post_init__(self) -> None:
        super().__post_init__()
        self.files.check_lowering()
        if self.encodings is not None and self.max_drop is not None:
            raise UsageError(
                "--encodings are used as the file has them: --max-drop would search for others"
            )

    @property
    def usual_recipe(self) -> str:
        """``default``, or where a search starts."""
        return "default" if self.max_drop is None else "minmax"

    @cached_property
    def rules(self) -> Choices:
        """The optional rules."""
        return next(iter(read_lowering(self.lowering, self.formats).values()), DEFAULT)

    @cached_property
    def files(self) -> FileSettings:
        """Where the files go, and how they are made."""
        return FileSettings(
            self.folder,
            self.formats,
            self.integer_io,
            self.ort_activations,
            lowering=self.rules,
            force=self.force,
            verify=self.verify,
            allow_drift_db=self.allow_drift_db,
        )


@dataclass(frozen=True)
class SensitivityRequest(CalibrationRequest):
    """A network, and how closely to look at what its layers lose as integers.

    Attributes:
        samples: sets of inputs to judge by at most, evenly spaced.
        worst: layers to evaluate on images, and whose weights are drawn.
        per_tensor: also compare every stored tensor of both files with float32.
        plots: folder to draw pictures in; None draws nothing.

    Raises:
        UsageError: a number is below 1.
        MissingPackageError: pictures are asked for, and matplotlib is not installed.
    """

    _: KW_ONLY
    samples: int = 16
    worst: int = 5
    per_tensor: bool = False
    plots: Path | None = None

    def __post_init__(self) -> None:
        super().__post_init__()
        for name in ("samples", "worst"):
            if getattr(self, name) < 1:
                raise UsageError(f"{name} are 1 or more, not {getattr(self, name)}")

    @property
    def usual_recipe(self) -> str:
        """The plainest."""
        return "minmax"
