"""Every place where edgekit reads a file that somebody else may have written, in this process.

Each has a sound file, which the mutations start from. What crashes native code is read in a child
(see `edgekit.processes.limited`), and is tried by whole commands instead.
"""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
from PIL import Image

from edgekit.bundle import about, budgets, config, manifest
from edgekit.bundle.checking import archive
from edgekit.bundle.metadata import tflite_writing
from edgekit.data import arrays, folder, images, masks
from edgekit.devices import PredictRequest, predict
from edgekit.devices.stored_results import result_file
from edgekit.devices.targets import fleet
from edgekit.errors import EdgekitError
from edgekit.evaluate.showing import labels
from edgekit.export import artifact
from edgekit.files import reading
from edgekit.modelfile import counts, metadata, tflite_cut
from edgekit.modelfile.metadata.description import FileDescription, TensorDescription
from edgekit.models import preprocessing_choice, weights
from edgekit.quantize import recipe
from edgekit.quantize.encodings_file import document as encodings_document
from edgekit.runtimes.ort import onnx_protobuf
from edgekit.study.claims.run import read as read_claims
from edgekit.study.grid import plan
from edgekit.study.report.run import ReportRequest, report
from tests.specimens import files
from tests.specimens.printed import made_up_stores, reports

OPS = files.OPS
LONGEST_MESSAGE = 4096
DESCRIPTION = FileDescription(
    "net", "of a test", "1", "nobody", "Apache-2.0", (TensorDescription("image"),),
    (TensorDescription("scores", label_file="labels.txt"),), ("a", "b", "c", "d"),
)  # fmt: skip


@dataclass(frozen=True)
class Reader:
    """One door.

    Attributes:
        name: of the file that the door takes.
        sound: what a good one holds.
        read: takes a file of that name and content; raises an `EdgekitError` or returns.
        plain: what else it may raise where nothing but a `ValueError` is promised.
    """

    name: str
    sound: Callable[[], bytes]
    read: Callable[[Path], object]
    plain: tuple[type[Exception], ...] = ()

    def outcome(self, path: Path) -> EdgekitError | None:
        """Read a file; return the error that a user would see, if there is one.

        Raises:
            Exception: anything else, which would be a traceback.
            ValueError: the error is no line that a terminal can take.
        """
        try:
            self.read(path)
        except EdgekitError as error:
            message = str(error)
            if len(json.dumps(message)) > LONGEST_MESSAGE or "\n" in message:
                raise ValueError(f"no line: {message[:200]}") from error
            return error
        except self.plain:
            return None
        return None


def _tflite() -> bytes:
    with TemporaryDirectory() as scratch:
        path = files.tiny_tflite(Path(scratch, "t.tflite"), [OPS.ABS, OPS.FLOOR])
        return tflite_writing.to_tflite(path.read_bytes(), DESCRIPTION)


def _onnx() -> bytes:
    with TemporaryDirectory() as scratch:
        return files.tiny_onnx(Path(scratch, "t.onnx")).read_bytes()


def _image() -> bytes:
    buffer = io.BytesIO()
    Image.fromarray(np.arange(300, dtype=np.uint8).reshape(10, 10, 3)).save(buffer, "PNG")
    return buffer.getvalue()


def _mask() -> bytes:
    buffer = io.BytesIO()
    Image.fromarray(np.arange(100, dtype=np.uint8).reshape(10, 10)).save(buffer, "PNG")
    return buffer.getvalue()


def _npy() -> bytes:
    buffer = io.BytesIO()
    np.save(buffer, np.zeros((4, 3), np.float32))
    return buffer.getvalue()


def _npz() -> bytes:
    buffer = io.BytesIO()
    np.savez(buffer, x=np.zeros((4, 3), np.float32))
    return buffer.getvalue()


def _safetensors() -> bytes:
    import safetensors.numpy

    return safetensors.numpy.save({"a": np.zeros((2, 2), np.float32)})


def _pth() -> bytes:
    import torch

    buffer = io.BytesIO()
    torch.save({"a": torch.zeros(2, 2)}, buffer)
    return buffer.getvalue()


def _zip() -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as made:
        made.writestr("net.edgekit/edgekit.json", "{}" * 100)
        made.writestr("net.edgekit/models/net.onnx", bytes(1000))
    return buffer.getvalue()


def _store() -> bytes:
    with TemporaryDirectory() as scratch:
        return made_up_stores.fill(Path(scratch, "s.sqlite"), 3).read_bytes()


