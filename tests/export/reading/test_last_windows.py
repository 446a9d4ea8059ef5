"""Pools that round up leave out a last window that would start behind the map."""

from __future__ import annotations

from pathlib import Path

import pytest

from edgekit.export.sources import source
from tests.export.reading.foreign_files import exported, write

BOTH = "kernel_shape=[2,2], strides=[3,3], pads=[1,1,1,1]"
POOLS = {
    "both axes": (12, "1,3,5,5", "c,d", f"MaxPool<{BOTH}", (2, 2)),
    "both axes of the later rule": (22, "1,3,5,5", "c,d", f"AveragePool<{BOTH}", (2, 2)),
    "one axis, the other padded further": (18, "1,3,5,6", "c,d", f"LpPool<{BOTH}", (2, 3)),
    "one axis, padding counted": (
        12, "1,3,5,6", "c,d", f"AveragePool<count_include_pad=1, {BOTH}", (2, 3),
    ),
    "one axis, elements cut off": (
        12, "1,3,6,4", "c,d",
        "AveragePool<count_include_pad=1, kernel_shape=[3,1], strides=[2,4], pads=[1,0,1,0]",
        (4, 1),
    ),
    "without padding": (
        12, "1,3,4,4", "c,d",
        'MaxPool<kernel_shape=[1,1], strides=[2,2], auto_pad="VALID"', (2, 2),
    ),
    "one dimension": (
        12, "1,3,5", "c", "MaxPool<kernel_shape=[2], strides=[3], pads=[1,1]", (2,),
    ),
    "no window behind the map": (
        12, "1,3,6,6", "c,d", f"MaxPool<{BOTH}", (3, 3),
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", POOLS)
def test_a_last_window_behind_the_map_is_left_out(name: str, tmp_path: Path) -> None:
    opset, given, open_sizes, pool, sizes = POOLS[name]
    text = f"g (float[{given}] x) => (float[a,b,{open_sizes}] y) {{ y = {pool}, ceil_mode=1>(x) }}"
    path = write(tmp_path, opset, text)
    assert source.resolve(str(path)).answers[0]["y"].shape == (1, 3, *sizes)
    exported(path, tmp_path)


def test_one_pool_behind_the_other(tmp_path: Path) -> None:
    text = f"""g (float[1,3,23,23] x) => (float[a,b,c,d] y) {{ a = MaxPool<{BOTH}, ceil_mode=1>(x)
        b = Relu(a)\n y = MaxPool<kernel_shape=[1,1], strides=[2,2], ceil_mode=1>(b) }}"""
    path = write(tmp_path, 12, text)
    assert source.resolve(str(path)).answers[0]["y"].shape == (1, 3, 4, 4)
    assert exported(path, tmp_path).count("MaxPool") == 2
