"""The gateway: how fast programs are recorded and replayed through it, and its memory.

Clients are processes of their own, which use `http.client` on kept connections. They
ask the gateway while it records from an emulator, replays and serves a cassette; the
bare emulator; and a plain TLS echo server of the standard library, which answers as
many bytes. Each figure is told as a share of the echo server's in the same round.
"""

from __future__ import annotations

import contextlib
import json
import os
import ssl
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import urlsplit

from measure import (
    Figures,
    Row,
    Target,
    find_medians,
    find_ratio,
    interleave,
    make_parser,
    show,
)

from azml_contract.cassette.cassette import Cassette, render_cassette
from azml_contract.cassette.interaction import Interaction
from azml_contract.command_run import CommandPlan, CommandRun
from azml_contract.emulator.far_side import EmulatorSide
from azml_contract.emulator.server import Emulator
from azml_contract.gateway.certificates import Authority
from azml_contract.gateway.hosts import azure_domains
from azml_contract.recording.engine import Mode, RecorderSettings
from azml_contract.recording.outside import PlayedHosts
from azml_contract.scenario import redaction_rules
from azml_contract.settings import PLACEHOLDERS

VERSION = "2024-04-01"
HOST = "management.azure.com"
ANSWER = {"id": "x" * 120, "name": "workspaceblobstore", "properties": {"a": "x" * 700}}
CLIENT = """
import http.client, json, ssl, sys, threading, time
host, port, proxy, ca, token, path, count, connections = sys.argv[1:]
each = int(count) // int(connections)
context = ssl.create_default_context(cafile=ca)
headers = {"Authorization": "Bearer " + token, "Accept": "*/*", "User-Agent": "bench"}
def run(worker):
    if proxy == "-":
        asked = http.client.HTTPSConnection(host, int(port), context=context)
    else:
        asked = http.client.HTTPSConnection("127.0.0.1", int(proxy), context=context)
        asked.set_tunnel(host, 443)
    for number in range(worker * each, worker * each + each):
        asked.request("GET", path.replace("NUMBER", str(number)), headers=headers)
        answer = asked.getresponse()
        answer.read()
        assert answer.status == 200, answer.status
    whole.append(worker)
whole = []
threads = [threading.Thread(target=run, args=(n,)) for n in range(int(connections))]
started = time.perf_counter()
[one.start() for one in threads]
[one.join() for one in threads]
assert len(whole) == len(threads), "a client failed"
print(each * int(connections) / (time.perf_counter() - started))
"""
UPLOAD = """
import http.client, ssl, sys
proxy, ca, megabytes, blocks = sys.argv[1], sys.argv[2], int(sys.argv[3]), sys.argv[4]
asked = http.client.HTTPSConnection(
    "127.0.0.1", int(proxy), context=ssl.create_default_context(cafile=ca))
asked.set_tunnel("account.blob.core.windows.net", 443)
piece = bytes(range(256)) * 4096
def body(count):
    for _ in range(count):
        yield piece
each = megabytes if blocks == "one" else 4
for number in range(megabytes // each):
    asked.putrequest("PUT", f"/container/blob?comp=block&blockid={number}")
    asked.putheader("Content-Length", str(each << 20))
    asked.putheader("x-ms-version", "2021-12-02")
    asked.endheaders()
    for one in body(each):
        asked.send(one)
    answer = asked.getresponse()
    answer.read()
    assert answer.status == 201, answer.status
"""
RECORDER = """
import ssl, sys
from pathlib import Path
from azml_contract.command_run import CommandPlan, CommandRun
from azml_contract.gateway.far_side import Ask
from azml_contract.gateway.hosts import azure_domains
from azml_contract.gateway.upstream import Upstream
from azml_contract.recording.engine import Mode, RecorderSettings
from azml_contract.scenario import redaction_rules
from azml_contract.settings import PLACEHOLDERS
import socket
port, trusted, folder = int(sys.argv[1]), sys.argv[2], Path(sys.argv[3])
context = ssl.create_default_context(cafile=trusted)
class Sink:
    def reach(self, host, port_, *, secure=True):
        return Ask(lambda: Upstream(self.open, host))
    def open(self):
        plain = socket.create_connection(("127.0.0.1", port))
        return context.wrap_socket(plain, server_hostname="localhost")
rules = redaction_rules(PLACEHOLDERS)
settings = RecorderSettings(path=folder / "c.json", mode=Mode.RECORD, scenario="x/y",
    api_version="", target="azure", rules=rules, intercepts=False)
def peak():
    return int(Path("/proc/self/status").read_text().split("VmHWM:")[1].split()[0])
with CommandRun(CommandPlan(settings, Sink(), azure_domains())) as run:
    print(run.url.rpartition(":")[2], run.environ["SSL_CERT_FILE"], flush=True)
    sys.stdin.readline()
    before = peak()
    print("ready", flush=True)
    sys.stdin.readline()
    print((peak() - before) / 1024, flush=True)
"""


