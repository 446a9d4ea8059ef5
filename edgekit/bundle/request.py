"""What to bundle, and how: the argument of `edgekit.bundle.build`."""

from __future__ import annotations

import os
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from edgekit.errors import UsageError
from edgekit.models.preprocessing_choice import PreprocessingChoice, choice_of


@dataclass(frozen=True)
class BundleRequest:
    """Files of one network, or its name, and what goes with them.

    Attributes:
        subjects: names of one registered network, which is exported, or model files with their
            sidecars, all of one network.
        folder: where ``NAME.edgekit`` is made.
        name: of the bundle; None takes the network's.
        labels: file of class names, one a line; None takes those of the network's card.
        license: SPDX identifier of the weights' licence; None takes that of weights that ship
            with edgekit, else none is stated.
        license_file: text of that licence.
        revision: of the source that made the weights, such as a commit.
        about: file of what only people know, as `edgekit.bundle.about` reads it.
        golden: folder of images whose answers are kept; None draws synthetic ones.
        data: labelled images to measure accuracy on; None measures none.
        limit: how many of these images.
        fold_preprocessing: put what the standard metadata cannot say into the .tflite files.
        preprocessing: what is said of how pixels become the input, as
            `edgekit.export.ExportRequest` takes it; before what the files' sidecars say.
        score_threshold: scores below it are not worth showing; for the metadata.
        instructions: emulated processor to count each file's instructions on; None counts none.
        measure: time the files here, into ``measured/``.
        as_zip: also write ``NAME.edgekit.zip``.
        force: replace a bundle of that name.

    Raises:
        UsageError: nothing is to be bundled, or a licence's text has no name.
    """

    subjects: tuple[str, ...]
    folder: Path = Path()
    name: str | None = None
    labels: Path | None = None
    license: str | None = None
    license_file: Path | None = None
    revision: str | None = None
    about: Path | None = None
    golden: Path | None = None
    data: Path | None = None
    limit: int | None = None
    fold_preprocessing: bool = False
    preprocessing: str | PreprocessingChoice | None = None
    score_threshold: float | None = None
    instructions: str | None = None
    measure: bool = False
    as_zip: bool = False
    force: bool = False

    def __post_init__(self) -> None:
        _ = self.said
        if not self.subjects:
            raise UsageError("nothing is to be bundled: name a network or model files")
        if self.license_file is not None and self.license is None:
            raise UsageError("--license-file goes with --license, its SPDX identifier")
        if self.name is not None and (not self.name or "/" in self.name or self.name[0] == "."):
            raise UsageError(f"a bundle's name is part of a file name, not {self.name!r}")

    @cached_property
    def said(self) -> PreprocessingChoice:
        """All that is said of the preprocessing."""
        return choice_of(self.preprocessing)


def source_date_epoch() -> int | None:
    """Return ``SOURCE_DATE_EPOCH``: the one moment that a bundle may name; None if it is unset.

    Raises:
        UsageError: it is no number of seconds.
    """
    text = os.environ.get("SOURCE_DATE_EPOCH")
    if text is None:
        return None
    if not text.isdecimal():
        raise UsageError(f"SOURCE_DATE_EPOCH is a number of seconds, not {text!r}")
    return int(text)
