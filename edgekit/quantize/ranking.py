"""The room's second door: what each layer of a network costs as integers."""

from __future__ import annotations

from edgekit.progress import Tell
from edgekit.quantize import drafting, network
from edgekit.quantize.analysis import layer_accuracy, plots, tensor_errors
from edgekit.quantize.analysis import sensitivity as by_layers
from edgekit.quantize.analysis.report import LayerCost, SensitivityReport
from edgekit.quantize.candidate import Context
from edgekit.quantize.request import SensitivityRequest
from edgekit.quantize.samples import held_out, reading


def sensitivity(
    request: SensitivityRequest, *, progress: Tell = lambda _: None
) -> SensitivityReport:
    """Rank the layers of a network by what int8 costs its outputs. Nothing but plots is written.

    Args:
        request: which network, and how closely to look.
        progress: called with a short line before each step.

    Raises:
        MissingPackageError: pictures are asked for, and matplotlib is not installed.
        EdgekitError: as `edgekit.quantize.run`.
    """
    if request.plots is not None:
        plots.require()
    found = network.prepare(
        request.model,
        weights=request.weights,
        seed=request.seed,
        asked=request.shapes,
        said=request.said,
        folded=request.fold_preprocessing,
        progress=progress,
    )
    known = found.source.preprocessing
    given = reading.read(
        request.calibration_data, found.inputs, known, request.most_samples, found.kinds
    )
    warned = reading.warnings_about(given)
    images = held_out.images(request.data, request.calibration_data, given)
    if request.encodings is not None:
        draft = drafting.read_encodings(request.encodings, found)
        origin = f"encodings {request.encodings.name}"
    else:
        draft, _ = drafting.draft_of(found, request.asked, given, None, None, progress)
        origin = f"recipe {request.asked.text}"
    context = Context(given, given.sets, request.asked.per_channel, progress)
    few = context.few(request.samples)
    rows = by_layers.by_layer(draft, few, progress)
    costs = []
    if images is not None:
        worst = [row.layer for row in rows[: request.worst]]
        costs = layer_accuracy.of_layers(draft, worst, images, known, progress)
    tensors = tensor_errors.by_tensor(draft, few, progress) if request.per_tensor else None
    drawn = []
    if request.plots is not None:
        drawn = plots.write(request.plots, draft, rows, few, request.worst)
    return SensitivityReport(
        model=found.source.name,
        origin=origin,
        calibration=given.description,
        samples=len(few),
        layers=tuple(rows),
        accuracy=tuple(map(LayerCost.of, costs)),
        tensors=None if tensors is None else tuple(tensors),
        plots=tuple(drawn),
        warnings=warned,
    )
