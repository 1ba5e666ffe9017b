"""Sockets, TLS, HTTP and the CONNECT gateway, below anything of Azure's."""

from __future__ import annotations

import socket
import ssl
from collections.abc import Iterator

import pytest
import requests

from azml_contract.errors import EmulatorError
from azml_contract.exchange import Response
from azml_contract.gateway.certificates import SERVER_NAMES, make_certificates
from azml_contract.gateway.https import TlsServer
from azml_contract.gateway.proxy import Gateway, lead_inside


@pytest.fixture(scope="module")
def certificates(tmp_path_factory):
    return make_certificates(tmp_path_factory.mktemp("certificates"))


@pytest.fixture
def echo(certificates) -> Iterator[TlsServer]:
    """A server that answers with what it was sent."""

    def answer(request):
        if request.path == "/drop":
            return None
        text = f"{request.method} {request.url} {request.body.decode()}"
        return Response(200, (("Content-Type", "text/plain"),), text.encode())

    server = TlsServer(answer, certificates.server_context(), host="127.0.0.1")
    server.start()
    yield server
    server.close()


@pytest.fixture
def session(certificates) -> Iterator[requests.Session]:
    with requests.Session() as session:
        session.trust_env = False
        session.verify = str(certificates.bundle)
        yield session


def no_azurite() -> tuple[str, int]:
    raise EmulatorError("it is not here")


@pytest.fixture
def gateway(echo) -> Iterator[Gateway]:
    gateway = Gateway(lead_inside(adopt=echo.serve, find_azurite=no_azurite))
    gateway.start()
    yield gateway
    gateway.close()


def speak(port: int, sent: bytes) -> bytes:
    """What a port says to some bytes, until it has said all."""
    with socket.create_connection(("127.0.0.1", port), timeout=10) as connection:
        connection.sendall(sent)
        received = b""
        while chunk := connection.recv(4096):
            received += chunk
        return received


def test_bodies_arrive_whole_and_the_url_is_the_clients(echo, session):
    answer = session.put(f"{echo.url}/a%20b?x=1", data="body", timeout=10)
    assert answer.text == f"PUT {echo.url}/a%20b?x=1 body"


def test_chunked_bodies_are_put_together(echo, session):
    parts = iter([b"one ", b"two ", b"three"])
    answer = session.post(f"{echo.url}/", data=parts, timeout=10)
    assert answer.text.endswith("one two three")


def test_a_head_has_headers_and_no_body(echo, session):
    answer = session.head(f"{echo.url}/", timeout=10)
    assert answer.content == b""
    assert int(answer.headers["Content-Length"]) > 0


def test_one_connection_serves_many_requests(echo, session):
    ports = set()
    for _ in range(3):
        with session.get(f"{echo.url}/", stream=True, timeout=10) as answer:
            ports.add(answer.raw.connection.sock.getsockname()[1])
            answer.content  # noqa: B018 - reads it, so that the connection is free
    assert len(ports) == 1


@pytest.mark.parametrize(
    ("length", "status"), [("many", 400), ("-1", 400), ("99999999999", 413)]
)
def test_a_body_of_nonsensical_length_is_refused(echo, certificates, length, status):
    context = ssl.create_default_context(cafile=str(certificates.bundle))
    with (
        socket.create_connection((echo.host, echo.port), timeout=10) as plain,
        context.wrap_socket(plain, server_hostname="localhost") as secure,
    ):
        head = f"PUT / HTTP/1.1\r\nHost: x\r\nContent-Length: {length}\r\n\r\n"
        secure.sendall(head.encode())
        assert secure.recv(4096).startswith(b"HTTP/1.1 %d " % status)


def test_a_dropped_request_breaks_the_connection(echo, session):
    with pytest.raises(requests.exceptions.ConnectionError):
        session.get(f"{echo.url}/drop", timeout=10)
    assert session.get(f"{echo.url}/", timeout=10).status_code == 200


def test_a_client_without_tls_holds_up_nobody(echo, session):
    with socket.create_connection((echo.host, echo.port)) as silent:
        silent.sendall(b"GET / HTTP/1.1\r\n\r\n")
        assert session.get(f"{echo.url}/", timeout=10).status_code == 200


def test_closing_ends_open_connections(certificates, session):
    server = TlsServer(
        lambda _: Response(200), certificates.server_context(), host="127.0.0.1"
    )
    server.start()
    session.get(server.url, timeout=10)
    server.close()
    with pytest.raises(requests.exceptions.ConnectionError):
        session.get(server.url, timeout=10)


def test_a_taken_port_is_told_with_the_remedy(echo, certificates):
    with pytest.raises(EmulatorError) as caught:
        TlsServer(
            lambda _: None,
            certificates.server_context(),
            host="127.0.0.1",
            port=echo.port,
        )
    assert str(caught.value) == (
        f"Port {echo.port} on 127.0.0.1 is taken by another program. "
        "Choose another with --port, or leave it out to get a free one."
    )


