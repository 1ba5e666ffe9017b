"""Command jobs that really run: what they are given, how they end, what they leave."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

pytestmark = pytest.mark.slow
REASON = "azml-contract.error"


def processes_with(word: str) -> list[str]:
    found = []
    for entry in Path("/proc").iterdir():
        try:
            command = (entry / "cmdline").read_bytes() if entry.name.isdigit() else b""
        except OSError:
            continue
        if word.encode() in command and int(entry.name) != os.getpid():
            found.append(command.decode(errors="replace"))
    return found


def folders_of(bench):
    return list((bench.emulator.state_dir / "runs").iterdir())


def test_a_command_runs_with_its_code_and_its_inputs_of_both_families(bench):
    code = bench.code("both", main="import sys; print(open(sys.argv[1]).read())")
    uri = bench.upload("in/one.txt", "forty-two")
    given = {
        "file": {"jobInputType": "uri_file", "uri": uri},
        "word": {"jobInputType": "literal", "value": "hello"},
    }
    command = 'python main.py ${{inputs.file}} && echo "${{inputs.word}}, twice: '
    command += '$AZURE_ML_INPUT_word" && cat "$AZURE_ML_INPUT_file"'
    done = bench.run("both", command, codeId=code, inputs=given)
    assert done["status"] == "Completed"
    assert "forty-two\nhello, twice: hello\nforty-two" in bench.log("both")


def test_outputs_and_artifacts_are_stored_at_the_end(bench):
    command = (
        "mkdir outputs && echo kept > outputs/a.txt && echo made > ${{outputs.out}}/b"
        " && echo file > ${{outputs.one}}"
    )
    outputs = {
        "out": {"jobOutputType": "uri_folder"},
        "one": {
            "jobOutputType": "uri_file",
            "uri": "azureml://datastores/workspaceblobstore/paths/there/c.txt",
        },
    }
    bench.run("leaves", command, outputs=outputs)
    kept = bench.storage.get("azureml", "ExperimentRun/dcid.leaves/outputs/a.txt")
    assert kept == b"kept\n"
    assert bench.read("azureml/leaves/out/b") == "made\n"
    assert bench.read("there/c.txt") == "file\n"


def test_an_exit_code_is_the_state(bench):
    failed = bench.run("fails", "echo before; exit 3")
    assert failed["status"] == "Failed"
    assert failed["properties"][REASON] == "The command ended with exit code 3."
    assert "before\n[azml-contract] The command ended with exit code 3." in bench.log(
        "fails"
    )


def test_optional_inputs_and_unbound_ones(bench):
    bench.run("optional", "echo 'a $[[--b ${{inputs.b}}]]z ${{inputs.c}}'")
    log = bench.log("optional")
    assert "Warning: ${{inputs.c}} has no value." in log
    assert "a z ${{inputs.c}}" in log


def test_what_the_environment_lacks_is_a_warning(bench):
    conda = "dependencies:\n- python=3.8\n- pip:\n  - no-such-thing==1\n  - pytest\n"
    body = {"properties": {"image": "x", "condaFile": conda}}
    environment = bench.client.put("environments/lacks/versions/1", body).json()["id"]
    bench.run("lacks", "true", environmentId=environment)
    log = bench.log("lacks")
    assert "Warning: the environment asks for no-such-thing, which is" in log
    assert "asks for pytest" not in log


def test_a_job_sees_nothing_of_who_started_the_emulator(bench, monkeypatch):
    monkeypatch.setenv("AZML_TEST_OF_MINE", "private")
    bench.run("alone", "env", environmentVariables={"MINE": "given"})
    log = bench.log("alone")
    assert "private" not in log
    assert bench.emulator.seed.client_secret not in log
    assert "MINE=given" in log
    assert "AZUREML_RUN_ID=alone" in log


def test_distributions_set_what_frameworks_read(bench):
    pytorch = {"distributionType": "PyTorch", "processCountPerInstance": 1}
    bench.run("torch", "env", distribution=pytorch)
    assert "WORLD_SIZE=1" in bench.log("torch")
    bench.run(
        "flow", "echo $TF_CONFIG", distribution={"distributionType": "TensorFlow"}
    )
    assert '"worker"' in bench.log("flow")
    bench.run("mpi", "env", distribution={"distributionType": "Mpi"})
    assert "OMPI_COMM_WORLD_RANK=0" in bench.log("mpi")


LONG = f"7{os.getpid()}"  # no other worker's tests sleep so long
ENDINGS = {
    "timeout": (f"sleep {LONG}", "The job took longer than its limit of 1 seconds."),
    "forks": (
        f"for i in 1 2 3; do (setsid sleep {LONG} &); done; sleep {LONG}",
        "The job took longer than its limit of 1 seconds.",
    ),
    "disk": (
        f"for i in 1 2 3 4 5 6; do head -c 9M /dev/zero > f$i; done; sleep {LONG}",
        "The job wrote more than 40 MB into its folder.",
    ),
    "memory": (
        f'{sys.executable} -c "x = bytearray(900 << 20); import time; time.sleep(99)"',
        "The job used more than 700 MB of memory.",
    ),
}


@pytest.mark.parametrize("how", ENDINGS)
def test_a_job_that_goes_too_far_is_ended_with_all_it_started(bench, how):
    command, reason = ENDINGS[how]
    seconds = "PT1S" if how in ("timeout", "forks") else "PT40S"
    limits = {"jobLimitsType": "Command", "timeout": seconds}
    done = bench.run(f"ends-{how}", f"echo begun; {command}", limits=limits)
    assert done["status"] == "Failed"
    assert done["properties"][REASON] == reason
    assert "begun" in bench.log(f"ends-{how}")
    assert processes_with(LONG) == []
    assert folders_of(bench) == []


def test_what_a_finished_command_leaves_running_is_ended(bench):
    done = bench.run("leaver", f"(setsid sleep {LONG} &); sleep {LONG} & echo gone")
    assert done["status"] == "Completed"
    assert processes_with(LONG) == []


@pytest.mark.parametrize("deaf", [False, True])
def test_a_running_job_is_cancelled(bench, deaf):
    name = f"cancelled-{deaf}"
    trap = "trap '' TERM" if deaf else "trap 'echo goodbye; exit' TERM"
    bench.put(name, command=f"{trap}; echo begun; while true; do sleep 0.1; done")
    bench.wait(name, until=("Running",))
    time.sleep(0.7)
    assert bench.client.post(f"jobs/{name}/cancel").status_code == 202
    assert bench.wait(name)["status"] == "Canceled"
    log = bench.log(name)
    assert "begun" in log
    assert ("goodbye" in log) is not deaf
    assert folders_of(bench) == []


def test_a_hundred_megabytes_of_log_are_kept(bench):
    line = "x" * 99
    command = f"yes {line} | head -n 1000000"
    done = bench.run("talks", command)
    assert done["status"] == "Completed"
    place = "ExperimentRun/dcid.talks/user_logs/std_log.txt"
    data = bench.storage.get("azureml", place)
    assert data.count(f"{line}\n".encode()) == 1_000_000


@pytest.mark.parametrize(
    ("uri", "reason"),
    [
        ("https://example.org/a.csv", "is not on this machine"),
        ("azureml://datastores/nowhere/paths/a", "datastore nowhere does not exist"),
        (
            "azureml://datastores/workspaceblobstore/paths/not/there",
            "the input x has no files at",
        ),
    ],
)
def test_an_input_that_is_not_there_fails_the_job_with_the_reason(bench, uri, reason):
    name = f"absent-{abs(hash(uri))}"
    inputs = {"x": {"jobInputType": "uri_file", "uri": uri}}
    done = bench.run(name, "true", inputs=inputs)
    assert done["status"] == "Failed"
    assert reason in done["properties"][REASON]
    assert reason in bench.log(name)


def test_a_deleted_job_ends(bench):
    bench.put("deleted", command=f"sleep {LONG}")
    end = time.monotonic() + 15
    while not processes_with(LONG) and time.monotonic() < end:
        time.sleep(0.05)  # it is running a moment before its command does
    assert bench.client.delete("jobs/deleted").status_code == 202
    while processes_with(LONG) and time.monotonic() < end:
        time.sleep(0.05)
    assert processes_with(LONG) == []


CHILD = """
import sys, time
from pathlib import Path
from azml_contract.emulator.clock import RunningClock
from azml_contract.emulator.execution.keeping import Limits
from azml_contract.emulator.seed import find_seed
from azml_contract.emulator.server import Emulator
from tests.emulator.conftest import ArmClient
state = Path(sys.argv[1])
with Emulator(
    clock=RunningClock(), execute=Limits(), state=state, seed=find_seed(None, state)
) as emulator:
    emulator.wait_ready()
    client = ArmClient(emulator)
    if sys.argv[2] == "begin":
        body = {"properties": {"image": "x"}}
        made = client.put("environments/e/versions/1", body).json()["id"]
        job = {"jobType": "Command", "environmentId": made}
        long = sys.argv[3]
        job["command"] = f"echo begun; (setsid sleep {long} &); sleep {long}"
        client.put("jobs/j", {"properties": job})
        while client.get("jobs/j").json()["properties"]["status"] != "Running":
            time.sleep(0.05)
        time.sleep(1.5)
        print("running", flush=True)
        time.sleep(99)
    found = client.get("jobs/j").json()["properties"]
    place = "ExperimentRun/dcid.j/user_logs/std_log.txt"
    log = emulator.blobs.storage.get("azureml", place).decode()
    print(found["status"], found["properties"]["azml-contract.error"], log)
