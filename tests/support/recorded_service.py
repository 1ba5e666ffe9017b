"""A recorded side for the recorder's tests: a real TLS server on loopback.

`service` answers what a test scripts, hands out tokens as the identity service
does, and keeps blobs as Azure Storage does. `make_recorder` builds recorders
with the same rules throughout; `stopped` stops the server and blocks sockets.
"""

from __future__ import annotations

import base64
import datetime
import ipaddress
import itertools
import json
import re
import socket
import ssl
import threading
import time
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from azml_contract.recording.engine import Mode, Recorder, RecorderSettings
from azml_contract.redaction.rules import Identifier, RedactionRules

__all__ = [
    "cassette_path",
    "make_recorder",
    "plain_environment",
    "proves",
    "real",
    "record",
    "replay",
    "service",
    "stand_ins",
]
"""The fixtures, which a folder takes all together."""

SUBSCRIPTION = "3b1f0c52-7a5e-4a0b-9d55-0f9f3a1c7e21"
TENANT = "b6a7d0c4-11d8-4b7d-8a55-2d6a0c9be1f3"
CLIENT = "9c0de5f1-6f0b-4d7a-b8a4-5ab1f0c3d2e4"
GROUP = "rg-contoso-ml"
WORKSPACE = "contoso-trainer"
ACCOUNT = "contosostore01"
ACCOUNT_KEY = base64.b64encode(bytes(range(7, 71))).decode()
CLIENT_SECRET = "Xk8Q~uVw3.dR5tYb7nM1pL0sZxC4vBnM6qW2eR"
RULES = RedactionRules(
    identifiers=(
        Identifier(
            "subscription", SUBSCRIPTION, "00000000-0000-0000-0000-000000000000"
        ),
        Identifier("tenant", TENANT, "00000000-0000-4000-8000-00000000a001"),
        Identifier("client", CLIENT, "00000000-0000-4000-8000-00000000a002"),
        Identifier("resource_group", GROUP, "resource-group"),
        Identifier("workspace", WORKSPACE, "workspace"),
        Identifier("storage_account", ACCOUNT, "storageaccount"),
    ),
    secrets=(CLIENT_SECRET,),
    secret_properties=frozenset({"adminuserpassword", "key", "sastoken", "secrets"}),
)


@dataclass(frozen=True)
class Names:
    """How one side is called; the scenario of a test speaks only through it."""

    subscription: str
    tenant: str
    client: str
    group: str
    workspace: str
    account: str
    key: str
    secret: str

    @property
    def base(self) -> str:
        return (
            f"/subscriptions/{self.subscription}/resourceGroups/{self.group}"
            f"/providers/Microsoft.MachineLearningServices/workspaces/{self.workspace}"
        )


REAL = Names(
    SUBSCRIPTION, TENANT, CLIENT, GROUP, WORKSPACE, ACCOUNT, ACCOUNT_KEY, CLIENT_SECRET
)
STAND_INS = Names(
    "00000000-0000-0000-0000-000000000000",
    "00000000-0000-4000-8000-00000000a001",
    "00000000-0000-4000-8000-00000000a002",
    "resource-group",
    "workspace",
    "storageaccount",
    base64.b64encode(bytes(64)).decode(),
    "REDACTED",
)


@pytest.fixture
def real() -> Names:
    return REAL


@pytest.fixture
def stand_ins() -> Names:
    return STAND_INS


@dataclass(frozen=True)
class Call:
    """One request as the server got it."""

    method: str
    path: str
    query: dict[str, str]
    headers: dict[str, str]
    body: bytes


Answer = tuple[int, dict[str, str], Any]


class Service:
    """A TLS server whose routes a test sets; later routes win."""

    def __init__(self, folder: Path) -> None:
        self.ca = folder / "ca.pem"
        chain = folder / "server.pem"
        _make_certificates(self.ca, chain)
        self._routes: list[tuple[str, re.Pattern[str], Callable[[Call], Answer]]] = []
        self.calls: list[Call] = []
        self._lock = threading.Lock()
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), _make_handler(self))
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(chain)
        self._server.socket = context.wrap_socket(
            self._server.socket, server_side=True, do_handshake_on_connect=False
        )
        self._server.daemon_threads = True
        self.url = f"https://localhost:{self._server.server_port}"
        threading.Thread(target=self._server.serve_forever, args=(0.02,)).start()
        self.running = True
        _add_identity(self)
        _add_storage(self)

    def on(self, method: str, path: str, answer: Callable[[Call], Answer]) -> None:
        """Answer requests whose path fits a regular expression."""
        self._routes.insert(0, (method, re.compile(path), answer))

    def answer(self, call: Call) -> Answer:
        with self._lock:
            self.calls.append(call)
        for method, path, answer in self._routes:
            if method == call.method and path.fullmatch(call.path):
                return answer(call)
        return 404, {}, {"error": {"code": "NotFound", "message": call.path}}

    def stop(self) -> None:
        if self.running:
            self.running = False
            self._server.shutdown()
            self._server.server_close()


