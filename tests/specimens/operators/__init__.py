"""The forms of operators that the writers must express, one kind a file."""

from __future__ import annotations

from tests.specimens.operators import classifiers, moving
from tests.specimens.operators.form import FLAT, MAP, SCALARS, Form

FORMS: list[Form] = [
    *classifiers.FORMS,
    *moving.FORMS,
]

__all__ = ["FLAT", "FORMS", "MAP", "SCALARS", "Form"]
