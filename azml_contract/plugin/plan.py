"""What a recording under pytest is to be: of one test, or of those that share it.

In: tests, their markers, the options of the session. Out: the `Plan` of a run.
"""

from __future__ import annotations

import os
import shlex
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pytest

from azml_contract.api_version import CLIENT
from azml_contract.plugin.marker import is_alone, read_marker
from azml_contract.plugin.options import project_of, proof
from azml_contract.plugin.rerun import make_rerun
from azml_contract.plugin.scopes import Extent, Place, name_in, own_scope, place_of
from azml_contract.scenario import Plan
from azml_contract.settings import PLACEHOLDERS, Settings

COSTS = "runs on a cluster and costs money"
"""Why a scenario was skipped; the summary counts it."""


def plan_test(request: pytest.FixtureRequest) -> Plan:
    """The plan of a test that has its own recording."""
    return _plan(request, [request.node], place_of(request.node), request.node.nodeid)


def plan_shared(
    request: pytest.FixtureRequest,
    extent: Extent,
    items: Sequence[Any],
    *,
    partly: bool,
) -> Plan:
    """The plan of a recording that tests share.

    Args:
        request: Of the fixture that opens it.
        extent: What it spans.
        items: Those of its tests that are selected, the first one first.
        partly: The cassette may hold calls of others: it is added to, not written.
    """
    plan = _plan(request, items, extent.place, extent.node)
    extends = partly and plan.mode == "record" and plan.cassette.exists()
    return replace(
        plan,
        tests=tuple(sorted({name_in(one, extent.scope) for one in items})),
        mode="extend" if extends else plan.mode,
        may_do_nothing=all(
            is_alone(one) or own_scope(one) != extent.scope for one in items
        ),
    )


def _plan(
    request: pytest.FixtureRequest, items: Sequence[Any], place: Place, node: str
) -> Plan:
    from azml_contract.redaction.user_rules import load_user_rules

    config, first = request.config, items[0]
    arguments = _join_markers(items)
    mode, target = config.getoption("azml_mode"), config.getoption("azml_target")
    if mode != "replay" and target == "azure":
        _refuse_cost(arguments, config)
    replay = mode == "replay"
    cassette = place.path
    record_command = _record_command(config, node)
    if replay and config.getoption("azml_api_version") and place.version != CLIENT:
        from azml_contract.plugin.versions import stand_in

        cassette = stand_in(
            cassette,
            place.version,
            source=config.getoption("azml_from"),
            folder=request.getfixturevalue("tmp_path_factory").mktemp("azml"),
            record_command=record_command,
        )
    project = project_of(config, first.path)
    reruns = proof(config) == "rerun"
    return Plan(
        scenario=f"{place.story}/{place.test}",
        api_version=place.version,
        cassette=cassette,
        mode=mode,
        target=target,
        settings=PLACEHOLDERS if replay else _settings(request),
        profile=config.getoption("azml_profile") or arguments.get("profile", "service"),
        expect=tuple((c, p) for c, p in arguments.get("expect", ())),
        bodies=first.path.parent / "bodies",
        record_command=record_command,
        sanitizers=tuple(request.getfixturevalue("azml_sanitizers")),
        matchers=tuple(request.getfixturevalue("azml_matchers")),
        user_rules=load_user_rules(os.environ, project / "pyproject.toml"),
        seed=bool(arguments.get("seed")),
        rerun=make_rerun(config, [one.nodeid for one in items]) if reruns else None,
        source_root=project,
        may_do_nothing=all(map(is_alone, items)),
        reviews=config.getoption("azml_review"),
        spends=replay
        or target != "azure"
        or config.getoption("azml_allow_compute")
        or "compute" in arguments,
    )


def _settings(request: pytest.FixtureRequest) -> Settings:
    settings: Settings = request.getfixturevalue("azml_settings")
    return settings


def _join_markers(items: Sequence[Any]) -> dict[str, Any]:
    """What the markers of tests that share a recording say together.

    Raises:
        ValueError: They contradict each other.
    """
    read = [read_marker(one) for one in items]
    profiles = {one.get("profile", "service") for one in read}
    if len(profiles) > 1:
        raise ValueError(
            "tests that share a recording have one profile, and these have both "
            "'service' and 'strict'."
        )
    joined: dict[str, Any] = {}
    for one in read:
        joined |= one
    expect = [pair for one in read for pair in one.get("expect", ())]
    compute = [one["compute"] for one in read if "compute" in one]
    joined["expect"] = [*dict.fromkeys(expect)]
    return joined | ({"compute": any(compute)} if compute else {})


def _record_command(config: pytest.Config, node: str) -> str:
    """What records this one cassette anew, at this version and in this place."""
    words = ["pytest", *([node] if node else []), "--azml-mode=record"]
    for version in config.getoption("azml_api_version") or ():
        words += ["--azml-api-version", version]
    if config.getoption("azml_cassettes"):
        words += ["--azml-cassettes", config.getoption("azml_cassettes")]
    return shlex.join(words)


def _refuse_cost(arguments: dict[str, Any], config: pytest.Config) -> None:
    if arguments.get("compute") and not config.getoption("azml_allow_compute"):
        pytest.skip(f"{COSTS}: allow it, --azml-allow-compute")
