"""Blocks of blobs, polls, failures and call sites: what is read from a call alone."""

from __future__ import annotations

import base64
import hashlib
import http.client
import socket
import ssl
from types import ModuleType

import aiohttp
import httpx
import pytest
import requests.exceptions
import urllib3.connection
from urllib3 import exceptions

from azml_contract.cassette.interaction import Interaction
from azml_contract.exchange import Exchange, Failure, Request, Response
from azml_contract.recording import call_site
from azml_contract.recording.blocks import (
    BlockLedger,
    content_block_id,
    is_block_list,
    sent_block_id,
)
from azml_contract.recording.call_site import CallSites
from azml_contract.recording.failures import (
    describe,
    of_connecting,
    revive,
    revive_connecting,
)
from azml_contract.recording.polls import (
    announced_by,
    announced_in,
    announced_urls,
    is_poll_path,
    was_polled,
)

BLOB = "https://a.blob.core.windows.net/c/b"
DRAWN = base64.b64encode(b"drawn+/").decode()


# --- blocks ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("method", "url", "block"),
    [
        ("PUT", f"{BLOB}?comp=block&blockid=YQ%3D%3D", "YQ=="),
        ("PUT", f"{BLOB}?BlockId=YQ%3D%3D&Comp=block", "YQ=="),
        ("GET", f"{BLOB}?comp=block&blockid=YQ%3D%3D", None),
        ("PUT", f"{BLOB}?comp=blocklist&blockid=YQ%3D%3D", None),
        ("PUT", f"{BLOB}?comp=block", None),
        ("PUT", f"{BLOB}?comp=block&x=blockid=", None),
    ],
)
def test_the_id_of_a_block_is_in_the_query_of_its_put(method, url, block):
    assert sent_block_id(method, url) == block


def test_a_list_of_blocks_is_put_too():
    assert is_block_list("PUT", f"{BLOB}?comp=BlockList")
    assert not is_block_list("GET", f"{BLOB}?comp=blocklist")
    assert not is_block_list("PUT", f"{BLOB}/comp=blocklist")


def test_ids_of_blocks_are_written_by_their_content():
    written = content_block_id(b"x")
    digest = hashlib.sha256(b"x").hexdigest()[:24]
    assert base64.b64decode(written).decode() == digest
    ledger = BlockLedger()
    url = f"{BLOB}?comp=block&blockid="
    assert ledger.rewrite_url(f"{url}YQ%3D%3D") == f"{url}YQ%3D%3D"
    ledger.note("PUT", f"{url}YQ%3D%3D", b"x")
    ledger.note("GET", f"{url}Yg%3D%3D", b"x")

    assert ledger.rewrite_url(f"{url}YQ%3D%3D") == url + written
    assert (
        ledger.rewrite_url(f"{BLOB}?BLOCKID=YQ==&x=1")
        == f"{BLOB}?BLOCKID={written}&x=1"
    )
    assert ledger.rewrite_url(f"{url}Yg%3D%3D") == f"{url}Yg%3D%3D"
    assert (
        ledger.rewrite_url(f"{BLOB}2?blockid=YQ%3D%3D") == f"{BLOB}2?blockid=YQ%3D%3D"
    )
    assert ledger.rewrite_url(f"{BLOB}?x=YQ%3D%3D") == f"{BLOB}?x=YQ%3D%3D"
    sent = "<Latest>YQ==</Latest><Committed>Yg==</Committed><Name>YQ==</Name>"
    assert ledger.rewrite_list(f"{BLOB}?comp=blocklist", sent) == (
        f"<Latest>{written}</Latest><Committed>Yg==</Committed><Name>{written}</Name>"
    )
    assert ledger.rewrite_list(f"{BLOB}2", sent) == sent
    spaced = b"<BlockList>\n <Latest>YQ==</Latest> <Uncommitted>Yg==</Uncommitted>"
    assert ledger.canonical_list(BLOB, spaced) == f"Latest:{written};Uncommitted:Yg=="


