"""What the cards of networks that ship with weights share: data, recipe, preprocessing."""

from __future__ import annotations

from edgekit.models.spec import Trained


def trained(top1_percent: float, epochs: int, weight_decay: float) -> Trained:
    """Return the record of a network that ``training/cifar10.py`` trained.

    Args:
        top1_percent: float32, on all test images.
        epochs: passes over the training images.
        weight_decay: of convolutions and fully connected layers.
    """
    return Trained(
        top1_percent=top1_percent,
        trained_on="20,000 training images of CIFAR-10, as JPEG copies",
        evaluated_on="the 10,000 test images of CIFAR-10, as JPEG copies",
        recipe=(
            f"training/cifar10.py: {epochs} epochs of SGD with Nesterov momentum 0.9, batch 128, "
            "learning rate 0.2 with linear warm-up and descent, weight decay "
            f"{weight_decay:g}, label smoothing 0.1, random crops and flips"
        ),
    )
