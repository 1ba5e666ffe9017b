"""The order that calls have in a cassette, and polls that become one."""

from __future__ import annotations

import threading

import pytest

from azml_contract.cassette.cassette import Cassette
from azml_contract.exchange import Exchange, Request, Response
from azml_contract.recording.identity import Logins
from azml_contract.recording.scrub import RedactionRules, Scrubber
from azml_contract.recording.tape import Take, Tape, arrange, fold, reorder, split_runs

BASE = "https://management.azure.com/subscriptions/s"
HEADER = Cassette("story", "2024-04-01", "azure", "", "test")


def exchange(path, method="GET", body=b"", status=200, headers=(), base=BASE):
    request = Request(method, f"{base}/{path}", (), body)
    return Exchange(request, Response(status, headers, b'{"a": 1}'))


def take(path, started, ended, *, parallel=False, thread="own", **more):
    return Take(exchange(path, **more), started, ended, parallel, thread)


def order(*takes):
    """The paths of takes in the order of the file."""
    scrubber = Scrubber(RedactionRules(), [one.exchange for one in takes])
    return "".join(
        takes[number].exchange.request.path[-1] for number in arrange(takes, scrubber)
    )


def test_what_ran_alone_stays_in_its_order():
    assert order(take("c", 1, 2), take("b", 3, 4), take("a", 5, 6)) == "cba"


def test_what_ran_beside_each_other_is_sorted():
    assert order(take("c", 1, 4), take("b", 3, 5), take("a", 6, 7)) == "bca"
    # The second ends last: what starts before its end ran beside it.
    assert order(take("c", 1, 3), take("b", 2, 9), take("a", 4, 5)) == "abc"
    assert order(take("b", 1, 2), take("a", 2, 3)) == "ba"


def test_what_other_threads_sent_is_sorted_though_it_did_not_overlap():
    beside = {"parallel": True, "thread": "other"}

    assert order(take("b", 1, 2, **beside), take("a", 3, 4, **beside)) == "ab"
    assert order(take("b", 1, 2, **beside), take("a", 3, 4)) == "ba"
    assert order(take("b", 1, 2), take("a", 3, 4, **beside)) == "ba"


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ({"path": "x/2"}, {"path": "x/1"}),
        ({"path": "x", "method": "PUT"}, {"path": "x", "method": "GET"}),
        ({"path": "x?b=1"}, {"path": "x?a=1"}),
        ({"path": "x", "base": "https://z.example"}, {"path": "x"}),
    ],
)
def test_calls_are_sorted_by_place_verb_and_query(first, second):
    for one, other in ((first, second), (second, first)):
        takes = [take(**one, started=1, ended=3), take(**other, started=2, ended=4)]
        scrubber = Scrubber(RedactionRules(), [each.exchange for each in takes])
        (first_number, _) = arrange(takes, scrubber)
        assert takes[first_number].exchange == exchange(**second)


def test_calls_to_one_place_are_sorted_by_their_bodies_without_what_was_drawn():
    guid = "5f0c7a31-9f5e-4c7b-8f7e-3a2b1c0d9e8f"
    other = "6f0c7a31-9f5e-4c7b-8f7e-3a2b1c0d9e8f"

    def sort(*bodies):
        takes = [
            take("x", 1 + n, 9 + n, method="PUT", body=one.encode())
            for n, one in enumerate(bodies)
        ]
        scrubber = Scrubber(RedactionRules(), [one.exchange for one in takes])
        return [bodies[number] for number in arrange(takes, scrubber)]

    both = sort('{"a": 1}', '{"a": 2}')
    assert both == sort('{"a": 2}', '{"a": 1}')
    for template in ('{"id": "%s"}', '["%s"]'):
        twins = [template % guid, template % other]
        assert sort(*twins) == twins
        assert sort(*twins[::-1]) == twins[::-1]
    plain = sort(f"text {guid}", f"text {other}")
    assert plain == sort(f"text {other}", f"text {guid}")


def test_a_run_is_turned_round_as_far_as_threads_allow():
    a, b = {"thread": "a"}, {"thread": "b"}
    takes = [take("1", 1, 4, **a), take("2", 2, 5, **b), take("3", 6, 7, **a)]

    assert list(split_runs(takes)) == [[0, 1], [2]]
    assert reorder([0, 1], takes) == [1, 0]
    # One thread waits for each answer; the other sends at once.
    takes = [take("1", 1, 2, **a), take("2", 3, 9, **a), take("3", 4, 8, **b)]
    assert reorder([0, 1, 2], takes) == [2, 0, 1]
    takes = [take("1", 1, 5, **a), take("2", 2, 6, **a), take("3", 7, 8, **a)]
    assert reorder([0, 1, 2], takes) == [1, 0, 2]
    # The second thread begins when the first is done.
    takes = [take("1", 1, 2, **a), take("2", 3, 4, **b)]
    assert reorder([0, 1], takes) == [0, 1]


