"""Many clients at once into one recorder: nothing lost, nothing doubled, in order."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
from forked import copied
from programs import CLIENT
from soak import sized

pytestmark = [pytest.mark.slow, pytest.mark.soak]

CLIENTS = 16
PROGRAM = (
    CLIENT
    + """
import http.client, multiprocessing, ssl
from urllib.parse import urlsplit
def work(number, all_called):
    proxy, token = urlsplit(env["HTTPS_PROXY"]), login()
    trusted = ssl.create_default_context(cafile=env["SSL_CERT_FILE"])
    kept = http.client.HTTPSConnection(
        proxy.hostname, proxy.port, context=trusted, timeout=300)
    kept.set_tunnel("management.azure.com", 443)
    head = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
    for call in range(int(sys.argv[1])):
        if call == 1:  # however slow a client is to start, none is done before
            all_called.wait()
        body = {"properties": {"image": f"mcr.microsoft.com/{number}-{call}"}}
        path = f"{place}/environments/e{number}/versions/{call}?api-version=2024-04-01"
        kept.request("PUT", path, json.dumps(body), head)
        answer = kept.getresponse()
        answer.read()
        assert answer.status == 201, answer.status
if __name__ == "__main__":
    all_called = multiprocessing.Barrier(16)
    given = [(number, all_called) for number in range(16)]
    started = [multiprocessing.Process(target=work, args=one) for one in given]
    [one.start() for one in started]
    [one.join() for one in started]
    print(sum(one.exitcode == 0 for one in started))
"""
)


def run(cwd: Path, *words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [*copied("azml_contract"), *words],
        cwd=cwd,
        capture_output=True,
        text=True,
        timeout=3000,
    )


def test_nothing_is_lost_or_doubled_and_the_order_is_stable(tmp_path):
    calls = sized(8, 625)
    tmp_path.joinpath("many.py").write_text(PROGRAM)
    words = ("--", sys.executable, "many.py", str(calls))
    orders = []
    for _ in range(2):
        done = run(tmp_path, "record", "--azurite", "none", *words)
        assert (done.returncode, done.stdout) == (0, "16\n"), done.stderr
        text = tmp_path.joinpath("recordings/many.json").read_text()
        found = [
            one["request"]["uri"]
            for one in json.loads(text)["interactions"]
            if "//login." not in one["request"]["uri"]
        ]
        assert len(found) == len(set(found)) == CLIENTS * calls
        orders.append(found)
    assert orders[0] == orders[1]
    done = run(tmp_path, "replay", "recordings", *words)
    assert (done.returncode, done.stdout) == (0, "16\n"), done.stderr