def _unpacked(path: Path) -> object:
    with archive.opened(path) as place:
        return sorted(place.rglob("*"))


def _reported(path: Path) -> object:
    output = path.with_suffix(".md")
    return report(ReportRequest((path,), output)), output.read_text("utf-8")


def _manifest(path: Path) -> object:
    return manifest.read(reading.content(path))


def _sidecar(path: Path) -> object:
    model = path.with_suffix("")
    model.write_bytes(b"a model")
    return artifact.load(model)


def _predicted(path: Path) -> object:
    from edgekit.cli import predict as command

    found = predict(PredictRequest((path,), ("pi4",)))
    return [(command._row(each), json.loads(each.to_json())) for each in found]


def _cut(path: Path) -> object:
    return tflite_cut.cut(path, path.with_name("cut.zip"))


def _rows(path: Path) -> object:
    found = arrays.of_file(path).values()
    return [list(rows.read(range(min(4, rows.shape[0])))) for rows in found]


def _operators(path: Path) -> object:
    return path.is_file() and onnx_protobuf.operator_counts(path)


def _fleet(path: Path) -> object:
    return fleet._read(path)


def _encodings(path: Path) -> object:
    return encodings_document.from_bytes(reading.content(path))


def _labelled(path: Path) -> object:
    (path.parent / "a.png").write_bytes(b"")
    return folder.read(path.parent)


READERS = {
    "predict": Reader("m.tflite", _tflite, _predicted),
    "counts": Reader("m.tflite", _tflite, counts.of_tflite),
    "cut": Reader("m.tflite", _tflite, _cut),
    "tflite-metadata": Reader("m.tflite", _tflite, metadata.read),
    "onnx-metadata": Reader("m.onnx", _onnx, metadata.read),
    "onnx-operators": Reader("m.onnx", _onnx, _operators, (ValueError, OSError)),
    "recipe": Reader("r.toml", lambda: b'rungs = ["bias"]\nsamples = 8\n',
                     lambda path: recipe.get(str(path))),
    "budgets": Reader("b.toml", lambda: b"[size_bytes]\nmax = 5\n", budgets.read),
    "fleet": Reader("devices.toml", lambda: b'[a]\ntarget = "ssh:pi@host"\n', _fleet),
    "result": Reader("l.json", lambda: reports.report(reports.quiet()).to_json().encode(),
                     result_file.read),
    "sidecar": Reader("m.onnx.json", lambda: b'{"schema": "edgekit.artifact"}', _sidecar),
    "encodings": Reader("e.json", lambda: b'{"schema": "edgekit.encodings", "schema_version": 1}',
                        _encodings, (ValueError, OverflowError, RecursionError, OSError)),
    "plan": Reader("p.toml", lambda: b'models = ["micronet-m0"]\nthreads = [1]\n', plan.read_plan),
    "bundle-config": Reader("edgekit.toml", lambda: b'[bundle]\nfiles = ["micronet-m0"]\n',
                            config.read),
    "about": Reader("a.toml", lambda: b'intended_use = ["a test"]\n', about.read),
    "preprocessing": Reader("p.toml", lambda: b"mean = [0.5, 0.5, 0.5]\ncrop = 224\n",
                            lambda path: preprocessing_choice.read(str(path))),
    "manifest": Reader("edgekit.json", lambda: b'{"schema": "edgekit.bundle"}', _manifest,
                       (ValueError, OSError)),
    "bundle-zip": Reader("b.zip", _zip, _unpacked),
    "store": Reader("s.sqlite", _store, _reported),
    "claims": Reader("c.json", lambda: made_up_stores.CLAIMS.to_json().encode(), read_claims),
    "labels": Reader("labels.txt", lambda: b"cat\ndog\n", labels.read_labels),
    "labels-csv": Reader("labels.csv", lambda: b"file,label\na.png,1\n", _labelled),
    "image": Reader("i.png", _image, images.decode),
    "mask": Reader("m.png", _mask, masks._decode),
    "npy": Reader("x.npy", _npy, _rows),
    "npz": Reader("x.npz", _npz, _rows),
    "safetensors": Reader("w.safetensors", _safetensors, weights._state_dict),
    "checkpoint": Reader("w.pth", _pth, weights._state_dict),
}  # fmt: skip
"""By what is read; a new door gets a row here, and all that follows with it."""
