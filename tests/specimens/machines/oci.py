"""A registry on loopback that keeps to the OCI distribution specification, as far as oras calls it.

Debian's docker-registry takes its place where it is installed.
"""

from __future__ import annotations

import hashlib
import os
import re
import shutil
import socket
import subprocess
import threading
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

PROGRAM = "docker-registry"


class _Handler(BaseHTTPRequestHandler):
    blobs: dict[str, bytes]
    manifests: dict[str, bytes]

    def _answer(self, code: int, body: bytes = b"", **headers: str) -> None:
        self.send_response(code)
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def _body(self) -> bytes:
        return self.rfile.read(int(self.headers.get("Content-Length") or 0))

    def do_POST(self) -> None:
        self._body()
        assert self.path.split("?")[0].endswith("/blobs/uploads/")
        self._answer(202, Location=f"{self.path.split('?')[0]}1")

    def do_PUT(self) -> None:
        body = self._body()
        digest = f"sha256:{hashlib.sha256(body).hexdigest()}"
        if "/manifests/" in self.path:
            self.manifests[self.path] = body
        else:
            wanted = re.search(r"digest=(sha256(?::|%3A)[0-9a-f]+)", self.path)
            if wanted is None or wanted[1].replace("%3A", ":") != digest:
                return self._answer(400, b'{"errors":[{"code":"DIGEST_INVALID"}]}')
            self.blobs[digest] = body
        return self._answer(201, Docker_Content_Digest=digest, Location=self.path)

    def do_GET(self) -> None:
        kept = self.manifests.get(self.path, self.blobs.get(self.path.rpartition("/")[2]))
        if kept is None:
            return self._answer(404, b'{"errors":[{"code":"NOT_FOUND"}]}')
        return self._answer(200, kept)

    do_HEAD = do_GET  # noqa: N815 -- named by the base class

    def log_message(self, *_: object) -> None:
        pass


@contextmanager
def stand_in() -> Iterator[tuple[str, dict[str, bytes], dict[str, bytes]]]:
    """Give its host, its blobs by digest and its manifests by path."""
    handler = type("Handler", (_Handler,), {"blobs": {}, "manifests": {}})
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"127.0.0.1:{server.server_port}", handler.blobs, handler.manifests
        server.shutdown()


@contextmanager
def real(folder: Path) -> Iterator[str]:
    """Give the host of Debian's registry, with its data in a folder."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    config = folder / "registry.yml"
    config.write_text(
        f"version: 0.1\nstorage: {{filesystem: {{rootdirectory: {folder / 'data'}}}}}\n"
        f"http: {{addr: '127.0.0.1:{port}'}}\n"
    )
    program = shutil.which(PROGRAM)
    assert program is not None
    environment = {**os.environ, "OTEL_TRACES_EXPORTER": "none"}
    with subprocess.Popen(
        [program, "serve", config],
        env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    ) as server:  # fmt: skip
        for _ in range(600):
            with suppress(OSError):
                urllib.request.urlopen(f"http://127.0.0.1:{port}/v2/", timeout=1).close()
                break
            time.sleep(0.1)
        yield f"127.0.0.1:{port}"
        server.terminate()
