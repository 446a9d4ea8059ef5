"""Claims that need what is not here, and why."""

from __future__ import annotations

from edgekit.study.claims import citations
from edgekit.study.claims.claim import Claim

_NOTHING = "none"

CLAIMS = (
    Claim(
        name="mobilenet-v4-is-pareto-optimal",
        paper=citations.MOBILENET_V4,
        where="abstract",
        statement="MobileNetV4 is mostly Pareto optimal on processors, DSPs, GPUs and accelerators",
        experiment=_NOTHING,
        kind="untestable",
        untestable_because="of the libraries that edgekit reads networks from only timm has "
        "MobileNetV4, which imports beside a torchvision of torch's own build alone; where it is "
        "installed, `edgekit latency timm:mobilenetv4_conv_small` and the others give the points",
    ),
    Claim(
        name="repvit-one-millisecond",
        paper=citations.REPVIT,
        where="abstract",
        statement="RepViT reaches over 80 % top-1 at 1.0 ms on an iPhone 12",
        experiment=_NOTHING,
        kind="untestable",
        untestable_because="it is a time of Apple's neural engine, which no target of edgekit has",
    ),
    Claim(
        name="sme2-doubles-speed",
        paper=citations.ARM,
        where="table of times",
        statement="SME2 with KleidiAI: int8 556 to 304 ms, float16 1163 to 298 ms",
        experiment=_NOTHING,
        kind="untestable",
        untestable_because="no machine here has SME2, and emulated instructions are no time",
    ),
    Claim(
        name="newer-onnx-runtime-is-faster",
        paper="ONNX Runtime, release notes",
        where="headings on performance",
        statement="each release runs convolutional networks faster",
        experiment=_NOTHING,
        kind="untestable",
        untestable_because="one environment has one version: run `edgekit latency --json` in two "
        "of them and give both results to `edgekit compare`",
    ),
)
