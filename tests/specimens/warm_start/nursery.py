"""The warm process itself: ``python -P nursery.py FD PATH MODULE...``.

It puts PATH first on the path, imports the modules and says so. Then each request on the socket FD
is one message, JSON with the standard streams and a pipe attached: it forks, answers with the
process id, and writes the child's exit status into the pipe when the child has ended.
"""

from __future__ import annotations

import contextlib
import gc
import importlib
import json
import os
import runpy
import select
import signal
import socket
import sys
import tempfile
import traceback
from typing import Any, NoReturn

_LONGEST_REQUEST = 1 << 20


def main() -> None:
    """Serve until the other end of the socket is closed."""
    asked = socket.socket(fileno=int(sys.argv[1]))
    sys.path.insert(0, sys.argv[2])
    torch = sys.modules.get("torch")
    sys.modules["torch"] = None  # type: ignore[assignment]  # as the reader of .onnx has it
    for module in sys.argv[3:]:
        importlib.import_module(module)
    del sys.modules["torch"]
    if torch is not None:
        sys.modules["torch"] = torch
    del sys.path[0]
    gc.collect()
    gc.freeze()  # a collection in a child would copy all that was imported
    asked.send(b"ready")
    waiting: dict[int, int] = {}
    woken, wake = os.pipe2(os.O_NONBLOCK | os.O_CLOEXEC)
    signal.signal(signal.SIGCHLD, lambda *_: None)
    signal.set_wakeup_fd(wake, warn_on_full_buffer=False)
    while True:
        ready, _, _ = select.select([asked, woken], [], [])
        if woken in ready:
            os.read(woken, 1 << 16)
            _bury(waiting)
        if asked in ready:
            message, fds, _, _ = socket.recv_fds(asked, _LONGEST_REQUEST, 4)
            if not message:
                return
            pid = os.fork()
            if pid == 0:
                signal.set_wakeup_fd(-1)
                signal.signal(signal.SIGCHLD, signal.SIG_DFL)
                asked.close()
                for fd in (woken, wake, fds[3], *waiting.values()):
                    os.close(fd)
                _end(_be(json.loads(message), fds[:3]))
            for fd in fds[:3]:
                os.close(fd)
            waiting[pid] = fds[3]
            asked.send(str(pid).encode())


def _bury(waiting: dict[int, int]) -> None:
    """Pass on the exit status of every child that has ended."""
    with contextlib.suppress(ChildProcessError):
        while (ended := os.waitpid(-1, os.WNOHANG))[0]:
            pipe = waiting.pop(ended[0])
            with contextlib.suppress(BrokenPipeError):
                os.write(pipe, str(os.waitstatus_to_exitcode(ended[1])).encode())
            os.close(pipe)


def _be(request: dict[str, Any], streams: list[int]) -> int:
    """Become the program that was asked for; return its exit status."""
    os.setsid()
    for number, fd in enumerate(streams):
        os.dup2(fd, number)
        os.close(fd)
    os.chdir(request["folder"])
    os.environ.clear()
    os.environ.update(request["environment"])
    tempfile.tempdir = None
    program, *arguments = request["arguments"]
    sys.argv = ["-c", *arguments[1:]] if program == "-c" else [program]
    try:
        if program == "-c":
            exec(arguments[0], {"__name__": "__main__"})
        else:
            runpy.run_path(program, run_name="__main__")
    except SystemExit as ended:
        return ended.code if isinstance(ended.code, int) else ended.code is not None
    except BaseException:
        traceback.print_exc()
        return 1
    return 0


def _end(status: int) -> NoReturn:
    """End at once: freeing all that was imported takes longer than most jobs."""
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(status)


if __name__ == "__main__":
    main()
