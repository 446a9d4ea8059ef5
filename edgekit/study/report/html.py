"""One self-contained page: data, styles, scripts and the chart library stand in it.

The library is Vega-Lite with Vega and vega-embed, 0.9 MB, as vl-convert-python carries it.
"""

from __future__ import annotations

import functools
import json
from dataclasses import asdict
from html import escape
from importlib import resources

from edgekit.errors import MissingPackageError
from edgekit.study.report.contents import Contents

_EXPOSED = "window.vegaEmbed = vegaEmbed;"


def page(contents: Contents) -> str:
    """Return the page.

    Raises:
        MissingPackageError: vl-convert-python is not installed.
    """
    data = {
        "edgekit_version": contents.version,
        "conditions": contents.conditions,
        "columns": contents.columns,
        "rows": contents.table,
        "claims": None if contents.claims is None else [asdict(each) for each in contents.claims],
        "profiles": [asdict(each) for each in contents.profiles],
    }
    parts = {
        "TITLE": escape(contents.title),
        "CSS": _asset("page.css"),
        "DATA": json.dumps(data, separators=(",", ":")).replace("<", "\\u003c"),
        "LIBRARY": library().replace("</script", "<\\/script"),
        "SCRIPT": f"{_asset('charts.js')}\n{_asset('page.js')}",
    }
    text = _asset("page.html")
    for name, part in parts.items():
        before, _, after = text.partition(f"@@{name}@@")
        if name == "TITLE":
            before, after = (each.replace("@@TITLE@@", part) for each in (before, after))
        text = before + part + after
    return text


@functools.cache
def library() -> str:
    """Return the scripts that draw the charts.

    Raises:
        MissingPackageError: vl-convert-python is not installed.
    """
    try:
        import vl_convert
    except ModuleNotFoundError as error:
        raise MissingPackageError("vl-convert-python", "a page with charts") from error
    bundle: str = vl_convert.javascript_bundle(_EXPOSED)
    return f"(() => {{{bundle}\n}})();"  # its own names stay its own


def _asset(name: str) -> str:
    return resources.files("edgekit.study.report").joinpath("page", name).read_text("utf-8")
