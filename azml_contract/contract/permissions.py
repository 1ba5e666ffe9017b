"""Which rights recorded calls need: actions and data actions of Azure's roles.

In: requests. Out: the names of rights, each with what it rests on, and what no rule
names. ARM derives an action from the resource type of a path and the verb: GET and
HEAD need ``TYPE/read``, PUT and PATCH ``TYPE/write``, DELETE ``TYPE/delete``, a POST
``TYPE/NAME/action``. Blob storage has a table of its own. What a service asks for in
addition, for what a body names, is not in a path: `LINKED` holds the one such right
that is documented for every resource, all else is unknown.

Source: Azure custom roles (control and data actions), permissions for calling
data operations of Blob storage, managed identity operator role.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import unquote

from azml_contract.contract.catalog import known_versions, load_contract
from azml_contract.contract.contract import Route
from azml_contract.exchange import Request

_VERBS = {
    "GET": "read",
    "HEAD": "read",
    "PUT": "write",
    "PATCH": "write",
    "DELETE": "delete",
}
_BLOBS = "Microsoft.Storage/storageAccounts/blobServices/containers"
LINKED = "Microsoft.ManagedIdentity/userAssignedIdentities/assign/action"
_RESOURCES = "Microsoft.Resources"
_MANAGEMENT = re.compile(r"management\.(?:core\.)?[\w.]+|.*\.arm\.[\w.]+")
_BLOB_HOST = re.compile(r"[a-z0-9]{3,24}\.(?:blob|dfs)\.(?:core|storage)\.[\w.-]+")
_LOGIN = re.compile(r"login\.[\w.-]+|.*\.login\.[\w.-]+")


@dataclass(frozen=True, slots=True)
class Need:
    """What one call needs: names of rights, and why they are not all known.

    `actions` are of the control plane, `data_actions` of the data plane. `basis` is
    ``contract`` where an operation of the api-version has this path, else ``rule``.
    `unknown` is a sentence, empty where everything is told. All empty: no role.
    """

    actions: tuple[str, ...] = ()
    data_actions: tuple[str, ...] = ()
    basis: str = "rule"
    unknown: str = ""


def find_need(request: Request, body: Any = None) -> Need:
    """What a role must allow for one call.

    Args:
        request: As it was sent; its host tells which service it is for.
        body: Its JSON, where it has some.
    """
    host = request.host.partition(":")[0].lower()
    if _LOGIN.fullmatch(host):
        return Need()
    if _BLOB_HOST.fullmatch(host):
        return _of_blobs(request)
    if not _MANAGEMENT.fullmatch(host):
        return Need(unknown="no rule tells the rights of this host")
    return _of_resources(request, body)


# --- control plane --------------------------------------------------------------------


def _of_resources(request: Request, body: Any) -> Need:
    path = _as_declared(request)
    basis = "contract" if path is not None else "rule"
    types, action = _split(path or _anonymous(request.path))
    name = _name(request.method, types, action)
    if not name:
        return Need(unknown="no rule names the right of this verb and path")
    linked = (LINKED,) if _assigns_identities(request.method, body) else ()
    return Need((name, *linked), basis=basis)


def _as_declared(request: Request) -> str | None:
    """The template of the operation that this is, at its version or the newest."""
    known = known_versions()
    version = (request.api_version or "").lower()
    contract = load_contract(version if version in known else known[-1])
    found = contract.find(request.method, request.path)
    return found.operation.path if isinstance(found, Route) else None


def _anonymous(path: str) -> str:
    """A path with the places of names marked, as ARM pairs types with names."""
    head, provider, tail = path.rpartition("/providers/")
    if not provider:
        return path
    namespace, *segments = tail.split("/")
    marked = [f"{{{i}}}" if i % 2 else one for i, one in enumerate(segments)]
    return f"{head}{provider}{'/'.join((namespace, *marked))}"


def _split(path: str) -> tuple[str, str]:
    """The resource type with its namespace, and the literals at the end."""
    _, provider, tail = path.rpartition("/providers/")
    if not provider:
        return _split_scope(path)
    namespace, *segments = filter(None, tail.split("/"))
    types, index = [namespace], 0
    while index + 1 < len(segments) and segments[index + 1].startswith("{"):
        types.append(segments[index])
        index += 2
    return "/".join(types), "/".join(segments[index:])


def _split_scope(path: str) -> tuple[str, str]:
    """Subscriptions and resource groups, which belong to no provider of their own."""
    segments = [one for one in path.split("/") if one]
    paired = len(segments) // 2 * 2
    types = (_RESOURCES, *segments[:paired:2])
    return "/".join(types), "".join(segments[paired:])


def _name(method: str, types: str, action: str) -> str:
    """The right; ``""`` where the rule has no name for it."""
    verb = _VERBS.get(method.upper())
    has_type = "/" in types
    if method.upper() == "POST":
        return f"{types}/{action}/action" if action and "/" not in action else ""
    if verb == "read" and action:  # a collection is read as its members are
        return f"{types}/{action}/read"
    return f"{types}/{verb}" if verb and has_type and not action else ""


def _assigns_identities(method: str, body: Any) -> bool:
    identity = body.get("identity") if isinstance(body, Mapping) else None
    held = (
        identity.get("userAssignedIdentities")
        if isinstance(identity, Mapping)
        else None
    )
    return method.upper() in ("PUT", "PATCH") and bool(held)


# --- blob storage ---------------------------------------------------------------------


def _of_blobs(request: Request) -> Need:
    query = {name.lower(): value for name, value in request.query}
    if "sig" in query:  # what a SAS allows, it allows to everybody
        return Need()
    segments = [unquote(one) for one in request.path.split("/") if one]
    verb = _VERBS.get(request.method.upper())
    if verb is None:
        return Need(unknown="no rule names the right of this call to blob storage")
    is_container = query.get("restype") == "container" and "comp" not in query
    if is_container or not segments:
        return Need(actions=(f"{_BLOBS}/{verb}",))
    part = "blobs/tags" if query.get("comp") == "tags" else "blobs"
    return Need(data_actions=(f"{_BLOBS}/{part}/{verb}",))
