"""What the recorder relies on inside vcrpy.

If one of these fails with a new vcrpy, `azml_contract/recording/intercept.py`
must change with it; until then keep the upper bound of vcrpy in pyproject.toml
below that version. Each test says what to look at.
"""

from __future__ import annotations

import http.client
import importlib.util
from importlib.metadata import version
from pathlib import Path

import urllib3.connection
import urllib3.connectionpool
import vcr.cassette
import vcr.patch
from requests.adapters import HTTPAdapter

from azml_contract.recording.engine import Mode
from azml_contract.recording.intercept import _MET_HERE


def test_vcrpy_is_inside_the_bounds_of_pyproject():
    assert 7 <= int(version("vcrpy").partition(".")[0]) < 10


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
    stubs = importlib.util.find_spec("vcr.stubs.tornado_stubs")
    asked = Path(stubs.origin).read_text()
    assert "cassette.can_play_response_for" in asked
    assert "cassette.play_response" in asked
    assert "cassette.append" in asked


def test_the_clients_that_are_met_elsewhere_can_be_left_out():
    """A new name in vcrpy's list needs a decision: met by us, or by its stubs."""
    assert set(vcr.patch.PATCHER_NAMES) == {*_MET_HERE, "tornado"}


def test_custom_patches_still_patch_any_attribute(make_recorder):
    """`intercept` hands its patches to `vcr.VCR(custom_patches=...)`."""
    patched = [
        (HTTPAdapter, "send"),
        (http.client.HTTPConnection, "send"),
        (http.client.HTTPConnection, "connect"),
        (urllib3.connection.HTTPSConnection, "connect"),
    ]
    before = [getattr(*one) for one in patched]
    pool = urllib3.connectionpool.HTTPSConnectionPool.ConnectionCls

    with make_recorder(Mode.LIVE):
        assert all(
            getattr(*one) is not old for one, old in zip(patched, before, strict=True)
        )
        assert urllib3.connectionpool.HTTPSConnectionPool.ConnectionCls is pool
        assert "__init_subclass__" in vars(http.client.HTTPConnection)

    assert [getattr(*one) for one in patched] == before
    assert "__init_subclass__" not in vars(http.client.HTTPConnection)
