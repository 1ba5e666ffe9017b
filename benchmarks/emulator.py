"""The emulator: how fast it answers, lists and starts, and what it keeps in memory.

Throughput is measured by clients in processes of their own, which use `requests`,
against the emulator and against echo servers, which are the same HTTP server with
nothing behind it: one answers the emulator's own bytes, its eighteen headers and
all, one answers 900 bytes with two headers. Each figure of the emulator is told as a
share of theirs in the same round; what a client spends on reading ARM's headers is
between the two. The servers have one core, the clients the others.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from measure import (
    Figures,
    Row,
    Target,
    find_medians,
    find_ratio,
    interleave,
    make_parser,
    on_own_core,
    show,
)

from azml_contract.emulator.server import Emulator
from azml_contract.emulator.store import Resource
from azml_contract.exchange import Request, Response
from azml_contract.gateway.certificates import make_certificates
from azml_contract.gateway.https import TlsServer

VERSION = "2024-04-01"
ANSWER = b'{"a":"' + b"x" * 900 + b'"}'
# GETs of what does not change, and 2 KB PUTs, one in four.
CLIENT = """
import json, os, sys, threading, time, requests
url, ca, token, number, connections, cores = sys.argv[1:]
if cores:
    os.sched_setaffinity(0, map(int, cores.split(",")))
count = int(number) // int(connections)
image = {"image": "mcr.microsoft.com/x", "description": "d" * 1900}
body = json.dumps({"properties": image})
headers = {"Authorization": "Bearer " + token, "Content-Type": "application/json"}
def run(worker):
    session = requests.Session()
    session.trust_env, session.verify = False, ca
    session.headers.update(headers)
    for i in range(count):
        if i % 4 == 3:
            place = f"environments/e{worker}/versions/{i}"
            there = url.replace("datastores/workspaceblobstore", place)
            session.put(there, data=body).raise_for_status()
        else:
            session.get(url).raise_for_status()
started = time.perf_counter()
threads = [threading.Thread(target=run, args=(n,)) for n in range(int(connections))]
[t.start() for t in threads]; [t.join() for t in threads]
print(count * int(connections) / (time.perf_counter() - started))
"""
MEMORY = """
import sys
from azml_contract.emulator.server import Emulator
sys.path.insert(0, sys.argv[2])
from emulator import fill
with Emulator(azurite=False) as emulator:
    fill(emulator, int(sys.argv[1]))
    print(open("/proc/self/status").read().split("VmRSS:")[1].split()[0])
