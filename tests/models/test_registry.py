"""The registry of the zoo: names, aliases, and cards that check themselves.

Nothing here names the networks to test: registering one makes it tested.
"""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from edgekit import models
from edgekit.errors import UnknownNameError
from edgekit.models import Published, layers, registry
from edgekit.registry import Registry
from tests.specimens.networks import SMALL, child


def test_listing_imports_no_torch() -> None:
    script = (
        "import sys, edgekit.models as m; m.names(); m.aliases(); m.get('micronet-m0');"
        "print('torch' in sys.modules)"
    )
    assert child(script).strip() == "False"


def test_every_family_file_is_in_the_table_of_contents() -> None:
    folder = Path(models.__file__).parent / "families"
    registering = {
        path.stem
        for path in folder.glob("*.py")
        if re.search(r"^ *register\(\n", path.read_text(), re.M)
    }
    assert {family.__name__.split(".")[-1] for family in models.FAMILIES} == registering


def test_lazy_names_exist_and_others_do_not() -> None:
    for package in (models, layers):
        assert all(getattr(package, name) is not None for name in package.__all__)
        with pytest.raises(AttributeError, match="no attribute 'nonsense'"):
            package.nonsense  # noqa: B018


def test_reference_set_has_one_network_of_four_families() -> None:
    families = [models.get(name).family for name in models.REFERENCE]
    assert len(set(families)) == len(families) == 4


def test_get_ignores_case_and_follows_aliases() -> None:
    assert models.get("MicroNet-M0") is models.get("micronet-m0")
    for alias, name in models.aliases().items():
        assert models.get(alias.upper()).name == name
        assert alias not in models.names()


def test_get_suggests_names() -> None:
    with pytest.raises(UnknownNameError, match="did you mean mobilenet-v1-"):
        models.get("mobilenet_v1_1.0_224")
    with pytest.raises(UnknownNameError, match="did you mean micronet-v1-m0 or"):
        models.get("micronetv1-m0")
    with pytest.raises(UnknownNameError, match="did you mean micronet-m0 or micronet-m1 or"):
        models.get("micronet-m")


def test_names_match_wildcards_in_natural_order() -> None:
    everything = models.names()
    assert len(everything) == len(set(everything))
    assert models.names("MICRONET-M[13]") == ["micronet-m1", "micronet-m3"]
    assert models.names("nothing*") == []
    depths = [name for name in everything if name.endswith("-e1")]
    assert depths == ["shiftresnet20-e1", "shiftresnet56-e1", "shiftresnet110-e1"]
    widths = models.names("mobilenet-v1-*-224")
    assert [name.split("-")[2] for name in widths] == ["0.25", "0.5", "0.75", "1.0"]


def test_register_refuses_duplicates_and_upper_case(monkeypatch: pytest.MonkeyPatch) -> None:
    whole = registry.MODELS
    copied = Registry("model", whole.items(), aliases=whole.aliases)
    monkeypatch.setattr(registry, "MODELS", copied)
    spec = replace(models.get(SMALL), name="a-new-net")
    for aliases in ([SMALL], ["micronet-v1-m0"], ["twice", "twice"], ["a-new-net"]):
        with pytest.raises(ValueError, match="registered twice"):
            models.register(spec, aliases)
    with pytest.raises(ValueError, match="lower case"):
        models.register(spec, ["Upper"])
    assert "a-new-net" not in models.names()
    models.register(spec, ["another-name"])
    assert models.get("another-name") is spec
    with pytest.raises(ValueError, match="'a-new-net' is registered twice"):
        models.register(spec)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"name": "Upper"}, "not a model name"),
        ({"name": "a--b"}, "not a model name"),
        ({"input_shape": (1, 3, 33, 33)}, "input shape"),
        ({"params": 0}, "must be positive"),
        ({"macs_published_convention": -1}, "must be positive"),
        ({"paper": "somewhere"}, "arXiv"),
    ],
)
def test_a_card_checks_itself(change: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        replace(models.get(SMALL), **change)


def test_a_published_figure_checks_itself() -> None:
    with pytest.raises(ValueError, match="finite"):
        Published("top-1", float("nan"), "%", "ImageNet", "paper")
    with pytest.raises(ValueError, match="needs metric, unit and source"):
        Published("top-1", 70.0, "%", "ImageNet", "")