@pytest.mark.parametrize("host", ["0.0.0.0", "192.168.1.7", "::", "example.com"])
def test_other_addresses_than_loopback_are_refused(certificates, host):
    with pytest.raises(EmulatorError, match="listens on loopback only"):
        TlsServer(lambda _: None, certificates.server_context(), host=host)


@pytest.mark.parametrize(
    "host",
    [
        "management.azure.com",
        "login.microsoftonline.com",
        "westeurope.api.azureml.ms",
        "ml.azure.com",
    ],
)
def test_the_gateway_leads_real_names_here(gateway, session, host):
    session.proxies = {"https": gateway.url}
    answer = session.put(f"https://{host}/x", data="b", timeout=10)
    assert answer.text == f"PUT https://{host}/x b"


def test_the_gateway_refuses_every_other_host_by_name(gateway, session):
    session.proxies = {"https": gateway.url}
    with pytest.raises(requests.exceptions.ProxyError) as caught:
        session.get("https://example.com/", timeout=10)
    assert "403 The emulator does not stand for example.com; it has no way out" in (
        str(caught.value)
    )


def test_the_gateway_does_not_take_a_name_that_only_begins_alike(gateway):
    said = speak(
        gateway.port, b"CONNECT management.azure.com.evil.net:443 HTTP/1.1\r\n\r\n"
    )
    assert said.startswith(b"HTTP/1.1 403 ")


def test_the_gateway_says_why_there_is_no_blob_storage(gateway):
    said = speak(gateway.port, b"CONNECT a.blob.core.windows.net:443 HTTP/1.1\r\n\r\n")
    assert said.startswith(b"HTTP/1.1 502 No blob storage: it is not here\r\n")


def test_the_gateway_forwards_nothing_unencrypted(gateway):
    said = speak(gateway.port, b"GET http://management.azure.com/ HTTP/1.1\r\n\r\n")
    assert said.startswith(b"HTTP/1.1 405 This gateway understands CONNECT only\r\n")


def test_the_gateway_is_on_loopback_only(echo):
    with pytest.raises(EmulatorError, match="listens on loopback only"):
        Gateway(lambda *_: None, host="0.0.0.0")


@pytest.mark.parametrize("name", [*SERVER_NAMES, "127.0.0.1"])
def test_the_certificate_stands_for_every_name(echo, certificates, name):
    context = ssl.create_default_context(cafile=str(certificates.bundle))
    context.verify_flags |= ssl.VERIFY_X509_STRICT
    asked = name.replace("*", "some")
    with (
        socket.create_connection((echo.host, echo.port), timeout=10) as plain,
        context.wrap_socket(plain, server_hostname=asked) as secure,
    ):
        assert secure.version() in ("TLSv1.2", "TLSv1.3")


def test_nobody_else_trusts_the_certificate(echo):
    context = ssl.create_default_context()
    with (
        socket.create_connection((echo.host, echo.port), timeout=10) as plain,
        pytest.raises(ssl.SSLCertVerificationError),
    ):
        context.wrap_socket(plain, server_hostname="localhost")


def test_the_bundle_may_trust_the_public_too(tmp_path):
    alone = make_certificates(tmp_path).bundle.read_text()
    both = make_certificates(tmp_path, public_roots=True).bundle.read_text()
    assert alone.count("BEGIN CERTIFICATE") == 1
    assert both.count("BEGIN CERTIFICATE") > 50


@pytest.mark.parametrize("other", ["another authority's", "", "cut"])
def test_what_a_run_that_was_killed_left_is_made_anew(tmp_path, other):
    """Certificates that are kept are those of one authority, and whole."""
    kept = make_certificates(tmp_path / "kept", keep=True)
    told = kept.bundle.read_bytes()
    assert make_certificates(tmp_path / "kept", keep=True).bundle.read_bytes() == told
    foreign = make_certificates(tmp_path / "foreign").bundle.read_bytes()
    left = {"another authority's": foreign, "": b"", "cut": told[: len(told) // 2]}

    kept.bundle.write_bytes(left[other])
    made = make_certificates(tmp_path / "kept", keep=True)

    assert made.bundle.read_bytes() not in (told, foreign)
    assert made.certificate.read_bytes().endswith(made.bundle.read_bytes())


@pytest.mark.skipif(not hasattr(socket, "AF_UNIX"), reason="no permissions here")
def test_the_key_is_for_the_owner_only(certificates):
    assert certificates.key.stat().st_mode & 0o077 == 0


def test_starting_and_closing_at_once_leaves_no_error(certificates):
    for _ in range(20):
        server = TlsServer(
            lambda _: None, certificates.server_context(), host="127.0.0.1"
        )
        gateway = Gateway(lead_inside(adopt=server.serve, find_azurite=no_azurite))
        server.start()
        gateway.start()
        gateway.close()
        server.close()
