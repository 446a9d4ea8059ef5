"""Whatever is in a file, a reader takes it or says in one line why not."""

from __future__ import annotations

import json
import os
import pickle
import socket
import threading
import tracemalloc
import zipfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from edgekit.data import images
from edgekit.errors import EdgekitError, UnreadableModelError
from edgekit.export import artifact
from tests.hostile import mutations
from tests.hostile.readers import READERS, Reader
from tests.specimens import files

MUTATIONS = 60  # of each reader's file; `make fuzz` does as many as there is time for


def outcome(reader: Reader, path: Path) -> EdgekitError | None:
    return reader.outcome(path)


def written(folder: Path, reader: Reader, content: bytes) -> Path:
    path = folder / reader.name
    path.write_bytes(content)
    return path


@pytest.mark.parametrize("name", READERS)
def test_a_sound_file_is_read(name: str, tmp_path: Path) -> None:
    reader = READERS[name]
    path = written(tmp_path, reader, reader.sound())
    if name not in ("sidecar", "encodings", "manifest"):  # of which these are the heads only
        reader.read(path)


@pytest.mark.parametrize("name", READERS)
def test_mutated_files(name: str, tmp_path: Path) -> None:
    reader = READERS[name]
    for _, content in mutations.of(reader.sound(), seed=1, count=MUTATIONS):
        outcome(reader, written(tmp_path, reader, content))


@pytest.mark.parametrize("name", READERS)
@settings(max_examples=15, deadline=None, suppress_health_check=list(HealthCheck), database=None)
@given(content=st.binary(max_size=200))
def test_any_bytes(name: str, tmp_path: Path, content: bytes) -> None:
    outcome(READERS[name], written(tmp_path, READERS[name], content))


@pytest.mark.parametrize("name", ["predict", "tflite-metadata"])
def test_flat_buffers_cut_at_every_offset(name: str, tmp_path: Path) -> None:
    reader = READERS[name]
    content = reader.sound()
    for end in range(0, len(content), 4):
        outcome(reader, written(tmp_path, reader, content[:end]))


def test_flat_buffers_with_every_number_out_of_range(tmp_path: Path) -> None:
    reader = READERS["predict"]
    path = files.tiny_tflite(tmp_path / "t.tflite", [files.OPS.ABS])
    content = path.read_bytes()
    for place in range(8, len(content) - 4, 4):
        for word in (b"\xff\xff\xff\x7f", b"\xfe\xff\xff\xff"):
            outcome(
                reader, written(tmp_path, reader, content[:place] + word + content[place + 4 :])
            )


# --- what is no file ---------------------------------------------------------------------------


def _pipe(path: Path) -> None:
    os.mkfifo(path)


def _zeros(path: Path) -> None:
    path.symlink_to("/dev/zero")


def _socket(path: Path) -> None:
    before = Path.cwd()
    os.chdir(path.parent)  # a socket's path is short
    try:
        with socket.socket(socket.AF_UNIX) as made:
            made.bind(path.name)
    finally:
        os.chdir(before)


SPECIAL: dict[str, Callable[[Path], None]] = {
    "a pipe": _pipe,
    "a device without end": _zeros,
    "a folder": Path.mkdir,
    "a link to itself": lambda path: path.symlink_to(path.name),
}


@pytest.mark.parametrize("special", SPECIAL)
@pytest.mark.parametrize("name", READERS)
def test_special_files_neither_block_nor_fill_the_memory(
    name: str, special: str, tmp_path: Path
) -> None:
    reader = READERS[name]
    path = tmp_path / reader.name
    SPECIAL[special](path)
    thread = threading.Thread(target=lambda: _ended(reader, path), daemon=True)
    thread.start()
    thread.join(60)
    assert not thread.is_alive()


def _ended(reader: Reader, path: Path) -> None:
    outcome(reader, path)


def test_a_socket_is_refused(tmp_path: Path) -> None:
    _socket(tmp_path / "s.tflite")
    assert outcome(READERS["predict"], tmp_path / "s.tflite") is not None


# --- documents -------------------------------------------------------------------------------

DEEP = 100_000
TOML = {
    "nested": b"a = " + b"[" * DEEP,
    "long number": b"samples = " + b"9" * 5000,
    "hexadecimal": b"samples = 0x" + b"f" * 5000,
    "wrong types": b"[samples]\nrungs = 1979-05-27T07:32:00Z\n",
    "infinite": b"samples = inf\n[size_bytes]\nmax = nan\n",
    "commands": b'["\\u001b]0;title\\u0007"]\ntarget = "\\u0000"\n',
    "half a name": b"\xff\xfe = 1",
}
JSON = {
    "nested": b"[" * DEEP,
    "nested objects": b'{"schema":' * DEEP,
    "long number": b'{"schema": ' + b"9" * 5000 + b"}",
    "no number": b'{"schema": NaN, "schema_version": Infinity}',
    "list": b"[]",
    "schema of another type": b'{"schema": [], "schema_version": {}}',
    "half a character": b'{"schema": "\\ud800", "schema_version": 1}',
}


@pytest.mark.parametrize("kind", TOML)
@pytest.mark.parametrize("name", [name for name in READERS if READERS[name].name.endswith("toml")])
def test_toml(name: str, kind: str, tmp_path: Path) -> None:
    assert outcome(READERS[name], written(tmp_path, READERS[name], TOML[kind])) is not None


