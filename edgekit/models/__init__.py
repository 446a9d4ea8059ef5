"""What exists: the networks, their cards, their weights.

Looking up a card imports no torch; whatever builds or runs a network imports it on first use.
"""

from typing import TYPE_CHECKING

from edgekit.models import lazy
from edgekit.models.families import (
    baselines,
    micronet,
    mobilenet_v1,
    mobilenet_v2,
    shiftnet,
    shiftresnet,
    shufflenet_v1,
)
from edgekit.models.preprocessing import Preprocessing
from edgekit.models.registry import aliases, get, names, register
from edgekit.models.spec import ModelSpec, Published, Trained

if TYPE_CHECKING:
    from edgekit.models.counting import Count, count
    from edgekit.models.initialization import initialize, initialize_into
    from edgekit.models.sanity import ActivationRange, activation_range
    from edgekit.models.weights import Loaded, load, load_into, obtain, trained
else:
    __getattr__ = lazy.attributes(
        __name__,
        {
            "ActivationRange": f"{__name__}.sanity",
            "Count": f"{__name__}.counting",
            "Loaded": f"{__name__}.weights",
            "activation_range": f"{__name__}.sanity",
            "count": f"{__name__}.counting",
            "initialize": f"{__name__}.initialization",
            "initialize_into": f"{__name__}.initialization",
            "load": f"{__name__}.weights",
            "load_into": f"{__name__}.weights",
            "obtain": f"{__name__}.weights",
            "trained": f"{__name__}.weights",
        },
    )

# The table of contents. Importing a family file registers its cards.
FAMILIES = (mobilenet_v1, mobilenet_v2, shufflenet_v1, shiftnet, shiftresnet, micronet, baselines)

# One network of each family at a common input size: what is measured when nobody says what.
REFERENCE = ("mobilenet-v1-1.0-224", "shufflenet-v1-1.0x-g3", "shiftnet-b", "micronet-m0")

__all__ = [
    "FAMILIES",
    "REFERENCE",
    "ActivationRange",
    "Count",
    "Loaded",
    "ModelSpec",
    "Preprocessing",
    "Published",
    "Trained",
    "activation_range",
    "aliases",
    "count",
    "get",
    "initialize",
    "initialize_into",
    "load",
    "load_into",
    "names",
    "obtain",
    "register",
    "trained",
]
