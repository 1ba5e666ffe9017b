"""What a judge counts, names and remembers of recordings, in one process or several."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from azml_contract.cassette.recordings import Recording, from_exchanges
from azml_contract.contract.catalog import known_versions
from azml_contract.errors import InputError, NothingToCheck
from azml_contract.exchange import Exchange, Request, Response
from azml_contract.finding import Finding, Severity
from azml_contract.regression import parallel
from azml_contract.regression.alike import Alike
from azml_contract.regression.counterparts import Counterparts
from azml_contract.regression.gate import find_old
from azml_contract.regression.matrix import Judge, build_matrix, label_call
from azml_contract.regression.merge import join_accounts, merge_reports, narrow
from azml_contract.regression.outcome import Cell, Outcome, Row, Status
from azml_contract.regression.parallel import judge_file, judge_files
from azml_contract.regression.report_file import Tail, write_report
from azml_contract.seen import Calls

BASE = (
    "https://management.azure.com/subscriptions/00000000-0000-0000-0000-000000000000"
    "/resourceGroups/rg/providers/Microsoft.MachineLearningServices/workspaces/ws1"
)
FIRST, VERSION = "2021-03-01-preview", "2024-04-01"


def call(
    path: str,
    method: str = "GET",
    sent: Any = None,
    *,
    version: str = VERSION,
    status: int = 200,
    answer: bytes = b"",
) -> Exchange:
    url = path if path.startswith("https:") else f"{BASE}/{path}"
    body = b"" if sent is None else json.dumps(sent).encode()
    query = f"?api-version={version}" if version else ""
    return Exchange(
        Request(method, url + query, (), body), Response(status, (), answer)
    )


def test_the_account_names_every_call_and_what_became_of_it():
    operations = f"{BASE.partition('/workspaces')[0]}/locations/x/mfeOperationsStatus/1"
    exchanges = [
        call("jobs/a"),
        call("jobs/b", version="2024-04-02"),  # judged by the contract before it
        call("nonsense/a"),
        call("nonsense/a", version="2026-05-01"),
        call("jobs/c", version="next"),
        call("jobs/d", version=""),
        call("jobs/e"),
        call(operations.replace("workspaces", "x")),
        call("https://login.microsoftonline.com/t", version=""),
        call("jobs/g", status=0),
    ]
    recording = from_exchanges("mixed", exchanges, lost=frozenset({6}))

    account = Judge([VERSION]).judge_known(recording)

    assert account.calls.judged == len(account.rows) == 2
    assert [row.step for row in account.rows] == [0, 1]
    assert account.calls.not_judged == {
        "no known operation": 1,
        "its api-version's source cannot tell": 1,
        "no known api-version": 2,
        "its body is not in the recording": 1,
    }
    assert account.calls.skipped == {
        "poll of an operation": 1,
        "login": 1,
        "no answer": 1,
    }
    assert not account.is_whole


@pytest.mark.parametrize(
    ("exchanges", "fields", "is_whole"),
    [
        ([call("jobs/a"), call("https://example.org/")], {}, True),
        ([call("jobs/a"), call("jobs/a", version="2024-04-02")], {}, False),
        ([call("jobs/a"), call("nonsense/a")], {}, False),
        ([call("jobs/a")], {"untold": ("it was cut",)}, False),
    ],
)
def test_an_account_is_whole_where_each_call_met_its_own_contract(
    exchanges, fields, is_whole
):
    recording = Recording("s", VERSION, tuple(exchanges), **fields)
    account = Judge([VERSION]).judge_known(recording)
    assert account.is_whole is is_whole
    assert account.calls.not_judged.get("it was cut", 0) == len(fields)


def test_an_answer_that_is_no_json_is_judged_by_its_request():
    for body in (b"{", b"[" * 100_000):
        recording = Recording("s", VERSION, (call("jobs/a", answer=body),), None)
        (row,) = Judge([VERSION, "2024-10-01"]).judge(recording)
        assert row.cells["2024-10-01"].status is Status.OK


def test_a_source_that_tells_nothing_of_an_operation_makes_no_claim():
    (row,) = build_matrix(
        [Recording("s", FIRST, (call("labelingJobs/a", "DELETE", version=FIRST),))],
        versions=["2026-05-01", "2021-07-01"],
    )
    untold, gone = row.cells["2026-05-01"], row.cells["2021-07-01"]
    assert untold.status is Status.UNKNOWN
    (finding,) = untold.findings
    assert (finding.code, finding.severity) == ("AZC307", Severity.INFO)
    assert "does not tell whether" in finding.message
    (finding,) = gone.findings
    assert (finding.code, finding.seen.split(" ")[0]) == ("AZC301", "DELETE")
    assert finding.cure.startswith("Stay at a version that has it")


def test_what_lies_within_a_property_that_is_dropped_is_not_told_too():
    docker = {"properties": {"docker": {"dockerImageUri": 7, "nonsense": 1}}}
    (row,) = build_matrix(
        [Recording("s", VERSION, (call("environments/e/versions/1", "PUT", docker),))],
        versions=["2022-05-01"],
    )
    found = [one.pointer for one in row.cells["2022-05-01"].findings]
    assert found == ["/properties/docker"]


@pytest.mark.parametrize(
    ("job", "status"),
    [
        ({"jobType": "Command", "command": "a", "environmentId": "b"}, "ok"),
        (
            {"jobType": "Command", "command": "a", "environmentId": "b", "x": 1},
            "ignored",
        ),
        ({"jobType": "Command", "x": 1}, "refused"),  # the worse of two
    ],
)
def test_a_call_is_as_bad_as_the_worst_that_is_found(job, status):
    exchange = call("jobs/one", "PUT", {"properties": job})
    (row,) = build_matrix([Recording("s", VERSION, (exchange,))], versions=[VERSION])
    assert row.cells[VERSION].status == status


def test_what_a_script_leaves_to_a_run_is_no_fault():
    hole = "\ue002compute\ue003"
    job = {"jobType": "Command", "command": "a", "environmentId": "b"}
    for value, count in ((hole, 0), (7, 1)):
        body = {"properties": {**job, "computeId": value}}
        exchange = call("jobs/one", "PUT", body)
        recording = Recording("s", VERSION, (exchange,))
        (row,) = build_matrix([recording], versions=[VERSION])
        assert len(row.cells[VERSION].findings) == count
    body = {"properties": {**job, f"x{hole}": 1}}
    recording = Recording("s", VERSION, (call("jobs/one", "PUT", body),))
    (row,) = build_matrix([recording], versions=[VERSION])
    told = " ".join(
        f"{one.message}{one.pointer}" for one in row.cells[VERSION].findings
    )
    assert "\ue002" not in told
    assert "\ue003" not in told


WORKSPACE = "/x/workspaces/{workspaceName}"


@pytest.mark.parametrize(
    ("method", "template", "body", "label"),
    [
        ("GET", WORKSPACE, b"", "GET workspace"),
        ("PUT", f"{WORKSPACE}/jobs/{{id}}", b"", "PUT jobs"),
        (
            "PUT",
            f"{WORKSPACE}/jobs/{{id}}",
            b'{"properties": {"jobType":  "Sweep"}}',
            "PUT jobs Sweep",
        ),
        ("PUT", f"{WORKSPACE}/data/{{name}}/versions/{{version}}", b"", "PUT data"),
        ("GET", f"{WORKSPACE}/data/{{name}}/versions", b"", "GET data versions"),
        ("POST", f"{WORKSPACE}/jobs/{{id}}/cancel", b"", "POST cancel"),
        ("POST", f"{WORKSPACE}/listKeys", b"", "POST listKeys"),
    ],
)
def test_a_call_is_named_by_its_verb_and_what_it_is_of(method, template, body, label):
    assert label_call(Request(method, "https://x", (), body), template) == label


def test_paths_that_differ_in_names_alone_are_one():
    counterparts = Counterparts(known_versions(), Alike())
    blurred, url = counterparts.generalise(call("jobs/secret%2Fname").request, VERSION)
    assert blurred.endswith("/workspaces/x/jobs/x")
    assert url == f"https://management.azure.com{blurred}?api-version={VERSION}"
    # A word that is a step of some path is no name: it may lead elsewhere.
    blurred, _ = counterparts.generalise(call("jobs/Cancel").request, VERSION)
    assert blurred.endswith("/jobs/Cancel")
    # For names that are created there are rules.
    for method, sent in (("PUT", None), ("POST", {})):
        path = "jobs/a" if method == "PUT" else "jobs/a/cancel"
        request = call(path, method, sent).request
        blurred, url = counterparts.generalise(request, VERSION)
        assert "/jobs/x" in blurred
        assert url == request.url
    unknown = call("nonsense/a").request
    assert counterparts.generalise(unknown, VERSION) == (unknown.path, unknown.url)


def test_an_operation_that_is_not_there_takes_no_names():
    counterparts = Counterparts(["2021-07-01", VERSION], Alike())
    request = call("jobs/a%2Fb").request
    meeting = counterparts.find("GET", request.path, VERSION)
    assert meeting is not None
    gone, there = meeting.there
    assert gone.read_names(request) == {}
    assert there.read_names(request)["id"] == "a/b"
    assert counterparts.find("GET", "/nonsense", VERSION) is None


# Several processes


def read(path: Path) -> Recording:
    """Of a made-up file: what its name tells."""
    if path.suffix == ".txt":
        raise NothingToCheck(f"{path.name} is no recording.")
    if path.suffix == ".bad":
        raise InputError(f"{path} is broken.")
    old = "2023-10-01" if "old" in path.stem else VERSION
    exchanges = (call(f"jobs/{path.stem}", version=old), call("computes"))
    return Recording(path.stem, VERSION, exchanges, {})


def test_what_keeps_a_recording_from_being_judged_is_told():
    judge = Judge([VERSION])
    broken = judge_file(judge, Path("a/b.bad"), read, "")
    assert (broken.problem, broken.is_other) == ("a/b.bad is broken.", False)
    other = judge_file(judge, Path("a/b.txt"), read, "")
    assert (other.problem, other.is_other) == ("a/b.txt: b.txt is no recording.", True)
    assert broken.rows == other.rows == ()
    assert broken.is_whole  # it says nothing of any contract
    whole = judge_file(judge, Path("a/old.json"), read, "")
    assert (whole.scenario, len(whole.rows), whole.calls.judged) == ("old", 2, 2)
    chosen = judge_file(judge, Path("a/old.json"), read, "2023-10-01")
    assert [row.recorded for row in chosen.rows] == ["2023-10-01"]


def test_several_processes_say_what_one_says_in_the_same_order(monkeypatch):
    names = ("a.json", "old1.json", "b.bad", "c.txt", "old2.json", "d.json", "e.json")
    paths = [Path(name) for name in names]
    asked: dict[str, Any] = {"versions": [VERSION], "recorded": VERSION}
    alone = list(judge_files(paths, read, jobs=2, **asked))
    monkeypatch.setattr("azml_contract.regression.parallel._CHUNK", 1)
    monkeypatch.setattr("azml_contract.regression.parallel._FEW", len(paths))
    apart = list(judge_files(paths, read, jobs=2, **asked))
    assert apart == alone
    assert [one.path for one in apart] == paths
    first, *_, last = (one.rows[0].outcome for one in apart if one.rows)
    assert first is last  # it crossed once


@pytest.mark.parametrize(
    ("asked", "cores", "files", "processes"),
    [
        (0, 8, 500, 8),
        (3, 8, 500, 3),
        (0, 64, 500, 20),
        (1, 8, 500, 0),
        (0, 1, 500, 0),
        (0, None, 500, 0),
        (2, None, 500, 2),
        (0, 8, 499, 0),
    ],
)
def test_as_many_processes_judge_as_pay(monkeypatch, asked, cores, files, processes):
    started = []
    monkeypatch.setattr(parallel.os, "cpu_count", lambda: cores)
    monkeypatch.setattr(parallel, "judge_file", lambda *_: "here")
    monkeypatch.setattr(
        parallel, "_judge_apart", lambda *a: started.append(a[-1]) or []
    )
    judged = [*judge_files([Path("a.json")] * files, read, jobs=asked)]
    assert started == ([processes] if processes else [])
    assert judged == ([] if processes else ["here"] * files)


# Reports of several runs


def cell(status: Status = Status.GONE) -> Cell:
    return Cell(status, (Finding("AZC302", Severity.ERROR, "gone", pointer="/a"),))


def row(
    cells: dict[str, Cell],
    *,
    scenario: str = "s",
    step: int = 0,
    own: Cell | None = None,
) -> Row:
    outcome = Outcome("A_Get", "GET a", VERSION, own or Cell(Status.OK), cells)
    return Row(scenario, step, outcome)


def write(folder: Path, name: str, *rows: Row) -> Path:
    file = folder / name
    file.write_text("".join(write_report(rows, Tail(calls=Calls(1)))), "utf-8")
    return file


def test_cells_of_one_call_that_were_judged_apart_are_put_together(tmp_path):
    later = row({"2025-06-01": cell()}, own=cell(Status.REFUSED))
    sooner = row({VERSION: Cell(Status.OK), "2023-10-01": cell()})
    files = [write(tmp_path, "a.json", later), write(tmp_path, "b.json", sooner)]
    for order in (files, files[::-1]):
        (joined,), tails, recordings = merge_reports(order)
        assert list(joined.cells) == ["2023-10-01", VERSION, "2025-06-01"]
        # Who asked about the version that it was recorded at knows best.
        assert joined.outcome.own == Cell(Status.OK)
        assert len(tails) == 2
        assert recordings == [frozenset({("s", VERSION)})] * 2


def test_calls_that_two_runs_tell_apart_stay_two(tmp_path):
    one = row({"2025-06-01": cell()})
    for other, count in (
        (one, 1),
        (row({"2025-06-01": Cell(Status.OK)}), 2),
        (row({"2025-06-01": cell()}, step=1), 2),
        (row({"2025-06-01": cell()}, scenario="t"), 2),
        (row({"2025-06-01": cell(), "2025-09-01": cell()}), 1),
    ):
        files = [write(tmp_path, "a.json", one), write(tmp_path, "b.json", other)]
        rows, _, _ = merge_reports(files)
        assert len(rows) == count
        assert sum(len(each.cells) for each in rows) >= len(other.cells)


A, B = ("a", VERSION), ("b", VERSION)


@pytest.mark.parametrize(
    ("seen", "judged"),
    [
        ([({A}, 3), ({B}, 4)], 7),
        ([({A}, 3), ({A}, 4)], 4),
        ([({A}, 3), (set(), 4)], 7),
        ([({A, B}, 3), ({A}, 4)], 2),  # as many as there are rows
    ],
)
def test_calls_of_the_same_recordings_are_counted_once(seen, judged):
    tails = [Tail(calls=Calls(count)) for _, count in seen]
    recordings = [frozenset(names) for names, _ in seen]
    rows = [row({}), row({}, step=1)]
    assert join_accounts(rows, tails, recordings).judged == judged


def test_rows_are_narrowed_to_what_was_asked_for():
    both = row({VERSION: Cell(Status.OK), "2025-06-01": cell()})
    later = row({"2025-06-01": cell()}, step=1)
    narrowed = narrow([both, later], [VERSION], "")
    assert [(one.step, list(one.cells)) for one in narrowed] == [(0, [VERSION])]
    assert len(narrow([both, later], ["2025-06-01"], VERSION)) == 2
    assert narrow([both, later], ["2025-06-01"], "2023-10-01") == []


@pytest.mark.parametrize(("days", "count"), [(30, 0), (29, 1)])
def test_a_scenario_at_a_version_that_is_too_old_stays_behind(days, count):
    found = find_old([row({})], days, today=date(2024, 5, 1))
    told = f"s is at {VERSION}, which is 30 days old; 29 are allowed."
    assert found == [told] * count