@pytest.mark.parametrize("kind", JSON)
@pytest.mark.parametrize("name", ["result", "sidecar", "encodings"])
def test_json(name: str, kind: str, tmp_path: Path) -> None:
    found = outcome(READERS[name], written(tmp_path, READERS[name], JSON[kind]))
    assert found is not None or READERS[name].plain


@pytest.mark.parametrize(
    "rows",
    [
        "a.png," + "9" * 5000,
        "/etc/passwd,1",
        "../a.png,1",
        "a.png\0,1",
        "a.png,\u0661",
        "a.png,-1",
        '"a.png,1',
        "a.png",
        "a.png,1\na.png,2",
        "x" * 200_000 + ",1",
    ],
)
def test_labels_csv(rows: str, tmp_path: Path) -> None:
    reader = READERS["labels-csv"]
    content = f"file,label\n{rows}\n".encode()
    assert outcome(reader, written(tmp_path, reader, content)) is not None


def test_a_document_of_others_is_no_sidecar(tmp_path: Path) -> None:
    (tmp_path / "net.tflite").write_bytes(b"a model")
    (tmp_path / "net.tflite.json").write_text('{"version": 3}')
    assert artifact.load(tmp_path / "net.tflite") is None


def test_a_sidecar_of_another_version_says_what_to_do(tmp_path: Path) -> None:
    (tmp_path / "net.tflite").write_bytes(b"a model")
    sidecar = {"schema": "edgekit.artifact", "schema_version": 99}
    (tmp_path / "net.tflite.json").write_text(json.dumps(sidecar))
    with pytest.raises(UnreadableModelError, match=r"version 99.*remove that file"):
        artifact.load(tmp_path / "net.tflite")


# --- code and bombs ----------------------------------------------------------------------------


class Bomb:
    """Makes a folder when it is unpickled."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self) -> tuple[Callable[[Path], None], tuple[Path]]:
        return Path.mkdir, (self.path,)


@pytest.mark.parametrize("name", ["checkpoint", "safetensors", "npy", "npz"])
@pytest.mark.parametrize("protocol", [0, 2, 5])
def test_no_pickle_is_run(name: str, protocol: int, tmp_path: Path) -> None:
    made = tmp_path / "made"
    data = pickle.dumps({"a": Bomb(made)}, protocol)
    path = tmp_path / READERS[name].name
    assert outcome(READERS[name], written(tmp_path, READERS[name], data)) is not None
    with zipfile.ZipFile(path, "w") as archive:  # the form that torch.save writes
        archive.writestr("archive/data.pkl", data)
        archive.writestr("archive/version", "3")
        archive.writestr("x.npy", data)
    assert outcome(READERS[name], path) is not None
    if name in ("npy", "npz"):
        objects = np.array([Bomb(made)], dtype=object)
        np.save(path.with_suffix(".npy"), objects, allow_pickle=True)
        assert outcome(READERS["npy"], path.with_suffix(".npy")) is not None
    assert not made.exists()


def _png_header(width: int, height: int) -> bytes:
    import struct
    import zlib

    head = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    chunks = ((b"IHDR", head), (b"IDAT", zlib.compress(bytes(1000))), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
        for kind, data in chunks
    )


@pytest.mark.parametrize(
    "size", [(60_000, 60_000), (2**31 - 1, 2**31 - 1), (0, 5), (1, 90_000_001), (5000, 5000)]
)
@pytest.mark.parametrize("name", ["image", "mask"])
def test_images_that_lie_about_their_size(name: str, size: tuple[int, int], tmp_path: Path) -> None:
    reader = READERS[name]
    assert outcome(reader, written(tmp_path, reader, _png_header(*size))) is not None


def test_a_large_image_takes_little_more_than_its_pixels(tmp_path: Path) -> None:
    from PIL import Image

    path = tmp_path / "large.jpg"
    Image.new("RGB", (4000, 4000), (1, 2, 3)).save(path)
    tracemalloc.start()
    pixels = images.decode(path)
    _, most_bytes = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert most_bytes < 1.5 * pixels.nbytes


@pytest.mark.parametrize("shape", ["(1099511627776, 1099511627776)", "(-1,)", "(2, True)", "()"])
def test_arrays_that_lie_about_their_size(shape: str, tmp_path: Path) -> None:
    reader = READERS["npy"]
    head = f"{{'descr': '<f4', 'fortran_order': False, 'shape': {shape}, }}".ljust(117) + "\n"
    content = b"\x93NUMPY\x01\x00" + len(head).to_bytes(2, "little") + head.encode() + bytes(64)
    assert outcome(reader, written(tmp_path, reader, content)) is not None


def test_a_safetensors_header_that_lies(tmp_path: Path) -> None:
    reader = READERS["safetensors"]
    for length in (2**63, 2**31, 10):
        content = length.to_bytes(8, "little") + b'{"a": {"dtype": "F32"}}'
        assert outcome(reader, written(tmp_path, reader, content)) is not None


def test_a_store_whose_texts_are_damaged(tmp_path: Path) -> None:
    reader = READERS["store"]
    content = reader.sound().replace(b'"architecture"', b'"architectur\x01"')
    assert outcome(reader, written(tmp_path, reader, content)) is not None


def test_a_pattern_that_no_file_system_takes(tmp_path: Path) -> None:
    reader = READERS["bundle-config"]
    content = f'[bundle]\nfiles = ["{"9" * 5000}"]\n'.encode()
    assert outcome(reader, written(tmp_path, reader, content)) is not None
