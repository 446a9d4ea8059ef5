"""How long does ``edgekit --help`` take, warm?

    python benchmarks/startup.py [--rounds 30]

Runs the installed program and, in turns with it, a bare interpreter (``python -c pass``).
Prints medians with 95 % bootstrap intervals; passes if the interval of ``edgekit --help`` is at
or below 0.2 s.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import time
from pathlib import Path

import numpy as np

LIMIT_S = 0.2


def seconds(command: list[str]) -> float:
    """Return the wall time of a whole process."""
    start = time.perf_counter()
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    return time.perf_counter() - start


def interval(values: list[float]) -> tuple[float, float, float]:
    """Return the median and its 95 % bootstrap interval."""
    array = np.array(values)
    picks = np.random.default_rng(0).integers(0, len(array), (10_000, len(array)))
    low, high = np.percentile(np.median(array[picks], axis=1), [2.5, 97.5])
    return float(np.median(array)), float(low), float(high)


def main() -> int:
    """Run the measurement; return 0 if it passes."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--rounds", type=int, default=30)
    rounds = parser.parse_args().rounds
    program = str(Path(sys.executable).with_name("edgekit"))
    commands = {"edgekit --help": [program, "--help"], "python": [sys.executable, "-c", "pass"]}
    times: dict[str, list[float]] = {name: [] for name in commands}
    for number in range(rounds + 3):
        for name, command in commands.items():
            elapsed = seconds(command)
            if number >= 3:  # the first rounds warm the file cache
                times[name].append(elapsed)
    for name, values in times.items():
        print("{}: {:.3f} s [{:.3f}, {:.3f}], n = {}".format(name, *interval(values), rounds))
    passed = interval(times["edgekit --help"])[2] <= LIMIT_S
    print(f"{'PASS' if passed else 'FAIL'} at {LIMIT_S} s")
    return 0 if passed else 1


if __name__ == "__main__":
    sys.exit(main())
