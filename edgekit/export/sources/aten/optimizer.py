"""The passes of onnxscript's optimizer in their order, each rule tried only where it can match.

onnxscript tries all of its forty rules on every node, which takes longer than the whole
translation. Its rules and passes are taken as they are, so the graph is the one it would give.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cache
from typing import TYPE_CHECKING

import onnx_ir as ir
from onnx_ir.passes.common import (
    CommonSubexpressionEliminationPass,
    DeduplicateInitializersPass,
    LiftConstantsToInitializersPass,
    NameFixPass,
    OutputFixPass,
    RemoveUnusedNodesPass,
)

if TYPE_CHECKING:
    from onnxscript.rewriter import RewriteRule

_ROUNDS = 2


def run(model: ir.Model) -> None:
    """Fold constants, merge nodes and give every constant one name, in place."""
    from onnxscript import optimizer

    RemoveUnusedNodesPass()(model)
    for _ in range(_ROUNDS):
        changed = bool(optimizer.fold_constants(model, onnx_shape_inference=True))
        changed |= _rewrite(model)
        if not (changed | RemoveUnusedNodesPass()(model).modified):
            break
    for finishing in (
        RemoveUnusedNodesPass(),
        LiftConstantsToInitializersPass(lift_all_constants=True, size_limit=0),
        DeduplicateInitializersPass(),
        CommonSubexpressionEliminationPass(),
        OutputFixPass(),
        NameFixPass(),
    ):
        finishing(model)


@cache
def rules() -> Mapping[str, Sequence[RewriteRule]]:
    """Return onnxscript's default rules in their order, by the type of the node they replace.

    Those for operators that no function of the table makes are left out, and those for what
    folding has settled already: casts, expansions, and shapes that are not constant.
    """
    from onnxscript.rewriter.rules import common

    return {
        "Add": common.add_0_rule.commute(),
        "BatchNormalization": [
            common.fuse_batchnorm_into_conv_rule,
            common.fuse_batchnorm_into_gemm_rule,
        ],
        "Clip": [common.successive_clip_relu_rule, common.successive_clip_rule],
        "Conv": [common.fuse_pad_into_conv_rule, common.remove_optional_bias_from_conv_rule],
        "Div": [common.div_by_1_rule],
        "Gemm": [common.remove_optional_bias_from_gemm_rule],
        "Max": [common.max_max_rule, common.min_max_rule],
        "Min": [common.min_min_rule, common.max_min_rule],
        "Mul": common.mul_by_1_rule.commute(),
        "Relu": [common.successive_relu_clip_rule, common.successive_relu_rule],
        "Reshape": [
            common.two_reshapes_matmul_reshape_rule,
            common.one_reshape_matmul_reshape_rule,
            common.reshape_reshape_rule,
        ],
        "Slice": [
            common.collapse_slice_rule,
            common.collapse_slice2_rule,
            common.slice_split_rule,
        ],
        "Sub": [common.sub_0_rule],
        "Transpose": [common.no_op_transpose_rule, common.transpose_transpose_rule],
    }


def _rewrite(model: ir.Model) -> bool:
    """Apply the first rule that matches to each node in turn; tell whether any did."""
    from onnxscript.optimizer import basic_constant_propagation

    graph, changed = model.graph, False
    basic_constant_propagation(graph)
    for node in graph:
        for rule in rules().get(node.op_type, ()):
            found = rule.try_rewrite(model, graph, node)
            if found is None:
                continue
            for constant in found.new_initializers:
                graph.initializers[str(constant.name)] = constant
            basic_constant_propagation(found.new_nodes)
            ir.convenience.replace_nodes_and_values(
                graph,
                node,
                found.match.nodes if rule.remove_nodes else [],
                found.new_nodes,
                found.match.outputs,
                found.new_outputs,
            )
            changed = True
            break
    return changed
