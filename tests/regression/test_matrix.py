"""What becomes of a recorded call: statuses, places, what counts and what not."""

from __future__ import annotations

from collections import ChainMap
from dataclasses import replace

import pytest

from azml_contract.contract.catalog import known_versions, load_contract
from azml_contract.contract.contract import Contract
from azml_contract.errors import UnknownApiVersion
from azml_contract.exchange import Request
from azml_contract.regression.answers import Answer, Comparer
from azml_contract.regression.drawn import disguise
from azml_contract.regression.matrix import Judge, build_matrix
from azml_contract.regression.outcome import (
    Status,
    find_breaks,
    fold_versions,
    newest_unchanged,
)
from azml_contract.regression.outline import outline

FIRST = "2021-03-01-preview"
ENVIRONMENT = {
    "properties": {
        "docker": {"dockerSpecificationType": "Image", "dockerImageUri": "python:3"}
    }
}
READ = "/properties/docker/dockerImageUri"


def judge_at(recording, version):
    (row,) = build_matrix([recording], versions=[version])
    return row.cells[version]


def test_an_unknown_property_is_ignored_and_a_missing_one_is_refused(make_recording):
    environment = make_recording("PUT", "environments/e/versions/1", ENVIRONMENT)
    data = make_recording("PUT", "data/d/versions/1", {"properties": {"path": "x"}})

    assert judge_at(environment, "2022-05-01").status is Status.IGNORED
    assert judge_at(data, "2022-05-01").status is Status.REFUSED


def test_an_operation_is_gone_where_a_swagger_lacks_it(make_recording):
    cell = judge_at(make_recording("GET", "jobs/j"), "2021-07-01")

    assert cell.status is Status.GONE
    assert cell.findings[0].code == "AZC301"
    assert "2021-07-01 has no operation Jobs_Get" in cell.findings[0].message


def test_what_a_source_cannot_tell_is_unknown_never_gone(make_recording):
    cancel = make_recording("POST", "jobs/j/cancel", version="2024-04-01")
    cell = judge_at(cancel, "2026-05-01")

    assert cell.status is Status.UNKNOWN
    assert "does not tell whether Jobs_Cancel is there" in cell.findings[0].message
    assert "carried over from 2024-04-01" in cell.findings[0].message


def test_null_is_never_refused_where_nullability_is_unknown(make_recording):
    body = {"properties": {"codeUri": None, "description": None}}
    code = make_recording("PUT", "codes/c/versions/1", body, version="2024-04-01")

    assert judge_at(code, "2026-05-01").status is Status.OK


def test_a_field_that_was_read_is_gone_with_the_name_it_has_now(make_recording):
    read = make_recording(
        "GET", "environments/e/versions/1", answer=ENVIRONMENT, reads=(READ,)
    )
    cell = judge_at(read, "2022-05-01")

    assert cell.status is Status.GONE
    (finding,) = cell.findings
    assert (finding.code, finding.pointer) == ("AZC302", "/properties/docker")
    assert "It is `image` and `build` since 2022-02-01-preview" in finding.message
    assert finding.cure == "Read `image` and `build` in its place."


def test_a_scenario_that_stops_reading_a_field_stops_being_broken(make_recording):
    def read(*pointers):
        return make_recording(
            "GET", "environments/e/versions/1", answer=ENVIRONMENT, reads=pointers
        )

    assert judge_at(read(READ), "2022-05-01").status is Status.GONE
    assert judge_at(read("/properties"), "2022-05-01").status is Status.OK
    assert judge_at(read(), "2022-05-01").status is Status.OK
    rows = build_matrix([read()], versions=[FIRST, "2022-05-01"])
    assert newest_unchanged(rows) == {"story/test": "2022-05-01"}


def test_where_reads_are_not_known_fields_that_go_are_warnings(make_recording):
    foreign = make_recording(
        "GET", "environments/e/versions/1", answer=ENVIRONMENT, reads=None
    )
    cell = judge_at(foreign, "2022-05-01")

    assert cell.status is Status.WARNS
    assert [f.pointer for f in cell.findings] == ["/properties/docker"]


def test_a_field_of_a_list_is_told_once(make_recording):
    listed = {"value": [ENVIRONMENT, ENVIRONMENT, ENVIRONMENT]}
    pointers = tuple(f"/value/{i}{READ}" for i in range(3))
    read = make_recording(
        "GET", "environments/e/versions", answer=listed, reads=pointers
    )

    found = judge_at(read, "2022-05-01").findings

    assert [f.pointer for f in found] == ["/value/0/properties/docker"]


