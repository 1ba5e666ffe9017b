"""Faults from a file, and what the kinds of them do."""

from __future__ import annotations

import pytest
import requests

from azml_contract.emulator.fault_file import load_faults
from azml_contract.emulator.faults import FaultKind
from azml_contract.emulator.server import Emulator
from azml_contract.errors import InputError
from tests.emulator.conftest import ArmClient


@pytest.fixture
def faulty(tmp_path):
    """Makes a client of an emulator with faults from a file."""
    running: list[Emulator] = []

    def make(text: str) -> ArmClient:
        path = tmp_path / "faults.toml"
        path.write_text(text)
        emulator = Emulator(azurite=False, faults=load_faults(path))
        emulator.start()
        running.append(emulator)
        return ArmClient(emulator)

    yield make
    for emulator in running:
        emulator.close()


def test_a_fault_meets_its_version_and_its_count_only(faulty):
    client = faulty(
        '[[fault]]\nkind = "throttle"\nversion = "2024-*"\ncount = 1\n'
        "retry_after_s = 7\nretry_after_header = true\n"
    )
    assert client.at("2023-10-01").get("jobs").status_code == 200
    first = client.get("jobs")
    assert (first.status_code, first.headers["Retry-After"]) == (429, "7")
    assert client.get("jobs").status_code == 200


def test_the_same_seed_meets_the_same_calls(faulty):
    text = (
        'seed = 5\n[[fault]]\nkind = "server_error"\nstatus = 504\nprobability = 0.5\n'
    )
    seen = [
        [c.get("jobs").status_code for _ in range(12)]
        for c in (faulty(text), faulty(text))
    ]
    assert seen[0] == seen[1]
    assert set(seen[0]) == {200, 504}


def test_a_truncated_answer_ends_early(faulty):
    client = faulty('[[fault]]\nkind = "truncate"\ncount = 1\n')
    with pytest.raises(requests.exceptions.RequestException):
        client.get("datastores")
    assert client.get("datastores").status_code == 200


def test_an_operation_may_never_end(faulty):
    client = faulty(
        '[[fault]]\nkind = "never_ends"\nmethod = "PUT"\npath = "*/computes/*"\n'
    )
    body = {"properties": {"computeType": "AmlCompute", "properties": {}}}
    url = client.put("computes/c", body).headers["Azure-AsyncOperation"]
    states = {client.get(url).json()["status"] for _ in range(20)}
    assert states == {"InProgress"}


def test_a_page_may_change_while_it_is_read(faulty):
    client = faulty('[[fault]]\nkind = "changing_page"\ncount = 1\n')
    first = [d["name"] for d in client.get("datastores").json()["value"]]
    second = [d["name"] for d in client.get("datastores").json()["value"]]
    assert second[1:] == first


def test_each_kind_can_be_named(tmp_path):
    path = tmp_path / "faults.toml"
    path.write_text("".join(f'[[fault]]\nkind = "{k}"\n' for k in FaultKind))
    assert [f.kind for f in load_faults(path).pending] == list(FaultKind)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("x = 1", "expected `seed` and"),
        ('[[fault]]\nkind = "sulk"', "kind must be one of throttle, "),
        ('[[fault]]\nkind = "drop"\ncolour = 1', "'colour' is not known"),
        ('[[fault]]\nkind = "drop"\ncount = "x"', "count cannot be 'x'"),
        ('[[fault]]\nkind = "drop"\nprobability = 2', "between 0 and 1"),
        ('[[fault]]\nkind = "server_error"\nstatus = 200', "one of 500, 502, 503, 504"),
        ("[[fault", "is not TOML"),
    ],
)
def test_a_wrong_file_is_told(tmp_path, text, told):
    path = tmp_path / "faults.toml"
    path.write_text(text)
    with pytest.raises(InputError) as caught:
        load_faults(path)
    assert told in str(caught.value)
