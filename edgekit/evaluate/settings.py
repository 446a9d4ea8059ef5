"""How to evaluate, and how pixels become the input of a file that does not say so itself."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from edgekit.errors import UsageError
from edgekit.export import Artifact
from edgekit.modelfile.float16_leave import leaves_float16
from edgekit.models import Preprocessing
from edgekit.models.preprocessing_choice import NOTHING, PreprocessingChoice, Source, read


@dataclass(frozen=True)
class Settings:
    """Settings of one evaluation; both sides of a comparison share them.

    Attributes:
        threads: threads a runtime may compute with.
        resize: shorter side of an image before the centre crop, in pixels; None takes what the
            preprocessing says.
        preprocessing: name of a preprocessing, a .toml file, or what else is said of it; it comes
            before what is on record.
        label_offset: outputs before the one for label 0, of files without a record: 1 where the
            first class is "background".
        float16: compute .tflite files that leave float16 arithmetic to the processor in it, as
            Arm cores with Armv8.2 half precision do by themselves.

    Raises:
        UsageError: a value is out of its range.
        UnknownNameError: no preprocessing is called that.
    """

    threads: int = 1
    resize: int | None = None
    preprocessing: str | PreprocessingChoice | None = None
    label_offset: int = 0
    float16: bool = False

    def __post_init__(self) -> None:
        if self.threads < 1:
            raise UsageError(f"a model runs on 1 thread or more, not {self.threads}")
        if self.label_offset < 0:
            raise UsageError(f"a label offset is 0 or more, not {self.label_offset}")
        _ = self.choice

    @cached_property
    def choice(self) -> PreprocessingChoice:
        """All that is said of the preprocessing."""
        beside = NOTHING if self.resize is None else PreprocessingChoice(resize=self.resize)
        if isinstance(self.preprocessing, PreprocessingChoice):
            return self.preprocessing if self.resize is None else self._both(self.preprocessing)
        return read(self.preprocessing, beside)

    def is_float16(self, path: Path) -> bool:
        """Tell whether a file is computed in float16."""
        return self.float16 and leaves_float16(path)

    def of_file(self, known: Artifact | None, side: int, name: str) -> tuple[Preprocessing, Source]:
        """Return how pixels become the input of a file with a record or without, and who says so.

        Raises:
            UsageError: as `of_image`; or the file normalizes itself, and something else is said.
        """
        if known is not None and known.folded is not None and self.choice.normalizes:
            raise UsageError(
                f"{name} takes raw pixels and normalizes them itself: leave out --preprocessing, "
                "--mean, --std, --scale and --channel-order"
            )
        return self.of_image(None if known is None else known.preprocessing, side, name)

    def of_image(
        self, known: Preprocessing | None, side: int, name: str, by: Source = "sidecar"
    ) -> tuple[Preprocessing, Source]:
        """Return how pixels become an input, and who says so.

        Args:
            known: on record; None if nothing is.
            side: rows and columns of the input.
            name: what to call the model in messages.
            by: whose record it is.

        Raises:
            UsageError: nobody knows, or what is said contradicts the input.
        """
        wanted = self.choice.over(known, side, name)
        return wanted, by if wanted == known else "option"

    def _both(self, said: PreprocessingChoice) -> PreprocessingChoice:
        if said.resize not in (None, self.resize):
            raise UsageError(f"two sizes are given to resize to, {said.resize} and {self.resize}")
        return PreprocessingChoice(**{**vars(said), "resize": self.resize})
