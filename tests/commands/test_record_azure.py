"""Recording from Azure, which a second authority of this machine plays.

The user has a proxy and an authority of their own; behind them stands an emulator, or
servers that no recorder knows.
"""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from forked import copied
from programs import CLIENT

from azml_contract.emulator.server import Emulator
from azml_contract.exchange import Response
from azml_contract.gateway.certificates import Authority
from azml_contract.gateway.https import TlsServer
from azml_contract.gateway.proxy import Gateway, Pass, Refuse

pytestmark = pytest.mark.slow

OWN = CLIENT.replace("AZURE_", "MY_").replace("AZML_", "MY_")
STORY = (
    OWN
    + """
token = login()
body = {"properties": {"image": "mcr.microsoft.com/x"}}
print(ask("PUT", "environments/e/versions/1", body, token=token)["name"])
print(len(ask("GET", "datastores", token=token)["value"]))
"""
)
CLUSTER = (
    OWN
    + """
body = {"location": "westeurope", "properties": {
    "computeType": "AmlCompute", "properties": {"vmSize": "STANDARD_DS3_V2"}}}
try:
    ask("PUT", "computes/c", body, token=login())
except Exception as error:
    print(error)
"""
)


@pytest.fixture(scope="module")
def azure() -> Iterator[Emulator]:
    with Emulator(azurite=False) as emulator:
        yield emulator


@pytest.fixture
def environ(azure) -> dict[str, str]:
    """A user's own: their proxy, their authority, names under variables of theirs."""
    azure.reset()
    own = {n.replace("AZURE_", "MY_").replace("AZML_", "MY_"): v
           for n, v in azure.variables.items()}  # fmt: skip
    kept = ("HTTPS_PROXY", "https_proxy", "REQUESTS_CA_BUNDLE", "SSL_CERT_FILE")
    mine = {name: azure.environ[name] for name in kept}
    return {"PATH": os.environ["PATH"], **own, **mine}


def run(environ, cwd: Path, *words: str) -> subprocess.CompletedProcess[str]:
    command = [*copied("azml_contract"), *map(str, words)]
    return subprocess.run(
        command, cwd=cwd, env=environ, capture_output=True, text=True, timeout=120
    )


def record(environ, cwd: Path, *words: str) -> subprocess.CompletedProcess[str]:
    return run(environ, cwd, "record", "--target", "azure", *words)


def test_a_program_is_recorded_with_names_and_credentials_of_its_own(
    environ, tmp_path, azure
):
    tmp_path.joinpath("story.py").write_text(STORY)
    words = ("--", sys.executable, "story.py")
    done = record(environ, tmp_path, *words)
    assert (done.returncode, done.stdout) == (0, "1\n3\n"), done.stderr
    assert "created, and still there: /subscriptions/" in done.stderr
    text = tmp_path.joinpath("recordings/story.json").read_text()
    assert json.loads(text)["target"] == "azure"
    seed = azure.seed
    for name in (seed.subscription, seed.resource_group, seed.workspace, seed.tenant):
        assert name not in text
    assert seed.client_secret not in text
    replayed = run(environ, tmp_path, "replay", "recordings", *words)
    assert (replayed.returncode, replayed.stdout) == (0, "1\n3\n"), replayed.stderr


def test_what_azure_bills_is_sent_with_leave_alone(environ, tmp_path, azure):
    tmp_path.joinpath("cluster.py").write_text(CLUSTER)
    words = ("--", sys.executable, "cluster.py")
    done = record(environ, tmp_path, *words)
    assert done.returncode == 1
    assert "PUT computes may start what Azure bills, and was not sent" in done.stderr
    assert not [one for one in azure.store if "/computes/" in one.id]
    allowed = record(environ, tmp_path, "--allow-compute", *words)
    assert allowed.returncode == 0, allowed.stderr
    assert [one for one in azure.store if "/computes/" in one.id]


@pytest.fixture
def other_azure() -> Iterator[tuple[Gateway, Authority]]:
    """A proxy that leads to servers of an authority: Azure's, and another host."""
    authority = Authority(["management.azure.com", "example.com"])
    servers = []

    def serve(host: str) -> Pass:
        server = TlsServer(
            lambda request: Response(200, (), f"{host} says hello".encode()),
            authority.context(host),
            host="127.0.0.1",
        )
        server.start()
        servers.append(server)
        return Pass(lambda: socket.create_connection((server.host, server.port)))

    known = {host: serve(host) for host in ("management.azure.com", "example.com")}
    gateway = Gateway(lambda host, *_: known.get(host) or Refuse("it is not known"))
    gateway.start()
    yield gateway, authority
    gateway.close()
    [server.close() for server in servers]


ISSUER = """
import os, socket, ssl, sys
from urllib.parse import urlsplit
proxy = urlsplit(os.environ["HTTPS_PROXY"])
plain = socket.create_connection((proxy.hostname, proxy.port))
plain.sendall(f"CONNECT {sys.argv[1]}:443 HTTP/1.1\\r\\n\\r\\n".encode())
plain.recv(4096)
context = ssl.create_default_context(cafile=os.environ["SSL_CERT_FILE"])
secure = context.wrap_socket(plain, server_hostname=sys.argv[1])
secure.sendall(b"GET /x HTTP/1.1\\r\\nHost: h\\r\\nConnection: close\\r\\n\\r\\n")
said = b""
while piece := secure.recv(4096):
    said += piece
print(said.decode().rpartition("\\r\\n\\r\\n")[2])
print(ssl.DER_cert_to_PEM_cert(secure.getpeercert(True)))
"""