def _make_handler(service: Service) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = True
        wbufsize = -1

        def log_message(self, *_: object) -> None:
            """Silent."""

        def _serve(self) -> None:
            parts = urlsplit(self.path)
            call = Call(
                self.command,
                unquote(parts.path),
                dict(parse_qsl(parts.query, keep_blank_values=True)),
                {name.lower(): value for name, value in self.headers.items()},
                self._read_body(),
            )
            status, headers, body = service.answer(call)
            if not isinstance(body, bytes):
                body = json.dumps(body, separators=(",", ":")).encode()
                headers = {"Content-Type": "application/json; charset=utf-8", **headers}
            self.send_response(status)
            headers.setdefault("Content-Length", str(len(body)))
            headers.setdefault("x-ms-request-id", str(uuid.uuid4()))
            for name, value in headers.items():
                self.send_header(name, value)
            self.end_headers()
            if self.command != "HEAD":
                self.wfile.write(body)

        def _read_body(self) -> bytes:
            if self.headers.get("transfer-encoding") != "chunked":
                return self.rfile.read(int(self.headers.get("content-length") or 0))
            body = b""
            while size := int(self.rfile.readline(), 16):
                body += self.rfile.read(size)
                self.rfile.readline()
            self.rfile.readline()
            return body

        do_GET = do_PUT = do_POST = do_PATCH = do_DELETE = do_HEAD = _serve  # noqa: N815

    return Handler


