"""Send recorded calls of the live service to an emulator, and outline both answers.

In: recordings in Azure's test-proxy form. Out: for each call to ARM, what was
recorded and what the emulator answered. What a recording presupposes (it reads
what it never made) is made before, from its own answers; time is moved on until
the emulator has come as far as the recording had.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

from azml_contract.contract.catalog import known_versions, load_contract
from azml_contract.contract.contract import Route
from azml_contract.contract.model import Type
from azml_contract.emulator.clock import SteppingClock
from azml_contract.emulator.server import Emulator
from azml_contract.emulator.shaping import resolve

SUBSCRIPTION = "/subscriptions/00000000-0000-0000-0000-000000000"
GROUP = f"{SUBSCRIPTION}/resourceGroups/00000"
PROVIDER = "/providers/Microsoft.MachineLearningServices"
WORKSPACE = f"{GROUP}{PROVIDER}/workspaces/00000"
_STATES = ("status", "provisioningState", "state")
_ID = re.compile(
    rf"{WORKSPACE}/((?:codes|environments|data|components|models)/[^/\"]+/versions/[^/\"]+"
    r"|(?:computes|datastores|jobs)/[^/\"?]+)",
    re.IGNORECASE,
)
_MOST_STEPS = 80
_GROUP_DEPTH = 4


@dataclass(frozen=True)
class Entry:
    """One recorded exchange with ARM."""

    method: str
    url: str
    body: Any
    status: int
    answer: Any
    headers: dict[str, str]

    @property
    def path(self) -> str:
        return unquote(urlsplit(self.url).path)

    @property
    def query(self) -> dict[str, str]:
        return dict(parse_qsl(urlsplit(self.url).query))

    @property
    def is_poll(self) -> bool:
        lowered = self.path.lower()
        return "/locations/" in lowered or "/operationstatuses/" in lowered


@dataclass(frozen=True)
class Pair:
    """What was recorded, and what the emulator says to the same request."""

    entry: Entry
    operation: str
    status: int
    answer: Any
    headers: dict[str, str]
    recorded: dict[str, str]
    shown: dict[str, str]

    @property
    def is_same(self) -> bool:
        return self.entry.status == self.status and set(self.recorded) == set(
            self.shown
        )


def read_entries(path: Path) -> list[Entry]:
    """The recorded calls to ARM, in order."""
    entries = json.loads(path.read_text("utf-8"))["Entries"]
    return [
        Entry(
            e["RequestMethod"],
            e["RequestUri"],
            _parsed(e.get("RequestBody")),
            e["StatusCode"],
            _parsed(e.get("ResponseBody")),
            {k.lower(): v for k, v in e["ResponseHeaders"].items()},
        )
        for e in entries
        if "management.azure.com" in e["RequestUri"]
    ]


def _parsed(body: Any) -> Any:
    if not isinstance(body, str):
        return body
    try:
        return json.loads(body)
    except ValueError:
        return body


class Rerun:
    """One recording against one emulator."""

    def __init__(self, emulator: Emulator, client: Any) -> None:
        self.emulator, self.client = emulator, client
        self._operation_url = ""

    def run(self, entries: list[Entry]) -> Iterator[Pair]:
        """Every call of the recording, answered by the emulator."""
        self._prepare(entries)
        for entry in entries:
            answer = self._send_until_alike(entry)
            body = answer.json() if answer.content else None
            headers = {k.lower(): v for k, v in answer.headers.items()}
            url = headers.get("azure-asyncoperation")
            if answer.status_code == 202:
                url = url or headers.get("location")
            self._operation_url = url or self._operation_url
            kind, definitions, name = self._type_of(entry)
            yield Pair(
                entry,
                name,
                answer.status_code,
                body,
                headers,
                outline(self._as_own(entry.answer), kind, definitions),
                outline(body, kind, definitions),
            )

    # -- what is there before --------------------------------------------------

    def _prepare(self, entries: list[Entry]) -> None:
        made: set[str] = set()
        for entry in entries:
            key = entry.path.lower()
            if entry.is_poll or PROVIDER.lower() not in key:
                self._seed_neighbour(entry, made)
                continue
            if entry.status == 429:
                self.emulator.faults.throttle(
                    entry.method, entry.path.replace(WORKSPACE, self.client.workspace)
                )
            for wanted in _ID.findall(json.dumps(entry.body or {})):
                full = f"{WORKSPACE}/{wanted}".lower()
                if full not in made:
                    made.add(full)
                    self._invent(wanted, entry)
            if entry.status >= 400:
                made.add(key)
                continue
            if entry.method == "GET" and key not in made:
                self._seed(entry, made)
            if entry.method == "POST" and key.rpartition("/")[0] not in made:
                self._seed_target(entry)
            if entry.method in ("PUT", "PATCH") and key not in made:
                again = entry.status == 200 and "/connections/" not in key
                if again:
                    self._send(entry)
            if entry.method in ("PUT", "GET"):
                made.add(key)
            if entry.method == "PUT" and isinstance(entry.answer, dict):
                self._put_where_it_was_found(entry, key, made)

    def _seed(self, entry: Entry, made: set[str]) -> None:
        answer = entry.answer
        if not isinstance(answer, dict):
            return
        if isinstance(answer.get("value"), list):
            for item in answer["value"]:
                if isinstance(item, dict) and str(item.get("id")).lower() not in made:
                    made.add(item["id"].lower())
                    self._put(entry, item["id"], item)
            return
        if entry.path.lower() != WORKSPACE.lower():
            self._put(entry, entry.path, answer)

    def _put_where_it_was_found(self, entry: Entry, key: str, made: set[str]) -> None:
        """An anonymous component that was there has the id of the older one."""
        known = str(entry.answer.get("id") or key)
        if "/components/" in key and known.lower() != key:
            made.add(known.lower())
            self._put(entry, known, entry.body)

    def _seed_neighbour(self, entry: Entry, made: set[str]) -> None:
        """A group, or a resource of another provider, that is looked at or removed."""
        key = entry.path.lower()
        named = "/providers/" in key or key.count("/") <= _GROUP_DEPTH + 1
        if entry.is_poll or "/deployments/" in key or entry.status >= 400:
            return
        group = entry.path.split("/")[:5]
        if len(group) == _GROUP_DEPTH + 1 and "/".join(group).lower() not in made:
            made.add("/".join(group).lower())
            query = {"api-version": "2020-06-01"}
            url = f"https://management.azure.com{'/'.join(group)}"
            self._send(Entry("PUT", url, {}, 201, None, {}), params=query)
        if named and entry.method in ("GET", "DELETE") and key not in made:
            made.add(key)
            for item in (entry.answer or {}).get("value") or []:
                self._put(entry, item["id"], {"location": "eastus"})
            if "/providers/" in key:
                self._put(entry, entry.path, {"location": "eastus"})

    def _seed_target(self, entry: Entry) -> None:
        if entry.path.lower().endswith("/cancel"):
            job = {"jobType": "Pipeline", "jobs": {}}
            self._put(entry, entry.path.rpartition("/")[0], {"properties": job})
            if entry.status == 200 or entry.status >= 400:
                self.emulator.clock.advance(3600)

    def _put(self, entry: Entry, path: str, body: Any) -> None:
        kept = {
            k: _without_nulls(v)
            for k, v in body.items()
            if k not in ("id", "name", "type", "systemData") and v is not None
        }
        for name in ("condaFile",):
            if name in (kept.get("properties") or {}) and not kept["properties"][name]:
                kept["properties"] = {**kept["properties"], name: None}
        made = Entry(
            "PUT",
            entry.url.replace(urlsplit(entry.url).path, path),
            kept,
            200,
            None,
            {},
        )
        self._send(made, params={"api-version": entry.query["api-version"]})
        self.emulator.clock.advance(3600)

    def _invent(self, wanted: str, entry: Entry) -> None:
        kind = wanted.partition("/")[0].lower()
        bodies: dict[str, Any] = {
            "codes": {"codeUri": "https://example.org/c"},
            "environments": {"image": "mcr.microsoft.com/x"},
            "data": {"dataType": "uri_file", "dataUri": "https://example.org/d"},
            "models": {"modelUri": "https://example.org/m"},
            "components": {"componentSpec": {"name": "c", "type": "command"}},
            "computes": {"computeType": "AmlCompute", "properties": {}},
        }
        if kind in bodies:
            client = self.client.at("2022-10-01")
            client.put(wanted, {"properties": bodies[kind]})
            self.emulator.clock.advance(3600)

    # -- sending -----------------------------------------------------------------

    def _send_until_alike(self, entry: Entry) -> Any:
        if entry.path.endswith("/cancel") and entry.status != 202:
            self.emulator.clock.advance(3600)
        answer = self._send(entry)
        wanted = _states(entry.answer)
        steps = 0
        while entry.method == "GET" and steps < _MOST_STEPS:
            body = answer.json() if answer.content else None
            alike = answer.status_code == entry.status and _states(body) == wanted
            if alike or (not wanted and answer.status_code == entry.status):
                break
            self.emulator.clock.advance(10)
            answer = self._send(entry)
            steps += 1
        return answer

    def _send(self, entry: Entry, params: dict[str, str] | None = None) -> Any:
        if entry.is_poll and self._operation_url:
            return self.client.get(self._operation_url)
        query = params or entry.query
        text = json.dumps(entry.body)
        version = query.pop("api-version", "2022-10-01")
        at = self.client.at(version)
        body = json.loads(self._own(text))
        answer = at.call(entry.method, self._own(entry.path), body, **query)
        self.client.exchanges += at.exchanges
        return answer

    def _as_own(self, answer: Any) -> Any:
        return json.loads(self._own(json.dumps(answer)))

    def _own(self, text: str) -> str:
        own = self.client.workspace
        group, _, _ = own.partition("/providers/")
        for theirs, ours in (
            (WORKSPACE, own),
            (GROUP, group),
            (SUBSCRIPTION, group.partition("/resourceGroups/")[0]),
        ):
            text = re.sub(re.escape(theirs), ours, text, flags=re.IGNORECASE)
        return text

    def _type_of(self, entry: Entry) -> tuple[Type | None, Any, str]:
        version = entry.query.get("api-version", "")
        if version not in known_versions() or PROVIDER not in entry.path:
            return None, {}, entry.path.rpartition("/")[2]
        contract = load_contract(version)
        found = contract.find(entry.method, urlsplit(entry.url).path)
        if not isinstance(found, Route) or entry.is_poll:
            return None, contract.definitions, "status of an operation"
        responses = found.operation.responses or {}
        spec = responses.get(str(entry.status)) or responses.get("default")
        return spec.body if spec else None, contract.definitions, found.operation.id


def _without_nulls(value: Any) -> Any:
    if isinstance(value, dict):
        return {k: _without_nulls(v) for k, v in value.items() if v is not None}
    return [_without_nulls(v) for v in value] if isinstance(value, list) else value


class StillClock(SteppingClock):
    """Time that only a test moves."""

    def note_poll(self) -> None:
        """Nothing."""


def _states(body: Any) -> tuple[Any, ...]:
    if not isinstance(body, dict):
        return ()
    properties = body.get("properties")
    holders = [body, properties if isinstance(properties, dict) else {}]
    inner = holders[1].get("properties")
    holders.append(inner if isinstance(inner, dict) else {})
    return tuple(h[n] for h in holders for n in _STATES if isinstance(h.get(n), str))


def outline(value: Any, kind: Type | None, definitions: Any) -> dict[str, str]:
    """Pointers of an answer and the type of what stands there.

    ``*`` stands for an item of a list, a key of a map, and anything below a
    free-form object.
    """
    found: dict[str, str] = {}
    if isinstance(value, dict) and set(value) >= {"error"}:
        return {"/": "object", "/*": "any"}
    _outline(value, kind, definitions, "", found)
    return found


def _outline(
    value: Any, kind: Type | None, definitions: Any, path: str, found: dict[str, str]
) -> None:
    if value is None and not path:
        return
    names = {
        bool: "boolean",
        int: "number",
        float: "number",
        str: "string",
        dict: "object",
        list: "array",
    }
    found[path or "/"] = names.get(type(value), "null")
    if isinstance(value, list):
        inner = kind.items if kind is not None and kind.kind == "array" else None
        for item in value:
            _outline(item, inner, definitions, f"{path}/*", found)
    if not isinstance(value, dict):
        return
    if kind is not None and kind.kind in ("object", "any"):
        if value:
            found[f"{path}/*"] = "any"
        return
    if kind is not None and kind.kind == "map":
        for item in value.values():
            _outline(item, kind.items, definitions, f"{path}/*", found)
        return
    properties: Any = {}
    if kind is not None and kind.kind == "ref":
        properties = resolve(value, kind.ref, definitions).properties
    for key, item in value.items():
        prop = properties.get(key)
        inner = prop.type if prop is not None else None
        _outline(item, inner, definitions, f"{path}/{key}", found)
