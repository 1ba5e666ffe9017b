"""The quick yes about a body and its ids is never said where there is a finding."""

from __future__ import annotations

import copy
import itertools
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from azml_contract.contract.catalog import load_contract
from azml_contract.contract.contract import Contract
from azml_contract.contract.model import View
from azml_contract.contract.samples import make_samples
from azml_contract.contract.views import Lens
from azml_contract.finding import Side
from azml_contract.settings import PLACEHOLDERS
from azml_contract.validation import arm_ids
from azml_contract.validation import body as body_module
from azml_contract.validation.arm_ids import (
    Place,
    _are_at_home,
    _judge_ids,
    _tell_ids,
    check_ids,
    has_usual_ids,
)
from azml_contract.validation.body import BodyCheck
from azml_contract.validation.grade import Grader, Profile
from azml_contract.validation.judge import Engine
from azml_contract.validation.judges_of_homes import JudgesOfHomes

ROOT = Path(__file__).parents[2]
PLACE = Place(
    PLACEHOLDERS.subscription, PLACEHOLDERS.resource_group, PLACEHOLDERS.workspace
)
HOME = PLACE.home
OTHER = HOME.replace("/workspaces/", "/workspaces/not-")
VERSIONS = ["2021-03-01-preview", "2023-10-01", "2026-05-01"]
IDS = [
    *("codes/a/versions/1", "computes/cpu", "data/iris/versions/1", "codes/a"),
    *("environments/e/versions/1", "environments/e/labels/latest", "datastores/d"),
    *("codes/a/versions/", "codes//versions/1", "codes/a/versions/1/", "", "jobs/j"),
    "codes/a/versions/1/codes/b/versions/2",
    "codes/a/workspaces/workspace/codes/b/versions/2",
    f"workspaces/{PLACEHOLDERS.workspace}/codes/b/versions/2",
    *("codes/codes/versions/1", "codes/codes/a/versions/1"),
    f"codes/{HOME}codes/b/versions/2",  # an id where the name of one was asked for
]
TEXTS = [
    *(f"{HOME}{one}" for one in IDS),
    *(f"{OTHER}{one}" for one in IDS[:3]),
    f"{HOME}codes/{'long' * 20}/versions/1",
    f"{HOME}codes/{'long' * 20}/workspaces/{PLACE.workspace}/codes/b/versions/2",
    HOME.upper() + "codes/a/versions/1",
    HOME.removeprefix("/") + "codes/a/versions/1",
    *(
        f"https://management.azure.com{HOME}codes/a/versions/1",
        "https://x.example/a/b/c",
    ),
    *("Subscriptions/x", "/SUBSCRIPTIONS/s/x", "/home/user", "azureml:a:1", "sum", ""),
]
PLACES = [
    *("codeId", "environmentId", "computeId", "description", "displayName", "command"),
    *("tags", "properties", "environmentVariables", "inputs", "outputs"),
]


@pytest.fixture(autouse=True)
def compiled_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(body_module, "_ENOUGH", 1)


def make_check(contract: Contract, operation: str = "Jobs_CreateOrUpdate") -> BodyCheck:
    body = contract.operations[operation].body
    assert body is not None
    return BodyCheck(contract, body, Lens(View.CREATE), is_bounded=True)


def is_plain(check: BodyCheck, value: Any) -> bool | None:
    check.is_plain(value, HOME)  # compiles
    return check.is_plain(value, HOME)


def find_wrong(check: BodyCheck, version: str, value: Any) -> list[Any]:
    grader = Grader(Profile.SERVICE, version, "Jobs_CreateOrUpdate", Side.REQUEST)
    return [*check.check(value), *check_ids(grader, value, PLACE)]


def plant(job: dict[str, Any], text: str) -> Iterator[dict[str, Any]]:
    """A job with a text at each place where one may stand, deep ones included."""
    for name in PLACES:
        for value in (text, {"a": text}, {"uri": {"uri": text}}, [text], [{"b": text}]):
            made = copy.deepcopy(job)
            made["properties"][name] = value
            yield made
    for name in ("uri", "target", "tags", "other"):
        made = copy.deepcopy(job)
        inputs = made["properties"].setdefault("inputs", {})
        inputs["a"] = {"jobInputType": "uri_file", name: text}
        yield made
        made = copy.deepcopy(job)
        made["properties"]["properties"] = {name: text}
        yield made


def read_job() -> dict[str, Any]:
    text = (ROOT / "scenarios/bodies/2022-05-01/command_job.json").read_text()
    for slot in ("code_id", "environment_id", "compute_id", "data_id"):
        text = text.replace(f"{{{{ {slot} }}}}", "azureml:x:1")
    job: dict[str, Any] = json.loads(text)
    return job


@pytest.mark.parametrize("version", VERSIONS[1:])
def test_a_plain_body_has_nothing_wrong_wherever_an_id_stands(version: str) -> None:
    check = make_check(load_contract(version))
    said = []
    for text in TEXTS:
        for job in plant(read_job(), text):
            plain = is_plain(check, job)
            said.append(plain)
            if plain:
                assert find_wrong(check, version, job) == [], job
    assert 50 < sum(said) < len(said) / 2


