"""What edgekit itself can state of a registered network, and of the weights that it ships with.

Of other networks and weights it knows nothing; what people state goes before it.
"""

from __future__ import annotations

import re
from dataclasses import fields, replace

from edgekit import models
from edgekit.bundle.about import About
from edgekit.models import class_names

_ARXIV = re.compile(r"arXiv:(\d{4}\.\d{4,5})")


def of(model: str, weights: str) -> About:
    """Return the statements.

    Args:
        model: name of the network, as a sidecar has it.
        weights: where they came from, as a sidecar has it.
    """
    if model not in models.names():
        return About()
    spec = models.get(model)
    number = _ARXIV.search(spec.paper)
    stated = About(paper=f"https://arxiv.org/abs/{number.group(1)}" if number else "")
    trained, names = spec.trained, class_names.of_model(model, weights)
    if trained is None or names is None:
        return stated
    script, _, settings = trained.recipe.partition(": ")
    side = spec.preprocessing.crop
    return replace(
        stated,
        supplier="edgekit",
        datasets=(trained.trained_on,),
        training=f"from random weights, by {script}",
        hyperparameters=settings,
        intended_use=("an example: to try tools on a small network with trained weights",),
        domain="benchmarks of image classification",
        limitations=(
            f"top-1 in float32 {trained.top1_percent:.2f} % on {trained.evaluated_on}",
            f"images of {side}x{side} pixels that show one of: {', '.join(names)}",
        ),
        ethics=("its errors were not compared between groups of images",),
        safety="not assessed: an example, for no use in which an error matters",
        autonomy="none: nothing is meant to be decided by its answers",
        personal_data="its classes are vehicles and animals; what else is in the photographs is "
        "not known",
    )


def completed(stated: About, model: str, weights: str) -> About:
    """Return people's statements, with `of` where they are silent."""
    own = of(model, weights)
    silent = [each.name for each in fields(About) if not getattr(stated, each.name)]
    return replace(stated, **{name: getattr(own, name) for name in silent})