class Echo(BaseHTTPRequestHandler):
    """Answers the same bytes to everything, as the standard library does it."""

    protocol_version = "HTTP/1.1"
    body = json.dumps(ANSWER).encode()

    def do_GET(self) -> None:
        """Answer."""
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(self.body)))
        self.end_headers()
        self.wfile.write(self.body)

    def do_PUT(self) -> None:
        """Swallow."""
        left = int(self.headers["Content-Length"])
        while left:
            left -= len(self.rfile.read(min(left, 1 << 20)))
        self.send_response(201)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002
        """Nothing."""


class EchoServer(ThreadingHTTPServer):
    """In threads, without Nagle."""

    daemon_threads = True
    request_queue_size = 64


@contextlib.contextmanager
def echo_server(authority: Authority) -> Iterator[int]:
    """The port of a plain TLS server of the standard library."""
    Echo.wbufsize = 64 * 1024
    server = EchoServer(("127.0.0.1", 0), Echo)
    context = authority.context("localhost")
    context.sslsocket_class = ssl.SSLSocket
    server.socket = context.wrap_socket(server.socket, server_side=True)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield server.server_address[1]
    finally:
        server.shutdown()
        server.server_close()


def make_cassette(workspace: str, count: int) -> Cassette:
    """That many GETs, each of another datastore."""
    uri = f"https://{HOST}{workspace}/datastores/NUMBER?api-version={VERSION}"
    head = {"content-type": "application/json"}
    found = tuple(
        Interaction(
            {
                "request": {
                    "method": "GET",
                    "uri": uri.replace("NUMBER", str(number)),
                    "headers": {},
                },
                "response": {"status": 200, "headers": head, "body": {"json": ANSWER}},
                "times": 1,
            }
        )
        for number in range(count)
    )
    return Cassette("x/y", VERSION, "emulator", "", "bench", found)


@contextlib.contextmanager
def serving(folder: Path, cassette: Cassette) -> Iterator[dict[str, str]]:
    """The variables of `azml-contract serve`, a process of its own."""
    played, env_file = folder / "served.json", folder / "variables.json"
    played.write_bytes(render_cassette(cassette))
    env_file.unlink(missing_ok=True)
    words = ["serve", str(played), "--env-file", str(env_file)]
    with subprocess.Popen(
        [sys.executable, "-m", "azml_contract", *words],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    ) as process:
        while not env_file.exists() and process.poll() is None:
            time.sleep(0.01)
        try:
            yield json.loads(env_file.read_text())
        finally:
            process.terminate()


def ask(
    place: tuple[str, int, str, str], token: str, path: str, count: int, number: int
) -> Figures:
    """Requests a second that clients get; `place` is host, port, proxy, authority."""
    host, port, proxy, ca = place
    words = [host, str(port), proxy, ca, token, path, str(count), str(number)]
    done = subprocess.run(
        [sys.executable, "-c", CLIENT, *words],
        capture_output=True,
        text=True,
        check=True,
    )
    return {"per_s": float(done.stdout)}


