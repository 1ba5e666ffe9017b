"""Tell the calls of a script as exchanges, for those who compare recordings.

In: a script. Out: an exchange for each place that makes a call of the provider,
with the smallest answer that holds what the script reads of it, and the pointers
of that. What only running would tell stands between two marks.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Sequence

from azml_contract.exchange import Exchange, Request, Response
from azml_contract.json_pointer import escape
from azml_contract.scripts.judge import prepare
from azml_contract.scripts.script import Call, Script
from azml_contract.scripts.text import TOKEN
from azml_contract.scripts.uploads import Upload
from azml_contract.validation.answer_paths import sample_answer

OPEN, CLOSE = "\ue002", "\ue003"
"""What stands between them was not told by the script; see `Recording`."""


def find_exchanges(
    script: Script, api_version: str = ""
) -> Iterator[tuple[Exchange, tuple[str, ...]]]:
    """The calls of a script, each place once, and what is read of their answers.

    Args:
        script: As it was read.
        api_version: Stands in where the script does not tell its own.
    """
    for _, exchange, pointers in _tell_calls(script, api_version):
        yield exchange, pointers


def find_calls(script: Script) -> list[Call]:
    """The calls that `find_exchanges` tells of, in its order."""
    return [call for call, _, _ in _tell_calls(script, "")]


def _tell_calls(
    script: Script, api_version: str
) -> Iterator[tuple[Call, Exchange, tuple[str, ...]]]:
    reads: dict[tuple[str, int], list[tuple[str, ...]]] = {}
    for read in script.reads:
        reads.setdefault(script.calls[read.call].site, []).append(read.steps)
    told: set[tuple[str, int]] = set()
    for call in script.calls:
        if call.site in told:
            continue
        paths = tuple(dict.fromkeys(reads.get(call.site, ())))
        marked = mark_exchange(script, call, paths, api_version)
        if not isinstance(marked, str):
            told.add(call.site)
            yield call, marked[0], marked[1]


def find_untold(script: Script) -> Iterator[str]:
    """Why calls cannot be told as an exchange, one reason for each place."""
    told: dict[tuple[str, int], str] = {}
    for call in script.calls:
        marked = mark_exchange(script, call, ())
        reason = marked if isinstance(marked, str) else ""
        told[call.site] = reason and told.get(call.site, reason)
    yield from filter(None, told.values())


def find_skipped(script: Script) -> Iterator[str]:
    """Where calls go that are none of the provider, once for each place and reason."""
    fates = ((call.site, prepare(script, call, "").skipped) for call in script.calls)
    yield from (skipped for _, skipped in dict.fromkeys(fates) if skipped)


Sources = dict[str, tuple[int, tuple[str, ...]]]


def mark_exchange(
    script: Script,
    call: Call,
    paths: Sequence[tuple[str, ...]],
    api_version: str = "",
) -> tuple[Exchange, tuple[str, ...], Sources] | str:
    """One call as an exchange; why there is none, "" for a call to others.

    Returns:
        The exchange, the pointers of what is read, and for each mark in it that
        comes from an answer the index of that call and the path in its answer.
    """
    sent = prepare(script, call, api_version)
    if sent.skipped or sent.unknown:
        return "" if sent.skipped else sent.unknown
    sources: Sources = {}

    def mark(token: str, write: Callable[[str], str]) -> str:
        shown = f"{OPEN}{write(script.show(token))}{CLOSE}"
        (hole,) = script.shell.holes.find(token)
        if hole.call >= 0 and hole.path:
            sources[shown] = (hole.call, tuple(_plain(hole.path)))
        return shown

    request = Request(
        sent.request.method,
        TOKEN.sub(lambda found: mark(found[0], _in_url), sent.request.url),
        (),
        TOKEN.sub(
            lambda found: mark(found[0], _in_text), sent.request.body.decode()
        ).encode(),
    )
    status, body = sample_answer(sent.request, paths)
    answer = Response(status, (), json.dumps(body).encode() if paths else b"")
    return Exchange(request, answer), tuple(map(_point, paths)), sources


def find_uploads(script: Script) -> Iterator[tuple[int, Request | str]]:
    """What a script writes to blob storage, with its commands or with a client.

    Returns:
        How many calls were made before, and the request; a text where nothing can be
        read of what is sent.
    """
    yield from (
        (one.calls, sent) for one in script.uploads for sent in _put(script, one)
    )
    for call in script.calls:
        sent = prepare(script, call, "")
        url = sent.url.flat
        if sent.skipped != "blob storage" or sent.request.method != "PUT":
            continue
        body = call.request.body
        if "comp=" in url or body is None or call.request.unknown:
            line = call.source.locate(call.start).line
            why = call.request.unknown or "it is no whole blob"
            yield call.index, f"line {line}: {why}"
        else:
            yield call.index, Request("PUT", _mark(script, url), (), body.flat.encode())


def _put(script: Script, upload: Upload) -> Iterator[Request | str]:
    """The blobs of one command, each as it would be put."""
    name = upload.local.flat
    found = {} if TOKEN.search(name) else script.shell.files.read_all(name)
    if not found:
        line = upload.source.locate(upload.start).line
        yield f"line {line}: it uploads {script.show(name)}, which cannot be read"
    account = _mark(script, upload.account.flat) or "account"
    target = _mark(script, upload.target.flat)
    for path, content in found.items():
        below = f"/{path}" if upload.is_folder else ""
        url = f"https://{account}.blob.core.windows.net/{target}{below}"
        yield Request("PUT", url, (), content)


def _mark(script: Script, text: str) -> str:
    return TOKEN.sub(
        lambda found: f"{OPEN}{_in_url(script.show(found[0]))}{CLOSE}", text
    )


def _in_url(shown: str) -> str:
    return re.sub(r"[^\w$.{}-]", "_", shown)


def _in_text(shown: str) -> str:
    return json.dumps(shown, ensure_ascii=False)[1:-1]


def _plain(steps: Sequence[str]) -> Iterator[str]:
    """Every item is told by the first."""
    return ("0" if step == "*" else step for step in steps)


def _point(steps: Sequence[str]) -> str:
    """A JSON pointer."""
    return "".join(f"/{escape(one)}" for one in _plain(steps))
