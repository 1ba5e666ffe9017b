"""Judge what an input holds: a body, a recording or a script becomes a `Checked`.

In: an opened input and a validator. Out: findings at their places in the file, and
the account of its calls. Wiring: knows neither options nor how things are shown.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, NamedTuple

from azml_contract.errors import NothingToCheck

if TYPE_CHECKING:
    from azml_contract.documents.document import Document
    from azml_contract.documents.formats import Recorded, Spot
    from azml_contract.documents.places import RecordingPlaces
    from azml_contract.finding import Finding
    from azml_contract.report.checked import Checked
    from azml_contract.scripts.script import Script
    from azml_contract.validation.places import Placer
    from azml_contract.validation.validator import Validator, Verdict


class Asked(NamedTuple):
    """How the bodies of JSON files are sent: what the options say."""

    method: str
    url: str
    operation: str
    api_version: str
    status: int
    to: str = ""


def judge_input(validator: Validator, opened: Document, asked: Asked) -> Checked:
    """Everything found in one input.

    Raises:
        NothingToCheck: It is a body, and nobody said where it is sent.
        ContractError: What was asked for does not exist.
    """
    if opened.script is not None:
        return _judge_script(validator, opened.name, opened.script, asked)
    if not opened.is_recording:
        return _judge_body(validator, opened, asked)
    return _judge_recording(validator, opened)


def make_unreadable(name: str, problem: str) -> Checked:
    """An input that could not be read, as a finding at that file."""
    from azml_contract.finding import Evidence, Finding, Location, Severity
    from azml_contract.report.checked import Checked

    problem = problem.removeprefix(f"{name}: ")
    if problem.startswith(f"{name} is "):
        problem = f"it{problem.removeprefix(name)}"
    reason, _, cure = problem.partition(". ")
    finding = Finding(
        "AZC404",
        Severity.ERROR,
        f"This file cannot be read: {reason.removesuffix('.')}.",
        cure=cure or "Mend the file, or leave it out.",
        evidence=Evidence.UNKNOWN,
        location=Location(name, 1, 1),
    )
    return Checked(name, (finding,))


def tell_unread(name: str, line: int) -> Checked:
    """A program that names the provider and is not read, as a finding there."""
    from azml_contract.finding import Evidence, Finding, Location, Severity
    from azml_contract.report.checked import Checked

    finding = Finding(
        "AZC406",
        Severity.INFO,
        "This file names the provider, and its calls were not judged: its language is "
        "not read here.",
        cure="Record what it does (azml-contract record), and check that.",
        evidence=Evidence.UNKNOWN,
        location=Location(name, line, 1),
    )
    return Checked(name, (finding,))


def _judge_recording(validator: Validator, opened: Document) -> Checked:
    from azml_contract.documents.places import RecordingPlaces
    from azml_contract.report.checked import Checked
    from azml_contract.seen import add_up
    from azml_contract.source.excerpt import Source

    source = Source(opened.name, opened.text, _find_hidden)
    places = RecordingPlaces(source, is_yaml=opened.is_yaml)
    findings: list[Finding] = []
    verdicts = []
    for one in opened.recorded(any_url=True):
        verdict = _judge_recorded(validator, one)
        verdicts.append(verdict)
        findings += _place_recorded(one, verdict, places)
    return Checked(
        opened.name,
        tuple(findings),
        sum(verdict.requests for verdict in verdicts),
        sum(verdict.responses for verdict in verdicts),
        add_up(verdict.calls for verdict in verdicts),
    )


def _judge_recorded(validator: Validator, one: Recorded) -> Verdict:
    """The verdict about one exchange; what was not recorded of it is told."""
    verdict = validator.check(one.exchange)
    lost = one.sent.is_lost, one.answered.is_lost
    if verdict.skipped or verdict.not_judged or not any(lost):
        return verdict
    kept = tuple(f for f in verdict.findings if f.code not in ("AZC121", "AZC221"))
    part = "body" if one.sent.is_lost else "answer"
    reason = f"its {part} is not in the recording"
    told = validator.tell_not_judged(reason, certain=one.sent.is_lost)
    return replace(
        verdict,
        findings=(told, *kept),
        requests=verdict.requests - one.sent.is_lost,
        responses=verdict.responses - one.answered.is_lost,
        not_judged=reason if one.sent.is_lost else "",
    )


def _place_recorded(
    one: Recorded, verdict: Verdict, places: RecordingPlaces
) -> Iterator[Finding]:
    from azml_contract.finding import Side

    if not verdict.findings:
        return
    from azml_contract.redaction.blot import hide_secrets

    exchange = one.exchange
    call = hide_secrets(str(exchange.request))
    asked = _make_placer(places, one.sent, exchange.request.body)
    answered = _make_placer(places, one.answered, exchange.response.body)
    for finding in verdict.findings:
        placer = answered if finding.side is Side.RESPONSE else asked
        yield placer.place(finding)._replace(call=call)


def _make_placer(places: RecordingPlaces, spot: Spot, body: bytes) -> Placer:
    from azml_contract.validation.places import Placer

    return Placer(lambda: places.read(spot, body), lambda: places.locate(spot.head))


def _judge_script(
    validator: Validator, name: str, script: Script, asked: Asked
) -> Checked:
    from azml_contract.report.checked import Checked
    from azml_contract.scripts.judge import judge_script

    judged = judge_script(validator, script, asked.api_version, asked.to)
    return Checked(
        name,
        judged.findings,
        judged.requests,
        calls=judged.calls,
    )


def _find_hidden(text: str) -> list[tuple[int, int]]:
    """What of a line is not to be shown; loads the rules where one is."""
    from azml_contract.redaction.blot import find_hidden

    return find_hidden(text)


def _judge_body(validator: Validator, opened: Document, asked: Asked) -> Checked:
    from azml_contract.report.checked import Checked
    from azml_contract.source.excerpt import Excerpt, Source
    from azml_contract.validation.places import Placer

    verdict = _check_body(validator, opened.raw, asked)
    source = Source(opened.name, opened.text, _find_hidden)
    placer = Placer(lambda: Excerpt(source, opened.text), lambda: source.locate(0))
    return Checked(
        opened.name,
        tuple(map(placer.place, verdict.findings)),
        verdict.requests,
        verdict.responses,
        verdict.calls,
    )


def find_in_text(validator: Validator, asked: Asked, text: str) -> Sequence[Finding]:
    """Every finding about a body, as text, without places."""
    return _check_body(validator, text.encode(), asked).findings


def _check_body(validator: Validator, body: bytes, asked: Asked) -> Verdict:
    from azml_contract.exchange import Request, Response

    if asked.operation:
        return validator.check_body(asked.api_version, asked.operation, body)
    if not asked.url:
        raise NothingToCheck(
            "it is a JSON body; say where it is sent: --method PUT --url "
            "jobs/NAME --api-version V, or --operation ID --api-version V"
        )
    from azml_contract.library import complete_url

    url = complete_url(asked.url, asked.api_version)
    if asked.status:
        request = Request(asked.method, url)
        return validator.check_response(request, Response(asked.status, (), body))
    return validator.check_request(Request(asked.method, url, (), body))