# --- polls ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("method", "path", "polls"),
    [
        ("GET", "/workspaces/w/jobs/j", True),
        ("GET", "/workspaces/w/jobs/j/?x=/y", True),
        ("PUT", "/workspaces/w/jobs/j", False),
        ("GET", "/workspaces/w/jobs", False),
        ("GET", "/workspaces/w/jobs/j/x", False),
        ("GET", "/locations/l/mfeOperationsStatus/jc:1", True),
        ("GET", "/locations/l/operationResults/group/1", True),
        ("GET", "/locations/l/computeOperationResult/1", True),
        ("GET", "/locations/l/operationStatuses/1", True),
        ("GET", "/x/operations/1", True),
        ("GET", "/x/operations", False),
        ("GET", "/x/my-operations/1", False),
    ],
)
def test_a_poll_is_told_by_its_path(method, path, polls):
    assert is_poll_path(method, f"https://host{path}") is polls


def test_answers_announce_where_to_poll():
    headers = (
        ("Location", "l"),
        ("Azure-AsyncOperation", "a"),
        ("Operation-Location", "o"),
    )
    assert list(announced_urls(202, headers)) == ["a", "o", "l"]
    assert list(announced_urls(201, headers)) == ["a", "o"]
    assert list(announced_urls(202, (("Location", ""), ("x", "y")))) == []
    request = Request("PUT", "https://host")
    raw = [
        Exchange(request, Response(202, headers)),
        Exchange(request, Response(200, (("operation-location", "p"),))),
    ]
    assert announced_in(raw) == {"a", "o", "l", "p"}
    recorded = [
        Interaction(
            {
                "request": {"method": "PUT", "uri": "https://host", "headers": {}},
                "response": {"status": 202, "headers": given},
            }
        )
        for given in ({"location": "l"}, {"azure-asyncoperation": "a"}, {})
    ]
    assert announced_by(recorded) == {"l", "a"}


def test_what_was_recorded_as_a_poll_is_one():
    assert was_polled([3, 4], [1, 1])
    assert was_polled([3], [2])
    assert was_polled([1, 5, 6], [1, 1, 1])
    assert not was_polled([3, 5], [1, 1])
    assert not was_polled([3], [1])
    assert not was_polled([], [])


# --- failures -------------------------------------------------------------------------

PLAIN = {
    "timeout": TimeoutError,
    "dropped": http.client.RemoteDisconnected,
    "refused": ConnectionRefusedError,
    "name": socket.gaierror,
    "tls": ssl.SSLError,
}


@pytest.mark.parametrize("kind", PLAIN)
def test_a_failure_of_plain_python_is_raised_as_it_was(kind):
    error = revive(Failure(kind), None)

    assert type(error) is PLAIN[kind]
    assert f"recorded failure of the network: {kind}" in str(error)


@pytest.mark.parametrize(
    ("client", "kind", "raised"),
    [
        (requests.exceptions, "timeout", "ReadTimeout"),
        (requests.exceptions, "tls", "SSLError"),
        (requests.exceptions, "refused", "ConnectionError"),
        (requests.exceptions, "dropped", "ConnectionError"),
        (httpx, "timeout", "ReadTimeout"),
        (httpx, "dropped", "RemoteProtocolError"),
        (httpx, "name", "ConnectError"),
        (aiohttp, "timeout", "ServerTimeoutError"),
        (aiohttp, "dropped", "ServerDisconnectedError"),
        (aiohttp, "refused", "ClientConnectorError"),
    ],
)
def test_each_client_raises_an_exception_of_its_own(client: ModuleType, kind, raised):
    usual = revive(Failure(kind), client)
    recorded = revive(Failure(kind, raised="ConnectTimeout"), client)
    unknown = revive(Failure(kind, raised="NoSuchError"), client)
    none = revive(Failure(kind, raised="Session"), client)

    assert type(usual) is getattr(client, raised)
    assert type(unknown) is type(none) is type(usual)
    assert str(usual)
    if client is not aiohttp:
        assert type(recorded) is client.ConnectTimeout


