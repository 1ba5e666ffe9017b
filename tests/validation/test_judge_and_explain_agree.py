"""Judge and explain are one opinion, on valid bodies and on bodies broken once.

Bodies are made from the contract itself, for every operation of ten versions,
and then changed at one place: dropped, renamed, retyped, miscased, null, an
unknown enum value, an unknown discriminator, a property of another variant.
"""

from __future__ import annotations

import random
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from made_bodies import VERSIONS, Kind, Maker, compile_kind, kinds_of, mutate
from soak import FULL, sized

from azml_contract.validation.deviation import to_pointer


def places_below(pointers: set[str], found: set[str]) -> bool:
    """Whether a finding stands at a place, or inside it."""
    return any(
        at == place or at.startswith(f"{place}/") for at in found for place in pointers
    )


@pytest.mark.slow
@pytest.mark.soak
@settings(
    max_examples=sized(600, 20_000),
    deadline=None,
    derandomize=not FULL,
    database=None,
    suppress_health_check=list(HealthCheck),
)
@given(seed=st.integers(min_value=0, max_value=2**48))
def test_judge_reference_and_explanation_agree_on_mutated_bodies(seed: int) -> None:
    """No judge differs, and every "no" is explained at the place that was changed."""
    rng = random.Random(seed * 7919)
    version = rng.choice(VERSIONS)
    kind = compile_kind(version, rng.randrange(len(kinds_of(version))))
    maker = Maker(kind, rng)
    body = maker.make(kind.body, None, 0)
    assert_agreement(kind, body, expected=True)

    places = mutate(maker, rng)

    if not assert_agreement(kind, body):
        found = {to_pointer(d.path) for d in kind.check.explain(body)}
        wanted = {to_pointer(place) for place in places}
        assert places_below(wanted, found), (wanted, found, body)


def assert_agreement(kind: Kind, body: Any, expected: bool | None = None) -> bool:
    """All judges and the explanation say the same; returns what they say."""
    said = kind.reference(body)
    assert expected is None or said is expected, (kind.body, kind.lens, body)
    assert kind.fast(body) is said, body
    assert kind.check.accepts(body) is said, body
    deviations = kind.check.explain(body)
    assert (not deviations) is said, (deviations, body)
    return said


@pytest.mark.slow
@pytest.mark.parametrize("version", VERSIONS)
def test_every_kind_of_body_accepts_what_its_contract_describes(version: str) -> None:
    for index in range(len(kinds_of(version))):
        kind = compile_kind(version, index)
        rng = random.Random(index)
        for _ in range(2):
            body = Maker(kind, rng).make(kind.body, None, 0)
            assert_agreement(kind, body, expected=True)
