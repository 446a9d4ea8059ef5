"""Does a model still answer right? Accuracy, agreement and SQNR over images."""

from __future__ import annotations

from edgekit.evaluate.result import Answers, ClassRow, Data, Evaluation, from_json
from edgekit.evaluate.run import run
from edgekit.evaluate.settings import Settings
from edgekit.evaluate.statistics import PairedDifference, Share
from edgekit.evaluate.subject import Subject

__all__ = [
    "Answers",
    "ClassRow",
    "Data",
    "Evaluation",
    "PairedDifference",
    "Settings",
    "Share",
    "Subject",
    "from_json",
    "run",
]