"""


def test_an_emulator_that_is_killed_takes_its_jobs_along(tmp_path):
    command = [sys.executable, "-c", CHILD, str(tmp_path)]
    with subprocess.Popen(
        [*command, "begin", f"{LONG}00"], stdout=subprocess.PIPE
    ) as first:
        assert first.stdout is not None
        assert first.stdout.readline() == b"running\n"
        first.kill()
    end = time.monotonic() + 15
    left = ["something"]
    while left and time.monotonic() < end:
        time.sleep(0.05)
        left = [*processes_with(f"{LONG}00"), *(tmp_path / "runs").iterdir()]
    assert left == []
    done = subprocess.run(
        [*command, "look"], capture_output=True, text=True, check=True, timeout=60
    )
    assert done.stdout.startswith("Failed The emulator ended while the job ran.")
    assert "begun" in done.stdout


def test_run_history_shows_the_log_while_it_runs_and_why_it_failed(bench):
    token = bench.emulator.issue_token()
    session = bench.session(token)
    base = "https://westeurope.api.azureml.ms/history/v1.0"
    url = f"{base}{bench.client.workspace}/runs/shown/details"
    bench.put("shown", command="echo visible; sleep 1.5; exit 9")
    bench.wait("shown", until=("Running",))
    time.sleep(0.9)
    details = session.get(url).json()
    assert details["status"] == "Running"
    address = details["logFiles"]["user_logs/std_log.txt"]
    del session.headers["Authorization"]
    assert "visible" in session.get(address).text
    bench.wait("shown")
    session.headers["Authorization"] = f"Bearer {token}"
    assert session.get(url).json()["error"]["error"]["message"].endswith("code 9.")


def test_answers_about_jobs_that_run_meet_the_contract(bench):
    from azml_contract.finding import Side
    from azml_contract.validation.validator import Profile
    from tests.emulator.seen_live import unexpected

    bench.run("judged", "true")
    told = [f for f in bench.client.findings(Profile.STRICT) if f.side is Side.RESPONSE]
    assert unexpected(told) == []
