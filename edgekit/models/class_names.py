"""The names of the classes that shipped weights tell apart, in the order of their scores."""

from __future__ import annotations

from edgekit.models import registry
from edgekit.registry import Registry

_CIFAR10 = (
    "airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck",
)  # fmt: skip

CLASS_NAMES: Registry[tuple[str, ...]] = Registry("set of class names", (("cifar-10", _CIFAR10),))
"""By the data set's name as the cards of trained networks write it, in lower case."""


def of_model(name: str, weights: str) -> tuple[str, ...] | None:
    """Return the class names of a registered network with the weights that it ships with.

    Args:
        name: of the network, as a sidecar has it.
        weights: where they came from, as a sidecar has it.

    Returns:
        None for other networks and other weights, whose classes nobody has named.
    """
    if name not in registry.names():
        return None
    trained = registry.get(name).trained
    if trained is None or trained.trained_on not in weights:
        return None
    found = [names for data, names in CLASS_NAMES.items() if data in trained.trained_on.casefold()]
    return found[0] if found else None
