"""Which operators the XNNPACK delegate takes, measured on the specimens of the tests.

    python benchmarks/delegated_operators.py --write     (makes its table anew)
    python benchmarks/delegated_operators.py             (compares it with what is measured)

Each specimen is written as float32 and loaded by LiteRT, which says what its delegate left outside.
The exit code is 1 where the table says something else. `tests/export/test_tflite.py` holds every
specimen against the table, too.
"""

from __future__ import annotations

import sys
from collections import defaultdict
from collections.abc import Mapping, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

from edgekit import runtimes
from edgekit.export.tflite import delegate_table, operator_support
from tests.specimens import graphs
from tests.specimens.operators import FORMS

_HEAD = '''"""What the XNNPACK delegate takes of each operator, in float32.

Measured by `python benchmarks/delegated_operators.py --write`; do not edit.
"""

from __future__ import annotations

from types import MappingProxyType

WHOLE, PARTLY, NOT = "yes", "in part", "no"
"""In every form that was measured, in some, in none."""

DELEGATED = MappingProxyType({
'''
_TAIL = '''})  # fmt: skip
"""By ONNX operator."""
'''


def measured(folder: Path) -> dict[str, str]:
    """Return what the delegate takes, by operator."""
    found: defaultdict[str, set[str]] = defaultdict(set)
    for operator, text, constants in FORMS:
        path = folder / "specimen.tflite"
        path.write_bytes(graphs.to_tflite(graphs.proto(text, **constants)))
        info = runtimes.load("tflite", path).info()
        found[operator].add(operator_support.delegation(info.partitions, info.operators_outside))
    return {
        name: kinds.pop() if len(kinds) == 1 else delegate_table.PARTLY
        for name, kinds in sorted(found.items())
    }


def main(arguments: Sequence[str]) -> int:
    """Measure, and write the table or compare it."""
    with TemporaryDirectory() as folder:
        found = measured(Path(folder))
    if "--write" in arguments:
        rows = "".join(f'    "{name}": {_constant(kind)},\n' for name, kind in found.items())
        Path(delegate_table.__file__).write_text(_HEAD + rows + _TAIL)
        return 0
    return _differences(found)


def _constant(kind: str) -> str:
    names = ("WHOLE", "PARTLY", "NOT")
    return next(name for name in names if getattr(delegate_table, name) == kind)


def _differences(found: Mapping[str, str]) -> int:
    written = delegate_table.DELEGATED
    for name in sorted({*found, *written}):
        if found.get(name) != written.get(name):
            print(f"{name}: measured {found.get(name)}, written {written.get(name)}")
    return int(dict(found) != dict(written))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
