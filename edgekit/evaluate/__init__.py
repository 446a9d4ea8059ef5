"""Does a model still answer right? Accuracy, agreement, SQNR, and other processors' answers.

The doors are `judge`, `run` (of classifiers), `verify` and `show`.
"""

from __future__ import annotations

from edgekit.evaluate.evaluated_model import EvaluatedModel
from edgekit.evaluate.outputs.any_model import judge
from edgekit.evaluate.outputs.difference import OutputDifference
from edgekit.evaluate.outputs.result import JudgedFile, OutputEvaluation
from edgekit.evaluate.outputs.segmentation import Segmentation
from edgekit.evaluate.request import EvaluateRequest
from edgekit.evaluate.result import Answers, ClassRow, Data, Evaluation, from_json
from edgekit.evaluate.run import run
from edgekit.evaluate.settings import Settings
from edgekit.evaluate.showing.answers import (
    Guess,
    RawOutput,
    ShownImage,
    ShowRequest,
    ShowResult,
)
from edgekit.evaluate.showing.labels import read_labels
from edgekit.evaluate.showing.show import show
from edgekit.evaluate.statistics import PairedDifference, Share
from edgekit.evaluate.verification.isa_check import IsaReport
from edgekit.evaluate.verification.report import FileFacts, Thresholds, Verification
from edgekit.evaluate.verification.request import VerifyRequest
from edgekit.evaluate.verification.saturation import SaturatingLayer
from edgekit.evaluate.verification.verify import verify

__all__ = [
    "Answers",
    "ClassRow",
    "Data",
    "EvaluateRequest",
    "EvaluatedModel",
    "Evaluation",
    "FileFacts",
    "Guess",
    "IsaReport",
    "JudgedFile",
    "OutputDifference",
    "OutputEvaluation",
    "PairedDifference",
    "RawOutput",
    "SaturatingLayer",
    "Segmentation",
    "Settings",
    "Share",
    "ShowRequest",
    "ShowResult",
    "ShownImage",
    "Thresholds",
    "Verification",
    "VerifyRequest",
    "from_json",
    "judge",
    "read_labels",
    "run",
    "show",
    "verify",
]
