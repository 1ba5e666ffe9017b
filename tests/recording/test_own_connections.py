"""Connections that this very process opened to a gateway are told from all others."""

from __future__ import annotations

import socket
import sys

import pytest

from azml_contract.recording.own import noting_own


@pytest.fixture
def server():
    with socket.create_server(("127.0.0.1", 0)) as made:
        yield made


def test_what_this_process_opened_to_the_port_is_its_own(server):
    place = server.getsockname()
    before = socket.create_connection(place)
    from_before, _ = server.accept()
    with before, from_before, noting_own(place[1]) as is_own:
        client = socket.create_connection(place)
        accepted, _ = server.accept()
        with client, accepted:
            assert is_own(accepted)
            assert not is_own(from_before)
            client.close()
            assert not is_own(accepted)


def test_connections_to_other_ports_and_by_other_events_are_not_noted(server):
    place = server.getsockname()
    with noting_own(place[1] + 1) as is_own, socket.socket() as client:
        client.connect(place)
        accepted, _ = server.accept()
        with accepted:
            assert not is_own(accepted)
            sys.audit("socket.bind", client, ("127.0.0.1", place[1] + 1))
            sys.audit("socket.connect", client, "path")
            assert not is_own(accepted)
            sys.audit("socket.connect", client, ("127.0.0.1", place[1] + 1))
            assert is_own(accepted)
