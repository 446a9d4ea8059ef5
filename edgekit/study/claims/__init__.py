"""The papers' claims as experiments that anyone can run again.

The doors are `run` and, for reports that were kept, `read`. A claim (`papers/`, one file an
experiment) asks a `laboratory` for numbers; `claim.decide` makes a verdict of them by the claim's
bars.
"""

from __future__ import annotations

from edgekit.study.claims.claim import Bar, Claim, Finding, decide
from edgekit.study.claims.measured import Measured
from edgekit.study.claims.page.registry import page as claims_page
from edgekit.study.claims.page.study import page as study_page
from edgekit.study.claims.papers import CLAIMS
from edgekit.study.claims.report import ClaimsReport
from edgekit.study.claims.run import ClaimsRequest, compared, read, run, test
from edgekit.study.claims.shift_analysis import ShiftAnalysis
from edgekit.study.claims.shift_analysis import analyze as analyze_shifts

__all__ = [
    "CLAIMS",
    "Bar",
    "Claim",
    "ClaimsReport",
    "ClaimsRequest",
    "Finding",
    "Measured",
    "ShiftAnalysis",
    "analyze_shifts",
    "claims_page",
    "compared",
    "decide",
    "read",
    "run",
    "study_page",
    "test",
]
