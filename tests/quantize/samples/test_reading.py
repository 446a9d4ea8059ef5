"""What the files hold reaches the network, one set of inputs at a time."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

import numpy as np
import pytest
from PIL import Image

from edgekit.data import images, synthetic
from edgekit.errors import RefusedError
from edgekit.export.sources.input_bounds import Bounds, Kind
from edgekit.models import Preprocessing
from edgekit.quantize.samples import filling, reading
from tests.quantize.samples.made import (
    IMAGE,
    PIXELS,
    SIDE,
    batched,
    fault,
    numbers,
    pictures,
    saved,
    taken,
)


def test_images_of_a_folder_go_through_the_preprocessing(tmp_path: Path) -> None:
    pixels = pictures(tmp_path, 3)
    found = reading.read(tmp_path, IMAGE, PIXELS, None)
    assert (found.count, found.synthetic) == (3, False)
    assert found.files == ("00.png", "01.png", "02.png")
    np.testing.assert_array_equal(taken(found), PIXELS.apply(pixels))


def test_images_of_another_size_are_resized_and_cropped(tmp_path: Path) -> None:
    pictures(tmp_path / "folder", 2, side=20)
    stacked = np.stack([np.asarray(Image.open(p)) for p in sorted((tmp_path / "folder").iterdir())])
    of_folder = reading.read(tmp_path / "folder", IMAGE, PIXELS, None)
    of_array = reading.read(saved(tmp_path / "a.npy", stacked), IMAGE, PIXELS, None)
    np.testing.assert_array_equal(taken(of_folder), taken(of_array))
    assert of_array.files == ()


def test_images_are_read_once_for_all_passes_as_far_as_memory_is_given(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pictures(tmp_path, 5, 11)
    read = []
    decode = images.decode
    monkeypatch.setattr(images, "decode", lambda path: read.append(path) or decode(path))
    monkeypatch.setattr(filling, "_MOST_KEPT_BYTES", 3 * SIDE * SIDE * 3 + 1)
    taken(reading.read(tmp_path, IMAGE, PIXELS, None))  # two passes
    assert len(read) == 3 + 2 * 2


@pytest.mark.parametrize("order", ["RGB", "BGR"])
def test_every_pixel_is_normalized_as_the_formula_says(order: Literal["RGB", "BGR"]) -> None:
    wanted = Preprocessing(
        (0.485, 0.456, 0.406), (0.229, 0.224, 0.225), 16, 16, channel_order=order
    )
    pixels = np.random.default_rng(0).permutation(2 * 16 * 16 * 3).astype(np.uint8)
    pixels = pixels.reshape(2, 16, 16, 3)
    channels = pixels if order == "RGB" else pixels[..., ::-1]
    scaled = channels.astype(np.float32) * np.float32(wanted.scale)
    exact = (scaled - np.array(wanted.mean, np.float32)) / np.array(wanted.std, np.float32)
    found = wanted.apply(pixels)
    np.testing.assert_array_equal(found, exact.transpose(0, 3, 1, 2))
    assert found.flags.c_contiguous


def test_a_limit_takes_evenly_spaced_samples(tmp_path: Path) -> None:
    pixels = pictures(tmp_path / "folder", 6)
    found = reading.read(tmp_path / "folder", IMAGE, PIXELS, 3)
    assert found.files == ("00.png", "02.png", "04.png")
    np.testing.assert_array_equal(taken(found), PIXELS.apply(pixels[::2]))
    array = numbers(6, 3, SIDE, SIDE)
    found = reading.read(saved(tmp_path / "a.npy", array), IMAGE, None, 3)
    np.testing.assert_array_equal(taken(found), array[::2])
    assert found.description == "a.npy, 3 samples, evenly spaced among 6"
    assert reading.read(tmp_path / "a.npy", IMAGE, None, 99).count == 6


def test_float_arrays_go_in_as_they_are(tmp_path: Path) -> None:
    array = numbers(4, 3, SIDE, SIDE)
    found = reading.read(saved(tmp_path / "a.npy", array), IMAGE, None, None)
    np.testing.assert_array_equal(taken(found), array)
    assert found.description == "a.npy, 4 samples"


@pytest.mark.parametrize("save", [np.savez, np.savez_compressed])
def test_npz_arrays_go_to_the_inputs_of_their_names(tmp_path: Path, save: type) -> None:
    left, right = numbers(3, 2, 4), numbers(3, 5, seed=1)
    save(tmp_path / "a.npz", right=right, left=left)
    inputs = {"left": (1, 2, 4), "right": (1, 5)}
    found = reading.read(tmp_path / "a.npz", inputs, None, None)
    np.testing.assert_array_equal(taken(found, "left"), left)
    np.testing.assert_array_equal(taken(found, "right"), right)
    few = reading.read(tmp_path / "a.npz", inputs, None, 1)
    np.testing.assert_array_equal(taken(few, "right"), right[:1])


def test_a_single_npz_array_feeds_a_single_input_whatever_its_name(tmp_path: Path) -> None:
    pixels = synthetic.images(2, SIDE, SIDE)
    np.savez(tmp_path / "a.npz", pixels)
    found = reading.read(tmp_path / "a.npz", IMAGE, PIXELS, None)
    np.testing.assert_array_equal(taken(found), PIXELS.apply(pixels))


def test_a_folder_of_arrays_has_one_sample_or_more_a_file(tmp_path: Path) -> None:
    array = numbers(5, 3, SIDE, SIDE)
    for name, rows in {"a": array[0], "b": array[1:4], "c": array[4:]}.items():
        saved(tmp_path / f"{name}.npy", rows)
    found = reading.read(tmp_path, IMAGE, None, None)
    np.testing.assert_array_equal(taken(found), array)
    np.testing.assert_array_equal(taken(reading.read(tmp_path, IMAGE, None, 2)), array[[0, 2]])
    Image.new("RGB", (SIDE, SIDE)).save(tmp_path / "d.png")
    fault(tmp_path, RefusedError, "ambiguous-data", "a folder of either")


def test_integers_reach_the_network_in_its_own_type(tmp_path: Path) -> None:
    kinds = {"x": Kind("int64", Bounds(9))}
    array = np.arange(12, dtype=np.int16).reshape(4, 3)
    found = reading.read(saved(tmp_path / "a.npy", array), {"x": (1, 3)}, None, None, kinds)
    assert [feed["x"].dtype for feed in found()] == [np.dtype(np.int64)] * 4
    np.testing.assert_array_equal(np.concatenate([feed["x"] for feed in found()]), array)
    made = reading.read(None, {"x": (1, 3)}, None, 20, kinds)
    drawn = np.concatenate([feed["x"] for feed in made()])
    assert drawn.dtype == np.int64
    assert (drawn.min(), drawn.max()) == (0, 8)
    small = {"x": Kind("uint8", Bounds(256))}
    wide = saved(tmp_path / "b.npy", array + 250)
    with pytest.raises(RefusedError, match="to 258, and the input takes uint8"):
        list(reading.read(wide, {"x": (1, 3)}, None, None, small)())


def test_inputs_without_a_common_batch_get_whole_arrays(tmp_path: Path) -> None:
    left, right = numbers(3, 1, 4), numbers(3, 2, 5)
    np.savez(tmp_path / "a.npz", left=left, right=right)
    found = reading.read(tmp_path / "a.npz", {"left": (1, 4), "right": (2, 5)}, None, None)
    assert found.sets == found.count == 3
    for feed, one, other in zip(found(), left, right, strict=True):
        np.testing.assert_array_equal(feed["left"], one)
        np.testing.assert_array_equal(feed["right"], other)


def test_consecutive_samples_fill_a_batch_and_none_is_half_full(tmp_path: Path) -> None:
    array = numbers(8, 3, SIDE, SIDE)
    found = reading.read(saved(tmp_path / "a.npy", array), batched(4), None, None)
    assert [feed["x"].shape for feed in found()] == [(4, 3, SIDE, SIDE)] * 2
    np.testing.assert_array_equal(taken(found), array)
    assert reading.read(tmp_path / "a.npy", batched(3), None, None).count == 6
    assert reading.read(tmp_path / "a.npy", batched(2), None, 5).count == 4
    pictures(tmp_path / "folder", 3)
    assert len(reading.read(tmp_path / "folder", batched(2), PIXELS, None).files) == 2
    assert reading.read(None, batched(5), PIXELS, None).count % 5 == 0
    assert reading.read(None, batched(50), None, None).sets == 1


def test_without_samples_there_are_synthetic_images() -> None:
    found = reading.read(None, IMAGE, PIXELS, 4)
    assert found.synthetic
    assert "synthetic" in found.description
    assert found.files == ()
    array = taken(found)
    np.testing.assert_array_equal(array, taken(reading.read(None, IMAGE, PIXELS, 9))[:4])
    low, high = PIXELS.apply(np.array([0, 255], np.uint8).repeat(3).reshape(2, 1, 1, 3))
    assert (array >= low).all()
    assert (array <= high).all()
    assert reading.read(None, IMAGE, PIXELS, None).count == reading.SYNTHETIC_COUNT


@pytest.mark.parametrize("inputs", [IMAGE, {"a": (1, 7), "b": (2, 3)}, {"a": ()}], ids=str)
def test_inputs_that_are_no_known_images_get_normal_noise(
    inputs: dict[str, tuple[int, ...]],
) -> None:
    found = reading.read(None, inputs, None if inputs == IMAGE else PIXELS, 3)
    assert found.synthetic
    assert "noise" in found.description
    passes = [list(found()) for _ in range(2)]
    for first, second in zip(*passes, strict=True):
        assert {name: values.shape for name, values in first.items()} == inputs
        for name, values in first.items():
            np.testing.assert_array_equal(values, second[name])
    assert not np.array_equal(*(next(iter(feed.values())) for feed in passes[0][:2]))


def test_passes_do_not_disturb_each_other(tmp_path: Path) -> None:
    array = numbers(3, 3, SIDE, SIDE)
    np.savez_compressed(tmp_path / "a.npz", array)
    found = reading.read(tmp_path / "a.npz", IMAGE, None, None)
    for one, other in zip(found(), found(), strict=True):
        np.testing.assert_array_equal(one["x"], other["x"])
