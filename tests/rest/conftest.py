"""A scripted service on loopback TLS, and clients that never really sleep."""

from __future__ import annotations

import datetime
import ipaddress
import json
import select
import socket
import socketserver
import ssl
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from serving import serving

from azml_contract.client import Workspace
from azml_contract.lro import InstantClock
from azml_contract.rest.credentials import StaticCredential
from azml_contract.settings import Settings

NAMES = ("localhost", "management.azure.com", "*.blob.core.windows.net")
AMBIENT = ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY")
BUNDLES = ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "SSL_CERT_FILE")


@dataclass
class Received:
    """A request as the service saw it."""

    method: str
    target: str
    headers: dict[str, str]
    body: bytes

    @property
    def path(self) -> str:
        return urlsplit(self.target).path

    @property
    def query(self) -> dict[str, str]:
        return dict(parse_qsl(urlsplit(self.target).query, keep_blank_values=True))

    @property
    def json(self) -> Any:
        return json.loads(self.body)


@dataclass
class Reply:
    """What the service answers; `drop` closes the connection instead, `cut` does
    so before the body's end."""

    status: int = 200
    json: Any = None
    body: bytes = b""
    headers: dict[str, str] = field(default_factory=dict)
    drop: bool = False
    cut: bool = False


class Service:
    """Plays scripted replies in order, then asks `otherwise`."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.requests: list[Received] = []
        self.replies: list[Reply] = []
        self.otherwise: Callable[[Received], Reply] | None = None
        self._lock = threading.Lock()

    def reply(self, status: int = 200, json: Any = None, **options: Any) -> None:
        self.replies.append(Reply(status, json, **options))

    def always(self, status: int = 200, json: Any = None, **options: Any) -> None:
        self.otherwise = lambda request: Reply(status, json, **options)

    def answer(self, request: Received) -> Reply:
        with self._lock:
            self.requests.append(request)
            if self.replies:
                return self.replies.pop(0)
        if self.otherwise is None:
            return Reply(599, {"error": {"code": "Unscripted", "message": "none"}})
        return self.otherwise(request)

    @property
    def calls(self) -> list[str]:
        return [f"{r.method} {r.path}" for r in self.requests]


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    wbufsize = -1

    def handle_one_request(self) -> None:
        try:
            super().handle_one_request()
        except (OSError, ssl.SSLError):
            self.close_connection = True

    def _serve(self) -> None:
        length = int(self.headers.get("Content-Length") or 0)
        body = self.rfile.read(length)
        headers = {name.lower(): value for name, value in self.headers.items()}
        received = Received(self.command, self.path, headers, body)
        reply = self.server.service.answer(received)  # type: ignore[attr-defined]
        if reply.drop:
            self.close_connection = True
            return
        content = reply.body
        self.send_response_only(reply.status)
        if reply.json is not None:
            content = json.dumps(reply.json).encode()
            self.send_header("Content-Type", "application/json; charset=utf-8")
        for name, value in {"Date": self.date_time_string(), **reply.headers}.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(content) + reply.cut))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(content)
        self.wfile.flush()
        self.close_connection = self.close_connection or reply.cut

    do_GET = do_PUT = do_POST = do_DELETE = do_PATCH = do_HEAD = _serve  # noqa: N815

    def log_message(self, *args: Any) -> None:
        pass


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    service: Service

    def handle_error(self, *args: Any) -> None:
        pass


@dataclass(frozen=True)
class Certificates:
    """Files of a CA and of a server that it vouches for."""

    ca: Path
    server: Path


@pytest.fixture(scope="session")
def certificates(tmp_path_factory: pytest.TempPathFactory) -> Certificates:
    folder = tmp_path_factory.mktemp("tls")
    ca_key, server_key = (ec.generate_private_key(ec.SECP256R1()) for _ in "ab")
    ca_name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "unit test CA")])
    names: list[x509.GeneralName] = [x509.DNSName(name) for name in NAMES]
    names.append(x509.IPAddress(ipaddress.ip_address("127.0.0.1")))
    start = datetime.datetime.now(datetime.UTC) - datetime.timedelta(hours=1)

    def build(name: str, key: Any) -> x509.CertificateBuilder:
        subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
        return (
            x509.CertificateBuilder()
            .subject_name(subject)
            .issuer_name(ca_name)
            .public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(start)
            .not_valid_after(start + datetime.timedelta(days=1))
            .add_extension(
                x509.SubjectKeyIdentifier.from_public_key(key.public_key()), False
            )
            .add_extension(
                x509.AuthorityKeyIdentifier.from_issuer_public_key(ca_key.public_key()),
                False,
            )
        )

    usage = x509.KeyUsage(True, False, False, False, False, True, True, False, False)
    ca = (
        build("unit test CA", ca_key)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), True)
        .add_extension(usage, True)
        .sign(ca_key, hashes.SHA256())
    )
    server = (
        build("localhost", server_key)
        .add_extension(x509.SubjectAlternativeName(names), False)
        .sign(ca_key, hashes.SHA256())
    )
    pem = serialization.Encoding.PEM
    (folder / "ca.pem").write_bytes(ca.public_bytes(pem))
    (folder / "server.pem").write_bytes(
        server.public_bytes(pem)
        + server_key.private_bytes(
            pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
    )
    return Certificates(folder / "ca.pem", folder / "server.pem")


@pytest.fixture(autouse=True)
def _no_ambient_network_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in (*AMBIENT, *BUNDLES):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.lower(), raising=False)


@pytest.fixture
def service(certificates: Certificates) -> Iterator[Service]:
    server = _Server(("127.0.0.1", 0), _Handler)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificates.server)
    server.socket = context.wrap_socket(
        server.socket, server_side=True, do_handshake_on_connect=False
    )
    server.service = Service(f"https://localhost:{server.server_port}")
    with serving(server):
        yield server.service


class _Gateway(socketserver.ThreadingTCPServer):
    """A proxy that understands only CONNECT and leads every host to one port."""

    daemon_threads = True
    target_port: int
    seen: list[str]


class _Tunnel(socketserver.BaseRequestHandler):
    server: _Gateway

    def handle(self) -> None:
        head = b""
        while b"\r\n\r\n" not in head:
            head += self.request.recv(4096)
        self.server.seen.append(head.split(b" ")[1].decode())
        with socket.create_connection(("127.0.0.1", self.server.target_port)) as far:
            for end in (far, self.request):
                end.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            self.request.sendall(b"HTTP/1.1 200 Connection established\r\n\r\n")
            ends = {self.request: far, far: self.request}
            while True:
                ready, _, _ = select.select(list(ends), [], [], 10)
                for end in ready:
                    try:
                        data = end.recv(65536)
                    except OSError:
                        return
                    if not data:
                        return
                    ends[end].sendall(data)


@pytest.fixture
def gateway(service: Service) -> Iterator[_Gateway]:
    server = _Gateway(("127.0.0.1", 0), _Tunnel)
    server.target_port = urlsplit(service.url).port or 0
    server.seen = []
    with serving(server):
        yield server


@pytest.fixture
def settings(service: Service, certificates: Certificates) -> Settings:
    """Settings of a workspace at the scripted service."""
    return Settings(
        subscription="11111111-2222-3333-4444-555555555555",
        resource_group="rg",
        workspace="ws",
        endpoint=service.url,
        authority=service.url,
        ca_bundle=str(certificates.ca),
        tenant="tenant-1",
        client_id="client-1",
        client_secret="hunter2-not-a-real-secret",
    )


@pytest.fixture
def clock() -> InstantClock:
    return InstantClock(1_700_000_000.0)


@pytest.fixture
def lines() -> list[str]:
    """Lines that the client announced."""
    return []


MakeWorkspace = Callable[..., Workspace]


@pytest.fixture
def make_workspace(
    settings: Settings, clock: InstantClock, lines: list[str]
) -> Iterator[MakeWorkspace]:
    """Makes clients of the scripted service, and closes them."""
    made: list[Workspace] = []

    def make(api_version: str = "2024-04-01", **options: Any) -> Workspace:
        changes = options.pop("settings", {})
        chosen = {
            "credential": StaticCredential("token-1"),
            "clock": clock,
            "progress": lines.append,
            **options,
        }
        made.append(
            Workspace(replace(settings, **changes), api_version=api_version, **chosen)
        )
        return made[-1]

    yield make
    for workspace in made:
        workspace.close()


@pytest.fixture
def azml(make_workspace: MakeWorkspace) -> Workspace:
    """A client at 2024-04-01."""
    return make_workspace()