def test_other_hosts_are_passed_on_untouched_and_counted(other_azure, tmp_path):
    gateway, authority = other_azure
    bundle = tmp_path / "mine.pem"
    authority.write_bundle(bundle)
    environ = {"PATH": os.environ["PATH"], "https_proxy": gateway.url}
    environ["SSL_CERT_FILE"] = str(bundle)
    words = ("--", sys.executable, "-c", ISSUER)
    done = record(environ, tmp_path, *words, "example.com")
    assert "example.com says hello" in done.stdout, done.stderr
    seen = done.stdout[done.stdout.index("-----BEGIN") :].strip()
    server = TlsServer(lambda _: None, authority.context("example.com"), host="::1")
    server.start()
    with socket.create_connection((server.host, server.port)) as plain:
        import ssl

        context = ssl.create_default_context(cafile=str(bundle))
        with context.wrap_socket(plain, server_hostname="example.com") as secure:
            own = ssl.DER_cert_to_PEM_cert(secure.getpeercert(True) or b"")
    server.close()
    assert seen == own.strip()
    assert "passed on, unread and not recorded: example.com x1" in done.stderr
    ours = record(environ, tmp_path, *words, "management.azure.com")
    assert "management.azure.com says hello" in ours.stdout, ours.stderr
    assert "1 interaction of python" in ours.stderr


def test_the_certificate_of_the_real_host_is_checked(other_azure, tmp_path):
    """A program whose gateway is lied to hears of it, as it would itself."""
    gateway, _ = other_azure
    bundle = tmp_path / "mine.pem"
    Authority(["management.azure.com"]).write_bundle(bundle)
    environ = {"PATH": os.environ["PATH"], "https_proxy": gateway.url}
    environ["SSL_CERT_FILE"] = str(bundle)
    words = ("--", sys.executable, "-c", ISSUER, "management.azure.com")
    done = record(environ, tmp_path, *words)
    assert "The host could not be reached: tls." in done.stdout, done.stderr
    assert "says hello" not in done.stdout


CLOUDS = {
    "china": ("login.chinacloudapi.cn", "management.chinacloudapi.cn"),
    "us-government": ("login.microsoftonline.us", "management.usgovcloudapi.net"),
}


@pytest.fixture(params=CLOUDS)
def sovereign(request, azure, tmp_path) -> Iterator[tuple[str, dict[str, str], str]]:
    """A cloud, the environment of its user, and a program that calls its hosts.

    Behind the user's proxy the emulator plays that cloud, and nothing else is there.
    """
    azure.reset()
    hosts = CLOUDS[request.param]
    authority = Authority(hosts)
    servers = {
        host: TlsServer(azure.answer, authority.context(host), host="127.0.0.1")
        for host in hosts
    }
    gateway = Gateway(
        lambda host, *_: (
            Pass(lambda: socket.create_connection(("127.0.0.1", servers[host].port)))
            if host in servers
            else Refuse(f"{host} is of another cloud")
        )
    )
    [one.start() for one in (*servers.values(), gateway)]
    bundle = tmp_path / "mine.pem"
    authority.write_bundle(bundle)
    story = STORY.replace("login.microsoftonline.com", hosts[0])
    story = story.replace("management.azure.com", hosts[1])
    own = {n.replace("AZURE_", "MY_").replace("AZML_", "MY_"): v
           for n, v in azure.variables.items()}  # fmt: skip
    mine = {"https_proxy": gateway.url, "SSL_CERT_FILE": str(bundle)}
    yield request.param, {"PATH": os.environ["PATH"], **own, **mine}, story
    [one.close() for one in (gateway, *servers.values())]


def test_another_cloud_is_recorded_by_its_name(sovereign, tmp_path, azure):
    cloud, environ, story = sovereign
    tmp_path.joinpath("story.py").write_text(story)
    words = ("--", sys.executable, "story.py")
    done = record(environ, tmp_path, "--cloud", cloud, *words)
    assert (done.returncode, done.stdout) == (0, "1\n3\n"), done.stderr
    assert "validated: 2 requests, 2 responses" in done.stderr
    text = tmp_path.joinpath("recordings/story.json").read_text()
    assert CLOUDS[cloud][1] in text
    for name in (azure.seed.subscription, azure.seed.tenant, azure.seed.client_secret):
        assert name not in text
    replayed = run(environ, tmp_path, "replay", "recordings", *words)
    assert (replayed.returncode, replayed.stdout) == (0, "1\n3\n"), replayed.stderr


def test_hosts_of_another_cloud_are_not_read(sovereign, tmp_path):
    _, environ, story = sovereign
    tmp_path.joinpath("story.py").write_text(story)
    done = record(environ, tmp_path, "--", sys.executable, "story.py")
    # Passed on unread, so that nothing of the provider was seen.
    assert done.stdout == "1\n3\n", done.stderr
    assert done.returncode == 1
    assert "passed on, unread and not recorded: login." in done.stderr
    assert "called no host that is recorded" in done.stderr
