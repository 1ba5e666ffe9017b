"""What the recorder relies on inside vcrpy.

If one of these fails with a new vcrpy, `azml_contract/recording/intercept.py`
must change with it; until then keep the upper bound of vcrpy in pyproject.toml
below that version. Each test says what to look at.
"""

from __future__ import annotations

import http.client
import inspect
from importlib.metadata import version

import requests
import urllib3.connectionpool
import vcr
import vcr.cassette
import vcr.patch
import vcr.stubs
from requests.adapters import HTTPAdapter

from azml_contract.recording.engine import Mode


def test_vcrpy_is_inside_the_bounds_of_pyproject():
    assert 7 <= int(version("vcrpy").partition(".")[0]) < 10


def test_resetting_still_goes_through_a_replaceable_function():
    """`intercept` replaces `vcr.patch.reset_patchers`; `force_reset` must call it.

    If not: find what puts urllib3's real classes back while a stub connects,
    and stop that, or threads will escape (test_threads.py shows how).
    """
    assert "reset_patchers()" in inspect.getsource(vcr.patch.force_reset)
    patcher = next(iter(vcr.patch.reset_patchers()))
    assert patcher.getter() is http.client
    assert patcher.attribute == "HTTPConnection"


def test_stubs_ask_the_cassette_what_ours_answers():
    """`_LiveCassette` overrides exactly these; a new question needs an answer."""
    for name in (
        "_load",
        "_save",
        "append",
        "can_play_response_for",
        "filter_request",
        "find_requests_with_most_matches",
        "play_response",
        "write_protected",
    ):
        assert hasattr(vcr.cassette.Cassette, name), name
    asked = inspect.getsource(vcr.stubs.VCRConnection.getresponse)
    assert "self.cassette.can_play_response_for" in asked
    assert "self.cassette.play_response" in asked
    assert "self.cassette.append" in asked


def test_stubs_still_take_a_real_connection_class():
    """`_StubHTTPSConnection` replaces `_baseclass`, and starts without a cassette."""
    assert vcr.stubs.VCRHTTPSConnection._baseclass is http.client.HTTPSConnection
    assert vcr.stubs.VCRHTTPSConnection.cassette is None


def test_custom_patches_still_patch_any_attribute(make_recorder):
    """`intercept` hands its patches to `vcr.VCR(custom_patches=...)`."""
    send, reset = HTTPAdapter.send, vcr.patch.reset_patchers
    pool = urllib3.connectionpool.HTTPSConnectionPool.ConnectionCls

    with make_recorder(Mode.LIVE):
        assert HTTPAdapter.send is not send
        assert vcr.patch.reset_patchers is not reset
        assert urllib3.connectionpool.HTTPSConnectionPool.ConnectionCls is not pool
        assert list(vcr.patch.reset_patchers()) == []

    assert HTTPAdapter.send is send
    assert vcr.patch.reset_patchers is reset
    assert urllib3.connectionpool.HTTPSConnectionPool.ConnectionCls is pool


def test_requests_still_gets_its_pools_where_we_look():
    """Live calls give the pool urllib3's own class in this method."""
    sending = inspect.getsource(HTTPAdapter.send)

    assert "self.get_connection_with_tls_context(" in sending
    assert requests.adapters.HTTPAdapter is HTTPAdapter
