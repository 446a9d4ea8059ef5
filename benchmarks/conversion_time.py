"""How long is a whole conversion, compared with litert-torch?

    python benchmarks/conversion_time.py [--model micronet-m0] [--rounds 10] [--folder build/peers]

Creates litert-torch's environment in the folder if it is not there (about 2.3 GB), then runs,
in turns and in random order within a round, two whole processes on the same seeded weights:

- ``python -m edgekit export --model M``: both formats, each verified against torch;
- a script that builds the same network and calls ``litert_torch.convert(...).export``: one
  .tflite, not verified.

Prints the ratio edgekit / litert-torch of the wall times with a 95 % bootstrap interval over the
rounds. Passes if the whole interval is at or below 0.5.
"""

from __future__ import annotations

import argparse
import random
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

REPOSITORY = Path(__file__).parent.parent
PEER = "litert-torch==0.10.0"
LIMIT = 0.5

PEER_SCRIPT = """
import sys
import litert_torch
import torch
from edgekit import models
spec = models.get(sys.argv[1])
module = models.initialize(spec)
litert_torch.convert(module, (torch.zeros(spec.input_shape),)).export(sys.argv[2])
"""


def peer_python(folder: Path) -> Path:
    """Return the interpreter of litert-torch's environment, creating it if need be."""
    environment = (folder / "litert-torch").absolute()
    python = environment / "bin" / "python"
    ready = environment / ".installed"
    if not ready.exists():
        subprocess.run([sys.executable, "-m", "venv", environment], check=True)
        # The peer pins its own runtime and quantizer; only torch is held to the tested version.
        pip = [python, "-m", "pip", "install", "--quiet"]
        subprocess.run([*pip, "torch==2.13.0", PEER], check=True)
        subprocess.run([*pip, "--no-deps", "--editable", REPOSITORY], check=True)
        subprocess.run([*pip, "click"], check=True)
        ready.touch()
    return python


def seconds(command: list[str | Path]) -> float:
    """Return the wall time of a whole process, which must succeed."""
    start = time.perf_counter()
    done = subprocess.run(command, capture_output=True, text=True)
    elapsed = time.perf_counter() - start
    if done.returncode:
        raise SystemExit(f"{command[0]} failed:\n{done.stderr[-2000:]}")
    return elapsed


def main() -> int:
    """Run the comparison; return 0 if it passes."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--model", default="micronet-m0")
    parser.add_argument("--rounds", type=int, default=10)
    parser.add_argument("--folder", type=Path, default=REPOSITORY / "build" / "peers")
    arguments = parser.parse_args()
    python = peer_python(arguments.folder)
    order = random.Random(0)
    times: dict[str, list[float]] = {"edgekit": [], "litert-torch": []}
    for number in range(arguments.rounds + 1):
        for name in order.sample(sorted(times), 2):
            with tempfile.TemporaryDirectory() as out:
                commands: dict[str, list[str | Path]] = {
                    "edgekit": [
                        sys.executable, "-m", "edgekit", "export", "--model", arguments.model,
                        "-o", out,
                    ],
                    "litert-torch": [
                        python, "-c", PEER_SCRIPT, arguments.model, f"{out}/m.tflite",
                    ],
                }  # fmt: skip
                elapsed = seconds(commands[name])
            if number:  # the first round warms the file cache
                times[name].append(elapsed)
                print(f"round {number}: {name} {elapsed:.1f} s", file=sys.stderr)
    ratios = np.array(times["edgekit"]) / np.array(times["litert-torch"])
    picks = np.random.default_rng(0).integers(0, len(ratios), (10_000, len(ratios)))
    low, high = np.percentile(np.median(ratios[picks], axis=1), [2.5, 97.5])
    passed = bool(high <= LIMIT)
    print(
        f"{arguments.model}: edgekit (2 formats, verified) / {PEER} (1 format): "
        f"{np.median(ratios):.2f} [{low:.2f}, {high:.2f}], n = {len(ratios)} rounds, medians "
        f"{np.median(times['edgekit']):.1f} s and {np.median(times['litert-torch']):.1f} s; "
        f"{'PASS' if passed else 'FAIL'} at {LIMIT}"
    )
    return 0 if passed else 1


if __name__ == "__main__":
    sys.exit(main())
