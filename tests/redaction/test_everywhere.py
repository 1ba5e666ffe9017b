"""Kinds x places x encodings: nothing leaks, nothing harmless is harmed, all replays.

A seeded sample; all of it, with other seeds, in `make soak` (AZML_SOAK=1).
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import replace
from urllib.parse import unquote, unquote_plus

import pytest
from in_memory import answer, put, record, replay
from planted import (
    ENCODINGS,
    HARMLESS,
    PLACES,
    SECRETS,
    VERSION,
    WORKSPACE,
    Dice,
)
from soak import FULL

from azml_contract.contract.catalog import known_versions, load_contract
from azml_contract.contract.model import Type
from azml_contract.contract.secret_places import find_secret_places
from azml_contract.exchange import Exchange, Request
from azml_contract.redaction.learn import is_key_list
from azml_contract.redaction.readings import text_readings
from azml_contract.redaction.rules import PEOPLE, secret_names
from azml_contract.redaction.secret_words import is_secret_name
from azml_contract.scenario import redaction_rules
from azml_contract.settings import PLACEHOLDERS

RULES = redaction_rules(PLACEHOLDERS)
SOAK = FULL
# What nobody can tell from other noise, once nothing but its bytes are left.
UNTELLABLE = {("unknown", "hex"), ("unknown", "UTF-16"), ("unknown", "gzip")}


def strings_of(value: object) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, list):
        for item in value:
            yield from strings_of(item)
    elif isinstance(value, dict):
        for name, item in value.items():
            yield name
            yield from strings_of(item)


def readable(rendered: bytes) -> str:
    """Everything that somebody with the file could read out of it."""
    seen = set(strings_of(json.loads(rendered)))
    layer = seen
    for _ in range(4):
        layer = {one for text in layer for one in text_readings(text)} - seen
        seen |= layer
    return "\n".join(seen)


@pytest.mark.slow
@pytest.mark.soak
@pytest.mark.parametrize("place", PLACES)
def test_no_secret_of_any_kind_leaks_in_any_encoding_and_all_replays(place):
    dice = Dice(len(place))
    cases = [
        (kind, encoding)
        for kind in SECRETS
        for encoding in ENCODINGS
        if SOAK or dice.random.random() < 0.1
    ]
    for kind, encoding in cases:
        text, secret = SECRETS[kind](dice)
        exchange = PLACES[place](ENCODINGS[encoding](text))
        recorded = record([exchange], RULES)
        assert recorded.found == (), (kind, encoding)
        if (kind, encoding) not in UNTELLABLE:
            assert secret not in readable(recorded.rendered), (kind, encoding)
        replay(recorded, [exchange.request], RULES)


@pytest.mark.slow
@pytest.mark.soak
@pytest.mark.parametrize("place", PLACES)
def test_what_only_looks_secret_stays_as_it_is_and_replays(place):
    dice = Dice(len(place) + 1)
    for kind, make in HARMLESS.items():
        for _ in range(20 if SOAK else 1):
            text = make(dice)
            exchange = PLACES[place](text)
            recorded = record([exchange], RULES)
            assert recorded.found == (), (kind, text)
            kept = set(strings_of(json.loads(recorded.rendered)))
            read = "\n".join([*kept, *map(unquote, kept), *map(unquote_plus, kept)])
            assert text in read, (kind, text)
            replay(recorded, [exchange.request], RULES)


MARKED: dict[str, set[str]] = {}


def marked_properties() -> dict[str, set[str]]:
    """By definition, the properties that any version marks secret or write-only."""
    for version in () if MARKED else known_versions():
        for definition in load_contract(version).definitions.values():
            for one in definition.properties.values():
                if one.secret or one.write_only:
                    MARKED.setdefault(definition.name, set()).add(one.name.lower())
    return MARKED


def planted(contract, kind: Type, seen: frozenset[str], secret: str, *, inside: bool):
    """Bodies of a type, each with one secret where it is marked, or inside that."""
    if kind.kind in ("array", "map") and kind.items is not None:
        for body in planted(contract, kind.items, seen, secret, inside=inside):
            yield [body] if kind.kind == "array" else {"some": body}
    elif kind.kind == "ref" and kind.ref not in seen:
        yield from objects(contract, kind.ref, seen | {kind.ref}, secret, inside=inside)
    elif inside and kind.kind in ("string", "any"):
        yield secret


def objects(contract, name: str, seen: frozenset[str], secret: str, *, inside: bool):
    definition = contract.definitions.get(name)
    if definition is None:
        return
    base = contract.definitions.get(definition.base) or definition
    said = definition.discriminator_value
    kind = {base.discriminator: said} if base.discriminator and said else {}
    for value, derived in definition.variants.items():
        of = Type("ref", ref=derived)
        for body in planted(contract, of, seen, secret, inside=inside):
            yield {definition.discriminator: value, **body}
    for one in definition.properties.values():
        if one.name == base.discriminator:
            continue
        here = inside or one.name.lower() in marked_properties().get(name, ())
        for body in planted(contract, one.type, seen, secret, inside=here):
            yield {**kind, one.name: body}


@pytest.mark.slow
@pytest.mark.soak
def test_every_property_that_any_version_marks_is_replaced_on_both_sides():
    """A common word, so that nothing but its place can tell it."""
    dice = Dice(7)
    secret = "plain words of mine"
    versions = known_versions()
    chosen = versions if SOAK else dice.random.sample(versions, 3)
    count = 0
    for version in chosen:
        contract = load_contract(version)
        for operation in contract.operations.values():
            url = "https://management.azure.com" + re.sub(
                r"{\w+}", "n1", operation.path
            )
            asked = Request(operation.method, f"{url}?api-version={version}", (), b"")
            answers = (operation.responses or {}).values()
            sides = [(operation.body, False), *((one.body, True) for one in answers)]
            for kind, is_answer in dict.fromkeys(sides):
                if kind is None or not (SOAK or dice.random.random() < 0.3):
                    continue
                bodies = planted(contract, kind, frozenset(), secret, inside=False)
                for body in bodies:
                    count += 1
                    check_marked(asked, body, secret, is_answer=is_answer)
    assert count > 20


def leaves_of(version: str, dice: Dice, text: str, share: float):
    """Calls of a version, each with a text at one leaf that its contract has."""
    contract = load_contract(version)
    for operation in contract.operations.values():
        url = "https://management.azure.com" + re.sub(r"{\w+}", "n1", operation.path)
        asked = Request(operation.method, f"{url}?api-version={version}", (), b"")
        answers = (operation.responses or {}).values()
        sides = [(operation.body, False), *((one.body, True) for one in answers)]
        for kind, is_answer in dict.fromkeys(sides):
            if kind is None or dice.random.random() > share:
                continue
            bodies = list(planted(contract, kind, frozenset(), text, inside=True))
            for body in dice.random.sample(bodies, min(2, len(bodies))):
                if is_answer:
                    yield Exchange(asked, answer(body))
                else:
                    sent = replace(asked, body=json.dumps(body).encode())
                    yield Exchange(sent, answer({}))


@pytest.mark.slow
@pytest.mark.soak
def test_no_secret_leaks_at_any_place_that_any_version_has():
    dice = Dice(11)
    versions = known_versions() if SOAK else dice.random.sample(known_versions(), 2)
    count = 0
    for version in versions:
        for kind in SECRETS if SOAK else dice.random.sample(sorted(SECRETS), 4):
            encoding = dice.random.choice(sorted(ENCODINGS))
            text, secret = SECRETS[kind](dice)
            sent = ENCODINGS[encoding](text)
            for exchange in leaves_of(version, dice, sent, 0.01 if SOAK else 0.02):
                count += 1
                recorded = record([exchange], RULES)
                where = (version, kind, encoding, exchange.request.url)
                assert recorded.found == (), where
                if (kind, encoding) not in UNTELLABLE:
                    assert secret not in readable(recorded.rendered), where
                replay(recorded, [exchange.request], RULES)
    assert count > 5


@pytest.mark.slow
@pytest.mark.soak
def test_nothing_harmless_is_harmed_at_any_place_that_no_version_marks():
    dice = Dice(12)
    versions = known_versions() if SOAK else dice.random.sample(known_versions(), 2)
    for version in versions:
        for kind in HARMLESS if SOAK else dice.random.sample(sorted(HARMLESS), 6):
            text = HARMLESS[kind](dice)
            for exchange in leaves_of(version, dice, text, 0.01 if SOAK else 0.02):
                side = exchange.request if exchange.request.body else exchange.response
                if is_marked(exchange, json.loads(side.body)):
                    continue
                recorded = record([exchange], RULES)
                where = (version, kind, exchange.request.url)
                assert recorded.found == (), where
                kept = set(strings_of(json.loads(recorded.rendered)))
                assert text in "\n".join(kept), where
                replay(recorded, [exchange.request], RULES)


def is_marked(exchange: Exchange, body: object) -> bool:
    """Whether what was planted stands where a version, or its name, says secret."""
    is_answer = not exchange.request.body
    if is_answer and is_key_list(exchange.request):
        return True
    if find_secret_places(exchange.request, body, answer=is_answer):
        return True
    names = {name.lower() for name in names_of(body)}
    return any(
        is_secret_name(one) or one in secret_names(RULES) | PEOPLE for one in names
    )


def names_of(value: object) -> Iterator[str]:
    if isinstance(value, list):
        for item in value:
            yield from names_of(item)
    elif isinstance(value, dict):
        for name, item in value.items():
            yield name
            yield from names_of(item)


def check_marked(asked: Request, body, secret: str, *, is_answer: bool) -> None:
    sent = asked if is_answer else replace(asked, body=json.dumps(body).encode())
    # An error of another host repeats it.
    told = answer(body if is_answer else {"error": {"message": f"no {secret}!"}})
    echo = Exchange(
        Request("GET", "https://x.example/log", (), b""), answer({"line": secret})
    )
    recorded = record([Exchange(sent, told), echo], RULES)
    assert recorded.found == ()
    assert secret not in recorded.text, (asked.url, body)
    replay(recorded, [sent, echo.request], RULES)


def test_the_kind_of_a_secret_is_no_secret():
    """What names a kind stays, in the secret and wherever else it stands."""
    kind = {"secretsType": "AccountKey", "key": "x" * 12}
    credentials = {"credentialsType": "AccountKey", "secrets": kind}
    body = {"properties": {"datastoreType": "AzureBlob", "credentials": credentials}}
    request = put(f"{WORKSPACE}/datastores/d{VERSION}", body)
    recorded = record([Exchange(request, answer({}, 201))], RULES)

    (one,) = recorded.cassette.interactions
    kept = one.request_json["properties"]["credentials"]
    assert kept["credentialsType"] == kept["secrets"]["secretsType"] == "AccountKey"
    assert kept["secrets"]["key"] == "REDACTED"
    replay(recorded, [request], RULES)
