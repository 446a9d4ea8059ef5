"""The page of all claims: from the registry, without any measurement."""

from __future__ import annotations

from edgekit.study.claims.claim import MARGIN_OF_TIMES
from edgekit.study.claims.page.sentences import sentence
from edgekit.study.claims.papers import CLAIMS

_HEAD = f"""# The claims

Generated from the registry by `make docs`; do not edit. `edgekit claims NAME` tests one, `edgekit claims
--quick` all but those of kind accuracy. A claim holds if every number that a bar is for lies within it with its
whole 95 % interval, does not hold if one lies wholly outside, and cannot be told if one is on the edge. Of times
an interval has to clear its bar by {MARGIN_OF_TIMES:.0%} of it, as two measurements of one machine differ by more than
the intervals of either. Counts of `--counts qemu:cortex-a76` are judged by the same bars and decide nothing. A
verdict belongs to the machine.

To add one: a file of `edgekit/study/claims/papers/` with `CLAIMS`, and its line there.
"""  # noqa: E501 -- lines of the page


def page() -> str:
    """Return the list of all claims with their bars, which no measurement is in."""
    lines = [_HEAD.rstrip("\n")]
    for name, claim in CLAIMS.items():
        lines += ["", f"## {name}", "", sentence(claim), ""]
        if claim.kind == "untestable":
            lines.append(f"Cannot be tested here: {claim.untestable_because}.")
            continue
        bars = "; ".join(f"{bar.quantity} {bar.words}" for bar in claim.bars)
        lines += [
            f"- kind: {claim.kind}",
            f"- experiment: {claim.experiment}",
            f"- holds with: {bars}",
        ]
    return "\n".join(lines) + "\n"
