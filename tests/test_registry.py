"""The one registry: names, aliases, suggestions, and no duplicate; and every table is one."""

from __future__ import annotations

import pytest

from edgekit.errors import UnknownNameError, did_you_mean
from edgekit.export import formats, precisions
from edgekit.models import libraries, preprocessing_choice, registry
from edgekit.quantize import ranges, recipe, rungs
from edgekit.registry import Registry

TABLES = {
    "models": registry.MODELS,
    "libraries": libraries.LIBRARIES,
    "formats": formats.FORMATS,
    "precisions": precisions.PRECISIONS,
    "preprocessings": preprocessing_choice.PRESETS,
    "ranges": ranges.METHODS,
    "rungs": rungs.RUNGS,
    "recipes": recipe.NAMED,
}


@pytest.mark.parametrize("table", TABLES)
def test_every_table_finds_its_names_in_any_case_and_suggests_one(table: str) -> None:
    found = TABLES[table]
    assert isinstance(found, Registry)
    assert found
    for name in found:
        assert found.find(name.upper()) is found[name]
        slip = name + "q"
        with pytest.raises(UnknownNameError, match=r"did you mean|known: "):
            found.find(slip)
    for alias, name in found.aliases.items():
        assert found.find(alias) is found[name]
        assert alias not in found


def test_nothing_is_overwritten_silently() -> None:
    table: Registry[int] = Registry("thing", [("one", 1), ("two", 2)], aliases={"uno": "one"})
    for names in (("one",), ("uno",), ("three", "two"), ("three", "three"), ("three", "a", "a")):
        with pytest.raises(ValueError, match="registered twice"):
            table.add(names[0], 3, names[1:])
    with pytest.raises(ValueError, match="lower case"):
        table.add("Three", 3)
    with pytest.raises(ValueError, match="registered twice"):
        Registry("thing", [("one", 1), ("one", 2)])
    with pytest.raises(ValueError, match="stands for no thing"):
        Registry("thing", [("one", 1)], aliases={"uno": "two"})
    assert dict(table) == {"one": 1, "two": 2}
    table.add("three", 3, ["drei"])
    assert (table.find("DREI"), table.name_of("drei"), list(table)[-1]) == (3, "three", "three")


def test_names_that_begin_so_come_first_and_the_shortest_of_them() -> None:
    known = ["net-b10", "net-b0-small", "net-b0", "net-b1", "ten-b", "met-b0"]
    assert did_you_mean("net-b", known) == ["net-b0", "net-b1", "net-b10"]
    assert did_you_mean("NET-B0-", known)[0] == "net-b0-small"
    assert did_you_mean("nat-b0", known)[0] == "net-b0"
    assert did_you_mean("", known) == []
