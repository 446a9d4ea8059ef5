"""Run a module once and record which ATen operators it calls: the program that is translated.

``torch.export`` records the same calls at the same place of torch's dispatcher, on tensors without
numbers, and brings torch's compiler along, whose import alone takes longer than all that is done
here. What it refuses is not recorded either: a program that looks at its numbers calls operators
that no function translates.
"""

from __future__ import annotations

import contextlib
import inspect
import operator
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn
from torch._dispatch.python import enable_python_dispatcher
from torch.fx import Graph, Node
from torch.fx.experimental.proxy_tensor import ProxyTorchDispatchMode
from torch.utils import _pytree as pytree
from torch.utils.weak import WeakTensorKeyDictionary

from edgekit.export.sources.aten.builder import NotInTableError


@dataclass(frozen=True, eq=False)
class Program:
    """What a module does with its inputs.

    Attributes:
        graph: operators as torch calls them, before any is taken apart. The ``val`` of a node's
            ``meta`` is a tensor on the meta device, or a tuple of them.
        inputs: the inputs.
        constants: parameters, buffers and other tensors of the module, with their names.
        outputs: the outputs, flattened.
    """

    graph: Graph
    inputs: tuple[Node, ...]
    constants: Mapping[Node, tuple[str, Tensor]]
    outputs: tuple[Node, ...]


def record(module: nn.Module, inputs: Sequence[Tensor]) -> Program:
    """Run ``module`` once and return what it did.

    Args:
        module: the network, in evaluation mode.
        inputs: what to call it with.

    Raises:
        NotInTableError: it works with tensors of unknown origin, or returns other things.
        Exception: whatever the module raises.
    """
    recorder = _Recorder()
    constants = {}
    for prefix, tensors in _constants(module):
        for name, tensor in tensors.items():
            node = recorder.placeholder(prefix + name.replace(".", "_"), tensor)
            constants[node] = (name, tensor)
    taken = tuple(recorder.placeholder(*named) for named in _named(module, inputs))
    with torch.no_grad(), _as_if_exporting(), enable_python_dispatcher(), recorder:
        result = module(*inputs)
    if recorder.problem:
        raise NotInTableError(recorder.problem)
    leaves = [leaf for leaf in pytree.tree_leaves(result) if leaf is not None]
    outputs = tuple(recorder.node_of(leaf) for leaf in leaves)
    recorder.graph.output(outputs)
    return Program(recorder.graph, taken, constants, outputs)


def _constants(module: nn.Module) -> Iterator[tuple[str, dict[str, Tensor]]]:
    """Yield the tensors that a module holds, by name, with what torch's exporter calls them."""
    yield "p_", dict(module.named_parameters(remove_duplicate=False))
    yield "b_", dict(module.named_buffers(remove_duplicate=False))
    found = {}
    for path, part in module.named_modules():
        for name, value in vars(part).items():
            if isinstance(value, Tensor):
                found[f"{path}.{name}" if path else name] = value
    yield "c_", found


def _named(module: nn.Module, inputs: Sequence[Tensor]) -> Iterator[tuple[str, Tensor]]:
    """Yield the inputs with what torch's exporter calls them."""
    for name, given in inspect.signature(module.forward).bind(*inputs).arguments.items():
        if isinstance(given, Tensor):
            yield name, given
        else:
            yield from ((f"{name}_{index}", each) for index, each in enumerate(given))


class _Recorder(ProxyTorchDispatchMode):  # type: ignore[no-untyped-call]
    """Takes the place of torch's own tracer, which alone may stand this early in its dispatcher."""

    def __init__(self) -> None:
        self._dispatch_key = torch._C.DispatchKey.PreDispatch
        self.graph = Graph()
        self.problem = ""
        self._nodes = WeakTensorKeyDictionary()

    @classmethod
    def _should_skip_dynamo(cls) -> bool:
        return False  # there is none, and asking for it imports it

    def __enter__(self) -> _Recorder:
        super(ProxyTorchDispatchMode, self).__enter__()  # type: ignore[no-untyped-call]
        return self

    def __exit__(self, *raised: object) -> None:
        super(ProxyTorchDispatchMode, self).__exit__(*raised)  # type: ignore[no-untyped-call]

    def __torch_dispatch__(
        self,
        func: Any,  # noqa: ANN401 -- as torch declares it
        types: Sequence[type],
        args: Sequence[Any] = (),
        kwargs: Mapping[str, Any] | None = None,
    ) -> Any:  # noqa: ANN401
        del types
        given = kwargs or {}
        with torch._C._DisablePythonDispatcher():
            result = func(*args, **given)
            if not self.problem:
                try:
                    self._record(func, args, given, result)
                except NotInTableError as error:
                    self.problem = str(error)
        return result

    def placeholder(self, name: str, tensor: Tensor) -> Node:
        """Add an input or a constant of the program."""
        node = self.graph.create_node("placeholder", name, name=name)
        self._keep(node, tensor)
        return node

    def node_of(self, value: object) -> Node:
        """Return what made a tensor.

        Raises:
            NotInTableError: it is no tensor, or nothing that was recorded made it.
        """
        if not isinstance(value, Tensor) or value not in self._nodes:
            raise NotInTableError("a value of unknown origin")
        node: Node = self._nodes[value]
        return node

    def _record(
        self,
        func: Callable[..., Any],
        args: Sequence[object],
        kwargs: Mapping[str, object],
        result: object,
    ) -> None:
        given = tuple(self._given(each) for each in args)
        named = {name: self._given(each) for name, each in kwargs.items()}
        node = self.graph.create_node("call_function", func, given, named)
        if isinstance(result, Tensor):
            self._keep(node, result)
            return
        if not isinstance(result, (list, tuple)):
            raise NotInTableError(f"{func} of no tensor")
        parts = []
        for index, part in enumerate(result):
            if not isinstance(part, Tensor):
                raise NotInTableError(f"{func} of no tensor")
            taken = self.graph.create_node("call_function", operator.getitem, (node, index))
            self._keep(taken, part)
            parts.append(taken.meta["val"])
        node.meta["val"] = tuple(parts)

    def _given(self, argument: object) -> Any:  # noqa: ANN401 -- what fx takes
        if isinstance(argument, Tensor):
            return self.node_of(argument)
        if isinstance(argument, (list, tuple)):
            return [self._given(each) for each in argument]
        return argument

    def _keep(self, node: Node, tensor: Tensor) -> None:
        if type(tensor) not in (Tensor, nn.Parameter) or tensor.layout != torch.strided:
            raise NotInTableError("a tensor of another kind")
        node.meta["val"] = torch.empty_strided(
            tensor.shape, tensor.stride(), dtype=tensor.dtype, device="meta"
        )
        self._nodes[tensor] = node


@contextlib.contextmanager
def _as_if_exporting() -> Iterator[None]:
    """Answer yes to modules that ask whether they are being exported."""
    flags = torch.compiler
    before = flags._is_compiling_flag, flags._is_exporting_flag
    flags._is_compiling_flag = flags._is_exporting_flag = True
    try:
        yield
    finally:
        flags._is_compiling_flag, flags._is_exporting_flag = before
