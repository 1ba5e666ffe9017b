"""Look-ups while the network is shut: none goes out, whatever a name looks like."""

from __future__ import annotations

import socket

import pytest

from azml_contract.recording.shut import shut


class Refused(Exception):
    """What a test refuses with."""


@pytest.mark.parametrize(
    "host", ["login.example", "node1", "localhost%x.example", "a:b"]
)
@pytest.mark.parametrize(
    "ask",
    [
        lambda host: socket.getaddrinfo(host, 443),
        lambda host: socket.getaddrinfo(host.encode(), 443),
        socket.gethostbyname,
        socket.gethostbyname_ex,
        socket.gethostbyaddr,
        lambda host: socket.getnameinfo((host, 443), 0),
    ],
)
def test_no_name_is_looked_up(ask, host):
    with shut(Refused), pytest.raises(Refused, match=host):
        ask(host)


def test_no_address_is_looked_up_by_its_number():
    with shut(Refused):
        with pytest.raises(Refused, match=r"192\.0\.2\.7"):
            socket.gethostbyaddr("192.0.2.7")
        with pytest.raises(Refused, match=r"192\.0\.2\.7"):
            socket.getnameinfo(("192.0.2.7", 443), 0)


@pytest.mark.parametrize("host", ["127.0.0.1", "::1", "192.0.2.7", "localhost", None])
def test_what_needs_no_look_up_is_found(host):
    with shut(Refused):
        assert socket.getaddrinfo(host, 443)


def test_a_server_of_a_tests_own_can_ask_for_its_name():
    with shut(Refused):
        assert socket.gethostbyname("127.0.0.1") == "127.0.0.1"
        assert socket.getfqdn("127.0.0.1")
        assert socket.getfqdn()
