"""The contenders of the replay benchmark: how each writes and opens a cassette.

In: calls and a file. Out: a context whose function answers a call the way a
client would get it. All but one are asked through a session of requests; ours
is also asked through urllib3, which meets vcrpy's stubs.

Each matches what its users get by default: the verb and the URL, and ours the
body as well. vcrpy with the body is a contender of its own.
"""

from __future__ import annotations

import http.client
import json
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import Any

import jobs
import requests
import urllib3
from requests.adapters import HTTPAdapter
from urllib3 import HTTPHeaderDict, HTTPResponse

from azml_contract.exchange import Exchange, Request, Response
from azml_contract.recording.engine import Mode, Recorder, RecorderSettings
from azml_contract.redaction.rules import RedactionRules

SENT = {"Content-Type": "application/json"}
ANSWERED = {"Content-Type": "application/json; charset=utf-8"}
VERSION = "2023-10-01"


@dataclass(frozen=True)
class Call:
    """One request, and its answer."""

    method: str
    url: str
    body: bytes
    answer: bytes


Send = Callable[[Call], bytes]
Open = Callable[[Path], AbstractContextManager[Send]]
Write = Callable[[Path, Sequence[Call]], None]


@dataclass(frozen=True)
class Contender:
    """How to write a cassette, and how to open it."""

    name: str
    write: Write
    open: Open
    suffix: str = ".json"
    module: str = "vcr"
    quadratic: bool = False