@pytest.mark.parametrize(
    ("name", "tail"),
    [
        ("codeId", "codes/a/versions/1"),
        ("codeId", "codes/my-codes/versions/1"),
        ("environmentId", "environments/e/labels/latest"),
        ("computeId", "computes/cpu"),
    ],
)
def test_ids_as_they_are_usually_written_are_plain(name: str, tail: str) -> None:
    check = make_check(load_contract("2023-10-01"))
    job = read_job()
    job["properties"][name] = f"{HOME}{tail}"
    job["properties"]["tags"] = {"from": f"{OTHER}codes/a/versions/1"}

    assert is_plain(check, job)
    job["properties"][name] = f"{OTHER}{tail}"
    assert not is_plain(check, job)


@pytest.mark.parametrize("version", VERSIONS)
def test_every_sample_of_every_operation_is_judged_the_same(version: str) -> None:
    contract = load_contract(version)
    tried = 0
    for operation in contract.operations.values():
        if operation.body is None or operation.method != "PUT":
            continue
        check = make_check(contract, operation.id)
        samples = make_samples(contract.definitions, operation.body, Lens(View.CREATE))
        for body in itertools.islice(samples, 150):
            if is_plain(check, body):
                tried += 1
                assert find_wrong(check, version, body) == [], (operation.id, body)
    assert tried > 200


def test_a_judge_of_a_workspace_is_compiled_only_when_it_pays(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(body_module, "_ENOUGH", 3)
    check = make_check(load_contract("2023-10-01"))
    said = [check.is_plain(read_job(), HOME) for _ in range(5)]
    assert said == [None, None, None, True, True]


def test_many_workspaces_in_turn_get_judges_and_compile_seldom(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Twenty, where judges are kept of sixteen."""
    enough, rounds = 10, 50
    compiled: list[Any] = []
    monkeypatch.setattr(
        body_module, "compile_quick_judge", lambda one: compiled.append(one) or bool
    )
    monkeypatch.setattr(body_module, "_ENOUGH", enough)
    check = make_check(load_contract("2023-10-01"))
    job = read_job()
    homes = [f"{HOME[:-1]}-{number}/" for number in range(20)]
    said = [check.is_plain(job, home) for _ in range(rounds) for home in homes]
    assert len(compiled) <= rounds * len(homes) / enough
    assert said.count(True) > rounds * len(homes) / 3
    late = f"{HOME[:-1]}-late/"
    said = [check.is_plain(job, late) for _ in range(enough + 1)]
    assert said == [None] * enough + [True]


def test_ids_that_are_at_home_are_right_wherever_they_stand() -> None:
    grader = Grader(Profile.SERVICE, "2023-10-01", "Jobs_CreateOrUpdate", Side.REQUEST)
    said, judge = [], _judge_ids(HOME)
    for text in TEXTS:
        for job in plant(read_job(), text):
            job["properties"]["Command"] = 3  # whatever else is wrong with the body
            usual = _are_at_home(job, HOME)
            said.append((usual, judge(job)))
            if any(said[-1]):
                assert _tell_ids(grader, job, PLACE) == [], job
    usual, judged = (sum(column) for column in zip(*said, strict=True))
    assert 300 < judged <= usual < len(said) / 2
    assert not [one for one in said if one == (False, True)]


def test_of_a_text_that_nobody_can_encode_nothing_is_said(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    check = make_check(load_contract("2023-10-01"))
    monkeypatch.setattr(arm_ids, "_JUDGES", JudgesOfHomes(1, _judge_ids))
    job = read_job()
    assert not has_usual_ids(job, HOME)  # compiles
    assert (is_plain(check, job), has_usual_ids(job, HOME)) == (True, True)
    job["properties"]["command"] = "\ud800" * 20
    assert (is_plain(check, job), has_usual_ids(job, HOME)) == (False, False)


def test_without_the_fast_engine_no_judge_of_ids_is_compiled(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(arm_ids, "choose_engine", lambda: Engine.REFERENCE)
    assert not _judge_ids(HOME)({})


def test_ids_are_right_however_many_bodies_came_before(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(arm_ids, "_JUDGES", JudgesOfHomes(3, _judge_ids))
    grader = Grader(Profile.SERVICE, "2023-10-01", "Jobs_CreateOrUpdate", Side.REQUEST)
    job = read_job()
    job["properties"]["codeId"] = f"{HOME}codes/a/versions/1"
    wrong = copy.deepcopy(job)
    wrong["properties"]["inputs"] = {"a": [{"uri": f"{OTHER}data/a/versions/1"}]}
    for _ in range(9):
        assert check_ids(grader, job, PLACE) == []
        assert [one.code for one in check_ids(grader, wrong, PLACE)] == ["AZC160"]


@pytest.mark.parametrize(
    ("body", "usual"),
    [
        ({"codeId": f"{HOME}codes/a/versions/1"}, True),
        ({"codeId": f"{HOME}codes/a"}, False),
        ({"a": [{"computeId": f"{OTHER}computes/cpu"}]}, False),
        ({"CODEID": f"{HOME}codes/a/versions/1"}, False),  # may be right: not known
        ({"tags": {"codeId": f"{OTHER}codes/a"}}, True),
        ({"tags": f"{OTHER}codes/a"}, False),
        ({"list": [f"{OTHER}codes/a"]}, True),
        ({"note": "subscriptions/x"}, True),  # no id is wanted there
        ({"uri": "subscriptions/x"}, False),
        (f"{OTHER}codes/a", True),
    ],
)
def test_what_usual_means(body: Any, usual: bool) -> None:
    assert _are_at_home(body, HOME) is usual
