"""Read one api-version out of the compiled data, a definition at a time.

In: the texts that `data_writer` wrote. Out: lazy mappings of definitions and
operations, and the templates for routing. Splitting the texts is cheap;
words are understood only for what is asked for.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterator, Mapping
from dataclasses import replace
from functools import lru_cache
from types import MappingProxyType
from typing import Any, Generic, TypeVar

from azml_contract.contract.model import (
    Definition,
    Operation,
    Parameter,
    Property,
    ResponseSpec,
    Type,
)
from azml_contract.contract.notation import (
    blur_type,
    quote_word,
    read_property,
    read_type,
    unquote_word,
)
from azml_contract.contract.resource_path import path_names
from azml_contract.contract.routes import Template
from azml_contract.contract.version_set import Membership

_SHARED = "*"
_CARRYING = (".assumed", ".carried")
API_VERSION = "query api-version"
_T = TypeVar("_T")


@lru_cache(maxsize=8)
def _split(text: str) -> tuple[tuple[str, str, str], ...]:
    """The name, the versions and the body of each block; all versions share them."""
    blocks = []
    for block in text.split("\n\n"):
        header, _, body = block.partition("\n")
        name, _, versions = header.partition(" @ ")
        blocks.append((unquote_word(name) if "%" in name else name, versions, body))
    return tuple(blocks)


class _Blocks:
    """The blocks of one text that one version has, by name."""

    def __init__(self, text: str, version: str) -> None:
        self.holds = Membership(version)
        holds = self.holds
        self.texts = {
            name: body for name, versions, body in _split(text) if holds(versions)
        }

    def lines(self, name: str) -> Iterator[str]:
        """The lines of a block that hold in this version, unindented."""
        holds = self.holds
        for line in self.texts[name].split("\n"):
            text, _, versions = line.partition(" @ ")
            if text and (not versions or holds(versions)):
                yield text[2:]


class _Lazy(Mapping[str, _T], Generic[_T]):
    """A mapping that makes each value once, when it is first asked for."""

    def __init__(self, names: Mapping[str, Any]) -> None:
        self._names = names
        self._made: dict[str, _T] = {}

    def __getitem__(self, key: str) -> _T:
        found = self._made.get(key)
        if found is None:
            if key not in self._names:
                raise KeyError(key)
            found = self._made[key] = self._make(key)
        return found

    def __iter__(self) -> Iterator[str]:
        return iter(self._names)

    def __len__(self) -> int:
        return len(self._names)

    def __contains__(self, key: object) -> bool:
        return key in self._names

    @abstractmethod
    def _make(self, key: str) -> _T:
        """Decode one entry."""


class DefinitionData(_Lazy[Definition]):
    """The definitions of one version.

    Args:
        text: The whole of ``definitions.txt``.
        version: Which version of it.
    """

    def __init__(self, text: str, version: str) -> None:
        self._text = text
        self._blocks = _Blocks(text, version)
        self._origins: dict[str, DefinitionData] = {}
        super().__init__(self._blocks.texts)

    def parents(self) -> dict[str, tuple[str, ...]]:
        """The definitions that each one inherits from directly."""
        found: dict[str, tuple[str, ...]] = {}
        for name in self:
            found[name] = ()
            for line in self._blocks.lines(name):
                if line.startswith(".carried"):
                    break
                if line.startswith(".extends"):
                    found[name] = tuple(map(unquote_word, line.split(" ")[1:]))
        return found

    def _make(self, key: str) -> Definition:
        properties: dict[str, Property] = {}
        own: dict[str, Property] = {}
        facts: dict[str, Any] = {}
        variants: dict[str, str] = {}
        learned = ""
        for line in self._blocks.lines(key):
            if line[0] != ".":
                word, _, words = line.partition(": ")
                name = unquote_word(word) if "%" in word else word
                own[name] = read_property(name, words, learned)
                continue
            remark, _, rest = line.partition(" ")
            if remark == ".carried":
                return self._carried(key, rest)
            if remark == ".extends":
                for parent in rest.split(" "):
                    properties |= self[unquote_word(parent)].properties
            elif remark == ".learned":
                learned = rest
            elif remark == ".variant":
                value, _, name = rest.partition(" ")
                variants[unquote_word(value)] = unquote_word(name)
            elif remark == ".value":
                value, _, base = rest.partition(" ")
                facts["discriminator_value"] = unquote_word(value)
                facts["base"] = unquote_word(base)
            elif remark == ".discriminator":
                facts["discriminator"] = unquote_word(rest)
            elif remark == ".additional":
                facts["additional"] = read_type(rest)
        return Definition(
            name=key,
            properties=MappingProxyType(properties | own),
            variants=MappingProxyType(variants),
            **facts,
        )

    def _carried(self, key: str, version: str) -> Definition:
        if version not in self._origins:
            origin = DefinitionData(self._text, version)
            self._origins[version] = origin
        found = self._origins[version][key]
        return Definition(
            name=key,
            properties=found.properties,
            additional=found.additional,
            discriminator=found.discriminator,
            variants=found.variants,
            base=found.base,
            discriminator_value=found.discriminator_value,
            carried_from=version,
        )


class OperationData(_Lazy[Operation]):
    """The operations of one version.

    Args:
        text: The whole of ``operations.txt``.
        version: Which version of it.
    """

    def __init__(self, text: str, version: str) -> None:
        self._text = text
        self._blocks = _Blocks(text, version)
        self._origins: dict[str, OperationData] = {}
        names = {n: t for n, t in self._blocks.texts.items() if n != _SHARED}
        super().__init__(names)
        self._shared: dict[str, Parameter] | None = None

    def templates(self) -> Iterator[Template]:
        """Verb and path of every operation, without making any."""
        for name in self:
            method, path = self._address(name)
            yield Template(method, path, name)

    def _address(self, name: str) -> tuple[str, str]:
        for line in self._blocks.lines(name):
            remark, _, rest = line.partition(" ")
            if remark in _CARRYING:
                return self._origin(rest)._address(name)
            if rest.startswith("/"):
                return remark[1:], rest
        raise KeyError(name)

    def _origin(self, version: str) -> OperationData:
        if version not in self._origins:
            self._origins[version] = OperationData(self._text, version)
        return self._origins[version]

    def _make(self, key: str) -> Operation:
        carried: Operation | None = None
        facts: dict[str, Any] = {"id": key}
        parameters: dict[str, Parameter | None] = {}
        responses: dict[str, ResponseSpec] = {}
        for line in self._blocks.lines(key):
            remark, _, rest = line.partition(" ")
            if remark in _CARRYING:
                found = self._origin(rest)[key]
                carried = replace(
                    found, carried_from=rest, assumed=remark == ".assumed"
                )
            elif remark == ".takes" and carried:
                return replace(carried, **_read_body(rest))
            elif carried:
                break
            elif line[0] != ".":
                self._read_plain(line, parameters, responses)
            elif remark == ".body":
                facts |= _read_body(rest)
            elif remark == ".result":
                facts["result"] = read_type(rest)
            elif remark == ".lro":
                facts |= {"long_running": True, "final_state_via": unquote_word(rest)}
            elif remark == ".pages":
                facts["paging"] = unquote_word(rest)
            elif remark == ".vague":
                facts |= _VAGUE | {"assumed": bool(rest)}
            else:
                facts |= {"method": remark[1:], "path": rest}
        if carried:
            return carried
        facts["parameters"] = self._all_parameters(facts["path"], parameters)
        facts.setdefault("responses", MappingProxyType(responses))
        return _blur_vague(Operation(**facts))

    def _all_parameters(
        self, path: str, listed: dict[str, Parameter | None]
    ) -> tuple[Parameter, ...]:
        """Those of the path in its order, then api-version, then the listed."""
        usual = [f"path {quote_word(name)}" for name in path_names(path)]
        found: list[Parameter | None] = []
        for key in (*usual, API_VERSION):
            shared = self._shared_parameters().get(key)
            found.append(listed.pop(key) if key in listed else shared)
        found += listed.values()
        return tuple(parameter for parameter in found if parameter)

    def _read_plain(
        self,
        line: str,
        parameters: dict[str, Parameter | None],
        responses: dict[str, ResponseSpec],
    ) -> None:
        head, _, words = line.partition(": ")
        if not words:
            parameters[head] = self._shared_parameters()[head]
        elif " " in head:
            parameters[head] = _read_parameter(head, words) if words != "-" else None
        else:
            body, _, headers = words.partition(" headers=")
            names = tuple(map(unquote_word, headers.split(","))) if headers else ()
            responses[head] = ResponseSpec(_read_body_type(body), names)

    def _shared_parameters(self) -> dict[str, Parameter]:
        if self._shared is None:
            self._shared = {}
            for line in self._blocks.lines(_SHARED):
                head, _, words = line.partition(": ")
                self._shared[head] = _read_parameter(head, words)
        return self._shared


_VAGUE: dict[str, Any] = {
    "responses": None,
    "queries_known": False,
    "long_running": None,
    "paging": None,
}


def _blur_vague(operation: Operation) -> Operation:
    """An operation that no swagger has knows only what bicep types know."""
    if operation.responses is not None:
        return operation
    body, result = operation.body, operation.result
    return replace(
        operation,
        body=blur_type(body) if body else None,
        result=blur_type(result) if result else None,
    )


def _read_parameter(head: str, words: str) -> Parameter:
    place, _, name = head.partition(" ")
    prop = read_property(unquote_word(name), words)
    return Parameter(prop.name, place, prop.type, prop.required)


def _read_body(words: str) -> dict[str, Any]:
    required = words.endswith(" !")
    body = _read_body_type(words[:-2] if required else words)
    return {"body": body, "body_required": required}


def _read_body_type(words: str) -> Type | None:
    return None if words == "-" else read_type(words)
