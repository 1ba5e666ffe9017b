"""The tables are true: codes with their page, migrations, the ledger."""

from __future__ import annotations

import re
import runpy
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from azml_contract.api_version import sort_key
from azml_contract.cassette.recordings import Recording
from azml_contract.contract.catalog import known_versions, load_contract
from azml_contract.exchange import Exchange, Request, Response
from azml_contract.finding import Severity, Side
from azml_contract.regression.matrix import build_matrix
from azml_contract.scripts.judge import judge_script
from azml_contract.settings import PLACEHOLDERS
from azml_contract.validation import codes_page
from azml_contract.validation.codes import CODES
from azml_contract.validation.codes_page import PAGE, load_entries, main, render_page
from azml_contract.validation.ledger import find_divergence, load_ledger
from azml_contract.validation.migrations import _load_changes, find_migration
from azml_contract.validation.validator import Scope, Validator
from tests.scripts.conftest import read_script

REPOSITORY = Path(__file__).parents[2]
ENTRIES = load_entries()
CHANGES = sorted(
    {
        id(change): change for found in _load_changes().values() for change in found
    }.items()
)
FIRST = "2021-03-01-preview"


def test_every_code_has_prose_and_all_prose_has_a_code():
    assert set(ENTRIES) == set(CODES)
    assert all(entry.meaning.endswith(".") for entry in ENTRIES.values())
    assert [c for c, entry in ENTRIES.items() if not entry.cure] == ["AZC152"]


@pytest.mark.parametrize("code", [c for c in CODES if c[3] in "12"])
def test_the_example_of_a_code_has_it(code):
    entry = ENTRIES[code]
    if entry.path.startswith("/"):
        root = PLACEHOLDERS.endpoint
    elif entry.path.startswith("https://"):
        root = ""
    else:
        root = f"{PLACEHOLDERS.endpoint}{PLACEHOLDERS.workspace_id}/"
    mark = "&" if "?" in entry.path else "?"
    query = f"{mark}api-version={entry.api_version}" if entry.api_version else ""
    url = f"{root}{entry.path}{query}"
    request = Request(entry.method, url, (), entry.body.encode())
    validator = Validator(scope=Scope(**entry.scope))

    if entry.to:
        response = Response(
            entry.status, tuple(entry.headers.items()), entry.answer.encode()
        )
        part = Exchange(request, response)
        recording = Recording("example", "", (part,), {0: tuple(entry.reads)})
        (row,) = build_matrix([recording], versions=[entry.to])
        verdict = row.cells[entry.to]
    elif entry.status:
        response = Response(
            entry.status, tuple(entry.headers.items()), entry.answer.encode()
        )
        verdict = validator.check_response(request, response)
    else:
        verdict = validator.check_request(request)

    found = {finding.code: finding for finding in verdict.findings}
    assert code in found, verdict
    assert set(found) <= {code, code[:5] + "5"}  # an empty text also has no letter
    assert found[code].side is CODES[code].side


@pytest.mark.parametrize("code", [c for c in CODES if c[3] == "5"])
def test_the_script_of_a_code_has_it(code, tmp_path):
    (tmp_path / ".git").mkdir()
    workspace = f"{PLACEHOLDERS.endpoint}{PLACEHOLDERS.workspace_id}"
    text = ENTRIES[code].script.replace("WORKSPACE", workspace)

    judged = judge_script(Validator(), read_script(text, "call.sh", tmp_path), "")

    found = {finding.code: finding for finding in judged.findings}
    assert set(found) == {code}
    assert found[code].severity is CODES[code].service
    assert found[code].location.file == "call.sh"


def test_every_code_in_the_source_is_registered():
    source = "".join(
        file.read_text("utf-8")
        for file in (REPOSITORY / "azml_contract" / "validation").glob("*.py")
    )

    assert set(re.findall(r'"(AZC\d{3})"', source)) <= set(CODES)


def test_severities_never_grow_in_service():
    order = list(Severity)
    for code in CODES.values():
        assert order.index(code.service) >= order.index(code.strict), code
        if code.code[3] != "3":
            answers = code.code[3] == "2"
            assert code.side is (Side.RESPONSE if answers else Side.REQUEST)


def test_the_page_is_up_to_date(monkeypatch, capsys):
    monkeypatch.chdir(REPOSITORY)

    assert PAGE.read_text("utf-8") == render_page()
    assert main(["--check"]) == 0


