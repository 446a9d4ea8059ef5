"""Follow docs/start.md word for word: ``python -m benchmarks.newcomer PROGRAMS``.

PROGRAMS is the folder of an environment's programs, such as ``build/newcomer/bin``. `make newcomer`
makes one from the built wheel.
"""

from __future__ import annotations

import argparse
import shutil
import sys
import tempfile
from pathlib import Path

from tests.specimens.printed import console

_ROOT = Path(__file__).parent.parent
_PICTURES = Path("docs", "start", "pictures")


def main() -> int:
    """Run every command of the page in an empty folder; 1 if one comes out otherwise."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("programs", type=Path)
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        shutil.copytree(_ROOT / _PICTURES, folder / _PICTURES)
        found = console.failures(_ROOT / "docs" / "start.md", folder, asked.programs.resolve())
    print("\n\n".join(found) or "every command came out as the page says")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
