"""``sbom/bom.cdx.json``: CycloneDX 1.7 with a model card.

Written by hand: the Python library of CycloneDX has no model card. The tests validate it with the
schema that the library carries. Version, time and serial number follow from the content.
"""

from __future__ import annotations

import json
import uuid
from typing import Any
from urllib.parse import quote

from edgekit.bundle.about import About
from edgekit.bundle.manifest import Bundle, Tensor

FILE = "sbom/bom.cdx.json"
_NAMESPACE = uuid.UUID("5e0e4e3a-1e8c-5d0e-9a52-0f6f0f4d8f11")


def text(bundle: Bundle, about: About) -> str:
    """Return the bill of materials; its subject is the bundle, its first component the model."""
    tools = [
        {"type": "library", "name": name, "version": version, "bom-ref": f"tool:{name}"}
        for name, version in sorted(bundle.tools.items())
    ]
    subject = {"type": "application", "bom-ref": "bundle", "name": f"{bundle.name}.edgekit"}
    metadata: dict[str, Any] = {"component": subject, "tools": {"components": tools}}
    if properties := _properties(bundle, about):
        metadata["properties"] = properties
    if bundle.created is not None:
        metadata["timestamp"] = bundle.created
    document: dict[str, Any] = {
        "$schema": "http://cyclonedx.org/schema/bom-1.7.schema.json",
        "bomFormat": "CycloneDX",
        "specVersion": "1.7",
        "version": 1,
        "metadata": metadata,
        "components": [
            _model(bundle, about),
            *(_file(each.path, each.sha256) for each in bundle.models),
        ],
        "dependencies": [
            {"ref": "bundle", "dependsOn": ["model"]},
            {"ref": "model", "dependsOn": [each.path for each in bundle.models]},
        ],
    }
    content = json.dumps(document, sort_keys=True)
    document["serialNumber"] = f"urn:uuid:{uuid.uuid5(_NAMESPACE, content)}"
    return json.dumps(document, indent=2, sort_keys=True, allow_nan=False) + "\n"


def _file(path: str, sha256: str) -> dict[str, Any]:
    hashes = [{"alg": "SHA-256", "content": sha256}]
    return {"type": "file", "name": path, "bom-ref": path, "hashes": hashes}


def _properties(bundle: Bundle, about: About) -> list[dict[str, str]]:
    """Return what OWASP's AI bill of materials asks for and CycloneDX has no field for."""
    p = bundle.models[0].preprocessing
    stated = {
        "standardCompliance": about.standards,
        "domain": about.domain,
        "autonomyType": about.autonomy,
        "energyConsumption": about.energy,
        "energyQuantity": about.energy_quantity,
        "energyUnit": about.energy_unit,
        "safetyRiskAssessment": about.safety,
        "informationAboutTraining": about.training,
        "informationAboutApplication": "; ".join(about.intended_use),
        "metric": "; ".join(
            f"top-1 {100 * each.top1:.1f} % ({each.file}, {each.data})" for each in bundle.accuracy
        ),
        "metricDecisionThreshold": about.decision_threshold,
        "modelDataPreprocessing": f"shorter side to {p.resize} ({p.interpolation}), centre square "
        f"of {p.crop}, {p.channel_order}, (pixel * {p.scale:.9g} - {list(p.mean)}) / {list(p.std)}",
        "useSensitivePersonalInformation": about.personal_data,
    }
    return [{"name": name, "value": value} for name, value in stated.items() if value]


def _references(about: About) -> list[dict[str, str]]:
    kinds = {
        "distribution": about.download,
        "vcs": about.repository,
        "website": about.website,
        "documentation": about.paper,
    }
    return [{"type": kind, "url": url} for kind, url in kinds.items() if url]


def _model(bundle: Bundle, about: About) -> dict[str, Any]:
    version = bundle.revision or bundle.models[0].source_sha256[:12]
    component: dict[str, Any] = {
        "type": "machine-learning-model",
        "bom-ref": "model",
        "name": bundle.name,
        "version": version,
        "purl": f"pkg:generic/{quote(bundle.name, safe='')}@{quote(version, safe='')}",
        "description": f"{bundle.model}, {bundle.classes} classes; weights {bundle.weights}",
        "properties": [
            {"name": "edgekit:weights", "value": bundle.weights},
            {"name": "edgekit:parameters", "value": str(bundle.params)},
            {"name": "edgekit:macs", "value": str(bundle.macs)},
        ],
        "modelCard": _card(bundle, about),
    }
    if about.supplier:
        component["supplier"] = {"name": about.supplier}
    if references := _references(about):
        component["externalReferences"] = references
    if bundle.license != "NOASSERTION":
        component["licenses"] = [{"license": _license(bundle.license)}]
    return component


def _license(identifier: str) -> dict[str, str]:
    # Only identifiers of the SPDX list may stand as such, and edgekit does not carry that list.
    known = ("Apache-2.0", "MIT", "BSD-3-Clause", "BSD-2-Clause", "CC-BY-4.0", "CC-BY-SA-4.0")
    return {"id" if identifier in known else "name": identifier}


def _card(bundle: Bundle, about: About) -> dict[str, Any]:
    card: dict[str, Any] = {
        "modelParameters": {
            "approach": {"type": "supervised"},
            "task": bundle.task,
            "architectureFamily": "convolutional neural network",
            "modelArchitecture": bundle.model,
            "inputs": [{"format": _format(each.inputs[0])} for each in bundle.models],
            "outputs": [{"format": _format(each.outputs[0])} for each in bundle.models],
        },
    }
    if about.datasets:
        rows = [{"type": "dataset", "name": each} for each in about.datasets]
        card["modelParameters"]["datasets"] = rows
    considerations: dict[str, Any] = {
        "useCases": list(about.intended_use),
        "technicalLimitations": list(about.limitations),
        "ethicalConsiderations": [{"name": each} for each in about.ethics],
    }
    if stated := {name: value for name, value in considerations.items() if value}:
        card["considerations"] = stated
    named = {
        "genai:aibom:modelcard:hyperparameter": about.hyperparameters,
        "genai:aibom:modelcard:modelCardExplainability": about.explainability,
    }
    if properties := [{"name": name, "value": text} for name, text in named.items() if text]:
        card["properties"] = properties
    if bundle.accuracy:
        metrics = [
            {
                "type": "top-1 accuracy",
                "value": repr(each.top1),
                "slice": f"{each.file} on {each.data}",
                "confidenceInterval": {
                    "lowerBound": repr(each.interval[0]),
                    "upperBound": repr(each.interval[1]),
                },
            }
            for each in bundle.accuracy
        ]
        card["quantitativeAnalysis"] = {"performanceMetrics": metrics}
    return card


def _format(tensor: Tensor) -> str:
    return f"{tensor.dtype} {list(tensor.shape)} {tensor.layout}"
