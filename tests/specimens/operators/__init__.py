"""The forms of operators that the writers must express, one kind a file."""

from __future__ import annotations

from tests.specimens.operators import (
    attention,
    classifiers,
    mathematics,
    moving,
    recurrent,
    reductions,
    spatial,
    spectra,
)
from tests.specimens.operators.form import FLAT, MAP, SCALARS, Form

FORMS: list[Form] = [
    *attention.FORMS,
    *classifiers.FORMS,
    *mathematics.FORMS,
    *moving.FORMS,
    *recurrent.FORMS,
    *reductions.FORMS,
    *spatial.FORMS,
    *spectra.FORMS,
]

__all__ = ["FLAT", "FORMS", "MAP", "SCALARS", "Form"]