def written(method="GET", uri="u", status=200, **more):
    return {
        "request": {"method": method, "uri": uri},
        "response": {"status": status},
        **more,
    }


def test_the_same_poll_in_a_row_becomes_one():
    poll, other = written(), written(uri="other")

    kept, places = fold([poll, poll, other, poll], [True] * 4)
    assert [one["times"] for one in kept] == [3, 1]
    assert places == [0, 0, 1, 0]


def test_what_is_no_poll_is_joined_with_its_like_next_to_it_alone():
    get, put = written(), written(method="PUT")

    assert fold([get, get, get], [False] * 3)[1] == [0, 0, 0]
    assert fold([get, written(uri="other"), get], [False] * 3)[1] == [0, 1, 2]
    assert fold([put, put], [False] * 2)[1] == [0, 1]
    assert fold([get, put, get], [True, False, True])[1] == [0, 1, 2]


@pytest.mark.parametrize(
    "other",
    [
        written(status=202),
        written(failure={"kind": "timeout"}),
        {**written(), "request": {"method": "GET", "uri": "u", "body": "x"}},
    ],
)
def test_polls_that_differ_are_kept_apart(other):
    kept, places = fold([written(), other], [True, True])

    assert places == [0, 1]
    assert [one["times"] for one in kept] == [1, 1]


def make_tape(*exchanges):
    tape = Tape(Logins())
    for one in exchanges:
        tape.add(one, tape.start())
    return tape


def to_cassette(tape):
    scrubber = Scrubber(RedactionRules(), tape.exchanges())
    return tape.to_cassette(HEADER, scrubber, {"name": "x"})


def test_polls_are_told_by_their_path_or_by_what_announced_them():
    announced = (("location", f"{BASE}/here"),)
    start = exchange("start", "PUT", status=202, headers=announced)
    tape = make_tape(
        start,
        exchange("here"),
        exchange("jobs/j"),
        exchange("here"),
        exchange("jobs/j"),
        exchange("else"),
        exchange("jobs/j"),
        exchange("else"),
    )

    made = to_cassette(tape)

    told = [
        (one.request.path.rpartition("/")[2], one.times) for one in made.interactions
    ]
    assert told == [
        ("start", 1),
        ("here", 2),
        ("j", 2),
        ("else", 1),
        ("j", 1),
        ("else", 1),
    ]
    assert made.variables == {"name": "x"}


def test_what_was_looked_at_goes_with_the_call_that_it_was_joined_to():
    tape = make_tape(exchange("jobs/j"), exchange("x", "PUT"), exchange("x", "POST"))
    for number, pointer in ((2, "/b"), (2, "/a"), (0, "/c")):
        tape.read(number, pointer)

    assert to_cassette(tape).reads == {0: ("/c",), 2: ("/a", "/b")}
    tape = make_tape(exchange("jobs/j"), exchange("jobs/j"))
    tape.read(0, "/a")
    tape.read(1, "/b")
    assert to_cassette(tape).reads == {0: ("/a", "/b")}


def test_logins_come_first_each_once_and_are_no_part_of_what_was_sent():
    login = exchange("oauth2/v2.0/token", "POST", body=b"grant_type=x")
    first, second = exchange("b"), exchange("a")
    tape = make_tape(first, login, login, second)

    made = to_cassette(tape)

    paths = [one.request.path.rpartition("/")[2] for one in made.interactions]
    assert paths == ["token", "b", "a"]
    assert [(one.exchange, one.index) for one in tape.sent()] == [
        (first, 1),
        (second, 2),
    ]
    assert len(tape) == 4


def test_where_a_call_was_made_is_kept_but_not_of_logins():
    tape = Tape(Logins())
    tape.add(exchange("a"), tape.start(), at="tests/test_x.py:3")
    tape.add(exchange("oauth2/token", "POST"), tape.start(), at="tests/test_x.py:1")

    login, call = to_cassette(tape).interactions

    assert call.data["at"] == "tests/test_x.py:3"
    assert "at" not in login.data


def test_other_threads_run_in_parallel_to_the_one_that_adopts_the_tape():
    tape = Tape(Logins())

    def send(path):
        tape.add(exchange(path), tape.start())

    def run(path):
        thread = threading.Thread(target=send, args=(path,))
        thread.start()
        thread.join()

    for path in ("c", "b"):
        run(path)
    send("a")
    paths = [one.request.path[-1] for one in to_cassette(tape).interactions]
    assert paths == ["b", "c", "a"]

    def adopt_and_send():
        tape.adopt()
        for path in ("z", "y"):
            send(path)

    tape = Tape(Logins())
    thread = threading.Thread(target=adopt_and_send)
    thread.start()
    thread.join()
    paths = [one.request.path[-1] for one in to_cassette(tape).interactions]
    assert paths == ["z", "y"]
