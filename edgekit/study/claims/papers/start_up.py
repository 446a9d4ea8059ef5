"""What it costs until a network is ready."""

from __future__ import annotations

from collections.abc import Iterator

from edgekit.study.claims import citations
from edgekit.study.claims.claim import Bar, Claim
from edgekit.study.claims.laboratory import ratio
from edgekit.study.claims.laboratory.base import Laboratory
from edgekit.study.claims.laboratory.specimen import Specimen
from edgekit.study.claims.measured import Measured

_NETS = tuple(
    Specimen(name).on(f)
    for f in ("tflite", "onnx")
    for name in ("mobilenet-v1-1.0-224", "micronet-m0")
)


def _measure(lab: Laboratory) -> Iterator[Measured]:
    for net in _NETS:
        runs = lab.startup(net)
        value, interval = ratio.of_processes(
            [(each.load_ms + each.first_run_ms) / each.median_ms for each in runs]
        )
        yield Measured(
            "start-up in inferences",
            f"{net.label} on {net.runtime}",
            value,
            interval,
            len(runs),
            conditions={"threads": "1", "start-up": "loading and the first run, file in cache"},
        )


CLAIMS = (
    Claim(
        name="start-up-costs-as-much-as-inferences",
        paper=citations.XNNPACK_ISSUE,
        where="report of 700 ms to initialize a delegate",
        statement="start-up counts: loading and the first run take as long as several inferences",
        experiment="both over the median inference, of mobilenet-v1-1.0-224 and micronet-m0 on "
        "both runtimes, float32; at least three",
        kind="latency",
        bars=(Bar("start-up in inferences", low=3.0),),
        measure=_measure,
    ),
)
