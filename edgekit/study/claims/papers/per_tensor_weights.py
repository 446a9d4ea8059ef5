"""The whitepaper on quantization: one scale a tensor breaks MobileNetV1, one a channel does not."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from edgekit import evaluate, quantize
from edgekit.errors import EnvironmentMissingError
from edgekit.processes import child
from edgekit.study.claims import citations
from edgekit.study.claims.claim import Bar, Claim
from edgekit.study.claims.laboratory.base import Laboratory
from edgekit.study.claims.measured import Measured

_NETWORK = "mobilenet-v1-1.0-224"
_WEIGHTS, _IMAGES = "weights/mobilenet_v1_1.0_224_float.pt", "demo_ccby_100"
_SAMPLES = 16


def _integer(data: Path, folder: Path, *, per_channel: bool) -> str:
    """Return a .tflite file whose ranges are least and greatest values, and nothing is repaired."""
    request = quantize.QuantizeRequest(
        _NETWORK,
        weights=data / _WEIGHTS,
        calibration_data=data / _IMAGES,
        calibration_samples=_SAMPLES,
        recipe="minmax",
        per_channel=per_channel,
        folder=folder / ("channel" if per_channel else "tensor"),
        formats=("tflite",),
        verify=False,  # how far it is from the float network is the question
    )
    return str(quantize.run(request).artifacts[0].path)


def _measure(lab: Laboratory) -> Iterator[Measured]:
    data = lab.data
    if data is None or not all((data / each).exists() for each in (_WEIGHTS, _IMAGES)):
        raise EnvironmentMissingError(
            f"this claim needs images and weights: give a folder with {_IMAGES}/ and {_WEIGHTS} by "
            "--data or EDGEKIT_DATA"
        )
    with child.scratch_folder() as folder:
        tensor = _integer(data, folder, per_channel=False)
        channel = _integer(data, folder, per_channel=True)
        found = evaluate.run(evaluate.EvaluateRequest(tensor, data / _IMAGES, against=channel))
    conditions = {"images": found.data.description, "ranges": f"minmax of {_SAMPLES} of them"}
    pairs = (("one scale a tensor", found.answers), ("one scale a channel", found.against))
    for name, answers in pairs:
        share = answers.top(1) if answers else None
        if share is not None:
            low, high = share.interval
            yield Measured(
                "top-1, per cent",
                f"{_NETWORK}, {name}",
                100 * share.value,
                (100 * low, 100 * high),
                share.of,
                conditions=conditions,
            )
    difference = found.top1_difference
    if difference is None:
        raise EnvironmentMissingError(f"{data / _IMAGES} has no labels: add a labels.csv")
    lost, (low, high) = -100 * difference.value, difference.interval
    yield Measured(
        "points of top-1 lost",
        "one scale a tensor beside one a channel",
        lost,
        (min(-100 * high, lost), max(-100 * low, lost)),
        len(found.files),
        conditions=conditions,
    )


CLAIMS = (
    Claim(
        name="per-tensor-breaks-mobilenet-v1",
        paper=citations.WHITEPAPER,
        where="its tables of post-training quantization" + citations.QUOTED,
        statement="without training anew, MobileNetV1 in 8 bits answers 0.1 % right with one scale "
        "a weight tensor and 59 to 70 % with one a channel",
        experiment="mobilenet-v1-1.0-224 with trained weights, int8 with both, on labelled "
        "photographs; at least 30 points",
        kind="accuracy",
        bars=(Bar("points of top-1 lost", low=30.0),),
        measure=_measure,
    ),
)
