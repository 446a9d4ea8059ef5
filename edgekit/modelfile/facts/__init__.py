"""The graph of a model file as facts: values, nodes, constants and quantization."""

from __future__ import annotations

from edgekit.modelfile.facts.graph import GraphFacts, Node, Quantized, Value
from edgekit.modelfile.facts.reading import read

__all__ = ["GraphFacts", "Node", "Quantized", "Value", "read"]
