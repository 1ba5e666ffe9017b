"""Tell what kind of script a text is, by what it holds.

In: a text, or a parsed JSON file. Out: the name of its kind; "" where it holds no
calls that could be read.
"""

from __future__ import annotations

import re
from typing import Any

LARGEST = 256 * 1024
"""How many characters a script may have; those of people have some thousands."""
_SHEBANG = re.compile(r"\A\s*#!.*\b(?:ba|z|da|k)?sh\b")
_CLIENT = re.compile(
    r"(?:^|[\s;|&(`!])(?:curl|wget|xh)\s+\S|(?:^|[\s;|&(`])az\s+rest\s|"
    r"^\s*https?\s+[A-Z]+\s+\S",
    re.MULTILINE,
)
_STEP = re.compile(
    r"^[ ]*(?:-[ ]+)?(?:run|script|bash|pwsh|powershell|inlineScript):[ ]*(?:\S|$)",
    re.M,
)
_WORKFLOW = re.compile(
    r"^(?:-[ ]+)?[\"']?(?:on|jobs|steps|stages|trigger|pool|runs|name|variables)"
    r"[\"']?:",
    re.M,
)
_FENCE = re.compile(r"^[ \t>]*(?:```|~~~)", re.MULTILINE)
_HTTP = re.compile(
    r"^(?:GET|PUT|POST|PATCH|DELETE|HEAD)[ \t]+(?:https?://|\{\{|/subscriptions/)\S*",
    re.M,
)
_PYTHON = re.compile(r"^[ \t]*(?:import|from)[ \t]+(?:requests|httpx)\b", re.MULTILINE)
_POWERSHELL = re.compile(
    r"(?im)^[^#\n]*?(?<![\w-])(?:Invoke-(?:RestMethod|WebRequest|AzRestMethod)(?![\w-])"
    r"|(?:irm|iwr)[ \t]+[$\"'@(-])"
)


def tell_kind(text: str) -> str:
    """The kind of a text that is no JSON."""
    if _SHEBANG.match(text):
        return "shell"
    calls = _CLIENT.search(text) is not None
    if _STEP.search(text) and _WORKFLOW.search(text):
        return "workflow" if calls or _POWERSHELL.search(text) else ""
    http = _HTTP.search(text) is not None
    fenced = len(_FENCE.findall(text)) > 1
    if fenced and (calls or http or _PYTHON.search(text) or _POWERSHELL.search(text)):
        return "markdown"
    if _PYTHON.search(text):
        return "python"
    if _POWERSHELL.search(text):
        return "powershell"
    if http:
        return "http"
    return "shell" if calls else ""


def tell_kind_of_json(data: Any) -> str:
    """The kind of a JSON file: a notebook, or an ARM template."""
    if not isinstance(data, dict):
        return ""
    if isinstance(data.get("cells"), list) and "nbformat" in data:
        return "notebook"
    from azml_contract.scripts.template import is_template

    return "template" if is_template(data) else ""
