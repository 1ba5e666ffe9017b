"""Where a call goes: to the provider through Azure Resource Manager, or elsewhere.

In: a request. Out: whether it is a call to judge, and for others where they go,
in a word that reports count by. Knows hosts and path prefixes; no contract.

Source: Azure endpoints by cloud (``az cloud list``); Azure Storage and Azure
Machine Learning, required outbound hosts.
"""

from __future__ import annotations

import re
from functools import lru_cache
from urllib.parse import unquote

from azml_contract.exchange import Request
from azml_contract.validation.nearest import count_edits

PROVIDER = "microsoft.machinelearningservices"
MANAGEMENT_HOSTS = (
    "management.azure.com",
    "management.usgovcloudapi.net",
    "management.chinacloudapi.cn",
)
ANOTHER_PROVIDER = "another resource provider"

_ARM = re.compile(r"/+(?:subscriptions|providers)/", re.IGNORECASE)
_STATUS_PATH = re.compile(
    r"/providers/microsoft\.machinelearningservices/locations/[^/]+/"
    r"[a-z]*operation(?:s?status|results)/",
    re.IGNORECASE,
)
_ELSEWHERE = (
    ("batch of calls", r"^management\.[^/]+/batch$"),
    ("login", r"^login\.|^sts\.|/oauth2/|/metadata/identity"),
    ("blob storage", r"\.(?:blob|dfs|file|queue)\.|/devstoreaccount1/"),
    ("data plane", r"^[^/]*\b(?:azureml[\w-]*\.(?:ms|net)|ml\.azure\.\w+)(?:/|$)"),
)
"""Compiled when the first call goes elsewhere."""
_MOST_EDITS = 3


def find_fault(request: Request) -> str:
    """Why the URL of a request cannot be read; "" where it can."""
    try:
        _ = request.host, request.query
    except ValueError as error:
        return f"its URL is malformed ({error})"
    return ""


def is_arm(request: Request) -> bool:
    """Whether a request goes to Azure Resource Manager at all."""
    return _ARM.match(request.path) is not None and not _name_elsewhere(request)


def name_destination(request: Request) -> str:
    """Where a call goes that is none of the provider's; "" for one that is.

    The questions that a browser asks before a call are no calls.
    """
    if request.method == "OPTIONS" or (
        request.headers and request.header("access-control-request-method")
    ):
        return "preflight"
    if not is_arm(request):
        return _name_elsewhere(request) or "another host"
    return "" if name_provider(request.path) == PROVIDER else ANOTHER_PROVIDER


def name_provider(path: str) -> str:
    """The last provider that a path names, in lower case; "" when it names none."""
    lowered = (unquote(path) if "%" in path else path).lower()
    _, named, rest = lowered.rpartition("/providers/")
    return rest.partition("/")[0] if named else ""


def is_status_path(path: str) -> bool:
    """Whether a path polls a long-running operation; no specification has these."""
    return "/locations/" in path.lower() and _STATUS_PATH.search(path) is not None


@lru_cache(maxsize=64)
def find_right_host(host: str) -> str:
    """The management host that was meant; "" where the host may be right.

    Any other host may be that of a proxy, of an emulator or of a private cloud.
    """
    if host in MANAGEMENT_HOSTS or host.endswith(f".{MANAGEMENT_HOSTS[0]}"):
        return ""
    for known in MANAGEMENT_HOSTS:
        if count_edits(host, known, _MOST_EDITS) is not None:
            return known
    return MANAGEMENT_HOSTS[0] if host.startswith("management.azure") else ""


def _name_elsewhere(request: Request) -> str:
    if request.host in MANAGEMENT_HOSTS and _ARM.match(request.path):
        return ""  # whatever the names of resources look like
    place = f"{request.host}{request.path}"
    found = (
        name for name, pattern in _ELSEWHERE if re.search(pattern, place, re.IGNORECASE)
    )
    return next(found, "")