def test_a_stale_page_says_how_to_renew_it(monkeypatch, capsys, tmp_path):
    monkeypatch.chdir(tmp_path)

    assert main(["--check"]) == 1
    assert "azml_contract.validation.codes_page --write" in capsys.readouterr().err
    assert main(["--help"]) == 2


def test_the_page_is_checked_by_a_command_of_its_own(monkeypatch):
    monkeypatch.chdir(REPOSITORY)
    for arguments, code in ((["--check"], 0), ([], 2)):
        monkeypatch.setattr(sys, "argv", ["codes_page", *arguments])
        with pytest.raises(SystemExit) as ended:
            runpy.run_path(codes_page.__file__, run_name="__main__")
        assert ended.value.code == code


def test_a_code_without_prose_is_named(monkeypatch, capsys):
    new = replace(CODES["AZC101"], code="AZC999")
    monkeypatch.setitem(CODES, "AZC999", new)

    assert main(["--write"]) == 1
    assert "codes.toml lacks [AZC999]: write its meaning" in capsys.readouterr().err


@pytest.mark.parametrize("change", [change for _, change in CHANGES])
def test_a_migration_says_what_the_contracts_say(change):
    """Old names are declared before `since` and not from it on; new ones after."""
    owners = {name for (name, _), found in _load_changes().items() if change in found}
    before, after = set(), set()
    for version in known_versions():
        contract = load_contract(version)
        side = before if sort_key(version) < sort_key(change.since) else after
        for owner in owners & set(contract.definitions):
            names = contract.definitions[owner].properties
            side |= {name for name in (*change.old, *change.new) if name in names}

    assert set(change.old) <= before
    assert not set(change.old) & after
    assert set(change.new) <= after
    assert not set(change.new) & before
    assert change.source


def test_a_migration_looks_both_ways():
    forth = find_migration("2024-04-01", "CommandJob", "inputDataBindings")
    back = find_migration(FIRST, "CommandJob", "inputs")

    assert forth is not None
    assert (forth.now, forth.later) == (("inputs",), False)
    assert back is not None
    assert (back.now, back.later) == (("inputDataBindings",), True)
    assert find_migration(FIRST, "CommandJob", "inputDataBindings") is None


def test_a_property_that_only_other_versions_have_names_them(check, command_job):
    command_job["properties"]["queueSettings"] = {"jobTier": "Standard"}
    command_job["properties"]["notificationSetting"] = {"emails": []}

    (finding, _) = check("PUT", "jobs/j", command_job, version="2022-05-01")

    assert finding.code == "AZC111"
    assert finding.message.startswith("`queueSettings` of CommandJob exists in 2023-")
    assert finding.cure == "Leave it out, or use 2023-10-01."


def test_every_entry_of_the_ledger_names_real_codes_and_its_evidence():
    ids = [entry.id for entry in load_ledger()]

    assert len(ids) == len(set(ids))
    for entry in load_ledger():
        assert set(entry.codes) <= set(CODES), entry.id
        assert entry.spec, entry.id
        assert entry.service, entry.id
        assert entry.source, entry.id


def test_every_entry_of_the_ledger_names_definitions_that_exist():
    known = {
        name
        for version in known_versions()
        for name in load_contract(version).definitions
    }
    operations = {
        name
        for version in known_versions()
        for name in load_contract(version).operations
    }

    for entry in load_ledger():
        if entry.definitions:
            assert entry.definitions & (known | operations), entry.id


def test_an_entry_holds_for_its_versions_only():
    def find(version):
        return find_divergence("AZC102", version, "CommandJob", "queueSettings")

    assert find("2022-10-01") is None
    assert find("2022-12-01-preview").id == "queue-settings-before-they-were-declared"
    assert find("2024-04-01") is None


def test_the_ledger_changes_nothing_in_strict(check, sweep_job):
    sweep_job["properties"]["objective"]["goal"] = "minimize"

    (service,) = check("PUT", "jobs/s", sweep_job)
    (strict,) = check("PUT", "jobs/s", sweep_job, profile="strict")

    assert (service.severity, service.evidence) == ("warning", "live")
    assert "Known divergence (goal-in-lower-case)" in service.message
    assert (strict.severity, strict.evidence) == ("error", "spec")
    assert "divergence" not in strict.message
