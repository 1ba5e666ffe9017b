"""What recording asks of messages and exceptions, each by itself."""

from __future__ import annotations

import gzip
import socket
import ssl
import urllib.error
from datetime import UTC, datetime, timedelta
from importlib import metadata
from pathlib import Path
from types import SimpleNamespace

import pytest

from azml_contract.cassette.cassette import Cassette
from azml_contract.cassette.interaction import Interaction
from azml_contract.gateway.spool import IN_MEMORY, Intake
from azml_contract.gateway.upstream import Received
from azml_contract.recording import shut
from azml_contract.recording.failures import describe
from azml_contract.recording.header import main_version, make_header
from azml_contract.recording.live_call import _make_kept
from azml_contract.recording.messages import from_vcr_answer
from azml_contract.recording.recorder_settings import Mode, RecorderSettings
from azml_contract.recording.shut import say_address
from azml_contract.redaction.rules import RedactionRules


@pytest.mark.parametrize(
    ("error", "kind"),
    [
        (urllib.error.URLError(socket.gaierror("no name")), "name"),
        (urllib.error.URLError(ssl.SSLError("no trust")), "tls"),
        (urllib.error.URLError(ConnectionRefusedError()), "refused"),
        (urllib.error.URLError(TimeoutError()), "timeout"),
        (OSError(ConnectionResetError()), "dropped"),
        (RuntimeError(), "dropped"),
    ],
)
def test_what_led_to_an_exception_tells_its_kind(error: Exception, kind: str) -> None:
    assert describe(error).kind == kind


@pytest.mark.parametrize(
    "headers", [{"ETag": ["a"], "X": ["1", "2"]}, [("ETag", ["a"]), ("X", ["1", "2"])]]
)
def test_headers_of_vcrpy_are_read_as_table_and_as_list(headers: object) -> None:
    answer = {"status": {"code": 200}, "headers": headers, "body": {"string": b"x"}}

    response = from_vcr_answer(answer)

    assert response.header("etag") == "a"
    assert [value for name, value in response.headers if name == "X"] == ["1", "2"]
    assert (response.status, bytes(response.body)) == (200, b"x")


def test_a_cassette_says_what_recorded_it_and_when() -> None:
    header = make_header(
        RecorderSettings(
            *(Path("c.json"), Mode.RECORD, "s", "2024-04-01", "azure"),
            rules=RedactionRules(),
        )
    )

    assert header.recorder == f"azml-contract {metadata.version('azml-contract')}"
    recorded = datetime.fromisoformat(header.recorded_at)
    assert abs(recorded - datetime.now(UTC)) < timedelta(hours=1)


@pytest.mark.parametrize("size", [10, IN_MEMORY + 1])
def test_a_compressed_answer_is_kept_as_its_client_reads_it(size: int) -> None:
    plain = bytes(range(256)) * (size // 256 + 1)
    sent = gzip.compress(plain, compresslevel=0)
    intake = Intake()
    for start in range(0, len(sent), 64 * 1024):
        intake.take(sent[start : start + 64 * 1024])
    headers = (("Content-Encoding", "gzip"),)

    kept = _make_kept(Received(200, headers, iter(())), intake)

    assert intake.is_large is (size > IN_MEMORY)
    assert bytes(kept.body) == plain


OURS = "https://h/subscriptions/s/providers/Microsoft.MachineLearningServices/x"
OTHER = "https://h/subscriptions/s"


@pytest.mark.parametrize(
    ("calls", "version"),
    [
        ([], "none"),
        ([f"{OTHER}/x"], "none"),
        ([f"{OTHER}?api-version=2020-01-01"], "2020-01-01"),
        (
            [f"{OURS}?api-version=2023-04-01", f"{OURS}?api-version=2024-04-01"],
            "2024-04-01",
        ),
        (
            [f"{OURS}?api-version=2023-04-01"] * 2 + [f"{OURS}?api-version=2024-04-01"],
            "2023-04-01",
        ),
        (
            [f"{OTHER}?api-version=2025-01-01"] * 3
            + [f"{OURS.upper()}?api-version=2022-01-01"],
            "2022-01-01",
        ),
    ],
)
def test_a_cassette_is_of_the_version_that_most_calls_of_the_provider_name(
    calls: list[str], version: str
) -> None:
    interactions = tuple(
        Interaction({"request": {"method": "GET", "uri": url, "headers": {}}})
        for url in calls
    )
    cassette = Cassette("s", "", "azure", "", "", interactions)

    assert main_version(cassette) == version


@pytest.mark.parametrize(
    ("address", "said"),
    [
        (("127.0.0.1", 80), "127.0.0.1:80"),
        ((b"host", 80), "host:80"),
        (("::1", 80, 0, 0), "::1:80"),
        ("/run/socket", "/run/socket"),
        (("can0",), "('can0',)"),
    ],
)
def test_an_address_is_said_as_host_and_port_where_it_has_both(
    address: object, said: str
) -> None:
    assert say_address(address) == said


@pytest.mark.parametrize(("system", "is_pair"), [("nt", True), ("posix", False)])
def test_the_pair_that_windows_builds_of_two_sockets_is_let_connect(
    monkeypatch: pytest.MonkeyPatch, system: str, is_pair: bool
) -> None:
    """It stands in `socket.py` itself, whatever its name is in a version of Python."""
    monkeypatch.setattr(shut, "os", SimpleNamespace(name=system))
    names = {"ask": lambda: shut._is_pair(None)}
    source = "def _fallback_socketpair(): return ask()\ndef connect(): return ask()"
    exec(compile(source, socket.__file__, "exec"), names)

    assert names["_fallback_socketpair"]() is is_pair
    assert names["connect"]() is False
    assert shut._is_pair(None) is False
