"""How complete is a bundle's bill of materials, by the weights of OWASP's AIBOM generator?

    python benchmarks/bom_completeness.py DIR/NAME.edgekit

Fields, points and weights are those of its field registry (GenAI-Security-Project/aibom-generator,
src/models/field_registry.json), without what it asks of language models (vocabulary, context,
heads, GGUF), of the files of a hub's repository, and about the law of single countries. A category
counts as the points of the fields that are there, of all its points. Passes at 90 of 100.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

Bom = dict[str, Any]
_LEAST = 90


def _at(*keys: str) -> Callable[[Bom], object]:
    def find(document: Bom) -> object:
        value: Any = document
        for key in keys:
            value = value.get(key) if isinstance(value, dict) else None
        return value

    return find


def _model(*keys: str) -> Callable[[Bom], object]:
    return lambda bom: _at(*keys)(bom["components"][0])


def _property(name: str, *place: str) -> Callable[[Bom], object]:
    def find(bom: Bom) -> object:
        rows: Any = (
            _at(*place, "properties")(bom)
            if place
            else bom["components"][0].get("modelCard", {}).get("properties")
        )
        return [row["value"] for row in rows or [] if row["name"] == name]

    return find


def _said(name: str) -> Callable[[Bom], object]:
    return _property(name, "metadata")


def _reference(*kinds: str) -> Callable[[Bom], object]:
    return lambda bom: [
        row for row in bom["components"][0].get("externalReferences", []) if row["type"] in kinds
    ]


_CARD, _PARAMETERS, _CONSIDERED = "modelCard", "modelParameters", "considerations"
_FIELDS: dict[str, tuple[int, dict[str, tuple[float, Callable[[Bom], object]]]]] = {
    "required fields": (20, {
        "bomFormat": (4, _at("bomFormat")),
        "specVersion": (4, _at("specVersion")),
        "serialNumber": (4, _at("serialNumber")),
        "version": (4, _at("version")),
    }),
    "metadata": (20, {
        "primaryPurpose": (4, _model(_CARD, _PARAMETERS, "task")),
        "suppliedBy": (4, _model("supplier", "name")),
        "standardCompliance": (1, _said("standardCompliance")),
        "domain": (1, _said("domain")),
        "autonomyType": (1, _said("autonomyType")),
    }),
    "component": (20, {
        "name": (4, _model("name")),
        "type": (4, _model("type")),
        "component_version": (4, _model("version")),
        "purl": (3, _model("purl")),
        "description": (3, _model("description")),
        "licenses": (3, _model("licenses")),
        "external_references": (1, _model("externalReferences")),
    }),
    "model card": (30, {
        "datasets": (3, _model(_CARD, _PARAMETERS, "datasets")),
        "ethicalConsiderations": (2, _model(_CARD, _CONSIDERED, "ethicalConsiderations")),
        "energyConsumption": (2, _said("energyConsumption")),
        "hyperparameter": (2, _property("genai:aibom:modelcard:hyperparameter")),
        "technicalLimitations": (2, _model(_CARD, _CONSIDERED, "technicalLimitations")),
        "safetyRiskAssessment": (2, _said("safetyRiskAssessment")),
        "intendedUse": (2, _model(_CARD, _CONSIDERED, "useCases")),
        "typeOfModel": (2, _model(_CARD, _PARAMETERS, "modelArchitecture")),
        "modelExplainability": (1, _property("genai:aibom:modelcard:modelCardExplainability")),
        "energyQuantity": (1, _said("energyQuantity")),
        "energyUnit": (1, _said("energyUnit")),
        "informationAboutTraining": (1, _said("informationAboutTraining")),
        "informationAboutApplication": (1, _said("informationAboutApplication")),
        "metric": (1, _said("metric")),
        "metricDecisionThreshold": (1, _said("metricDecisionThreshold")),
        "modelDataPreprocessing": (1, _said("modelDataPreprocessing")),
        "useSensitivePersonalInformation": (1, _said("useSensitivePersonalInformation")),
    }),
    "external references": (10, {
        "downloadLocation": (3, _reference("distribution", "website")),
        "vcs": (4, _reference("vcs")),
        "website": (4, _reference("website")),
        "paper": (2, _reference("documentation")),
    }),
}  # fmt: skip


def score(bom: Bom) -> tuple[float, list[str]]:
    """Return the completeness of a bill of materials, of 100, and the fields that lack."""
    total, lacking = 0.0, []
    for weight, fields in _FIELDS.values():
        there = {name: bool(find(bom)) for name, (_, find) in fields.items()}
        points = sum(fields[name][0] for name, has in there.items() if has)
        total += weight * points / sum(each for each, _ in fields.values())
        lacking += [name for name, has in there.items() if not has]
    return total, lacking


def main() -> int:
    bom = json.loads((Path(sys.argv[1]) / "sbom" / "bom.cdx.json").read_text())
    total, lacking = score(bom)
    print(f"{total:.1f} of 100" + (f"; not stated: {', '.join(lacking)}" if lacking else ""))
    return 0 if total >= _LEAST else 1


if __name__ == "__main__":
    sys.exit(main())
