"""Any model: by its class scores where it has them, else by its outputs as they are."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from edgekit import runtimes
from edgekit.data import array_samples, masks
from edgekit.errors import RefusedError, UsageError
from edgekit.evaluate import run, tensors
from edgekit.evaluate.outputs import judging
from edgekit.evaluate.outputs.result import OutputEvaluation
from edgekit.evaluate.request import EvaluateRequest
from edgekit.evaluate.result import Evaluation
from edgekit.processes import child


def judge(
    request: EvaluateRequest,
    *,
    progress: Callable[[int, int], None] = lambda _done, _total: None,
) -> Evaluation | OutputEvaluation:
    """Evaluate a model on what it is made for.

    Image classifiers answer images (`edgekit.evaluate.run`). Arrays, label maps, and files that
    take no image or give no class scores go to `edgekit.evaluate.outputs.judging.run`.

    Args:
        request: what to evaluate, and on what.
        progress: called with the number of samples done and their total.

    Raises:
        UsageError: as either; or arrays or label maps are given for a network by name.
        EdgekitError: what either raises.
    """
    run.check_exists(request)
    names = [name for name in request.models if not run.is_file(name)]
    if _is_for_outputs(request.data):
        if names:
            raise UsageError(
                f"{request.data} is for model files, and {names[0]} is a network: export it first"
            )
        return judging.run(request, progress=progress)
    if names or request.against is None or all(map(_is_classifier, request.models)):
        return run.run(request, progress=progress)
    return judging.run(request, progress=progress)


def _is_for_outputs(data: object) -> bool:
    return isinstance(data, Path) and (array_samples.holds_arrays(data) or masks.is_masked(data))


def _is_classifier(name: str) -> bool:
    info = child.describe(Path(name), runtime=runtimes.for_file(name))
    try:
        tensors.image_input(info, name)
        tensors.class_output(info, name, 0)
    except RefusedError:
        return False
    return True
