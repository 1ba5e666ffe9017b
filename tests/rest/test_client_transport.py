"""Proxies, certificates and packets."""

from __future__ import annotations

import socket
from typing import Any

import pytest
import requests

from azml_contract.rest.transport import describe_call, make_session


def test_calls_go_through_the_proxy_of_the_settings(
    service: Any, gateway: Any, make_workspace: Any
) -> None:
    service.always(200, {})
    proxy = f"http://127.0.0.1:{gateway.server_address[1]}"
    azml = make_workspace(
        settings={"proxy": proxy, "endpoint": "https://management.azure.com"}
    )
    assert azml.get("jobs").status == 200
    assert gateway.seen == ["management.azure.com:443"]
    assert service.requests[0].headers["host"] == "management.azure.com"


def test_proxy_and_certificates_of_the_settings_beat_the_environment(
    service: Any,
    gateway: Any,
    make_workspace: Any,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Any,
) -> None:
    wrong = tmp_path / "wrong.pem"
    wrong.write_text("not a certificate")
    for name in ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"):
        monkeypatch.setenv(name, str(wrong))
    monkeypatch.setenv("HTTPS_PROXY", "http://127.0.0.1:9")
    monkeypatch.setenv("NO_PROXY", "*")
    service.always(200, {})
    proxy = f"http://127.0.0.1:{gateway.server_address[1]}"
    azml = make_workspace(
        settings={"proxy": proxy, "endpoint": "https://management.azure.com"}
    )
    assert azml.get("jobs").status == 200
    assert gateway.seen == ["management.azure.com:443"]


def test_without_settings_the_environment_says_proxy_and_certificates(
    service: Any,
    gateway: Any,
    make_workspace: Any,
    certificates: Any,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(certificates.ca))
    monkeypatch.setenv("HTTPS_PROXY", f"http://127.0.0.1:{gateway.server_address[1]}")
    service.always(200, {})
    azml = make_workspace(
        settings={"ca_bundle": "", "endpoint": "https://management.azure.com"}
    )
    assert azml.get("jobs").status == 200
    assert gateway.seen == ["management.azure.com:443"]


@pytest.mark.parametrize("through_proxy", [False, True])
def test_small_packets_are_sent_at_once(
    through_proxy: bool,
    service: Any,
    gateway: Any,
    certificates: Any,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """TCP_NODELAY is set on direct connections and on those through a proxy."""
    delays_off: list[int] = []
    monkeypatch.setattr(
        "urllib3.util.connection.create_connection", _remembering(delays_off)
    )
    service.always(200, {})
    proxy = f"http://127.0.0.1:{gateway.server_address[1]}"
    with make_session() as session:
        session.get(
            f"{service.url}/x",
            verify=str(certificates.ca),
            proxies={"https": proxy} if through_proxy else None,
            timeout=10,
        )
    (delay_off,) = delays_off
    assert delay_off


def _remembering(delays_off: list[int]) -> Any:
    from urllib3.util.connection import create_connection

    def connect(*args: Any, **kwargs: Any) -> socket.socket:
        made = create_connection(*args, **kwargs)
        delays_off.append(made.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY))
        return made

    return connect


def test_a_session_of_the_caller_is_used_and_stays_open(
    service: Any, make_workspace: Any
) -> None:
    service.always(200, {})
    with requests.Session() as session:
        session.headers["X-Mine"] = "yes"
        azml = make_workspace(session=session)
        with azml:
            azml.get("jobs").expect(200)
        azml.get("jobs").expect(200)
        assert service.requests[0].headers["x-mine"] == "yes"
        assert session.adapters


def test_calls_are_described_without_signatures() -> None:
    url = "https://me:pw@x.example:8443/a/b?t=1&s=SIG&api-version=2024-04-01&h=H"
    assert describe_call("GET", url) == (
        "GET https://x.example:8443/a/b?api-version=2024-04-01"
    )
    assert (
        describe_call("PUT", "https://x.example/a?sig=S") == "PUT https://x.example/a"
    )
