"""Conditions whose loss no test can notice, and why."""

from __future__ import annotations

_MORE_WORK = "the answers stay right: an operator is computed twice or in a slower form"
_OUTPUT = "the answers stay right: only which node makes the graph's output differs"
_TAKEN_APART = "the answers stay right: gemm_as_matmul takes it apart: more operators"
_REFUSED = "ONNX Runtime refuses such a node, so no file of it is verified"
_BEHIND = "where a window starts behind the map, onnx and ONNX Runtime do not agree on its shape"
_PRODUCT = "the answers stay right: a product with a constant grows by a factor, too"
_RANKLESS = "onnx infers no rank of an output shape of its own: such a graph is refused before"
_NAMED = "the answers stay right: more Pads name their axes"
_LARGE = "2^24 numbers are too many for a test"

REASONS: dict[str, dict[str, str]] = {
    "affine_choice": {
        "g.operand(node, 1).name": "only a name in messages differs",
        "g.label(node)": "only a name in messages differs",
    },
    "activation_before_permutation": {
        "g.sole_consumer(permuted) is not node": _MORE_WORK,
        "node.outputs[0].is_graph_output()": _OUTPUT,
    },
    "add_into_bias": {
        "g.sole_consumer(source) is not node": _MORE_WORK,
    },
    "attention_as_products": {
        "mask is not None and g.constant(mask) is None and (g.shape_of(mask)[-1] != _keys(node))": (
            _REFUSED
        ),
        "not is_empty.any()": _MORE_WORK,
        "bool(node.outputs[index].uses())": "ONNX Runtime refuses an unread output that is named",
    },
    "average_pool_as_depthwise": {"pool.pads": "windows without padding have no ends beyond it"},
    "batch_norm_as_depthwise": {"_fold(node, scale, bias)": _MORE_WORK},
    "batch_norm_into_transposed": {"g.sole_consumer(layer.outputs[0]) is not node": _MORE_WORK},
    "bias_into_matmul": {
        "array.size != 1": _MORE_WORK,
        "g.sole_consumer(source) is not node": _MORE_WORK,
        "len(g.shape_of(node.outputs[0])) > 1": "a vector's product is right with a bias, too",
    },
    "canonical_batch_norm": {
        "len(shape) == 4": _MORE_WORK,
        "g.sole_consumer(source) is node": _MORE_WORK,
        "before.shape[0] != 1": _MORE_WORK,
        "_fold_past_reshape(node, scale, offset)": _MORE_WORK,
        "g.sole_consumer(flat) is not node": _MORE_WORK,
        "g.sole_consumer(rows) is not reshape": _MORE_WORK,
    },
    "canonical_depth_to_space": {
        "not g.is_op(node, 'DepthToSpace')": "no other operator has that mode",
    },
    "canonical_division": {
        "math.prod(g.shape_of(node.outputs[0])) == 1": "only a last digit differs",
        "(np.abs(factor) < tiny).any()": "only processors that flush subnormal numbers differ",
    },
    "canonical_einsum": {
        "len(kept) == len(operand.letters)": _MORE_WORK,
        "not inner": _MORE_WORK,
    },
    "canonical_gelu": {
        "g.is_op(producer, 'Mul', 'Div')": "what is no product is no factor of it, either",
        "g.is_op(reader, 'Mul')": _MORE_WORK,
        "any((g.scalar(operand) is not None for operand in reader.inputs))": _MORE_WORK,
        "depth": "the answers stay right: longer products are searched, too",
        "set(factors) == {source, gate}": "two factors that hold both are these two",
    },
    "canonical_gemm": {
        "factor == 1.0": "the answers stay right: constants are copied",
        "alpha == beta == 1.0": _TAKEN_APART,
        "beta != 1.0": _TAKEN_APART,
        "not get.get_int('transA', 0)": _TAKEN_APART,
    },
    "canonical_global_pool": {
        "g.is_op(node, 'ReduceMean')": "an AveragePool has no keepdims, so it is kept",
    },
    "coarse": {
        "g.is_op(reader, *_BOUNDS)": "the answers stay right: more stays float32",
    },
    "deform_conv_as_gathers": {
        "len(shape) != 4": _REFUSED,
        "math.prod(shape) // shape[1] >= _MOST_PIXELS": _LARGE,
    },
    "dilated_average_as_conv": {
        "all((step == 1 for step in dilations))": _MORE_WORK,
        "len(shape) != 4": _REFUSED,
    },
    "edge_pool_padding": {"pool.is_same": _MORE_WORK},
    "explicit_pool_padding": {"not pool.is_same": _MORE_WORK},
    "faint": {
        "g.is_op(node, 'Softmax')": "a sigmoid that is as faint stays float32, too: it is closer",
    },
    "flat_mean": {"g.sole_consumer(pooled) is not node": _MORE_WORK},
    "grid_as_gathers": {
        "node.attributes.get_int('batch_dims', 0) > 0": "batches are among the indices by then",
        "not places.size": "values without elements are refused before",
    },
    "gemm_as_matmul": {
        "all(fixed) and (not rows)": _MORE_WORK,
        "factor == 1.0": _MORE_WORK,
        "len(g.shape_of(bias)) > 1": _MORE_WORK,
    },
    "grid_sample_as_gathers": {
        "mode in _CUBIC": _REFUSED,
        "mode not in (*_LINEAR, 'nearest')": _REFUSED,
        "pixels >= _MOST_PIXELS": _LARGE,
    },
    "grouped_as_dense": {
        "weight.shape[1] == 1": _MORE_WORK,
        "weight.shape[2:] != (1, 1)": _MORE_WORK,
    },
    "grouped_transposed_as_conv": {
        "groups == 1 and strides != (1, 1)": _MORE_WORK,
        "strides != (1, 1)": _MORE_WORK,
        "stride == 1": _MORE_WORK,
    },
    "instance_norm_as_group_norm": {"alone": _MORE_WORK},
    "large_depthwise_in_parts": {
        "windows.is_windowed(node)": "canonical_padding leaves no auto_pad",
        "is_plain_depthwise(node)": _MORE_WORK,
    },
    "lp_pool_as_sums": {
        "not windows.is_windowed(node)": _BEHIND,
        "p == 1": _MORE_WORK,
        "p == 2": _MORE_WORK,
    },
    "lrn_as_conv": {"len(shape) != 4": _REFUSED},
    "max_as_relu": {
        "any((g.constant(value) is not None or g.shape_of(value) != shape for value in node.inputs"
        " if value))": _MORE_WORK,
        "g.shape_of(value) != shape": _MORE_WORK,
    },
    "merge_scales": {"g.sole_consumer(source) is not node": _MORE_WORK},
    "norm_into_layers": {
        "node.op_type == 'Conv'": _MORE_WORK,
        "g.is_op(node, 'Transpose')": _MORE_WORK,
        "g.is_op(node, 'GlobalAveragePool')": _MORE_WORK,
        "not offset.any()": _MORE_WORK,
        "(factor == 1).all()": _MORE_WORK,
        "offset.any()": _MORE_WORK,
    },
    "pad_with_axes": {
        "not any((_is_harmed(reader, node, amounts) for reader, _ in node.outputs[0]"
        ".uses()))": _NAMED,
        "not g.is_op(pool, 'MaxPool', 'AveragePool')": _NAMED,
        "pool.op_type == 'MaxPool'": _NAMED,
        "not is_non_negative(g.operand(pad, 0))": _NAMED,
    },
    "padding_as_concat": {
        "not np.isfinite(value)": "the answers stay right: infinity is joined, too",
        "not count": "the answers stay right: nothing is joined, too",
        "begin + end > sizes[axis]": "the answers stay right: a larger file",
    },
    "parallel_convs": {
        "g.sole_consumer(value) is not node": _MORE_WORK,
        "size != 1": _MORE_WORK,
    },
    "permutation_as_conv": {
        "len(order) > (shuffled if is_shuffle else sliced)": _MORE_WORK,
        "affine is not None and affine.bits != 8": _MORE_WORK,
        "affine.bits != 8": _MORE_WORK,
    },
    "permutation_into_small_conv": {
        "most_macs_per_pixel is not None and macs_per_pixel > most_macs_per_pixel": _MORE_WORK,
        "macs_per_pixel > most_macs_per_pixel": _MORE_WORK,
    },
    "pool_indices_as_argmax": {
        "any((axis.starts_beyond for axis in axes))": _BEHIND,
        "strides == [1, 1]": _MORE_WORK,
        "not (indices.uses() or indices.is_graph_output())": _MORE_WORK,
        "not any((axis.begin or axis.end for axis in axes))": _MORE_WORK,
        "len(taps) > _MOST_TAPS": _MORE_WORK,
    },
    "relu_through_concat": {
        "not all((value_ranges.is_non_negative(part) or _takes_relu(part) for part in"
        " parts))": _MORE_WORK,
        "g.sole_consumer(joined) is not node": _MORE_WORK,
        "operators.of(producer).fusable": _MORE_WORK,
    },
    "power_as_roots": {
        "g.shape_of(base) != shape": "the answers stay right: the writer gives them their rank",
    },
    "repeated_channels": {
        "groups == 1": _MORE_WORK,
        "not is_grouped": _MORE_WORK,
        "g.shape_of(node.outputs[0])[1] > MOST_CHANNELS": _MORE_WORK,
    },
    "reshape_past_elementwise": {
        "not any((_map_behind(value) is not None for value in node.inputs))": _MORE_WORK,
    },
    "residual_into_depthwise": {"g.sole_consumer(mixed) is not node": _MORE_WORK},
    "resize_as_products": {"all((each.picks is not None for each in samplings))": _MORE_WORK},
    "roi_align_as_gathers": {
        "not g.is_op(node, 'RoiAlign')": "no other operator has a sampling ratio",
    },
    "rotary_as_products": {"turned % 2": _REFUSED},
    "scale_into_layers": {
        "_is_product(reader)": _MORE_WORK,
        "all((g.constant(value) is None for value in node.inputs))": _PRODUCT,
    },
    "scale_into_maker": {"len(product.inputs) == 2": _MORE_WORK},
    "shared_scales": {
        "g.operand(node, 0).is_graph_input()": "a computed byte is exact in steps of one, too",
    },
    "shuffle_as_ranges": {
        "len(ranges) > MOST_RANGES": _MORE_WORK,
        "not all((_goes_to_convolutions(each.outputs[0]) for each in shuffles))": _MORE_WORK,
        "value.is_graph_output()": _MORE_WORK,
        "not all((_goes_to_convolutions(output) for output in use.node.outputs))": _MORE_WORK,
        "not _takes_any_order(use.node)": _MORE_WORK,
        "neighbours.is_dense(following)": _MORE_WORK,
        "into_dense": _MORE_WORK,
        "g.is_op(use.node, 'Slice') and made == [[start], [end], [1]]": _MORE_WORK,
        "g.is_op(use.node, 'Concat') and tuple(use.node.inputs) == tuple(parts)": _MORE_WORK,
        "g.is_op(use.node, 'Slice')": "no other operator has such operands",
    },
    "spectrum_as_products": {
        "node.op_type == 'STFT'": "only a limit of size differs",
        "_numbers(node) > _MOST_NUMBERS": _LARGE,
    },
    "tiled_factor": {
        "shape[1] > MOST_CHANNELS": _MORE_WORK,
        "shape[2] * shape[3] < LEAST_PIXELS": _MORE_WORK,
        "g.shape_of(other) == shape": _MORE_WORK,
    },
    "training_batch_norm": {
        "not g.is_op(node, 'BatchNormalization')": "no other operator has that mode",
    },
    "transposed_padding": {
        "not g.is_op(node, 'ConvTranspose')": "canonical_padding leaves no other auto_pad",
    },
    "unpool_as_scatter": {
        "tuple(grown) != g.shape_of(node.outputs[0])[2:]": _RANKLESS,
    },
    "unrolled_recurrence": {
        "unknown": _REFUSED,
        "not by_batch": _REFUSED,
        "not by_batch and (len(hidden) == 1 or batch == 1)": _MORE_WORK,
        "array is not None and (not array.any())": _MORE_WORK,
        "not array.any()": _MORE_WORK,
        "(lengths <= step).any()": _MORE_WORK,
        "len(hidden) == 1": _MORE_WORK,
        "batch == 1": _MORE_WORK,
    },
    "weighted_average_pool": {
        "(ratio == 1).all()": _MORE_WORK,
        "pool.is_same and (not counts)": _MORE_WORK,
    },
}
