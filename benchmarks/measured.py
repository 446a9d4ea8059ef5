"""Run one program in a small process of its own, and note its wall time and peak memory.

    python -I -S measured.py RESULT.json LOG MAX_SECONDS MAX_BYTES COMMAND ...

Linux counts the memory of the process that starts a program as the program's own, so what starts
it must be small: this script uses the standard library alone and holds about 10 MB. Peak memory
is the larger of two figures: the most that any one process of the program held (the kernel's
count), and the most that all of them held together at one of the looks taken every 0.1 s (where
/proc exists; pages that processes share count in each).
"""

from __future__ import annotations

import json
import os
import resource
import signal
import subprocess
import sys
import threading
import time
from contextlib import suppress
from pathlib import Path

PAUSE_S = 0.1


def descendants(pid: int) -> list[int]:
    """Return the process and all that it started, where /proc tells."""
    found = [pid]
    for parent in found:
        with suppress(OSError):
            for children in Path(f"/proc/{parent}/task").glob("*/children"):
                with suppress(OSError):
                    found += [int(child) for child in children.read_text().split()]
    return found


def resident_bytes(pids: list[int]) -> int:
    """Return the memory that the processes hold now."""
    pages = 0
    for pid in pids:
        with suppress(OSError):
            pages += int(Path(f"/proc/{pid}/statm").read_text().split()[1])
    return pages * resource.getpagesize()


class Watch(threading.Thread):
    """Looks at the processes until they end, and kills them at a limit."""

    def __init__(self, pid: int, max_seconds: float, max_bytes: float) -> None:
        super().__init__(daemon=True)
        self.pid, self.max_seconds, self.max_bytes = pid, max_seconds, max_bytes
        self.peak_bytes = 0
        self.stopped: str | None = None
        self.ended = threading.Event()

    def run(self) -> None:
        """Look, and look again."""
        start = time.monotonic()
        while not self.ended.wait(PAUSE_S):
            pids = descendants(self.pid)
            self.peak_bytes = max(self.peak_bytes, resident_bytes(pids))
            if self.peak_bytes > self.max_bytes:
                self.stopped = "memory"
            elif time.monotonic() - start > self.max_seconds:
                self.stopped = "time"
            if self.stopped:
                for pid in pids:
                    with suppress(ProcessLookupError):
                        os.kill(pid, signal.SIGKILL)
                return


def main() -> int:
    """Run the command and write down what it took."""
    result, log, max_seconds, max_bytes, *command = sys.argv[1:]
    with Path(log).open("wb") as output:
        start = time.perf_counter()
        process = subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=output, stderr=subprocess.STDOUT
        )
        watch = Watch(process.pid, float(max_seconds), float(max_bytes))
        watch.start()
        _, status, usage = os.wait4(process.pid, 0)
        seconds = time.perf_counter() - start
    watch.ended.set()
    watch.join()
    process.returncode = os.waitstatus_to_exitcode(status)
    unit = 1 if sys.platform == "darwin" else 1024
    document = {
        "returncode": process.returncode,
        "stopped": watch.stopped,
        "seconds": seconds,
        "peak_rss_bytes": max(usage.ru_maxrss * unit, watch.peak_bytes),
    }
    Path(result).write_text(json.dumps(document))
    return 0


if __name__ == "__main__":
    sys.exit(main())
