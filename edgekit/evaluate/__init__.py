"""Does a model still answer right? Accuracy, agreement, SQNR, and other processors' answers."""

from __future__ import annotations

from edgekit.evaluate.result import Answers, ClassRow, Data, Evaluation, from_json
from edgekit.evaluate.run import run
from edgekit.evaluate.settings import Settings
from edgekit.evaluate.statistics import PairedDifference, Share
from edgekit.evaluate.subject import Subject
from edgekit.evaluate.verification.isa_check import IsaReport
from edgekit.evaluate.verification.report import FileFacts, Thresholds, Verification
from edgekit.evaluate.verification.saturation import SaturatingLayer
from edgekit.evaluate.verification.verify import verify

__all__ = [
    "Answers",
    "ClassRow",
    "Data",
    "Evaluation",
    "FileFacts",
    "IsaReport",
    "PairedDifference",
    "SaturatingLayer",
    "Settings",
    "Share",
    "Subject",
    "Thresholds",
    "Verification",
    "from_json",
    "run",
    "verify",
]
