"""Make a cassette of a recording of another tool, sanitised as if we had recorded it.

In: its exchanges as they were read, what the caller says about them, and
redaction rules. Out: the bytes of a cassette and its side files, or
`SecretFound`. Where names of the recorded side are not known from settings they
are learned from the recording itself.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import Any

from azml_contract.cassette.cassette import Cassette, render_cassette
from azml_contract.documents.formats import Format
from azml_contract.exchange import (
    EMULATOR_MARK,
    Exchange,
    Headers,
    Json,
    Request,
    Response,
)
from azml_contract.recording.identity import Logins
from azml_contract.recording.scrub import Sanitizer, Scrubber
from azml_contract.recording.tape import Tape
from azml_contract.recording.uncollected import uncollected
from azml_contract.redaction.origin import (
    learn_identifiers,
    learn_stray_ids,
    placeholder_identifiers,
)
from azml_contract.redaction.rules import Identifier, RedactionRules
from azml_contract.redaction.scan import Scanner, SecretFound, Suspicion

_UNTRUE_HEADERS = frozenset({"content-encoding", "transfer-encoding"})


@dataclass(frozen=True, slots=True)
class Imported:
    """A cassette that is ready to be written."""

    cassette: Cassette
    rendered: bytes
    side_files: Mapping[str, bytes]
    unopened: tuple[Suspicion, ...] = ()


def is_call(exchange: Exchange) -> bool:
    """Whether a client could ask for this again, and be answered.

    Browsers note more: what was cancelled, sockets, images in the page itself,
    and the questions they ask of their own before a call to another host.
    """
    request = exchange.request
    preflight = request.header("access-control-request-method") is not None
    return (
        request.url.startswith(("https://", "http://"))
        and exchange.response.status >= 200
        and not preflight
    )


def import_exchanges(
    exchanges: Sequence[Exchange],
    header: Cassette,
    rules: RedactionRules,
    *,
    path: Path,
    is_ours: bool = False,
) -> Imported:
    """Sanitise exchanges and put them in the order and shape of a cassette.

    Args:
        exchanges: In the order they were recorded.
        header: What is known of the recording, variables and reads included;
            its interactions are ignored. Reads are kept if they still fit.
        rules: What must not be kept; names of the recording itself are added.
        path: Where it will be written, for messages.
        is_ours: It was exported from a cassette: its names are placeholders.

    Raises:
        SecretFound: Something that looks secret would have been written.
    """
    learned = (learn_stray_ids if is_ours else learn_identifiers)(exchanges)
    awkward = [one for one in learned if _is_inside_its_placeholder(one)]
    rules = replace(
        rules,
        identifiers=(
            *rules.identifiers,
            *(one for one in learned if one not in awkward),
            *placeholder_identifiers(),
        ),
    )
    levelled: list[Sanitizer] = [_as_decoded, *(_renaming(one) for one in awkward)]
    exchanges = [_apply(levelled, one) for one in exchanges]
    tape = Tape(Logins())
    for exchange in exchanges:
        tape.add(exchange, tape.start())
    variables = dict(header.variables)
    with uncollected():
        scrubber = Scrubber(rules, exchanges, variables=variables)
        cassette = tape.to_cassette(header, scrubber, variables)
        count = len(cassette.interactions)
        reads = header.reads and {i: r for i, r in header.reads.items() if i < count}
        cassette = replace(cassette, reads=reads)
        rendered = render_cassette(cassette)
        scanner = Scanner(scrubber.redactor, variables)
        found = scanner.scan(rendered, scrubber.side_files)
    if found:
        raise SecretFound(path, found)
    unopened = tuple(scanner.unopened)
    return Imported(cassette, rendered, scrubber.side_files, unopened)


def read_variables(data: Any, kind: Format) -> dict[str, Json]:
    """The variables that a recording brings along."""
    found = kind.variables(data) or kind.mark(data).get("variables")
    return dict(found) if isinstance(found, dict) else {}


def most_used_version(
    exchanges: Sequence[Exchange], known: Collection[str]
) -> tuple[str, list[str]]:
    """The api-version that most calls of the provider use, or else most calls.

    Args:
        exchanges: As recorded.
        known: The versions that a scenario can have; no other is chosen.

    Returns:
        The version, empty where no call has one that is known; and the versions
        that are not known.
    """
    said = [(one, one.request.api_version) for one in exchanges]
    own = Counter(v for one, v in said if v in known and _is_ours(one.request))
    other = Counter(v for _, v in said if v in known)
    strange = {v for one, v in said if v and v not in known and _is_ours(one.request)}
    best = (own or other).most_common(1)
    return (best[0][0] or "") if best else "", sorted(strange)


def _is_ours(request: Request) -> bool:
    return "/providers/microsoft.machinelearningservices/" in request.path.lower()


def answered_by_emulator(exchanges: Iterable[Exchange]) -> bool:
    """Whether our emulator answered, whatever tool recorded it."""
    return any(one.response.header(EMULATOR_MARK) for one in exchanges)


def recorded_at(exchanges: Sequence[Exchange]) -> str:
    """The earliest ``Date`` of an answer; now, where no answer has one."""
    dates = [date for one in exchanges if (date := _date(one.response.headers))]
    return (min(dates, default=None) or datetime.now(UTC)).strftime(
        "%Y-%m-%dT%H:%M:%SZ"
    )


def _date(headers: Headers) -> datetime | None:
    value = next((v for name, v in headers if name.lower() == "date"), "")
    try:
        date = parsedate_to_datetime(value)
    except ValueError:
        return None
    return date.replace(tzinfo=UTC) if date.tzinfo is None else date.astimezone(UTC)


def _is_inside_its_placeholder(one: Identifier) -> bool:
    """Whether replacing would find its own result, again and again."""
    return one.value != one.placeholder and one.value in one.placeholder


def _as_decoded(exchange: Exchange) -> Exchange:
    """The exchange without headers that are not true of a decompressed body."""
    response = exchange.response
    kept = tuple(
        (n, v) for n, v in response.headers if n.lower() not in _UNTRUE_HEADERS
    )
    return replace(exchange, response=replace(response, headers=kept))


def _renaming(one: Identifier) -> Sanitizer:
    pattern = re.compile(
        rf"(?<![0-9A-Za-z-]){re.escape(one.value)}(?![0-9A-Za-z-])", re.IGNORECASE
    )
    encoded = re.compile(pattern.pattern.encode(), re.IGNORECASE)

    def text(value: str) -> str:
        return pattern.sub(one.placeholder, value)

    def body(value: bytes) -> bytes:
        return encoded.sub(one.placeholder.encode(), value)

    def headers(pairs: Headers) -> Headers:
        return tuple((name, text(value)) for name, value in pairs)

    def rename(exchange: Exchange) -> Exchange:
        asked, answered = exchange.request, exchange.response
        return Exchange(
            Request(
                asked.method, text(asked.url), headers(asked.headers), body(asked.body)
            ),
            Response(answered.status, headers(answered.headers), body(answered.body)),
        )

    return rename


def _apply(sanitizers: Sequence[Sanitizer], exchange: Exchange) -> Exchange:
    for sanitize in sanitizers:
        exchange = sanitize(exchange)
    return exchange
