"""What a Resize computes along each axis: every output element as a weighting of input elements."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import onnx
import onnx_ir as ir

from edgekit.export.graph import nodes as g

_OPSET = 19  # the first with every coordinate transformation that there is
_TOLERANCE = 1e-5  # of a weight: two runtimes round positions in float32


@dataclass(frozen=True, eq=False)
class Sampling:
    """A Resize along one axis: ``weights @ x + offset``.

    Attributes:
        axis: which.
        weights: float32 (outputs, inputs).
        offset: float32 (outputs,); what positions outside of the input hold.
        scale: outputs an input as the node has it; None where the sizes alone say it.
        region: the part of the input that is resized, from 0 to 1; None for all of it.
    """

    axis: int
    weights: np.ndarray
    offset: np.ndarray
    scale: float | None
    region: tuple[float, float] | None = None

    @property
    def picks(self) -> np.ndarray | None:
        """The input element that each output is a copy of; None where some are not."""
        is_copy = (np.count_nonzero(self.weights, axis=1) == 1) & (self.weights.max(axis=1) == 1)
        return self.weights.argmax(axis=1) if is_copy.all() and not self.offset.any() else None

    def is_near(self, weights: np.ndarray) -> bool:
        """Tell whether the result is ``weights @ x``."""
        return not self.offset.any() and bool(np.allclose(self.weights, weights, atol=_TOLERANCE))


def of(node: ir.Node) -> tuple[Sampling, ...] | None:
    """Return the axes that a Resize changes.

    None if that depends on computed sizes, or on how a runtime rounds them.
    """
    sizes, made = g.shape_of(g.operand(node, 0)), g.shape_of(node.outputs[0])
    rank, get = len(sizes), node.attributes
    axes = [axis % rank for axis in get.get_ints("axes", tuple(range(rank)))]
    scales = _scales(node, [sizes[axis] for axis in axes])
    coordinates = get.get_string("coordinate_transformation_mode", "half_pixel")
    crops = coordinates == "tf_crop_and_resize"
    region = g.constant(node.inputs[1]) if crops and len(node.inputs) > 1 else None
    if scales is None or (crops and (region is None or region.size != 2 * len(axes))):
        return None
    found = []
    for place, axis in enumerate(axes):
        roi = None if region is None else (float(region[place]), float(region[place + len(axes)]))
        scale = scales[place]
        if sizes[axis] == made[axis] and scale in (None, 1.0) and roi in (None, (0.0, 1.0)):
            continue
        exact = made[axis] if scale is None else float(np.float32(sizes[axis]) * np.float32(scale))
        if int(np.floor(exact)) != made[axis]:
            return None  # an aspect ratio that is kept rounds sizes otherwise than scales do
        if exact != made[axis] and (crops or coordinates == "align_corners"):
            return None  # ONNX counts a last element that is not there, ONNX Runtime does not
        weights, offset = _sampled(sizes[axis], made[axis], scale, roi, _attributes(node))
        found.append(Sampling(axis, weights, offset, scale, roi))
    return tuple(found)


def _scales(node: ir.Node, sizes: Sequence[int]) -> list[float | None] | None:
    """Return the scale of each axis, None for one given by its size; None if computed."""
    given = [node.inputs[index] if len(node.inputs) > index else None for index in (2, 3)]
    scales, wanted = g.constant(given[0]), g.constant(given[1])
    if scales is not None and scales.size == len(sizes):
        return [float(scale) for scale in scales.reshape(-1)]
    if wanted is None:
        return None
    policy = node.attributes.get_string("keep_aspect_ratio_policy", "stretch")
    if policy == "stretch":
        return [None] * len(sizes)
    each = wanted.astype(np.float32) / np.asarray(sizes, np.float32)
    return [float(each.min() if policy == "not_larger" else each.max())] * len(sizes)


def _attributes(node: ir.Node) -> tuple[tuple[str, str | int | float], ...]:
    get = node.attributes
    return (
        ("mode", get.get_string("mode", "nearest")),
        ("nearest_mode", get.get_string("nearest_mode", "round_prefer_floor")),
        (
            "coordinate_transformation_mode",
            get.get_string("coordinate_transformation_mode", "half_pixel"),
        ),
        ("cubic_coeff_a", get.get_float("cubic_coeff_a", -0.75)),
        ("exclude_outside", get.get_int("exclude_outside", 0)),
        ("extrapolation_value", get.get_float("extrapolation_value", 0.0)),
        ("antialias", get.get_int("antialias", 0)),
    )


@lru_cache(maxsize=256)
def _sampled(
    size: int,
    made: int,
    scale: float | None,
    roi: tuple[float, float] | None,
    attributes: tuple[tuple[str, str | int | float], ...],
) -> tuple[np.ndarray, np.ndarray]:
    """Return (weights, offset) of one axis, read off ONNX Runtime's answer to a unit matrix."""
    import onnxruntime

    begin, end = roi or (0.0, 1.0)
    constants: dict[str, np.ndarray] = {
        "roi": np.array([0, 0, begin, 0, 1, 1, end, 1], np.float32),
        "scales": np.array([] if scale is None else [1, 1, scale, 1], np.float32),
        "sizes": np.array([1, 1, made, size], np.int64),
    }
    inputs = ["x", "roi", "scales"] if scale is not None else ["x", "roi", "", "sizes"]
    node = onnx.helper.make_node("Resize", inputs, ["y"])
    node.attribute.extend(onnx.helper.make_attribute(*each) for each in attributes)
    kind = onnx.TensorProto.FLOAT
    graph = onnx.helper.make_graph(
        [node],
        "axis",
        [onnx.helper.make_tensor_value_info("x", kind, (1, 1, size, size))],
        [onnx.helper.make_tensor_value_info("y", kind, (1, 1, made, size))],
        [onnx.numpy_helper.from_array(a, n) for n, a in constants.items() if n in inputs],
    )
    opset = onnx.helper.make_opsetid("", _OPSET)
    model = onnx.helper.make_model(graph, opset_imports=[opset], ir_version=9)
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads, options.log_severity_level = 1, 4
    session = onnxruntime.InferenceSession(
        model.SerializeToString(), options, providers=["CPUExecutionProvider"]
    )
    unit = np.eye(size, dtype=np.float32)[None, None]
    offset = session.run(["y"], {"x": np.zeros_like(unit)})[0][0, 0]
    weights = session.run(["y"], {"x": unit})[0][0, 0] - offset
    return weights, offset[:, 0]


