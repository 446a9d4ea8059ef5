"""``sbom/bom.cdx.json``: CycloneDX 1.7 with a model card.

Written by hand: the Python library of CycloneDX has no model card. The tests validate it with the
schema that the library carries. Version, time and serial number follow from the content.
"""

from __future__ import annotations

import json
import uuid
from typing import Any

from edgekit.bundle.manifest import Bundle, Tensor

FILE = "sbom/bom.cdx.json"
_NAMESPACE = uuid.UUID("5e0e4e3a-1e8c-5d0e-9a52-0f6f0f4d8f11")


def text(bundle: Bundle) -> str:
    """Return the bill of materials."""
    tools = [
        {"type": "library", "name": name, "version": version, "bom-ref": f"tool:{name}"}
        for name, version in sorted(bundle.tools.items())
    ]
    metadata: dict[str, Any] = {"component": _model(bundle), "tools": {"components": tools}}
    if bundle.created is not None:
        metadata["timestamp"] = bundle.created
    document: dict[str, Any] = {
        "$schema": "http://cyclonedx.org/schema/bom-1.7.schema.json",
        "bomFormat": "CycloneDX",
        "specVersion": "1.7",
        "version": 1,
        "metadata": metadata,
        "components": [_file(each.path, each.sha256) for each in bundle.models],
        "dependencies": [{"ref": "model", "dependsOn": [each.path for each in bundle.models]}],
    }
    content = json.dumps(document, sort_keys=True)
    document["serialNumber"] = f"urn:uuid:{uuid.uuid5(_NAMESPACE, content)}"
    return json.dumps(document, indent=2, sort_keys=True, allow_nan=False) + "\n"


def _file(path: str, sha256: str) -> dict[str, Any]:
    hashes = [{"alg": "SHA-256", "content": sha256}]
    return {"type": "file", "name": path, "bom-ref": path, "hashes": hashes}


def _model(bundle: Bundle) -> dict[str, Any]:
    component: dict[str, Any] = {
        "type": "machine-learning-model",
        "bom-ref": "model",
        "name": bundle.name,
        "version": bundle.revision or bundle.models[0].source_sha256[:12],
        "description": f"{bundle.model}, {bundle.classes} classes; weights {bundle.weights}",
        "properties": [
            {"name": "edgekit:weights", "value": bundle.weights},
            {"name": "edgekit:parameters", "value": str(bundle.params)},
            {"name": "edgekit:macs", "value": str(bundle.macs)},
        ],
        "modelCard": _card(bundle),
    }
    if bundle.license != "NOASSERTION":
        component["licenses"] = [{"license": _license(bundle.license)}]
    return component


def _license(identifier: str) -> dict[str, str]:
    # Only identifiers of the SPDX list may stand as such, and edgekit does not carry that list.
    known = ("Apache-2.0", "MIT", "BSD-3-Clause", "BSD-2-Clause", "CC-BY-4.0", "CC-BY-SA-4.0")
    return {"id" if identifier in known else "name": identifier}


def _card(bundle: Bundle) -> dict[str, Any]:
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
