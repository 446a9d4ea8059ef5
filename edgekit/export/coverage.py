"""What each operator of a network becomes in each format, and all that stands in the way.

The table is drawn up from the same lowering and the same emitters that write the files.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import onnx_ir as ir

from edgekit.errors import EdgekitError, UnsupportedOperatorError
from edgekit.export import formats
from edgekit.export.formats import Format
from edgekit.export.rewriting import rules as rewrite
from edgekit.export.rewriting.provenance import Origin, Provenance
from edgekit.files import documents
from edgekit.files.documents import Document


@dataclass(frozen=True)
class Row:
    """One fate that nodes of one operator share.

    Attributes:
        format: name of the format; empty if the network is refused before any is tried.
        operator: ONNX operator type in the canonical graph.
        count: nodes of this type and fate.
        becomes: operators in the file that stand for one such node; none if it disappears into
            its neighbours or is refused.
        rules: rewrite rules that made it so.
        reason_code: why it is refused; empty if it is not.
    """

    format: str
    operator: str
    count: int
    becomes: tuple[str, ...]
    rules: tuple[str, ...]
    reason_code: str = ""


@dataclass(frozen=True)
class Refusal:
    """One node that a format cannot express.

    Attributes:
        format: as in `Row`.
        operator: ONNX operator type.
        node: name of the node in the source.
        reason_code: stable word for the cause.
        why: the cause in words.
    """

    format: str
    operator: str
    node: str
    reason_code: str
    why: str


@dataclass(frozen=True)
class Coverage(Document):
    """The coverage report of one network.

    Attributes:
        model: its name.
        rows: by format, then operator.
        refusals: every node refused, in the order of the graph.
    """

    schema = "edgekit.coverage"
    schema_version = 1

    model: str
    rows: tuple[Row, ...]
    refusals: tuple[Refusal, ...]


def of_graph(model: str, graph: ir.Model, format_names: Sequence[str]) -> Coverage:
    """Lower a canonical graph to each format, as an export would, and report.

    Args:
        model: the network's name.
        graph: the canonical graph; it is left as it is.
        format_names: formats by name or alias.

    Raises:
        UnknownNameError: a format does not exist.
    """
    rows: list[Row] = []
    refusals: list[Refusal] = []
    for target in dict.fromkeys(formats.get(name) for name in format_names):
        found, refused = _of_format(graph.clone(), target)
        rows += found
        refusals += refused
    return Coverage(model, tuple(rows), tuple(refusals))


def of_details(error: EdgekitError) -> Coverage | None:
    """Return the report that an error of `edgekit.export.run` brings with it, if it does."""
    found = error.details.get("coverage")
    if not isinstance(found, dict):
        return None
    fields = {key: value for key, value in found.items() if not key.startswith("schema")}
    return documents.decode(Coverage, fields)


def of_error(model: str, error: UnsupportedOperatorError) -> Coverage:
    """Report a network that is refused before any format is tried."""
    errors = (error, *error.others)
    counts = Counter((each.operator, each.reason_code) for each in errors)
    return Coverage(
        model,
        tuple(Row("", kind, count, (), (), code) for (kind, code), count in counts.items()),
        tuple(_refusal("", each.operator, each.node, each) for each in errors),
    )


def _of_format(graph: ir.Model, target: Format) -> tuple[list[Row], list[Refusal]]:
    provenance = Provenance(graph)
    rewrite.apply(graph, target.lowering.rules, provenance)
    becomes: dict[Origin, list[str]] = {origin: [] for origin in provenance.origins}
    refused: dict[Origin, UnsupportedOperatorError] = {}
    refusals = []
    for node, operators in target.emitted(graph):
        origins = provenance.of(node)
        for origin in origins:
            if isinstance(operators, UnsupportedOperatorError):
                refused.setdefault(origin, operators)
                refusals.append(_refusal(target.name, origin.operator, origin.label, operators))
            else:
                becomes[origin] += operators
    fates = Counter(
        (origin.operator, (), (), refused[origin].reason_code)
        if origin in refused
        else (origin.operator, tuple(operators), tuple(origin.rules), "")
        for origin, operators in becomes.items()
    )
    return [
        Row(target.name, operator, count, operators, rules, reason_code)
        for (operator, operators, rules, reason_code), count in sorted(fates.items())
    ], refusals


def _refusal(
    format_name: str, operator: str, node: str, error: UnsupportedOperatorError
) -> Refusal:
    return Refusal(format_name, operator, node, error.reason_code, error.why)
