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
_CLIENT = re.compile(r"(?:curl|wget|xh|az\s+rest)(?=\s+\S)")
_BEFORE_CLIENT = frozenset("\t\n\v\f\r ;|&(`!")
_HTTPIE = re.compile(r"^[ \t]*https?\s+[A-Z]+\s+\S", re.MULTILINE)
_STEP = re.compile(
    r"^[ ]*(?:-[ ]+)?(?:run|script|bash|pwsh|powershell|inlineScript|Inline):"
    r"[ ]*(?:\S|\r?$)",
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
_PYTHON = re.compile(
    r"^[ \t]*(?:import|from)[ \t]+(?:[\w., \t]*[ ,\t])?(?P<client>requests|httpx2?|"
    r"aiohttp|urllib|http\.client|azure\.core)\b",
    re.MULTILINE,
)
_NO_OTHER_USE = frozenset(("requests", "httpx"))
_OURS = re.compile(r"(?i)microsoft\.machinelearningservices|management\.azure\.")
_POWERSHELL = re.compile(
    r"[iI](?<![\w-].)(?i:nvoke-(?:restmethod|webrequest|azrestmethod)(?![\w-])"
    r"|(?:rm|wr)[ \t]+[$\"'@(-])"
)


def tell_kind(text: str) -> str:
    """The kind of a text that is no JSON."""
    if _SHEBANG.match(text):
        return "shell"
    calls = _calls_client(text)
    if _STEP.search(text) and _WORKFLOW.search(text):
        return "workflow" if calls or _calls_powershell(text) else ""
    http = _HTTP.search(text) is not None
    fenced = len(_FENCE.findall(text)) > 1
    if fenced and (calls or http or _calls_python(text) or _calls_powershell(text)):
        return "markdown"
    if _calls_python(text):
        return "python"
    if _calls_powershell(text):
        return "powershell"
    if http:
        return "http"
    return "shell" if calls else ""


def _calls_client(text: str) -> bool:
    for found in _CLIENT.finditer(text):
        at = found.start()
        if not at or text[at - 1] in _BEFORE_CLIENT:
            return True
    return _HTTPIE.search(text) is not None


def _calls_python(text: str) -> bool:
    """Whether a client is imported; those of every second program say what of Azure."""
    found = {one["client"] for one in _PYTHON.finditer(text)}
    return bool(found & _NO_OTHER_USE or (found and _OURS.search(text)))


def _calls_powershell(text: str) -> bool:
    """Whether a command stands outside comments."""
    at = 0
    while found := _POWERSHELL.search(text, at):
        line = text.rfind("\n", 0, found.start()) + 1
        if text.find("#", line, found.start()) < 0:
            return True
        at = text.find("\n", found.end())
        if at < 0:
            return False
    return False


def tell_kind_of_json(data: Any) -> str:
    """The kind of a JSON file: a notebook, or an ARM template."""
    if not isinstance(data, dict):
        return ""
    if isinstance(data.get("cells"), list) and "nbformat" in data:
        return "notebook"
    from azml_contract.scripts.template import is_template

    return "template" if is_template(data) else ""