@dataclass(frozen=True)
class Flags:
    """``align_corners`` and ``half_pixel_centers`` of LiteRT's resize operators."""

    aligned: bool = False
    centered: bool = False


def linear_of_litert(size: int, made: int, flags: Flags) -> np.ndarray:
    """Return the weights of RESIZE_BILINEAR along one axis, (outputs, inputs).

    Args:
        size: elements of the input.
        made: elements of the output.
        flags: of its options.
    """
    position = _positions(size, made, flags)
    low = np.maximum(np.floor(position), 0).astype(int)
    high = np.minimum(np.ceil(position), size - 1).astype(int)
    share = position - low
    weights = np.zeros((made, size), np.float32)
    np.add.at(weights, (np.arange(made), np.minimum(low, size - 1)), 1 - share)
    np.add.at(weights, (np.arange(made), high), share)
    return weights


def nearest_of_litert(size: int, made: int, flags: Flags) -> np.ndarray:
    """Return the element that RESIZE_NEAREST_NEIGHBOR takes for each output; as above."""
    shift = np.float32(0.5 if flags.centered else 0)
    position = (np.arange(made, dtype=np.float32) + shift) * _step(size, made, flags.aligned)
    chosen = np.floor(position + np.float32(0.5)) if flags.aligned else np.floor(position)
    return np.asarray(np.clip(chosen, 0, size - 1), int)


def _positions(size: int, made: int, flags: Flags) -> np.ndarray:
    numbers, step = np.arange(made, dtype=np.float32), _step(size, made, flags.aligned)
    half = np.float32(0.5)
    return (numbers + half) * step - half if flags.centered else numbers * step


def _step(size: int, made: int, aligned: bool) -> np.float32:
    if aligned and made > 1:
        return np.float32(size - 1) / np.float32(made - 1)
    return np.float32(size) / np.float32(made)


_FLAGS = (Flags(), Flags(centered=True), Flags(aligned=True))


def litert_flags(node: ir.Node, samplings: Sequence[Sampling]) -> Flags | None:
    """Return the options under which LiteRT's own operator computes a Resize of a map.

    None for maps of other ranks, for resized channels, and where no options give the same.
    """
    shape = g.shape_of(g.operand(node, 0))
    mode = node.attributes.get_string("mode", "nearest")
    if len(shape) != 4 or any(each.axis < 2 for each in samplings) or mode == "cubic":
        return None
    return next((flags for flags in _FLAGS if _is_same(mode, samplings, flags)), None)


def _is_same(mode: str, samplings: Sequence[Sampling], flags: Flags) -> bool:
    for each in samplings:
        made, size = each.weights.shape
        if mode == "linear":
            if not each.is_near(linear_of_litert(size, made, flags)):
                return False
        elif each.picks is None or (each.picks != nearest_of_litert(size, made, flags)).any():
            return False
    return True