def make_calls(count: int) -> list[Call]:
    """Half PUT, half GET of what was put; all bodies differ, about 2 KB each."""
    texts = jobs.make_jobs("command", VERSION, (count + 1) // 2, valid=True)
    calls = []
    for number, text in enumerate(texts):
        name = f"train-{number}"
        url = jobs.job_url(name, VERSION)
        answer = json.dumps(jobs.make_answer(text, name)).encode()
        calls.append(Call("PUT", url, text.encode(), answer))
        calls.append(Call("GET", url, b"", answer))
    return calls[:count]


def open_session() -> requests.Session:
    """A session that leaves the environment alone.

    By default requests looks through all of it for proxies, twice a request:
    a cost that depends on the machine, and hides what contenders differ in.
    """
    session = requests.Session()
    session.trust_env = False
    return session


def ask(session: requests.Session, call: Call) -> bytes:
    """Send a call through requests, and read the answer."""
    headers = SENT if call.body else None
    body = call.body or None
    answer = session.request(call.method, call.url, data=body, headers=headers)
    return answer.content


# A dictionary behind requests: the floor -------------------------------------------


class DictAdapter(HTTPAdapter):
    """Answers from a dictionary by verb and URL."""

    def __init__(self, answers: dict[tuple[str, str], bytes]) -> None:
        super().__init__()
        self._answers = answers

    def send(self, request: requests.PreparedRequest, *_: Any, **__: Any) -> Any:
        body = self._answers[request.method or "", request.url or ""]
        raw = HTTPResponse(
            body=BytesIO(body),
            headers=HTTPHeaderDict(ANSWERED),
            status=200,
            reason=http.client.responses[200],
            preload_content=False,
        )
        return self.build_response(request, raw)


def write_plain(path: Path, calls: Sequence[Call]) -> None:
    """A list of calls."""
    listed = [
        [call.method, call.url, call.body.decode(), call.answer.decode()]
        for call in calls
    ]
    path.write_text(json.dumps(listed))


@contextmanager
def open_dict(path: Path) -> Iterator[Send]:
    """The floor."""
    answers = {
        (method, url): answer.encode()
        for method, url, _, answer in json.loads(path.read_text())
    }
    with open_session() as session:
        session.mount("https://", DictAdapter(answers))
        yield lambda call: ask(session, call)


# Ours --------------------------------------------------------------------------------


def make_recorder(path: Path, mode: Mode, observe: Any = None) -> Recorder:
    """A recorder without rules: no scrubbing beyond what is always on."""
    return Recorder(
        RecorderSettings(
            path,
            mode=mode,
            scenario="bench/replay",
            api_version=VERSION,
            target="emulator",
            rules=RedactionRules(),
        ),
        observe,
    )


def write_ours(path: Path, calls: Sequence[Call]) -> None:
    """Recorded, scrubbed, scanned and saved."""
    recorder = make_recorder(path, Mode.RECORD)
    sent, answered = tuple(SENT.items()), tuple(ANSWERED.items())
    for call in calls:
        request = Request(call.method, call.url, sent, call.body)
        exchange = Exchange(request, Response(200, answered, call.answer))
        recorder.record(exchange, recorder.start())
    recorder.save()


@contextmanager
def open_ours(path: Path, observe: Any = None) -> Iterator[Send]:
    """Replay through requests."""
    with make_recorder(path, Mode.REPLAY, observe), open_session() as session:
        yield lambda call: ask(session, call)


def open_validated(path: Path) -> AbstractContextManager[Send]:
    """Replay through requests, request and answer of every call validated."""
    from azml_contract.validation.validator import Validator

    return open_ours(path, Validator().check)


@contextmanager
def open_urllib3(path: Path) -> Iterator[Send]:
    """Replay through urllib3, which meets vcrpy's stubs."""
    with make_recorder(path, Mode.REPLAY), urllib3.PoolManager() as pool:

        def send(call: Call) -> bytes:
            headers = SENT if call.body else None
            body = call.body or None
            answer = pool.request(call.method, call.url, body=body, headers=headers)
            return answer.data

        yield send


# The field ---------------------------------------------------------------------------


def write_vcrpy(path: Path, calls: Sequence[Call]) -> None:
    """As vcrpy writes, in YAML or JSON by suffix."""
    from vcr.persisters.filesystem import FilesystemPersister
    from vcr.request import Request as Asked
    from vcr.serializers import jsonserializer, yamlserializer

    listed: dict[str, list[Any]] = {"requests": [], "responses": []}
    for call in calls:
        sent = dict(SENT) if call.body else {}
        asked = Asked(call.method, call.url, call.body or None, sent)
        listed["requests"].append(asked)
        listed["responses"].append(
            {
                "status": {"code": 200, "message": "OK"},
                "headers": {name: [value] for name, value in ANSWERED.items()},
                "body": {"string": call.answer},
            }
        )
    serializer = jsonserializer if path.suffix == ".json" else yamlserializer
    FilesystemPersister.save_cassette(path, listed, serializer)


@contextmanager
def open_vcrpy(path: Path, **options: Any) -> Iterator[Send]:
    """As its users open it."""
    import vcr

    serializer = path.suffix[1:]
    options = {"record_mode": vcr.mode.NONE, "serializer": serializer, **options}
    with vcr.use_cassette(str(path), **options), open_session() as session:
        yield lambda call: ask(session, call)


def open_vcrpy_body(path: Path) -> AbstractContextManager[Send]:
    """The body compared as well, as bodies of PUTs need."""
    usual = ["method", "scheme", "host", "port", "path", "query"]
    return open_vcrpy(path, match_on=[*usual, "body"])


def write_betamax(path: Path, calls: Sequence[Call]) -> None:
    """Its format, which it calls betamax/0.9.0."""
    from betamax.util import timestamp

    def pair(call: Call) -> dict[str, Any]:
        body = {"encoding": "utf-8", "string": call.body.decode()}
        answer = {"encoding": "utf-8", "string": call.answer.decode()}
        headers = {name: [value] for name, value in ANSWERED.items()}
        return {
            "recorded_at": timestamp(),
            "request": {
                "method": call.method,
                "uri": call.url,
                "headers": {name: [value] for name, value in SENT.items()},
                "body": body,
            },
            "response": {
                "body": answer,
                "headers": headers,
                "status": {"code": 200, "message": "OK"},
                "url": call.url,
            },
        }

    document = {
        "http_interactions": [pair(call) for call in calls],
        "recorded_with": "betamax/0.9.0",
    }
    path.write_text(json.dumps(document))


@contextmanager
def open_betamax(path: Path) -> Iterator[Send]:
    """Its recorder around a session."""
    from betamax import Betamax

    with open_session() as session:
        recorder = Betamax(session, cassette_library_dir=str(path.parent))
        with recorder.use_cassette(path.stem, record="none"):
            yield lambda call: ask(session, call)


@contextmanager
def open_responses(path: Path) -> Iterator[Send]:
    """Its mock, one registration for each call."""
    import responses

    with responses.RequestsMock(assert_all_requests_are_fired=False) as mock:
        for method, url, _, answer in json.loads(path.read_text()):
            kind = ANSWERED["Content-Type"]
            mock.add(method, url, body=answer, status=200, content_type=kind)
        with open_session() as session:
            yield lambda call: ask(session, call)


def write_cassetter(path: Path, calls: Sequence[Call]) -> None:
    """As it saves, in the format that it can load again."""
    from cassetter._core import (
        Body,
        Cassette,
        HttpInteraction,
        HttpRequest,
        HttpResponse,
    )

    cassette = Cassette()
    sent = {name.lower(): [value] for name, value in SENT.items()}
    answered = {name.lower(): [value] for name, value in ANSWERED.items()}
    for call in calls:
        body = Body("json", json.loads(call.body)) if call.body else Body("none")
        request = HttpRequest(call.method, call.url, sent, body)
        response = HttpResponse(200, answered, Body("json", json.loads(call.answer)))
        made = HttpInteraction(request, response, "2024-01-01T00:00:00Z")
        cassette.add_interaction(made)
    cassette.save(str(path))


@contextmanager
def open_cassetter(path: Path) -> Iterator[Send]:
    """As its users open it, for requests alone."""
    import cassetter

    with (
        cassetter.use_cassette(path, record_mode="none", intercept=["requests"]),
        open_session() as session,
    ):
        yield lambda call: ask(session, call)


FLOOR, OURS, VALIDATED = "a dictionary", "ours", "ours (validated)"
URLLIB3 = "ours (urllib3)"
CONTENDERS = (
    Contender(FLOOR, write_plain, open_dict),
    Contender(OURS, write_ours, open_ours),
    Contender(VALIDATED, write_ours, open_validated),
    Contender(URLLIB3, write_ours, open_urllib3),
    Contender("vcrpy", write_vcrpy, open_vcrpy, ".yaml", quadratic=True),
    Contender("vcrpy (JSON)", write_vcrpy, open_vcrpy, quadratic=True),
    Contender("vcrpy (body)", write_vcrpy, open_vcrpy_body, quadratic=True),
    Contender("betamax", write_betamax, open_betamax, module="betamax", quadratic=True),
    Contender(
        "responses", write_plain, open_responses, module="responses", quadratic=True
    ),
    Contender(
        "cassetter", write_cassetter, open_cassetter, ".toml", module="cassetter"
    ),
)
