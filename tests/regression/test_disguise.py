"""What a scenario draws anew has a stand-in while it is judged, and comes back."""

from __future__ import annotations

import pytest

from azml_contract.exchange import Request
from azml_contract.finding import Finding, Severity
from azml_contract.regression.drawn import disguise
from azml_contract.regression.outcome import Cell, Outcome, Status

GUID, OTHER = (
    "3b3c0c52-6a4e-4c5b-8c0a-0a4f5e0c1a11",
    "9D1D4E80-17C1-4D4E-9F0B-1D2F3A4B5C22",
)


@pytest.mark.parametrize(
    ("text", "variables", "masked"),
    [
        (f"/{GUID}/{OTHER}/{GUID}", {}, "/{0}/{1}/{0}"),
        ("/v/123456", {"v": "123456"}, "/v/000001"),
        ("/v/1234567/1234567", {"v": 1234567}, "/v/0000001/0000001"),
        ("/v/12345", {"v": "12345"}, "/v/12345"),  # it may mean something
        ("/v/123456", {}, "/v/123456"),
        ("/v/123456", {"v": "12345a"}, "/v/123456"),
        ("/job-123456", {}, "/job-000001"),
        ("/job_1234567/b", {}, "/job_0000001/b"),
        ("/job-12345", {}, "/job-12345"),
        ("/-123456", {}, "/-123456"),
        ("/a-123456/b-654321/c-123456", {}, "/a-000001/b-000002/c-000001"),
        (f"/a-123456/{GUID}", {}, "/a-000001/{1}"),
    ],
)
def test_what_was_drawn_has_a_stand_in_of_its_shape(text, variables, masked):
    shapes = [f"{number:08x}-c0de-4c0d-8000-000000000000" for number in range(3)]
    expected = masked.format(*shapes)
    request = Request("PUT", f"https://x{text}", (("a", "b"),), text.encode())

    made = disguise(request, variables)

    assert made.request == Request("PUT", f"https://x{expected}", (), expected.encode())
    assert set(made.stands_for.values()) <= {
        *(GUID, OTHER, "123456", "1234567", "654321"),
    }
    assert all(one in expected for one in made.stands_for)


def outcome(*findings: Finding) -> Outcome:
    cell = Cell(Status.REFUSED, findings)
    return Outcome("A_Put", "PUT a", "2024-04-01", Cell(Status.OK), {"v": cell})


def test_what_quotes_a_stand_in_quotes_what_was_recorded():
    made = disguise(Request("PUT", f"https://x/a-123456/{GUID}"), {})
    (number, guid) = made.stands_for
    quoting = Finding(
        "AZC101",
        Severity.ERROR,
        f"a-{number} and 1{number} of {guid}",
        pointer=f"/{guid}",
        cure=f"Not {number}.",
        seen=guid,
    )
    silent = Finding("AZC101", Severity.ERROR, "nothing", seen=7)

    shown = made.reveal(outcome(quoting, silent))

    first, second = shown.cells["v"].findings
    assert first.message == f"a-123456 and 1{number} of {GUID}"
    assert (first.pointer, first.cure, first.seen) == (f"/{GUID}", "Not 123456.", GUID)
    assert second is silent
    assert shown.own == Cell(Status.OK)
    assert shown.cells["v"].status is Status.REFUSED


def test_an_outcome_that_quotes_nothing_stays_what_it_is():
    made = disguise(Request("PUT", "https://x/a-123456"), {})
    told = outcome(Finding("AZC101", Severity.ERROR, "nothing", seen=7))
    assert made.reveal(told) is told
    own = Cell(Status.REFUSED, (Finding("AZC101", Severity.ERROR, "of 000001"),))
    shown = made.reveal(Outcome("A_Put", "PUT a", "v", own, {"v": Cell(Status.OK)}))
    assert shown.own.findings[0].message == "of 123456"
    assert shown.cells["v"] == Cell(Status.OK)
