"""Check the ARM ids that a request body holds.

In: a parsed body and the workspace that the call goes to. Out: ids that are
malformed, that name another workspace, or a kind of resource that their
property does not want. Knows which property wants which kind; knows no schema.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import cache
from typing import Any, NamedTuple

from azml_contract.contract.patterns import escape_pattern
from azml_contract.contract.schema import DIALECT, Schema, Texts
from azml_contract.finding import Act, Edit, Finding, Fix, Severity
from azml_contract.validation.deviation import Path, to_pointer
from azml_contract.validation.grade import Grader
from azml_contract.validation.judge import (
    Accept,
    Engine,
    choose_engine,
    compile_quick_judge,
)
from azml_contract.validation.judges_of_homes import JudgesOfHomes, accept_nothing
from azml_contract.validation.phrases import show

_PROVIDER = "microsoft.machinelearningservices"
_START = "/subscriptions/"
_FIRST, _SHORTEST = frozenset("/sShH"), len(_START) - 1
"""What an id is, at the least: with its slash, without it, or in a URL."""
_IN_URL = "^[hH][tT][tT][pP][sS]?://[^/]+/[sS][uU][bB][sS][cC]"
_AS_IDS = [
    {"pattern": f"^{start}"} for start in ("/", "su", "sU", "Su", "SU", _IN_URL[1:])
]
_NO_SLASH: Schema = {"not": {"pattern": "^/"}}
_NO_ID: Schema = {
    "anyOf": [
        {"maxLength": _SHORTEST - 1},
        {"pattern": "^[^/sShH]"},
        {"not": {"anyOf": _AS_IDS}},
    ]
}
"""No text that starts as an id; length and first letter tell most."""
_LAST = 14
"""So many letters of an id, before its last names, are compared."""
_ENOUGH = 200
"""A judge for one workspace takes as long to compile as it saves on so many bodies."""
_USERS_OWN = frozenset(("environmentVariables", "searchSpace", "tags"))
_COMMON = (
    r"/subscriptions/([^/]+)/resourceGroups/([^/]+)"
    r"/providers/Microsoft\.MachineLearningServices/(workspaces|registries)/([^/]+)"
    r"/([^/]+)/[^/]+(?:/([^/]+)/[^/]+)?"
)

_DATA = ("data/versions", "datasets/versions")
_MODELS = ("models/versions",)
WANTED: dict[str, tuple[str, ...]] = {
    "codeid": ("codes/versions",),
    "componentid": ("components/versions", "components/labels"),
    "computeid": ("computes", "virtualclusters"),
    "dataid": _DATA,
    "datastoreid": ("datastores",),
    "environmentid": ("environments/versions", "environments/labels"),
    "target": ("computes", "virtualclusters"),
    "uri": (*_DATA, *_MODELS, "data/labels", "models/labels"),
}
"""Property, in lower case, to the kinds of resources whose ids it may hold."""


def _write_tail(kind: str) -> str:
    """``codes/versions`` as a pattern of what follows the workspace in an id."""
    return "/[^/]+/".join(kind.split("/")) + "/[^/]+"


USUAL = frozenset(
    (
        *("codeId", "componentId", "computeId", "dataId", "datastoreId"),
        *("environmentId", "target", "uri"),
    )
)
"""The properties of `WANTED` as they are usually written."""


@cache
def _tail(name: str) -> re.Pattern[str]:
    """What an id ends in, below the workspace, by its property as usually written."""
    return re.compile("|".join(map(_write_tail, WANTED[name.lower()])))


RELATED: dict[str, tuple[str, str]] = {
    "applicationinsights": ("Microsoft.Insights", "components"),
    "containerregistry": ("Microsoft.ContainerRegistry", "registries"),
    "keyvault": ("Microsoft.KeyVault", "vaults"),
    "storageaccount": ("Microsoft.Storage", "storageAccounts"),
}
"""Property of a workspace, in lower case, to the provider and kind of its ids."""

_OWNERS = {
    "codes": "codeId",
    "components": "componentId",
    "computes": "computeId",
    "data": "dataId or uri",
    "datastores": "datastoreId",
    "environments": "environmentId",
}


@dataclass(frozen=True, slots=True)
class Place:
    """The workspace that ids should name; `configured` when a setting says so.

    `home` is what its ids start with, as they are usually written; "" where the place
    does not tell.
    """

    subscription: str
    resource_group: str
    workspace: str
    configured: bool = False
    home: str = field(init=False)

    def __post_init__(self) -> None:
        is_whole = self.subscription and self.resource_group
        object.__setattr__(self, "home", _write_home(self) if is_whole else "")


def _write_home(place: Place) -> str:
    return (
        f"{_START}{place.subscription}/resourceGroups/{place.resource_group}"
        "/providers/Microsoft.MachineLearningServices"
        f"/workspaces/{place.workspace}/"
    )


class ArmId(NamedTuple):
    """A parsed id: `kind` is ``codes/versions``, relative to its workspace.

    `parent` is ``workspaces``, ``registries`` or empty (the resource itself, or
    another provider's); names are as sent.
    """

    subscription: str
    resource_group: str
    provider: str
    parent: str
    parent_name: str
    kind: str


def parse_arm_id(text: str) -> ArmId | str:
    """Parse an id that starts with ``/subscriptions/``.

    Returns:
        The id, or in one sentence why it is none.
    """
    common = re.fullmatch(_COMMON, text, re.IGNORECASE)
    if common is not None:
        subscription, group, parent, parent_name, kind, second = common.groups()
        kinds = f"{kind}/{second}" if second else kind
        return ArmId(
            subscription, group, _PROVIDER, parent.lower(), parent_name, kinds.lower()
        )
    return _parse_rare(text.split("/")[1:])


def _parse_rare(segments: list[str]) -> ArmId | str:
    if "" in segments:
        empty = segments.index("")
        if empty == len(segments) - 1:
            return "it ends in a slash"
        return f"nothing stands after {segments[empty - 1]}; was a variable empty?"
    if len(segments) % 2:
        return f"no name stands after {segments[-1]}"
    named = {
        key.lower(): value
        for key, value in zip(segments[::2], segments[1::2], strict=True)
    }
    lowered = [segment.lower() for segment in segments]
    provider, types, names = "", [], []
    if "providers" in lowered[::2]:
        at = len(lowered) - 2 - lowered[::-1][1::2].index("providers") * 2
        provider, rest = lowered[at + 1], segments[at + 2 :]
        types, names = [part.lower() for part in rest[::2]], rest[1::2]
    is_child = bool(types) and types[0] in ("workspaces", "registries")
    return ArmId(
        named.get("subscriptions", ""),
        named.get("resourcegroups", ""),
        provider,
        types[0] if is_child else "",
        names[0] if is_child else "",
        "/".join(types[1:] if is_child else types),
    )


def has_usual_ids(body: Any, home: str) -> bool:
    """Whether all that starts as an id is one of this home, under a name of `USUAL`.

    False says nothing: an id may be right in another spelling, or elsewhere.
    """
    try:
        return _JUDGES[home](body)
    except ValueError:
        return False  # which a text is that nobody can encode


def check_ids(grader: Grader, body: Any, place: Place | None) -> list[Finding]:
    """Findings about every ARM id in a body, in document order.

    Tags, environment variables and hyperparameters are the user's own words:
    they may name whatever they like.
    """
    home = place.home if place is not None else ""
    if home and _are_at_home(body, home):
        return []
    return _tell_ids(grader, body, place)


def _tell_ids(grader: Grader, body: Any, place: Place | None) -> list[Finding]:
    """What `check_ids` finds, each id taken apart."""
    found: list[Finding] = []
    ids: list[tuple[str, str, Path]] = []
    _collect_ids(body, None, ids)
    for key, text, path in ids:
        found += _check_id(grader, key, text, path, place)
    return found


def check_related(grader: Grader, body: Any) -> Iterator[Finding]:
    """Ids of what a workspace stands on, in the body of one."""
    properties = body.get("properties") if isinstance(body, dict) else None
    for key, text in (properties if isinstance(properties, dict) else {}).items():
        wanted = RELATED.get(key.lower())
        if wanted is None or not isinstance(text, str) or not text:
            continue
        pointer = to_pointer(((None, "properties"), key))
        if not text.lower().startswith(_START):
            yield _find_malformed(grader, text, pointer, "/".join(wanted))
            continue
        parsed = parse_arm_id(text)
        if isinstance(parsed, str):
            continue  # told with all other ids
        provider, kind = wanted
        seen = f"{parsed.provider}/{parsed.kind}"
        if parsed.kind and seen != f"{provider}/{kind}".lower():
            yield grader.find(
                "AZC161",
                f"`{key}` wants {provider}/{kind}, this id names {seen}.",
                cure=f"Name a resource of that kind: .../{provider}/{kind}/NAME.",
                pointer=pointer,
                expected=(f"{provider}/{kind}",),
                seen=seen,
            )


def _find_malformed(
    grader: Grader, text: str, pointer: str, kind: str = "P/TYPE"
) -> Finding:
    """An id that does not start as one; a slash in front may be all it lacks."""
    reason, meant = "it is a name", ""
    cure = f"Write /subscriptions/S/resourceGroups/R/providers/{kind}/NAME."
    if text.lower().startswith(_START[1:]):
        reason, meant = "it must start with a slash", f"/{text}"
        cure = "Put a slash in front."
    elif re.match(_IN_URL, text):
        path = text.split("/", 3)[3].partition("?")[0]
        reason, meant = "it is a URL", f"/{path}"
        cure = "Leave the host out: begin at /subscriptions."
    fix = Fix((Edit(Act.SET, pointer, meant),), certain=True) if meant else None
    return grader.find(
        "AZC162",
        f"{show(text)} is no ARM id: {reason}.",
        cure=cure,
        pointer=pointer,
        seen=text,
        fix=fix,
    )


def write_plain_texts(home: str) -> Texts:
    """What a schema asks of texts so that ids as they are usually written pass.

    Those of the workspace pass where they are wanted; all else that starts as an id may
    be wrong, and is refused.
    """
    at = {name: _write_wanted(home, kinds) for name, kinds in WANTED.items()}
    return Texts(at, _NO_SLASH, _NO_ID, _USERS_OWN)


def _judge_ids(home: str) -> Accept:
    """A judge of whether the ids of any body are usual, as `_are_at_home` tells it.

    It knows fewer ids to be right, in a third of the time.
    """
    if choose_engine() is Engine.REFERENCE:
        return accept_nothing
    below: Schema = {"$ref": "#/$defs/below"}

    def ask(text: Schema) -> Schema:
        return {"if": {"type": "string"}, "then": text, "else": below}

    at = {name: ask(_write_wanted(home, WANTED[name.lower()])) for name in USUAL}
    inside = {
        "properties": at | dict.fromkeys(_USERS_OWN, _NO_ID),
        "additionalProperties": ask(_NO_ID),
        "items": below,
    }
    return compile_quick_judge(
        {"$schema": DIALECT, **below, "$defs": {"below": inside}}
    )


_JUDGES: JudgesOfHomes[str] = JudgesOfHomes(_ENOUGH, _judge_ids)


def _write_wanted(home: str, kinds: Iterable[str]) -> Schema:
    """The schema of an id of a home and of some kinds, or of what is no id."""
    alike: dict[str, list[str]] = {}
    for kind in kinds:
        alike.setdefault(kind.partition("/")[0], []).append(kind)
    ids = [_write_ids(home, *one) for one in alike.items()]
    return {"anyOf": [*ids, _NO_ID]}


def _write_ids(home: str, first: str, kinds: Sequence[str]) -> Schema:
    """The schema of ids of a home, of kinds that share their first step.

    Two short looks cost half of one along the whole id: it begins with the home and the
    first step, and ends in them and a name or two, of which the last letters of the
    home are enough. Whoever has these letters and this step once alone has nothing in
    between; a short one has no room for them twice.
    """
    start = max(1, _LAST - len(first) - 1)
    is_told_apart = f"{home[-start:]}{first}/" not in home
    head = home[-start:] if is_told_apart else home
    last = f"{head}{first}/"
    tails = "|".join(map(_write_tail, kinds))
    shortest = min(len(kind.replace("/", "/x/") + "/x") for kind in kinds)
    shared = next((n for n in range(len(head), 0, -1) if last.endswith(last[:n])), 0)
    before = len(home) - len(head)
    return {
        "pattern": f"^{escape_pattern(f'{home}{first}/')}",
        "allOf": [{"pattern": f"{escape_pattern(head)}(?:{tails})$"}],
        "anyOf": [
            {"maxLength": before + len(last) - shared + len(head) + shortest - 1},
            {"not": {"pattern": _write_twice(last, shared)}},
        ],
    }


def _write_twice(text: str, shared: int) -> str:
    """What has a text twice, which may share so many letters with itself."""
    return rf"{escape_pattern(text)}[\s\S]*{escape_pattern(text[shared:])}"


def _are_at_home(body: Any, home: str) -> bool:
    """Whether all ids that are looked at are written as usual, for this workspace.

    Most are, and need not be taken apart. False says nothing: an id may be right in
    another spelling.
    """
    start = len(home)
    waiting = [body]
    for value in waiting:
        if type(value) is dict:
            for key, item in value.items():
                kind = type(item)
                if kind is str:
                    if len(item) >= _SHORTEST and item[:1] in _FIRST:
                        if key not in USUAL or not item.startswith(home):
                            if _is_id(key, item):
                                return False
                        elif _tail(key).fullmatch(item, start) is None:
                            return False
                elif (kind is dict or kind is list) and key not in _USERS_OWN:
                    waiting.append(item)
        elif type(value) is list:
            waiting += value
    return True


def _collect_ids(value: Any, path: Path, found: list[tuple[str, str, Path]]) -> None:
    if isinstance(value, dict):
        for key, item in value.items():
            if isinstance(item, str):
                if _is_id(key, item):
                    found.append((key, item, (path, key)))
            elif key not in _USERS_OWN:
                _collect_ids(item, (path, key), found)
    elif isinstance(value, list):
        for index, item in enumerate(value):
            _collect_ids(item, (path, index), found)


def _is_id(key: str, item: str) -> bool:
    lowered = item[:15].lower()
    if lowered == _START:
        return True
    if lowered.startswith("http"):
        return key.lower() in WANTED and re.match(_IN_URL, item) is not None
    return lowered.startswith(_START[1:]) and key.lower() in WANTED


def _check_id(
    grader: Grader, key: str, text: str, path: Path, place: Place | None
) -> Iterator[Finding]:
    if text[0] != "/":
        yield _find_malformed(grader, text, to_pointer(path))
        return
    parsed = parse_arm_id(text)
    if isinstance(parsed, str):
        yield grader.find(
            "AZC162",
            f"{show(text)} is no ARM id: {parsed}.",
            cure="Write /subscriptions/S/resourceGroups/R/providers/P/TYPE/NAME.",
            pointer=to_pointer(path),
            seen=text,
        )
        return
    if parsed.provider != _PROVIDER or not parsed.parent:
        return
    wanted = WANTED.get(key.lower())
    if wanted is not None and parsed.kind not in wanted and _is_about(key, parsed):
        yield _find_kind(grader, key, parsed, wanted, to_pointer(path))
    if place is not None and parsed.parent == "workspaces":
        yield from _check_place(grader, parsed, place, path)


def _is_about(key: str, parsed: ArmId) -> bool:
    # Connections have a target too, and it may be anything but an asset.
    return key.lower() != "target" or parsed.kind.split("/")[0] in _OWNERS


def _find_kind(
    grader: Grader, key: str, parsed: ArmId, wanted: tuple[str, ...], pointer: str
) -> Finding:
    is_container = any(kind.startswith(f"{parsed.kind}/") for kind in wanted)
    if is_container:
        message = f"`{key}` needs an id with a version: this one ends at the name."
        cure = "Append /versions/VERSION."
    else:
        message = f"`{key}` wants {wanted[0]}, this id names {parsed.kind or 'none'}."
        home = _OWNERS.get(parsed.kind.split("/")[0])
        shape = "/".join(f"{part}/..." for part in wanted[0].split("/"))
        cure = f"Such an id belongs into {home}."
        if not home:
            cure = f"Name a resource of that kind: .../{parsed.parent_name}/{shape}."
    return grader.find(
        "AZC161",
        message,
        cure=cure,
        pointer=pointer,
        expected=wanted,
        seen=parsed.kind,
        severity=Severity.WARNING if is_container else None,
    )


def _check_place(
    grader: Grader, parsed: ArmId, place: Place, path: Path
) -> Iterator[Finding]:
    pairs = (
        ("subscription", parsed.subscription, place.subscription),
        ("resource group", parsed.resource_group, place.resource_group),
        ("workspace", parsed.parent_name, place.workspace),
    )
    for noun, seen, wanted in pairs:
        if wanted and seen.lower() != wanted.lower():
            whose = "configured is" if place.configured else "the call goes to"
            yield grader.find(
                "AZC160",
                f"This id names {noun} {seen}; {whose} {wanted}.",
                cure=f"Use the id of the resource in {wanted}.",
                pointer=to_pointer(path),
                expected=(wanted,),
                seen=seen,
                severity=Severity.ERROR if place.configured else None,
            )
            return