"""


def fill(emulator: Emulator, count: int) -> None:
    """Put containers of data, each with a version, into the store."""
    workspace = emulator.settings.workspace_id
    now = emulator.clock.now()
    for number in range(count // 2):
        place = f"{workspace}/data/d{number}"
        inner = {"dataType": "uri_file", "isArchived": False}
        version = {"dataType": "uri_file", "dataUri": f"https://example.org/{number}"}
        emulator.store.put(
            Resource(place, {"properties": inner}, now, now, "me", "User")
        )
        emulator.store.put(
            Resource(
                f"{place}/versions/1", {"properties": version}, now, now, "me", "User"
            )
        )


def ask(
    url: str, ca: Path, token: str, count: int, connections: int, cores: str
) -> Figures:
    """Requests a second that clients on those cores get from a server."""
    command = [sys.executable, "-c", CLIENT, url, str(ca), token]
    done = subprocess.run(
        [*command, str(count), str(connections), cores],
        capture_output=True,
        text=True,
        check=True,
    )
    return {"per_s": float(done.stdout)}


def answer_once(emulator: Emulator, path: str, token: str) -> dict[str, Response]:
    """What the emulator answers to the two calls of the client, by verb."""
    head = (("Authorization", f"Bearer {token}"), ("Content-Type", "application/json"))
    image = {"image": "mcr.microsoft.com/x", "description": "d" * 1900}
    body = json.dumps({"properties": image}).encode()
    place = path.replace("datastores/workspaceblobstore", "environments/e/versions/1")
    query = f"?api-version={VERSION}"
    asked = (
        Request("GET", f"{emulator.url}{path}{query}", head),
        Request("PUT", f"{emulator.url}{place}{query}", head, body),
    )
    found: dict[str, Response] = {}
    for request in asked:
        response = emulator.answer(request)
        assert response is not None
        assert response.status < 300
        found[request.method] = response
    return found


def measure_throughput(
    count: int, connections: int, rounds: int
) -> tuple[list[Row], float]:
    """The emulator beside echo servers, and its share of the one with its bytes."""
    with (
        tempfile.TemporaryDirectory() as folder,
        on_own_core() as others,
        Emulator(azurite=False) as emulator,
    ):
        certificates = make_certificates(Path(folder), public_roots=False)
        headers = (("Content-Type", "application/json"),)

        def echo(request: Request) -> Response:
            return Response(200, headers, ANSWER)

        same: dict[str, Response] = {}

        def echo_same(request: Request) -> Response:
            return same[request.method]

        def serve(answer: Callable[[Request], Response]) -> TlsServer:
            context = certificates.server_context()
            server = TlsServer(answer, context, host="127.0.0.1")
            server.start()
            return server

        bare, full = serve(echo), serve(echo_same)
        path = f"{emulator.settings.workspace_id}/datastores/workspaceblobstore"
        query = f"{path}?api-version={VERSION}"
        token = emulator.issue_token()
        same |= answer_once(emulator, path, token)

        def ask_at(url: str, ca: Path) -> Callable[[], Figures]:
            return lambda: ask(url + query, ca, token, count, connections, others)

        found = interleave(
            {
                "emulator": ask_at(emulator.url, emulator.ca_bundle),
                "echo server, the same bytes": ask_at(full.url, certificates.bundle),
                "echo server, 900 bytes": ask_at(bare.url, certificates.bundle),
            },
            rounds,
        )
        bare.close()
        full.close()
    rows: list[Row] = [
        {"contender": name, "connections": connections, **find_medians(figures)}
        for name, figures in found.items()
    ]
    for name in list(found)[1:]:
        share = find_ratio(found["emulator"], found[name], "per_s")
        rows.append(
            {
                "contender": f"share of {name}",
                "connections": connections,
                "share": share,
            }
        )
    best = found["echo server, the same bytes"]
    return rows, find_ratio(found["emulator"], best, "per_s")


def measure_page(count: int, rounds: int) -> Figures:
    """Milliseconds of a first page, with that many resources in the store."""
    with Emulator(azurite=False) as emulator:
        fill(emulator, count)
        head = (("Authorization", f"Bearer {emulator.issue_token()}"),)
        url = (
            f"{emulator.url}{emulator.settings.workspace_id}/data?api-version={VERSION}"
        )
        taken = []
        for number in range(rounds):
            started = time.perf_counter()
            # Another query each time: an answer that lasts is kept.
            emulator.answer(Request("GET", f"{url}&n={number}", head))
            taken.append({"ms": (time.perf_counter() - started) * 1000})
    return find_medians(taken)


def measure_start(options: list[str]) -> Figures:
    """Seconds from the command to the variables that it writes."""
    with tempfile.TemporaryDirectory() as folder:
        env = Path(folder, "emulator.env")
        command = [
            sys.executable,
            "-m",
            "azml_contract",
            "emulator",
            "--env-file",
            str(env),
        ]
        started = time.perf_counter()
        with subprocess.Popen(
            [*command, *options], stdout=subprocess.DEVNULL
        ) as process:
            while not env.exists() and process.poll() is None:
                time.sleep(0.005)
            taken = time.perf_counter() - started
            process.terminate()
    return {"s": taken}


def measure_memory(count: int) -> Figures:
    """Megabytes of a process that holds that many resources."""
    command = [sys.executable, "-c", MEMORY, str(count), str(Path(__file__).parent)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    return {"mb": int(done.stdout) / 1024}


def main() -> None:
    args = make_parser(__doc__ or "").parse_args()
    # Many short rounds: each is compared with what ran just beside it.
    count, turns, rounds = (80, 1, 1) if args.quick else (600, 21, 5)
    many = 2_000 if args.quick else 20_000
    one, share_one = measure_throughput(count, 1, turns)
    sixteen, share_sixteen = measure_throughput(count, 16, turns)
    few, lots = measure_page(200, 20), measure_page(many, 20)
    bare = find_medians([measure_start(["--azurite", "none"]) for _ in range(rounds)])
    whole = find_medians([measure_start([]) for _ in range(rounds)])
    memory = measure_memory(1_000 if args.quick else 100_000)
    rows: list[Row] = [
        *one,
        *sixteen,
        {"contender": "page, 200 resources", **few},
        {"contender": f"page, {many:,} resources", **lots},
        {"contender": "start, no Azurite", **bare},
        {"contender": "start, Azurite", **whole},
        {"contender": "memory", **memory},
    ]
    targets = [
        Target("one connection, share of the echo", share_one, 0.9, at_least=True),
        Target("16 connections, share of it", share_sixteen, 0.8, at_least=True),
        Target("page at many / page at 200", lots["ms"] / few["ms"], 1.5),
        Target("start without Azurite, s", bare["s"], 1.0),
        Target("start with Azurite, s", whole["s"], 1.5),
        Target("100,000 resources, MB", memory["mb"], 250),
    ]
    show("emulator", rows, targets, as_json=args.json)


if __name__ == "__main__":
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
    main()