def measure_throughput(
    count: int, connections: int, rounds: int
) -> tuple[list[Row], dict[str, float]]:
    """Every contender beside the echo server."""
    with (
        tempfile.TemporaryDirectory() as folder,
        Emulator(azurite=False) as emulator,
    ):
        authority = Authority(["localhost"])
        bundle = Path(folder, "echo.pem")
        authority.write_bundle(bundle)
        workspace = emulator.settings.workspace_id
        query = f"/datastores/workspaceblobstore?api-version={VERSION}"
        played = f"{PLACEHOLDERS.workspace_id}/datastores/NUMBER?api-version={VERSION}"
        token = emulator.issue_token()
        cassette = make_cassette(PLACEHOLDERS.workspace_id, count)
        rules = redaction_rules(PLACEHOLDERS)

        def through(plan: CommandPlan, path: str) -> Figures:
            with CommandRun(plan) as run:
                proxy = run.url.rpartition(":")[2]
                place = (HOST, 443, proxy, run.environ["SSL_CERT_FILE"])
                return ask(place, token, path, count, connections)

        def settings(mode: Mode) -> RecorderSettings:
            return RecorderSettings(
                path=Path(folder, "c.json"),
                mode=mode,
                scenario="x/y",
                api_version="",
                target="emulator",
                rules=rules,
                intercepts=False,
                recorded=cassette if mode is Mode.REPLAY else None,
            )

        def replay() -> Figures:
            hosts = PlayedHosts(frozenset({HOST}))
            return through(
                CommandPlan(settings(Mode.REPLAY), hosts, azure_domains()), played
            )

        def record() -> Figures:
            side = EmulatorSide(emulator)
            plan = CommandPlan(settings(Mode.RECORD), side, azure_domains())
            return through(plan, workspace + query)

        def serve() -> Figures:
            with serving(Path(folder), cassette) as environ:
                proxy = environ["HTTPS_PROXY"].rpartition(":")[2]
                place = (HOST, 443, proxy, environ["SSL_CERT_FILE"])
                return ask(place, token, played, count, connections)

        with echo_server(authority) as port:
            ours = urlsplit(emulator.url).port or 0
            bare = ("localhost", ours, "-", str(emulator.ca_bundle))
            plain = ("localhost", port, "-", str(bundle))
            contenders: dict[str, Callable[[], Figures]] = {
                "echo server": lambda: ask(plain, token, played, count, connections),
                "replay": replay,
                "serve": serve,
                "record": record,
                "emulator": lambda: ask(
                    bare, token, workspace + query, count, connections
                ),
            }
            found = interleave(contenders, rounds)
    rows: list[Row] = [
        {"contender": name, "connections": connections, **find_medians(figures)}
        for name, figures in found.items()
    ]
    shares = {
        name: find_ratio(figures, found["echo server"], "per_s")
        for name, figures in found.items()
    }
    return rows, shares


def measure_memory(megabytes: int, blocks: str) -> float:
    """Megabytes more that a recorder takes while an upload passes."""
    with tempfile.TemporaryDirectory() as folder:
        authority = Authority(["localhost"])
        bundle = Path(folder, "sink.pem")
        authority.write_bundle(bundle)
        with (
            echo_server(authority) as port,
            subprocess.Popen(
                [sys.executable, "-c", RECORDER, str(port), str(bundle), folder],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                text=True,
            ) as recorder,
        ):
            assert recorder.stdin is not None
            assert recorder.stdout is not None
            proxy, ca = recorder.stdout.readline().split()
            upload = [sys.executable, "-c", UPLOAD, proxy, ca]
            # Once for what is loaded with the first call.
            subprocess.run([*upload, "4", "one"], check=True)
            print(file=recorder.stdin, flush=True)
            recorder.stdout.readline()
            subprocess.run([*upload, str(megabytes), blocks], check=True)
            print(file=recorder.stdin, flush=True)
            return float(recorder.stdout.readline())


def main() -> None:
    args = make_parser(__doc__ or "").parse_args()
    count, rounds = (32, 1) if args.quick else (3200, 5)
    megabytes = 8 if args.quick else 1024
    one, share_one = measure_throughput(count, 1, rounds)
    many, share_many = measure_throughput(count, 16, rounds)
    whole = measure_memory(megabytes, "one")
    blocks = measure_memory(megabytes, "many")
    rows: list[Row] = [
        *one,
        *many,
        {"contender": f"memory, {megabytes} MB in one", "mb": whole},
        {"contender": f"memory, {megabytes} MB in blocks of 4", "mb": blocks},
    ]
    targets = [
        Target("replay, one connection, share of the echo server",
               share_one["replay"], 0.6, at_least=True),
        Target("MB more while an upload in one request passes", whole, 64),
        Target("MB more while an upload in blocks passes", blocks, 64),
    ]  # fmt: skip
    for connections, shares in ((1, share_one), (16, share_many)):
        rows += [
            {"contender": f"{name}, share of echo", "connections": connections,
             "share": share}
            for name, share in shares.items()
        ]  # fmt: skip
    show("gateway", rows, targets, as_json=args.json)


if __name__ == "__main__":
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
    main()
