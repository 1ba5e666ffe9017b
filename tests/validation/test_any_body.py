"""Whatever a body holds: never an exception, and a cure that is followed cures."""

from __future__ import annotations

import json
import random
from collections import Counter
from typing import Any

import pytest
from made_bodies import VERSIONS, Kind, Maker, compile_kind, kinds_of, mutate
from soak import sized

from azml_contract.contract.catalog import known_versions
from azml_contract.contract.model import View
from azml_contract.finding import Finding, Side
from azml_contract.source.json_edits import apply_edits
from azml_contract.validation.calls import Scope
from azml_contract.validation.grade import Grader, Profile
from azml_contract.validation.semantics import choose_place
from azml_contract.validation.whole_body import judge_at

ALL_VERSIONS = known_versions()
WORDS = (
    *("", "a", "Command", "null", "1", "-1", "1e400", "\ud800", "\u0000", "PT1H"),
    *("/subscriptions/", "/subscriptions//x", "${{parent.name}}", "${{inputs.x}}"),
    *("a/b~c", "sig=abcdefgh", "\u202e", "x" * 300),
)
INFINITY = float("inf")  # 1e400 is valid JSON
NAMES = (
    *("properties", "jobType", "limits", "jobLimitsType", "type", "inputs", "value"),
    *("searchSpace", "trial", "command", "identity", "tags", "jobs", "", "a/b~0"),
)


def make_any(rng: random.Random, depth: int = 0) -> Any:
    """Any JSON, of names that mean something as often as not."""
    kind = rng.randrange(9 if depth < 5 else 6)
    if kind == 0:
        return rng.choice([None, True, False])
    if kind == 1:
        return rng.choice([0, -1, 7, 2**31, 10**40, 0.5, 1e308, INFINITY])
    if kind <= 5:
        return rng.choice(WORDS)
    if kind == 6:
        return [make_any(rng, depth + 1) for _ in range(rng.randrange(4))]
    names = rng.choices(NAMES, k=rng.randrange(5))
    return {name: make_any(rng, depth + 1) for name in names}


def spoil(maker: Maker, rng: random.Random) -> None:
    """Put any JSON at a few places of a made body."""
    for site in rng.sample(maker.sites, min(len(maker.sites), rng.randrange(1, 6))):
        if isinstance(site.holder, list) or site.key in site.holder:
            site.holder[site.key] = make_any(rng)


def judge(kind: Kind, body: Any, profile: Profile = Profile.SERVICE) -> list[Finding]:
    side = Side.RESPONSE if kind.lens.view is View.RESPONSE else Side.REQUEST
    grader = Grader(profile, kind.contract.api_version, "Op", side)
    place = choose_place({}, Scope())
    return judge_at(grader, kind.check, body, place, True)


@pytest.mark.slow
@pytest.mark.soak
@pytest.mark.parametrize("version", ALL_VERSIONS)
def test_no_body_makes_the_validator_fail(version: str) -> None:
    rng = random.Random(f"any {version}")
    kinds = len(kinds_of(version))
    for _ in range(sized(25, 2000)):
        kind = compile_kind(version, rng.randrange(kinds))
        maker = Maker(kind, rng)
        body = maker.make(kind.body, None, 0)
        spoil(maker, rng)
        for value in (body, make_any(rng)):
            for profile in Profile:
                found = judge(kind, value, profile)
                assert kind.check.accepts(value) or found
                for finding in found:
                    assert json.dumps(finding.to_json(), allow_nan=False)


@pytest.mark.parametrize("value", ["NoSuch", "comand", None, 3, [], {}])
@pytest.mark.parametrize("version", ALL_VERSIONS)
def test_a_discriminator_with_one_value_is_told(version: str, value: Any) -> None:
    """`jobLimitsType`, `secretsType`, `jobInputType` where the type is fixed."""
    for index in range(len(kinds_of(version))):
        kind = compile_kind(version, index)
        if kind.body.ref != "JobBase" and kind.body.ref != "JobBaseResource":
            continue
        limits = {"jobLimitsType": value}
        body = {"properties": {"jobType": "Command", "limits": limits}}

        found = judge(kind, body)

        assert all(finding.message for finding in found)


def request_kinds(version: str) -> list[int]:
    kinds = enumerate(kinds_of(version))
    return [index for index, (_, lens) in kinds if lens.view is not View.RESPONSE]


def mistype(maker: Maker, rng: random.Random) -> None:
    """What people do: a letter left out, quotes, a member one object too high."""
    sites = [site for site in maker.sites if isinstance(site.key, str)]
    if not sites:
        return
    site = rng.choice(sites)
    value = site.holder.pop(site.key, None)
    kind = rng.randrange(3)
    if kind == 0:
        at = rng.randrange(len(site.key) or 1)
        site.holder[site.key[:at] + site.key[at + 1 :]] = value
    elif kind == 1:
        site.holder[site.key] = json.dumps(value).strip('"')
    else:
        rng.choice(sites).holder[site.key] = value


@pytest.mark.slow
@pytest.mark.soak
@pytest.mark.parametrize("version", VERSIONS)
def test_a_cure_followed_removes_its_finding_and_adds_none(version: str) -> None:
    rng = random.Random(f"cure {version}")
    kinds = request_kinds(version)
    followed = 0
    for _ in range(sized(150, 5000)):
        kind = compile_kind(version, rng.choice(kinds))
        maker = Maker(kind, rng)
        body = maker.make(kind.body, None, 0)
        (mutate if rng.random() < 0.5 else mistype)(maker, rng)
        found = judge(kind, body)
        before = Counter(finding.code for finding in found)
        for finding in found:
            if finding.fix is None:
                continue
            text = apply_edits(json.dumps(body, indent=2), finding.fix.edits)
            after = judge(kind, json.loads(text))
            allowed = before - Counter([finding.code])
            told = [one for one in after if one not in found]
            assert Counter(one.code for one in after) <= allowed, (finding, told, body)
            followed += 1
    assert followed > 20
