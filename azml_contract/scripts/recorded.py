"""Tell the calls of a script as exchanges, for those who compare recordings.

In: a script. Out: an exchange for each place that makes a call of the provider,
with the smallest answer that holds what the script reads of it, and the pointers
of that. What only running would tell stands between two marks.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence

from azml_contract.exchange import Exchange, Request, Response
from azml_contract.scripts.judge import prepare
from azml_contract.scripts.script import Script
from azml_contract.scripts.text import TOKEN
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
    reads: dict[tuple[str, int], list[tuple[str, ...]]] = {}
    for read in script.reads:
        reads.setdefault(script.calls[read.call].site, []).append(read.steps)
    told: set[tuple[str, int]] = set()
    for call in script.calls:
        sent = prepare(script, call, api_version)
        if call.site in told or sent.skipped or sent.unknown:
            continue
        told.add(call.site)
        request = Request(
            sent.request.method,
            TOKEN.sub(lambda found: _mark_in_url(script, found[0]), sent.request.url),
            (),
            TOKEN.sub(
                lambda found: _mark_in_text(script, found[0]),
                sent.request.body.decode(),
            ).encode(),
        )
        paths = tuple(dict.fromkeys(reads.get(call.site, ())))
        status, body = sample_answer(sent.request, paths)
        answer = Response(status, (), json.dumps(body).encode() if paths else b"")
        yield Exchange(request, answer), tuple(map(_point, paths))


def _mark_in_url(script: Script, token: str) -> str:
    shown = re.sub(r"[^\w$.{}-]", "_", script.show(token))
    return f"{OPEN}{shown}{CLOSE}"


def _mark_in_text(script: Script, token: str) -> str:
    return f"{OPEN}{json.dumps(script.show(token), ensure_ascii=False)[1:-1]}{CLOSE}"


def _point(steps: Sequence[str]) -> str:
    """A JSON pointer; every item is told by the first."""
    escaped = ("0" if step == "*" else step for step in steps)
    return "".join(f"/{one.replace('~', '~0').replace('/', '~1')}" for one in escaped)
