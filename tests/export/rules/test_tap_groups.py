"""How large windows are shared out to small ones."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from edgekit.export.expansion import tap_groups


@given(st.integers(1, 31), st.integers(1, 31))
def test_every_tap_is_in_one_group_that_lies_evenly_about_the_middle(
    height: int, width: int
) -> None:
    groups = tap_groups.share_out(height, width)
    if groups is None:
        return
    taps = [
        (row, column) for rows, columns in groups for row in rows.taps for column in columns.taps
    ]
    assert sorted(taps) == [(row, column) for row in range(height) for column in range(width)]
    for rows, columns in groups:
        assert rows.count * columns.count <= tap_groups.MOST_TAPS
        assert (rows.first + rows.last, columns.first + columns.last) == (height - 1, width - 1)


def test_usual_windows_take_as_few_groups_as_are_known() -> None:
    found = {size: tap_groups.share_out(size, size) for size in (5, 7, 9, 11)}
    assert {size: len(each or ()) for size, each in found.items()} == {5: 1, 7: 3, 9: 4, 11: 6}
