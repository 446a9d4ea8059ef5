"""What both formats' graphs are made of, in one form."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np


@dataclass(frozen=True)
class Quantized:
    """How stored integers are meant: real value = ``scale * (stored - zero_point)``.

    Attributes:
        scales: one for the tensor, or one for each slice along ``axis``.
        zero_points: likewise.
        axis: of the slices; 0 where there is one scale.
    """

    scales: tuple[float, ...]
    zero_points: tuple[int, ...]
    axis: int = 0

    @property
    def per_tensor(self) -> bool:
        """Whether one scale holds for all elements."""
        return len(self.scales) == 1


@dataclass(frozen=True, eq=False)
class Value:
    """One tensor.

    Attributes:
        name: for people.
        shape: in the file's layout, -1 where it is open; None if the file does not say.
        dtype: numpy's name of the element type, or the format's where numpy has none.
        data: elements of a constant; None for others and for those too odd to be read.
        constant: whether it is stored in the file.
        quantized: how its integers are meant; None for plain numbers.
        is_sparse: whether its zeros are not stored.
        storage: which stored bytes these are; equal for values that share them.
    """

    name: str
    shape: tuple[int, ...] | None
    dtype: str
    data: np.ndarray | None = None
    constant: bool = False
    quantized: Quantized | None = None
    is_sparse: bool = False
    storage: str = ""

    @property
    def elements(self) -> int:
        """Number of its elements; an open size counts as 1, an unknown shape as one element."""
        return math.prod(abs(size) for size in self.shape or ())


@dataclass(frozen=True, eq=False)
class Node:
    """One operator.

    Attributes:
        number: its place in the file.
        name: for people.
        kind: type, such as ``CONV_2D`` or ``Conv``.
        inputs: keys of what it reads; empty text for one that is left out.
        outputs: keys of what it writes.
        options: its attributes.
        is_taken_in: whether the delegate computes it as a part of one after it.
    """

    number: int
    name: str
    kind: str
    inputs: tuple[str, ...]
    outputs: tuple[str, ...]
    options: Mapping[str, Any]
    is_taken_in: bool = False


@dataclass(frozen=True, eq=False)
class GraphFacts:
    """A file's main graph.

    Attributes:
        format: ``tflite`` or ``onnx``.
        values: every tensor by key.
        nodes: in the file's order.
        inputs: keys of the graph's inputs.
        outputs: keys of its outputs.
        describes_itself: whether it holds metadata for apps.
    """

    format: str
    values: Mapping[str, Value]
    nodes: tuple[Node, ...]
    inputs: tuple[str, ...]
    outputs: tuple[str, ...]
    describes_itself: bool

    @cached_property
    def makers(self) -> Mapping[str, Node]:
        """Of each computed value the node that makes it."""
        return {key: node for node in self.nodes for key in node.outputs}

    @cached_property
    def readers(self) -> Mapping[str, tuple[Node, ...]]:
        """Of each value the nodes that read it, in order; a graph output is read by nobody."""
        found: dict[str, list[Node]] = {}
        for node in self.nodes:
            for key in dict.fromkeys(node.inputs):
                found.setdefault(key, []).append(node)
        return {key: tuple(nodes) for key, nodes in found.items()}

    def only_reader(self, key: str) -> Node | None:
        """Return the one node that reads a value, if nothing else sees it."""
        readers = self.readers.get(key, ())
        return readers[0] if len(readers) == 1 and key not in self.outputs else None

    def value(self, node: Node, place: int) -> Value | None:
        """Return a node's input; None if it is left out or unknown."""
        key = node.inputs[place] if place < len(node.inputs) else ""
        return self.values.get(key)
