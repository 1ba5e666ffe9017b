"""Tell calls as a scenario: a module, its bodies, and the files that it uploads.

In: calls in their order, of a script or of a recording. Out: the text of a test
module and of everything beside it. Names that differ from run to run become
variables, ids and values of earlier answers become slots, polls become waits, blobs
become uploads. Knows no files and no formats.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

from azml_contract.exchange import Exchange, Request
from azml_contract.finding import Severity
from azml_contract.json_pointer import unescape
from azml_contract.stories.python import (
    CLUSTER,
    ENSURE,
    Call,
    Line,
    assert_read,
    index_of,
    literal,
    quote,
)
from azml_contract.validation.validator import Validator

HOLE = re.compile("[\ue002\ue003]")
_MARKED = re.compile("\ue002([^\ue003]*)\ue003")
_WORKSPACE = re.compile(
    r"(?i)^/subscriptions/[^/]+/resourceGroups/[^/]+/providers/"
    r"Microsoft\.MachineLearningServices/workspaces/[^/?]+"
)
_ANY_WORKSPACE = (
    "https://management.azure.com/subscriptions/00000000-0000-0000-0000-000000000000"
    "/resourceGroups/resource-group/providers/Microsoft.MachineLearningServices"
    "/workspaces/workspace"
)
_DRAWN = re.compile(r"\d{5,}|[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")
_BLOB = re.compile(r"(?i)^https?://[^/]*\.blob\.[^/]+/")
_OPERATION = re.compile(r"(?i)/locations/[^/]+/[a-z]*operation")
_COMPUTE = re.compile(r"(?i)/computes/[^/]+$")
_NOUNS = {
    "environments": "environment",
    "data": "data",
    "codes": "code",
    "jobs": "job",
    "computes": "cluster",
    "datastores": "datastore",
    "models": "model",
    "components": "component",
    "schedules": "schedule",
}
_LEAST = 12
"""Shorter values of an answer may be equal by chance."""


@dataclass(slots=True)
class Step:
    """One call; `polls` where it is one of many that wait for an end.

    `sources` say for texts of the request from which answer they come: the step's
    index and the path in it.
    """

    exchange: Exchange
    polls: bool = False
    reads: tuple[str, ...] = ()
    sources: Mapping[str, tuple[int, tuple[str, ...]]] = field(default_factory=dict)


@dataclass(slots=True)
class Story:
    """What was made: the module, its other files by path, and what was left out."""

    module: str
    files: dict[str, str | bytes]
    left_out: list[str]


def tell_story(
    name: str,
    version: str,
    steps: Sequence[Step],
    family: str,
    *,
    costs: bool = True,
    is_ours: bool = False,
) -> Story:
    """Tell calls as one test.

    Args:
        name: Of the story, as in ``train``.
        version: The api-version that the calls are made at.
        steps: The calls.
        family: The folder of bodies that `version` is looked for in.
        costs: Some call may start what Azure bills.
        is_ours: The module stands in a checkout of this project, whose imports
            are sorted apart.
    """
    return _Teller(name, version, family, costs=costs, is_ours=is_ours).tell(steps)


class _Teller:
    def __init__(
        self, name: str, version: str, family: str, *, costs: bool, is_ours: bool
    ) -> None:
        self._costs = costs
        self._between = "\n\n" if is_ours else "\n"
        self._name = name
        self._version = version
        self._bodies = f"bodies/{family}/{name}"
        self._lines: list[Line] = []
        self._files: dict[str, str | bytes] = {}
        self._left: list[str] = []
        self._names: dict[str, int] = {}
        self._drawn: dict[str, str] = {}  # a name in a path: its variable
        self._ids: dict[str, tuple[Line, str]] = {}  # an id, in lower case
        self._answers: dict[int, Line] = {}
        self._leaves: dict[str, tuple[int, tuple[str, ...]]] = {}
        self._uploads: dict[str, tuple[Line, str]] = {}
        self._uses: set[str] = set()
        self._expected: dict[tuple[str, str], None] = {}
        self._prefix = ""
        self._pending: list[str] = []

    def tell(self, steps: Sequence[Step]) -> Story:
        blobs: list[Request] = []
        for index, step in enumerate(steps):
            request = step.exchange.request
            if _BLOB.match(request.url):
                if request.method == "PUT" and "comp=" not in request.url:
                    if blobs and _parts(blobs[-1], request):
                        self._upload(blobs)
                        blobs = []
                    blobs.append(request)
                continue
            if blobs:
                self._upload(blobs)
                blobs = []
            self._tell_step(index, step)
        if blobs:
            self._upload(blobs)
        return Story(self._render(), self._files, self._left)

    # --- calls --------------------------------------------------------------------

    def _tell_step(self, index: int, step: Step) -> None:
        request = step.exchange.request
        path = unquote(request.path)
        found = _WORKSPACE.match(path)
        if _OPERATION.search(path):
            self._wait_for_operation()
            return
        if found is None:
            if path.lower().startswith("/subscriptions/"):
                self._left.append(f"{request.method} {path}")
            return
        self._prefix = found[0].lower()
        below = path[found.end() :].strip("/")
        if below.lower().endswith("/listsecrets"):
            return  # an upload asks for itself
        if below.lower().endswith("/startpendingupload"):
            self._pending = below.split("/")
            return
        text = self._path(below, request.method)
        if step.polls and re.match(r"(?i)jobs/[^/]+$", below):
            self._wait(text)
        elif step.polls:
            line = f"azml.wait({text})"
            if not self._lines or self._lines[-1].text != line:
                self._add(line)
        else:
            self._call(index, step, below, text)
        self._learn(index, step.exchange)

    def _wait_for_operation(self) -> None:
        """Polls of an operation are the wait for the answer that started it."""
        line = next((one for one in reversed(self._lines) if one.target), None)
        if line is not None and line is self._lines[-1]:
            line.is_used = True
            self._add(f"azml.wait({line.target})")

    def _wait(self, text: str) -> None:
        line = f"done = azml.wait({text})"
        if len(self._lines) > 1 and self._lines[-2].text == line:
            return
        self._add(line)
        self._add('assert done.json["properties"]["status"] == "Completed"')

    def _call(self, index: int, step: Step, below: str, text: str) -> None:
        request, status = step.exchange.request, step.exchange.response.status
        noun = self._noun(below)
        arguments: list[str | Call] = [text]
        if request.body.strip():
            arguments.append(self._body(index, step, noun))
        query = [(k, v) for k, v in parse_qsl(urlsplit(request.url).query)]
        params = {k: v for k, v in query if k.lower() != "api-version"}
        if params:
            shown = {HOLE.sub("", k): HOLE.sub("", v) for k, v in params.items()}
            arguments.append(f"params={literal(shown)}")
        expected = (
            "200, 201" if request.method == "PUT" and status < 300 else str(status)
        )
        if request.method in ("POST", "DELETE", "PATCH") and status < 300:
            expected = "200, 202, 204"
        verb = request.method.lower()
        call = Call(f"azml.{verb}", tuple(arguments), f".expect({expected})")
        line = self._add(call, self._unique(f"{noun}_answer"))
        self._answers[index] = line
        if request.method == "PUT":
            whole = f"{self._prefix}/{below}".lower()
            self._ids[whole] = (line, '.json["id"]')
            if _COMPUTE.search(f"/{below}"):
                self._uses.add("own cluster")
        body = _parse(step.exchange)
        for pointer in step.reads:
            steps = pointer.split("/")[1:]
            first = ["0" if step == "*" else step for step in steps]
            if isinstance(_get(body, first), str | int) and _get(body, first):
                line.is_used = True
                self._add(assert_read(f"{line.target}.json", steps))

    def _add(self, text: str | Call, target: str = "") -> Line:
        line = Line(text, target)
        self._lines.append(line)
        return line

    def _noun(self, below: str) -> str:
        parts = below.split("/")
        noun = _NOUNS.get(parts[0].lower(), re.sub(r"\W", "_", parts[0].lower()))
        return f"{noun}_{parts[-1].lower()}" if len(parts) == 3 else noun or "workspace"

    def _unique(self, name: str) -> str:
        name = re.sub(r"\W", "_", name)
        count = self._names[name] = self._names.get(name, 0) + 1
        return name if count == 1 else f"{name}_{count}"

    def _path(self, below: str, method: str) -> str:
        """A path as Python writes it; names of this run are variables."""
        parts = below.split("/")
        made: list[str] = []
        told = {}
        for place, part in enumerate(parts):
            before = parts[place - 1].lower() if place else ""
            last = place == len(parts) - 1
            if part not in self._drawn and method == "PUT" and last:
                self._draw(part, before)
            if part in self._drawn:
                told[place] = f"{{{self._drawn[part]}}}"
            elif before == "computes":
                told[place] = "{azml.settings.compute}"
            made.append(HOLE.sub("", part))
        if not told:
            return quote("/".join(made))
        plain = (one.replace("{", "{{").replace("}", "}}") for one in made)
        return f"f{quote('/'.join(told.get(n, one) for n, one in enumerate(plain)))}"

    def _draw(self, part: str, before: str) -> None:
        """Make a variable of a name that this run chose."""
        is_job = before == "jobs"
        if not (is_job or HOLE.search(part) or _DRAWN.fullmatch(part)):
            return
        if before == "computes":
            return
        name = self._unique(
            "job" if is_job else "version" if before == "versions" else "name"
        )
        draw = "str(uuid4())" if is_job else "str(int(time.time()))"
        self._uses.add("uuid4" if is_job else "time")
        self._add(f"{name} = azml.var({quote(name)}, lambda: {draw})")
        self._drawn[part] = name

    # --- bodies -------------------------------------------------------------------

    def _body(self, index: int, step: Step, noun: str) -> Call:
        request = step.exchange.request
        name = self._unique(noun if noun != "job" else _kind_of(request))
        self._expect(request)
        try:
            value = json.loads(request.body)
        except ValueError:
            text = request.body.decode(errors="replace")
            self._files[f"{self._bodies}/{name}.txt"] = HOLE.sub("", text)
            return Call("azml.body", (quote(f"{self._name}/{name}"),))
        slots: dict[str, str] = {}
        filled = self._fill(value, step, slots)
        text = json.dumps(filled, indent=2, ensure_ascii=False) + "\n"
        self._files[f"{self._bodies}/{name}.json"] = text
        given = (f"{slot}={value}" for slot, value in slots.items())
        return Call("azml.body", (quote(f"{self._name}/{name}"), *given))

    def _expect(self, request: Request) -> None:
        """Errors that the contract finds in a body are those that it had."""
        path = unquote(request.path)
        found = _WORKSPACE.match(path)
        if found is not None:  # names of the workspace are none of the scenario's
            query = urlsplit(request.url).query
            url = f"{_ANY_WORKSPACE}{path[found.end() :]}?{query}"
            request = Request(request.method, url, (), request.body)
        for finding in Validator().check_request(request).findings:
            hangs = HOLE.search(f"{finding.seen}{finding.expected}")
            if finding.severity is Severity.ERROR and not hangs:
                self._expected[finding.code, finding.pointer] = None

    def _fill(
        self, value: Any, step: Step, slots: dict[str, str], key: str = ""
    ) -> Any:
        if isinstance(value, dict):
            return {
                key: self._fill(one, step, slots, key) for key, one in value.items()
            }
        if isinstance(value, list):
            return [self._fill(one, step, slots) for one in value]
        if isinstance(value, str):
            return self._fill_text(value, step, slots, key)
        return value

    def _fill_text(self, text: str, step: Step, slots: dict[str, str], key: str) -> str:
        known = self._ids.get(text.lower())
        if known is not None and _COMPUTE.search(text) is None:
            line, tail = known
            line.is_used = True
            slot = line.target.replace("_answer", "_id")
            slots[slot] = f"{line.target}{tail}"
            return f"{{{{ {slot} }}}}"
        if text.lower().startswith(f"{self._prefix}/computes/"):
            self._uses.add("cluster")
            return "{{ compute_id }}"
        plain = text.replace(":443/", "/")
        for above, (line, what) in self._uploads.items():
            if what == "path" and key not in ("path", "uri"):
                continue  # a word that happens to be the name of a folder
            if f"{plain.lower()}/".startswith(f"{above}/"):
                line.is_used = True
                slot = line.target if what == "uri" else f"{line.target}_{what}"
                slots[slot] = f"{line.target}.{what}"
                return f"{{{{ {slot} }}}}{plain[len(above) :]}"
        if self._prefix and self._prefix in text.lower():
            start = text.lower().index(self._prefix)
            tail = text[start + len(self._prefix) :]
            return self._fill_parts(
                f"{text[:start]}{{{{ workspace_id }}}}{tail}", step, slots
            )
        told = self._leaves.get(text)
        if told is not None:
            return self._from_answer(told, slots)
        return self._fill_parts(text, step, slots)

    def _fill_parts(self, text: str, step: Step, slots: dict[str, str]) -> str:
        for part, name in sorted(self._drawn.items(), key=lambda one: -len(one[0])):
            if len(part) > 4 and part in text:
                slots[name] = name
                text = text.replace(part, f"{{{{ {name} }}}}")

        def put(found: re.Match[str]) -> str:
            source = step.sources.get(found[0])
            if source is not None and source[0] in self._answers:
                return self._from_answer(source, slots)
            slot = re.sub(r"\W+", "_", found[1]).strip("_").lower() or "value"
            slot = slot if slot[0].isalpha() else f"value_{slot}"
            slots[slot] = quote(slot.replace("_", "-"))
            return f"{{{{ {slot} }}}}"

        return _MARKED.sub(put, text)

    def _from_answer(
        self, source: tuple[int, tuple[str, ...]], slots: dict[str, str]
    ) -> str:
        line = self._answers[source[0]]
        line.is_used = True
        slot = re.sub(
            r"\W", "_", f"{line.target.removesuffix('_answer')}_{source[1][-1]}"
        )
        slots[slot] = f"{line.target}.json{index_of(source[1])}"
        return f"{{{{ {slot} }}}}"

    def _learn(self, index: int, exchange: Exchange) -> None:
        """Values of an answer that a later call may send."""
        if index not in self._answers:
            return
        for path, text in _leaves(_parse(exchange), ()):
            if len(text) >= _LEAST and not HOLE.search(text):
                self._leaves.setdefault(text, (index, path))

    # --- uploads ------------------------------------------------------------------

    def _upload(self, blobs: Sequence[Request]) -> None:
        """Blobs put one after another are one upload of a folder, or of a file."""
        paths = [unquote(urlsplit(one.url).path).strip("/") for one in blobs]
        first = urlsplit(blobs[0].url)
        folder = self._unique("upload")
        common = paths[0].rpartition("/")[0]
        while common and any(not path.startswith(f"{common}/") for path in paths):
            common = common.rpartition("/")[0]
        for path, request in zip(paths, blobs, strict=True):
            name = path[len(common) :].strip("/")
            self._files[f"{self._name}_files/{folder}/{name}"] = request.body
        self._uses.add("here")
        arguments = [f"FILES / {quote(folder)}"]
        if self._pending:
            _, name, _, version, _ = self._pending
            if version not in self._drawn:
                self._draw(version, "versions")
            shown = self._drawn.get(version, quote(HOLE.sub("", version)))
            arguments.append(f"code=({quote(HOLE.sub('', name))}, {shown})")
            self._pending = []
        line = self._add(Call("azml.upload", tuple(arguments)), folder)
        host = first.netloc.removesuffix(":443")
        self._uploads[f"https://{host}/{common}".lower()] = line, "uri"
        inside = common.partition("/")[2].lower()
        if inside:
            self._uploads[inside] = line, "path"

    # --- the module ---------------------------------------------------------------

    def _render(self) -> str:
        if "own cluster" in self._uses:
            self._uses.discard("cluster")
        if "cluster" in self._uses:
            self._files[f"{self._bodies}/ensure_cluster.json"] = CLUSTER
        imports = ["import time"] if "time" in self._uses else []
        imports += ["from pathlib import Path"] if "here" in self._uses else []
        imports += ["from uuid import uuid4"] if "uuid4" in self._uses else []
        blocks = [f'"""{self._name}, told by the calls that it made."""']
        blocks.append("from __future__ import annotations")
        blocks += ["\n".join(imports)] if imports else []
        ours = "from azml_contract import Workspace"
        blocks.append(f"import pytest{self._between}{ours}")
        if "here" in self._uses:
            blocks.append(f'FILES = Path(__file__).with_name("{self._name}_files")')
        return "\n\n".join(blocks) + "\n\n\n" + self._render_test()

    def _render_test(self) -> str:
        marker = [f'api_versions=["{self._version}"]']
        marker += ["compute=True"] if self._costs or "cluster" in self._uses else []
        if self._expected:
            listed = ", ".join(f"({quote(c)}, {quote(p)})" for c, p in self._expected)
            marker.append(f"expect=[{listed}]")
        lines = Call("@pytest.mark.azml", tuple(marker)).wrap("", "", 0)
        lines.append(f"def test_{self._name}(azml: Workspace) -> None:")
        lines += ["    ensure_cluster(azml)"] if "cluster" in self._uses else []
        for line in self._lines:
            start = f"{line.target} = " if line.is_used else ""
            if isinstance(line.text, Call):
                lines += line.text.wrap(start, "", 4)
            else:
                lines.append(f"    {start}{line.text}")
        text = "\n".join(lines) + "\n"
        if "cluster" in self._uses:
            text += ENSURE.format(body=f"{self._name}/ensure_cluster")
        return text


def _parts(one: Request, two: Request) -> bool:
    """Whether two blobs are of two uploads: their containers or folders differ."""
    (box, *folders), (other, *others) = (
        unquote(urlsplit(each.url).path).strip("/").split("/")[:-1] or [""]
        for each in (one, two)
    )
    return box != other or bool(folders and others and folders[0] != others[0])


def _kind_of(request: Request) -> str:
    kind = re.search(rb'"jobType"\s*:\s*"(\w+)"', request.body)
    return f"{kind[1].decode().lower()}_job" if kind else "job"


def _parse(exchange: Exchange) -> Any:
    try:
        return json.loads(exchange.response.body or b"null")
    except ValueError:
        return None


def _get(value: Any, steps: Sequence[str]) -> Any:
    for step in steps:
        if isinstance(value, dict):
            value = value.get(unescape(step))
        elif isinstance(value, list) and step.isdecimal() and int(step) < len(value):
            value = value[int(step)]
        else:
            return None
    return value


def _leaves(value: Any, path: tuple[str, ...]) -> Iterator[tuple[tuple[str, ...], str]]:
    items: Iterable[tuple[Any, Any]] = ()
    if isinstance(value, dict):
        items = value.items()
    elif isinstance(value, list):
        items = enumerate(value)
    elif isinstance(value, str):
        yield path, value
    for key, one in items:
        yield from _leaves(one, (*path, str(key)))
