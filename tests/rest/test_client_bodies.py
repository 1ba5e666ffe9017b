"""Bodies from files: families, slots, and what is said when they do not fit."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from azml_contract.client import Workspace
from azml_contract.errors import UsageError


@pytest.fixture
def bodies(tmp_path: Path) -> Path:
    files = {
        "2021-03-01-preview/code.json": '{"path": "{{ path }}"}',
        "2021-03-01-preview/old.json": "{}",
        "2022-05-01/code.json": '{"codeUri": "{{ uri }}", "n": {{ count }}}',
        "2022-05-01/all.json": (
            '["{{subscription}}", "{{ resource_group }}", "{{ workspace }}",'
            ' "{{ workspace_id }}", "{{ compute }}", "{{ compute_id }}",'
            ' "{{ api_version }}"]'
        ),
        "2022-05-01/job.json": '{"command": "x ${{inputs.a}} ${{ b }} {{ run }}"}',
        "2022-05-01/printed/raw.txt": '{"condaFile": "a\nb {{ name }}",\n}',
        "2022-05-01/torn.json": '{"a": {{ value }},}',
        "2024-10-01/new.json": "{}",
        "notes/readme.json": "{}",
    }
    for name, text in files.items():
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, "utf-8")
    return tmp_path


@pytest.fixture
def at(make_workspace: Any, bodies: Path) -> Any:
    def make(api_version: str) -> Workspace:
        made: Workspace = make_workspace(api_version, bodies=bodies)
        return made

    return make


@pytest.mark.parametrize("version", ["2022-05-01", "2024-04-01", "2026-05-15-preview"])
def test_the_newest_family_that_is_not_newer_is_read(version: str, at: Any) -> None:
    assert at(version).body("code", uri="u", count=3) == {"codeUri": "u", "n": 3}


@pytest.mark.parametrize("version", ["2021-03-01-preview", "2022-02-01-preview"])
def test_a_version_before_the_break_has_the_older_family(version: str, at: Any) -> None:
    assert at(version).body("code", path="src") == {"path": "src"}


def test_a_body_that_a_newer_family_lacks_is_that_of_the_older(at: Any) -> None:
    assert at("2026-05-01").body("old") == {}


def test_a_version_before_every_family_is_named(at: Any) -> None:
    with pytest.raises(UsageError) as caught:
        at("2020-01-01").body("code")
    assert "has no bodies for api-version 2020-01-01" in str(caught.value)
    assert "families: 2021-03-01-preview, 2022-05-01, 2024-10-01" in str(caught.value)


@pytest.mark.parametrize("value", ['say "hi"', "back\\slash", "line\nbreak", "ü\t{}"])
def test_text_in_a_string_is_escaped(value: str, at: Any) -> None:
    assert at("2022-05-01").body("code", uri=value, count=0)["codeUri"] == value


@pytest.mark.parametrize("value", [3, None, True, 1.5, "text", [1, "a"], {"a": None}])
def test_a_bare_slot_takes_any_json(value: Any, at: Any) -> None:
    assert at("2022-05-01").body("code", uri="u", count=value)["n"] == value


@pytest.mark.parametrize(
    ("value", "text"), [(3, "3"), (True, "true"), ({"a": "b"}, '{"a": "b"}')]
)
def test_a_value_that_is_no_text_is_written_as_json_into_a_string(
    value: Any, text: str, at: Any
) -> None:
    assert at("2022-05-01").body("code", uri=value, count=0)["codeUri"] == text


def test_a_value_that_looks_like_a_slot_is_not_filled_again(at: Any) -> None:
    assert at("2022-05-01").body("code", uri="{{ count }}", count=0)["codeUri"] == (
        "{{ count }}"
    )


def test_slots_of_the_workspace_need_not_be_given(at: Any) -> None:
    azml = at("2024-04-01")
    place = azml.settings.workspace_id
    assert azml.body("all") == [
        "11111111-2222-3333-4444-555555555555",
        "rg",
        "ws",
        place,
        "cpu-cluster",
        f"{place}/computes/cpu-cluster",
        "2024-04-01",
    ]
    assert azml.body("all", compute="gpu")[4] == "gpu"


def test_bindings_of_the_service_are_left_alone(at: Any) -> None:
    body = at("2024-04-01").body("job", run="r")
    assert body["command"] == "x ${{inputs.a}} ${{ b }} r"


def test_text_that_is_deliberately_no_json_comes_back_as_text(at: Any) -> None:
    body = at("2024-04-01").body("printed/raw", name='"q"')
    assert body == '{"condaFile": "a\nb \\"q\\"",\n}'


@pytest.mark.parametrize(
    ("step", "slots", "message"),
    [
        ("code", {"uri": "u"}, "slot {{ count }}, which got no value"),
        ("code", {"uri": "u", "cont": 1}, "no value. Did you mean cont?"),
        (
            "code",
            {"uri": "u", "count": 1, "x": 2},
            "no slot {{ x }}. Known: count, uri.",
        ),
        ("code", {"uri": "u", "count": {1}}, "{{ count }} is not JSON"),
        ("cod", {}, "cod.json. Did you mean code?"),
        ("new", {}, "Only 2024-10-01 has it."),
        ("torn", {"value": 1}, "is not JSON once its slots are filled"),
    ],
)
def test_what_does_not_fit_is_named(
    step: str, slots: dict[str, Any], message: str, at: Any
) -> None:
    with pytest.raises(UsageError) as caught:
        at("2022-05-01").body(step, **slots)
    assert message in str(caught.value)
    assert step in str(caught.value)


def test_a_workspace_without_bodies_says_so(
    make_workspace: Any, tmp_path: Path
) -> None:
    with pytest.raises(UsageError, match="no folder of bodies"):
        make_workspace().body("code")
    with pytest.raises(UsageError, match="There is no folder of bodies at"):
        make_workspace(bodies=tmp_path / "missing").body("code")
