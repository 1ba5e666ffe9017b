"""Render a regression report as one HTML page that needs nothing else.

In: a regression report and a coverage, as plain dicts. Out: the text of the
page. Knows neither cassettes nor contracts.

The page fetches nothing and may not: its content security policy allows the
one script and the one style sheet that are in it, by digest, and no
connection. The data stands in it as JSON with every ``<``, ``>`` and ``&``
escaped, and the script shows text as text, so that nothing that was recorded
can become markup.
"""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Mapping
from functools import cache
from html import escape
from importlib.resources import files
from typing import Any

from azml_contract.report.html_data import pack_report

# In the order in which they are read; they share one scope.
_SCRIPTS = (
    "data.js",
    "state.js",
    "body.js",
    "grid.js",
    "panel.js",
    "coverage.js",
    "page.js",
)
_ESCAPES = {ord(c): f"\\u{ord(c):04x}" for c in "<>&\u2028\u2029"}


def render_html(
    report: Mapping[str, Any], coverage: Mapping[str, Any] | None, title: str
) -> str:
    """The whole page.

    Args:
        report: A regression report of format 1, ``{"rows": [...], ...}``.
            Rows may also have ``label``, ``own`` (the cell at the recorded
            version, where that is not among ``versions``), ``request``
            (``{"method", "uri", "body"}``) and ``response`` (``{"status",
            "body"}``), with bodies as cassettes hold them; cells and findings
            ``since``. A list ``recordings`` may tell of each ``scenario`` and
            ``recorded`` the ``target``, and the ``edits`` that lead to the
            version ``goal``, and ``made`` of the run: ``at``, ``commit``,
            ``sources``, ``version``.
        coverage: What `Coverage.to_json` gave; None leaves that view out.
        title: What was judged; plain text.
    """
    script, style = _read_script(), _read_part("page.css")
    return _fill(
        _read_part("page.html"),
        title=escape(title),
        policy=escape(_make_policy(script, style)),
        style=style,
        data=_escape_json(pack_report(report, coverage, title)),
        script=script,
    )


def _fill(template: str, **parts: str) -> str:
    """Put each part in the place that names it, in one pass.

    One pass, because a part may hold what looks like the place of another.
    """
    filled = []
    for piece in template.split("{{"):
        name, closed, rest = piece.partition("}}")
        filled.append(parts[name] + rest if closed else piece)
    return "".join(filled)


def _make_policy(script: str, style: str) -> str:
    return (
        f"default-src 'none'; script-src '{_digest(script)}'; "
        f"style-src '{_digest(style)}'; img-src data:; "
        "base-uri 'none'; form-action 'none'"
    )


def _digest(text: str) -> str:
    return f"sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}"


def _escape_json(value: Any) -> str:
    """JSON that can stand in a script element, whatever it holds."""
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    # A lone surrogate is valid in JSON and not in UTF-8.
    whole = text.encode("utf-8", "backslashreplace").decode("utf-8")
    return whole.translate(_ESCAPES)


@cache
def _read_script() -> str:
    parts = "\n".join(_read_part(name) for name in _SCRIPTS)
    return f'"use strict";\n(() => {{\n{parts}\n}})();\n'


@cache
def _read_part(name: str) -> str:
    folder = files("azml_contract.report") / "html_page"
    return (folder / name).read_text("utf-8")
