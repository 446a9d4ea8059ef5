"""The smallest graph that each rewrite rule fires on, by the rule's name."""

from __future__ import annotations

from tests.specimens.rules import canonical
from tests.specimens.rules.activations import ACTIVATIONS
from tests.specimens.rules.layers import LAYERS
from tests.specimens.rules.moving import MOVING
from tests.specimens.rules.pools import POOLS
from tests.specimens.rules.products import PRODUCTS
from tests.specimens.rules.specimen import Specimen
from tests.specimens.rules.taken_apart import TAKEN_APART
from tests.specimens.rules.to_canonical import TO_CANONICAL
from tests.specimens.rules.windows import WINDOWS

SPECIMENS = {
    **ACTIVATIONS,
    **LAYERS,
    **MOVING,
    **POOLS,
    **PRODUCTS,
    **TAKEN_APART,
    **TO_CANONICAL,
    **WINDOWS,
    **{
        name: Specimen(text, lambda ops, expected=expected: ops == expected, constants)
        for name, (text, constants, expected) in canonical.CASES.items()
        if ":" not in name
    },
}