def test_the_discriminator_of_an_answer_says_which_fields_there_are(make_recording):
    answer = {"properties": {"jobType": "Sweep", "algorithm": "Random"}}
    read = make_recording(
        "GET", "jobs/j", answer=answer, reads=("/properties/algorithm",)
    )

    (finding,) = judge_at(read, "2022-05-01").findings

    assert "no `algorithm` in SweepJob" in finding.message
    assert "`samplingAlgorithm`" in finding.message


def test_a_value_that_is_spelled_in_another_way_is_a_warning(make_recording):
    answer = {"properties": {"dataType": "UriFile", "dataUri": "azureml:iris:1"}}
    read = make_recording(
        "GET",
        "data/d/versions/1",
        version="2022-02-01-preview",
        answer=answer,
        reads=("/properties/dataType", "/properties/dataUri"),
    )
    cell = judge_at(read, "2022-05-01")

    assert cell.status is Status.WARNS
    assert [f.code for f in cell.findings] == ["AZC304"]
    assert "'UriFile' is not listed there" in cell.findings[0].message


def test_a_status_that_is_no_longer_documented_is_a_warning(make_recording):
    restart = make_recording("POST", "computes/c/restart", answer={}, reads=("",))
    cell = judge_at(restart, "2021-07-01")

    assert cell.status is Status.WARNS
    assert "documents no 200 there, but 202" in cell.findings[0].message


def test_what_was_wrong_from_the_beginning_is_no_regression(make_recording):
    body = {"properties": {"nonsense": 1, "codeUri": "x"}}
    bad = make_recording("PUT", "codes/c/versions/1", body, version="2022-05-01")
    rows = build_matrix([bad], versions=["2022-05-01", "2024-04-01"])

    assert rows[0].cells["2022-05-01"].status is Status.IGNORED
    assert rows[0].cells["2024-04-01"].status is Status.IGNORED
    assert find_breaks(rows) == []
    assert newest_unchanged(rows) == {"story/test": "2024-04-01"}


def test_a_version_counts_for_itself_whatever_lies_between(make_recording):
    rows = build_matrix([make_recording("GET", "jobs/j")])

    (gone,) = find_breaks(rows)

    assert gone.versions[-3:] == ("2021-04-01", "2021-07-01", "2022-01-01-preview")
    assert newest_unchanged(rows) == {"story/test": known_versions()[-1]}
    stable = newest_unchanged(rows, stable_only=True)
    assert stable == {"story/test": "2026-05-01"}


def test_never_an_older_version_than_the_recorded_one(make_recording):
    body = {"properties": {"image": "python:3"}}
    new = make_recording("PUT", "environments/e/versions/1", body, version="2024-04-01")
    rows = build_matrix([new], versions=["2022-05-01", "2024-04-01"])

    assert newest_unchanged(rows) == {"story/test": "2024-04-01"}


def test_of_a_scenario_recorded_twice_the_newest_recording_counts(workflow):
    rows = build_matrix([workflow(FIRST), workflow("2022-05-01")])

    (scenario,) = newest_unchanged(rows)

    assert newest_unchanged(rows)[scenario] == known_versions()[-1]


def test_a_break_tells_the_first_newer_version_that_has_it(make_recording):
    recording = make_recording("PUT", "environments/e/versions/1", ENVIRONMENT)
    breaks = {b.finding.pointer: b for b in find_breaks(build_matrix([recording]))}

    assert breaks["/properties/docker"].since == "2022-02-01-preview"
    assert breaks["/properties/docker"].versions[-1] == known_versions()[-1]
    assert breaks[""].since == ""  # gone for a while: nobody moves there
    assert breaks[""].detours >= {"2021-04-01", "2021-07-01", "2022-01-01-preview"}


def test_calls_of_others_have_no_row(workflow):
    operations = {row.operation for row in build_matrix([workflow(FIRST)])}

    assert "Jobs_CreateOrUpdate" in operations
    assert not any("Storage" in name or "Operations" in name for name in operations)


def test_runs_of_one_scenario_are_judged_once(make_recording):
    judge = Judge(["2022-05-01"])

    def run(guid, number):
        job = {"properties": {"jobType": "Command", "codeId": f"codes/{number}"}}
        return make_recording(
            "PUT",
            f"jobs/{guid}",
            job,
            variables={"job": guid, "version": number},
        )

    one = run("3b3c0c52-6a4e-4c5b-8c0a-0a4f5e0c1a11", "1795345991")
    other = run("9d1d4e80-17c1-4d4e-9f0b-1d2f3a4b5c22", "1795349999")
    rows = [*judge.judge(one), *judge.judge(other)]

    assert judge.judged == 1
    assert rows[0].outcome is rows[1].outcome