def test_a_failure_before_anything_was_asked_is_one_of_connecting():
    plain, named = Failure("timeout", 0, "TimeoutError"), Failure("refused")

    assert of_connecting(plain).raised == "ConnectTimeout"
    assert of_connecting(plain).is_of_connecting
    assert of_connecting(named) is named
    already = of_connecting(plain)
    assert of_connecting(already) is already


@pytest.mark.parametrize(
    ("kind", "of_urllib3", "of_python"),
    [
        ("name", exceptions.NameResolutionError, socket.gaierror),
        ("refused", exceptions.NewConnectionError, ConnectionRefusedError),
        ("timeout", exceptions.ConnectTimeoutError, TimeoutError),
        ("tls", ssl.SSLError, ssl.SSLError),
    ],
)
def test_a_connection_fails_as_its_client_says_it(kind, of_urllib3, of_python):
    failure = Failure(kind)
    pooled = urllib3.connection.HTTPConnection("host.example")
    plain = http.client.HTTPConnection("host.example")

    assert type(revive_connecting(failure, pooled)) is of_urllib3
    assert type(revive_connecting(failure, plain)) is of_python


def test_what_led_to_an_exception_is_looked_at_whoever_keeps_it():
    class Wrapped(Exception):
        os_error = ConnectionRefusedError()

    class ProxyError(Exception):
        pass

    first = RuntimeError()
    first.__cause__ = second = RuntimeError()
    second.__context__ = first

    assert describe(Wrapped()).kind == "refused"
    assert describe(ProxyError()).kind == "refused"
    assert describe(first).kind == "dropped"
    assert describe(RuntimeError(RuntimeError(TimeoutError()))).kind == "timeout"
    told = describe(Wrapped(), 7)
    assert (told.after_bytes, told.raised) == (7, "Wrapped")


# --- call sites -----------------------------------------------------------------------


def make_caller(file):
    """A function whose second line, in that file, calls what it is given."""
    within = {}
    text = "def call(run, *args):\n    return run(*args)"
    exec(compile(text, str(file), "exec"), within)
    return within["call"]


def run_from(file, run):
    """Call `run` as line 2 of a file would."""
    return make_caller(file)(run)


def test_the_innermost_line_of_the_project_made_the_call(tmp_path):
    sites = CallSites(tmp_path)

    assert run_from(tmp_path / "tests" / "a.py", sites.find) == "tests/a.py:2"
    within = lambda: run_from(tmp_path / "b.py", sites.find)  # noqa: E731
    assert run_from(tmp_path / "a.py", within) == "b.py:2"
    foreign = lambda: run_from(tmp_path.parent / "b.py", sites.find)  # noqa: E731
    assert run_from(tmp_path / "a.py", foreign) == "a.py:2"
    assert sites.find() == ""
    assert CallSites(None).find() == ""


@pytest.mark.parametrize(
    "file",
    [
        "site-packages/x.py",
        "env/dist-packages/x.py",
        ".venv/lib/x.py",
        ".hidden.py",
        "../x.py",
    ],
)
def test_what_is_installed_or_hidden_is_none_of_the_project(tmp_path, file):
    assert run_from(tmp_path / file, CallSites(tmp_path).find) == ""


def test_the_package_itself_is_none_of_a_project_that_holds_it(monkeypatch, tmp_path):
    monkeypatch.setattr(call_site, "_OURS", tmp_path / "azml_contract")
    sites = CallSites(tmp_path)

    assert run_from(tmp_path / "azml_contract" / "client.py", sites.find) == ""
    assert run_from("relative.py", sites.find) == ""


def test_who_called_into_a_file_of_ours_is_found(tmp_path):
    ours, sites = str(tmp_path.parent / "ours.py"), CallSites(tmp_path)

    def ask():
        return sites.find_caller(ours)

    within = (make_caller(ours), make_caller(ours), ask)
    assert make_caller(tmp_path / "a.py")(*within) == "a.py:2"
    assert make_caller(tmp_path.parent / "b.py")(*within) == ""
    assert run_from(tmp_path / "a.py", ask) == ""
    assert CallSites(None).find_caller(ours) == ""
