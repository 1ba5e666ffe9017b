"""Find names of resources: everywhere when distinctive, by position when not.

In: identifiers. Out: text in which each stands as its placeholder. A workspace
called ``contoso-ml-7`` is replaced wherever it stands. One called ``data`` or
``ml`` is replaced only where an ARM id, a host or a message names a workspace,
because the same word has other meanings in the same text. Where a workspace is
called as its resource group, each place says which of the two it is.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping

from azml_contract.redaction.forms import Replacer
from azml_contract.redaction.origin import NUMBERED
from azml_contract.redaction.rules import Identifier

ORDINARY_WORDS = frozenset(
    """
    access account accounts aml azml azure azureml batch best blob blobs cluster code
    codes command compute computes conda config container containers cpu cpu-cluster
    credentials data dataset datasets datastore datastores default dev docker emulator
    endpoint endpoints environment environments experiment experiments file files
    gpu gpu-cluster group image images input inputs iris job jobs key keys learning
    list local location locations machine machine-learning main management metric
    metrics microsoft ml mlflow model models name names notebook online operation
    operations output outputs path paths pipeline primary prod production project
    properties provider providers python quota registries registry resource
    resource-group resourcegroup resourcegroups resources run runs sample sandbox
    schedule schedules script search secondary secret secrets server service services
    shared source src staging status storage storageaccount storageaccounts
    subscription subscriptions sweep system tags target task temp test testing tests
    tmp train training trial trials type uri uris url user users value values version
    versions westeurope workspace workspaces
    """.split()  # noqa: SIM905 - one word a line would fill three pages
)
"""Words that ARM paths, bodies and scripts use themselves."""

_PLAIN = re.compile(r"[A-Za-z0-9](?:[\w-]*[A-Za-z0-9])?", re.ASCII)
# Not the letter of an escape before it.
_WORD = re.compile(
    r"(?:(?<=\\[nrtbf])|(?<![A-Za-z0-9\\]))[A-Za-z0-9](?:[\w-]*[A-Za-z0-9])?", re.ASCII
)
_SHORTEST_DISTINCTIVE = 4
_END = r"(?=$|[/?&#\"'\s%\\<>,;)\]}])"
_SLASH = r"(?:/|%2F|%252F)"
_BLOB_HOST = r"(?:(?<=//)|(?<=%2F%2F))NAME(?=\.(?:blob|dfs|file|queue|table|web)\.)"
_ADDRESS = r"(?<=//)((?:127\.0\.0\.1|localhost)(?::\d+)?/)NAME" + _END
_PLACES: Mapping[str, tuple[str, ...]] = {
    "resource_group": (
        rf"({_SLASH}resource-?groups{_SLASH})NAME{_END}",
        r"((?:resource group|resourcegroup[a-z]*)\W{1,3})NAME(?=\W|$)",
    ),
    "workspace": (
        rf"({_SLASH}workspaces{_SLASH})NAME{_END}",
        r"((?:workspace|parent resource)\W{1,3})NAME(?=\W|$)",
        r"(workspaceName(?:=|%3D))NAME(?=\W|$)",
    ),
    "storage_account": (
        rf"({_SLASH}storageAccounts{_SLASH})NAME{_END}",
        _BLOB_HOST,
        _ADDRESS,
        r"(AccountName(?:=|%3D))NAME(?=\W|$)",
        r"((?:storage account)\W{1,3})NAME(?=\W|$)",
    ),
}
_ANY_PLACE = (rf"({_SLASH}[A-Za-z]+s{_SLASH})NAME{_END}",)
_PROPERTIES: Mapping[str, frozenset[str]] = {
    "resource_group": frozenset({"resourcegroup", "resourcegroupname"}),
    "workspace": frozenset({"workspace", "workspacename"}),
    "storage_account": frozenset({"accountname", "storageaccountname"}),
}
_TYPES = {
    "microsoft.machinelearningservices/workspaces": "workspace",
    "microsoft.storage/storageaccounts": "storage_account",
    "microsoft.resources/resourcegroups": "resource_group",
}


def is_distinctive(value: str) -> bool:
    """Whether a name can be told from other words without its position."""
    return len(value) >= _SHORTEST_DISTINCTIVE and value.lower() not in ORDINARY_WORDS


class Names:
    """The identifiers of a recording, ready to be replaced."""

    def __init__(self, identifiers: Iterable[Identifier]) -> None:
        """Prepare; an identifier that equals its placeholder needs nothing."""
        real = [
            one for one in identifiers if one.value and one.value != one.placeholder
        ]
        everywhere = [one for one in real if is_distinctive(one.value)]
        # Of accounts that no settings know there may be any number: they are looked up.
        self._words = {
            one.value.lower(): one.placeholder
            for one in everywhere
            if NUMBERED.fullmatch(one.placeholder) and _PLAIN.fullmatch(one.value)
        }
        everywhere = [one for one in everywhere if one.value.lower() not in self._words]
        self._ordinary = [one for one in real if not is_distinctive(one.value)]
        self._shared = _named_alike(everywhere)
        self._replacer = Replacer((one.value, one.placeholder) for one in everywhere)
        self.by_property = [
            one for one in (*self._ordinary, *self._shared) if one.kind in _PROPERTIES
        ]
        kinds = {one.kind for one in self.by_property}
        self.properties = frozenset[str]().union(*(_PROPERTIES[one] for one in kinds))
        if kinds:
            self.properties |= {"name"}
        self._places = list(_places_of(self._ordinary))
        self._shared_places = list(_places_of(self._shared))
        # A name that is not ASCII may match what `lower` does not make equal to it.
        self._sought = [
            (one.value.lower() if one.value.isascii() else "", pattern, one)
            for pattern, one in self._places
        ]
        self._values = [
            (one.value.casefold(), one) for one in everywhere if len(one.value) >= 8
        ]

    def replace(self, text: str) -> str:
        """The text with every name replaced."""
        if self._has_word(text):  # first: it may hold the name of a workspace
            text = _WORD.sub(self._of_word, text)
        if self._shared_places:
            text = _replace_by_place(text, self._shared_places)
        text = self._replacer.replace(text)
        if self._places:
            text = _replace_by_place(text, self._places)
        return text

    def replace_within(self, text: str) -> str:
        """The text without names in base64 that goes on, where none was decoded."""
        return self._replacer.replace_within(text)

    def replace_by_place(self, text: str) -> str:
        """The text with the names replaced that only their places tell."""
        text = _replace_by_place(text, self._shared_places)
        return _replace_by_place(text, self._places)

    def _has_word(self, text: str) -> bool:
        words = self._words
        return bool(words) and not words.keys().isdisjoint(_WORD.findall(text.lower()))

    def _of_word(self, found: re.Match[str]) -> str:
        return self._words.get(found[0].lower(), found[0])

    def replace_property(self, name: str, value: str, resource_type: str) -> str:
        """The value of a JSON property that holds a name by its own name.

        Args:
            name: The property, in lower case.
            value: Its value.
            resource_type: The ``type`` beside it, in lower case; may be empty.
        """
        for one in self.by_property:
            named = name in _PROPERTIES.get(one.kind, ())
            own = name == "name" and _TYPES.get(resource_type) == one.kind
            if (named or own) and value.casefold() == one.value.casefold():
                return one.placeholder
        return value

    @property
    def needles(self) -> tuple[bytes, ...]:
        """Every name in lower case, to be looked for in bytes."""
        ordinary = (one.value.lower().encode() for one in self._ordinary)
        looked_up = (word.encode() for word in self._words)
        return (*self._replacer.needles, *ordinary, *looked_up)

    def find(self, text: str) -> str:
        """The kind of an identifier that still stands in the text; else ``""``."""
        if self._replacer.find(text) or not text.isascii():
            folded = text.casefold()
            for value, one in self._values:
                if value in folded and value not in one.placeholder.casefold():
                    return one.kind
            if self._replacer.find(text):
                return "name"
        if self._has_word(text):
            return "name"
        lowered = text.lower() if self._sought and text.isascii() else ""
        for value, pattern, one in self._sought:
            if (not lowered or value in lowered) and pattern.search(text):
                return one.kind
        return ""


def _named_alike(identifiers: Iterable[Identifier]) -> list[Identifier]:
    """Identifiers of different kinds that have one name."""
    kinds: dict[str, set[str]] = {}
    real = list(identifiers)
    for one in real:
        kinds.setdefault(one.value.casefold(), set()).add(one.kind)
    return [
        one
        for one in real
        if len(kinds[one.value.casefold()]) > 1 and one.kind in _PLACES
    ]


def _places_of(
    identifiers: Iterable[Identifier],
) -> Iterator[tuple[re.Pattern[str], Identifier]]:
    for one in identifiers:
        for place in _PLACES.get(one.kind, _ANY_PLACE):
            text = place.replace("NAME", re.escape(one.value))
            yield re.compile(text, re.IGNORECASE), one


def _replace_by_place(
    text: str, places: Iterable[tuple[re.Pattern[str], Identifier]]
) -> str:
    lowered = text.lower() if places else ""
    for pattern, one in places:
        if one.value.lower() not in lowered:
            continue
        text = pattern.sub(lambda m, one=one: _kept(m) + one.placeholder, text)  # type: ignore[misc]
    return text


def _kept(found: re.Match[str]) -> str:
    return found[1] if found.re.groups else ""