def test_calls_that_meet_the_same_end_share_it(make_recording):
    judge = Judge(["2022-05-01"])

    def put(text):
        job = {"properties": {"jobType": "Command", "description": text}}
        return list(judge.judge(make_recording("PUT", "jobs/j", job)))

    [one], [other] = put("one"), put("another")

    assert judge.judged == 2
    assert one.outcome is other.outcome


def test_findings_quote_what_was_recorded_not_its_stand_in(make_recording):
    guid = "3b3c0c52-6a4e-4c5b-8c0a-0a4f5e0c1a11"
    body = {"properties": {"jobType": guid}}
    cell = judge_at(make_recording("PUT", "jobs/j", body), "2022-05-01")

    assert guid in " ".join(finding.message for finding in cell.findings)


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("GET", "jobs/a%2Fb", None),
        ("GET", "jobs/a%2Fcancel", None),
        ("PUT", "jobs/team%2Fj%3F1", {"properties": {"jobType": "Command"}}),
        ("DELETE", "data/d%2fd/versions/1%20beta", None),
    ],
)
def test_a_slash_that_is_encoded_is_part_of_a_name(make_recording, method, path, body):
    plain = path.replace("%2F", "-").replace("%2f", "-").replace("%3F", "-")

    (row,) = build_matrix([make_recording(method, path, body, version="2022-05-01")])
    (other,) = build_matrix([make_recording(method, plain, body, version="2022-05-01")])

    assert row.operation == other.operation
    assert [cell.status for cell in row.cells.values()] == [
        cell.status for cell in other.cells.values()
    ]


def test_a_name_that_ends_in_a_stand_in_is_told_as_it_was_recorded():
    """The first number's stand-in is six digits, as the second number is."""
    request = Request("PUT", "https://x/jobs/a-223344/b-000001", (), b'"c-987654321"')

    masked = disguise(request, {"n": 223344})

    assert masked.request.url == "https://x/jobs/a-000001/b-000001"
    assert masked.request.body == b'"c-000000002"'
    assert masked.stands_for == {"000001": "223344", "000000002": "987654321"}


def test_the_same_call_gets_the_same_verdict_again(workflow):
    judge = Judge(["2022-05-01"])

    first = list(judge.judge(workflow(FIRST)))

    assert list(judge.judge(workflow(FIRST))) == first


def test_a_version_without_a_contract_names_the_nearest(make_recording):
    recording = make_recording("GET", "jobs/j", version="2022-05-02")

    with pytest.raises(UnknownApiVersion) as caught:
        build_matrix([recording])

    assert "2022-05-01" in str(caught.value)


def test_neighbours_become_ranges():
    order = ["a", "b", "c", "d", "e"]

    assert fold_versions(["b", "a", "e", "c"], order) == ["a .. c", "e"]
    assert fold_versions([], order) == []


@pytest.mark.parametrize(
    ("field", "at", "is_gone"),
    [
        ("/kind", "2022-10-01", False),  # 236 of 239 live answers held it there
        ("/kind", "2021-07-01", True),  # nobody saw it there
        ("/properties/enableDataIsolation", "2022-10-01", False),
    ],
)
def test_a_field_that_live_answers_held_is_not_gone(field, at, is_gone):
    old, new = load_contract("2023-04-01-preview"), load_contract(at)
    body = {"kind": "Default", "properties": {"enableDataIsolation": False}}
    was, now = (one.operations["Workspaces_Get"] for one in (old, new))
    answer = Answer(200, outline(old, was, 200, body, (field,), ()))

    found = Comparer(old, was, answer).compare(new, now).findings

    assert [(one.code, one.pointer) for one in found] == (
        [("AZC302", field)] if is_gone else []
    )


@pytest.mark.parametrize(
    ("kind", "codes"),
    [("number", []), ("any", []), ("string", ["AZC303"])],
)
def test_a_type_that_is_wider_than_it_was_breaks_nothing(kind, codes):
    """What a scenario read as an integer is one still; a text is none."""
    old = load_contract("2023-04-01")
    owner = old.definitions["WorkspaceProperties"]
    count = owner.properties["privateLinkCount"]
    other = replace(count, type=replace(count.type, kind=kind, format=""))
    properties = {**owner.properties, "privateLinkCount": other}
    widened = {owner.name: replace(owner, properties=properties)}
    # A version of which nobody has counted answers.
    new = Contract(
        "2030-01-01", old.source, ChainMap(widened, old.definitions), old.operations
    )
    was = old.operations["Workspaces_Get"]
    field = "/properties/privateLinkCount"
    body = {"properties": {"privateLinkCount": 3}}
    answer = Answer(200, outline(old, was, 200, body, (field,), ()))

    found = Comparer(old, was, answer).compare(new, was).findings

    assert [one.code for one in found] == codes
