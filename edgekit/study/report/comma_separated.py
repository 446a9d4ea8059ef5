"""The rows as CSV, for a spreadsheet."""

from __future__ import annotations

import csv
import io

from edgekit.study.report.contents import Contents


def text(contents: Contents) -> str:
    """Return every column of the store's flat view, lists as JSON."""
    rows = [row.flat() for row in contents.rows]
    written = io.StringIO()
    writer = csv.DictWriter(written, list(rows[0]), lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return written.getvalue()