def _make_certificates(ca_file: Path, chain_file: Path) -> None:
    now = datetime.datetime.now(datetime.UTC)

    def build(subject: str, issuer: str, public: Any) -> x509.CertificateBuilder:
        return (
            x509.CertificateBuilder()
            .subject_name(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, subject)]))
            .issuer_name(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, issuer)]))
            .public_key(public)
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - datetime.timedelta(days=1))
            .not_valid_after(now + datetime.timedelta(days=30))
        )

    ca_key = ec.generate_private_key(ec.SECP256R1())
    ca = (
        build("test ca", "test ca", ca_key.public_key())
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(
            x509.SubjectKeyIdentifier.from_public_key(ca_key.public_key()),
            critical=False,
        )
        .sign(ca_key, hashes.SHA256())
    )
    key = ec.generate_private_key(ec.SECP256R1())
    names = [
        x509.DNSName("localhost"),
        x509.IPAddress(ipaddress.ip_address("127.0.0.1")),
    ]
    leaf = (
        build("localhost", "test ca", key.public_key())
        .add_extension(x509.SubjectAlternativeName(names), critical=False)
        .add_extension(
            x509.AuthorityKeyIdentifier.from_issuer_public_key(ca_key.public_key()),
            critical=False,
        )
        .sign(ca_key, hashes.SHA256())
    )
    pem = serialization.Encoding.PEM
    ca_file.write_bytes(ca.public_bytes(pem))
    chain_file.write_bytes(
        leaf.public_bytes(pem)
        + key.private_bytes(
            pem,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
    )


def _add_identity(service: Service) -> None:
    def discovery(call: Call) -> Answer:
        base = f"{service.url}/{call.path.split('/')[1]}"
        answer = {
            "issuer": f"{base}/v2.0",
            "token_endpoint": f"{base}/oauth2/v2.0/token",
            "authorization_endpoint": f"{base}/oauth2/v2.0/authorize",
        }
        return 200, {}, answer

    def token(call: Call) -> Answer:
        form = dict(parse_qsl(call.body.decode()))
        parts = [{"alg": "none"}, {"aud": form["scope"], "jti": str(uuid.uuid4())}]
        texts = [
            base64.urlsafe_b64encode(json.dumps(p).encode()).decode() for p in parts
        ]
        answer = {
            "token_type": "Bearer",
            "expires_in": 3599,
            "ext_expires_in": 3599,
            "access_token": ".".join(text.rstrip("=") for text in [*texts, texts[1]]),
        }
        return 200, {}, answer

    service.on("GET", r"/.*/\.well-known/openid-configuration", discovery)
    service.on("POST", r"/.*/oauth2/v2\.0/token", token)


def _add_storage(service: Service) -> None:
    blobs: dict[str, bytes] = {}
    blocks: dict[tuple[str, str], bytes] = {}
    tags = itertools.count(time.time_ns())
    etags: dict[str, str] = {}

    def headers(path: str) -> dict[str, str]:
        return {
            "ETag": etags.get(path, '"0x8D0000000000000"'),
            "Last-Modified": time.strftime("%a, %d %b %Y %H:%M:%S GMT", time.gmtime()),
            "x-ms-version": "2021-12-02",
            "x-ms-blob-type": "BlockBlob",
        }

    def put(call: Call) -> Answer:
        comp = call.query.get("comp")
        if comp == "block":
            blocks[call.path, call.query["blockid"]] = call.body
            return 201, {"x-ms-version": "2021-12-02"}, b""
        if comp == "blocklist":
            listed = re.findall(r"<Latest>([^<]*)</Latest>", call.body.decode())
            blobs[call.path] = b"".join(blocks[call.path, one] for one in listed)
        elif call.query.get("restype") == "container":
            return 201, headers(call.path), b""
        else:
            blobs[call.path] = call.body
        etags[call.path] = f'"0x{next(tags):015X}"'
        return 201, headers(call.path), b""

    def get(call: Call) -> Answer:
        if call.path not in blobs:
            answer = b"<Error><Code>BlobNotFound</Code></Error>"
            return 404, {"x-ms-error-code": "BlobNotFound"}, answer
        raw = blobs[call.path]
        wanted = call.headers.get("x-ms-range") or call.headers.get("range")
        if not wanted:
            return 200, headers(call.path) | {"Content-Length": str(len(raw))}, raw
        first, last = (int(n) for n in wanted.removeprefix("bytes=").split("-"))
        part = raw[first : last + 1]
        ranged = f"bytes {first}-{first + len(part) - 1}/{len(raw)}"
        return 206, headers(call.path) | {"Content-Range": ranged}, part

    for account in (ACCOUNT, STAND_INS.account):
        service.on("PUT", rf"/{account}/.*", put)
        service.on("GET", rf"/{account}/.*", get)
        service.on("HEAD", rf"/{account}/.*", get)


@pytest.fixture(autouse=True)
def plain_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without a proxy or CA setting of the machine, which requests would obey."""
    for name in (
        "REQUESTS_CA_BUNDLE",
        "CURL_CA_BUNDLE",
        "SSL_CERT_FILE",
        "SSL_CERT_DIR",
    ):
        monkeypatch.delenv(name, raising=False)
    for name in ("HTTPS_PROXY", "HTTP_PROXY", "ALL_PROXY"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.lower(), raising=False)


@pytest.fixture
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    running = Service(tmp_path_factory.mktemp("service"))
    yield running
    running.stop()


@pytest.fixture
def cassette_path(tmp_path: Path) -> Path:
    return tmp_path / "cassettes" / "story" / "2024-04-01.json"


@pytest.fixture
def proves() -> bool:
    """Whether recordings are proven; what is planted for redaction need not replay."""
    return True


@pytest.fixture
def make_recorder(cassette_path: Path, proves: bool) -> Callable[..., Recorder]:
    def make(mode: Mode, path: Path | None = None, **changes: Any) -> Recorder:
        settings: dict[str, Any] = {
            "mode": mode,
            "scenario": "story/test",
            "api_version": "2024-04-01",
            "target": "emulator",
            "rules": RULES,
            "proves": proves,
        }
        observe = changes.pop("observe", None)
        return Recorder(
            RecorderSettings(path or cassette_path, **(settings | changes)), observe
        )

    return make


@pytest.fixture
def record(make_recorder: Callable[..., Recorder]) -> Callable[..., Recorder]:
    """Run a story live and save its cassette."""

    def run(story: Callable[[Recorder], object], **changes: Any) -> Recorder:
        with make_recorder(Mode.RECORD, **changes) as recorder:
            story(recorder)
        recorder.save()
        return recorder

    return run


@pytest.fixture
def replay(
    make_recorder: Callable[..., Recorder], service: Service
) -> Callable[..., Recorder]:
    """Run a story from its cassette, servers stopped, and check it was all played."""

    def run(story: Callable[[Recorder], object], **changes: Any) -> Recorder:
        service.stop()
        refused: list[object] = []

        def refuse(_: socket.socket, address: object) -> None:
            refused.append(address)
            raise OSError(f"a test tried to reach {address}")

        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(socket.socket, "connect", refuse)
            with make_recorder(Mode.REPLAY, **changes) as recorder:
                story(recorder)
        recorder.finish()
        assert refused == []
        return recorder

    return run
