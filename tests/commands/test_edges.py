"""Every command at the edges: where nothing can be written, in ASCII, in a narrow
terminal, with a reader that has seen enough, interrupted, misspelt, asked by programs.

`CALLS` is the table: one call of each command that there is.
"""

from __future__ import annotations

import ctypes
import json
import os
import pty
import re
import select
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import click
import pytest
from every_command import CALLS, find_commands, make_inputs, words_of
from jsonschema import Draft202012Validator
from soak import sized

from azml_contract.cli import cli

ROOT = Path(__file__).parents[2]
STORY = ROOT / "cassettes" / "train_and_sweep" / "asset_to_sweep"
STYLE = re.compile(r"\x1b\[[0-9;]*m")
COLOUR = re.compile(r"\x1b\[[0-9;]*[34][0-7]m")
BRIEF = [one for one in CALLS if not CALLS[one].stays]


def part(names: Iterable[str], which: int) -> list[str]:
    """Every third command, others for each test that starts processes; or all."""
    return list(names)[which % sized(3, 1) :: sized(3, 1)]


@pytest.fixture(scope="module")
def inputs(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """What the words of the table stand for, in a folder with spaces and an accent."""
    return make_inputs(tmp_path_factory.mktemp("edges") / "ma café, a folder", PROGRAM)


PROGRAM = (sys.executable, "-m", "azml_contract")


def run_words(name: str, inputs: dict[str, str]) -> list[str]:
    return [*PROGRAM, *words_of(name, inputs)]


def no_traceback(text: str) -> None:
    assert "Traceback" not in text, text
    assert "Exception ignored" not in text, text


def test_the_table_has_every_command() -> None:
    assert sorted(CALLS) == sorted(find_commands())


def keep_to_permissions() -> None:
    """Give up what lets root write where nobody may."""
    if os.geteuid() == 0:
        for capability in (1, 2):  # CAP_DAC_OVERRIDE, CAP_DAC_READ_SEARCH
            ctypes.CDLL(None).prctl(24, capability, 0, 0, 0)


@pytest.mark.slow
@pytest.mark.soak
@pytest.mark.parametrize("name", part(BRIEF, 0))
def test_where_nothing_can_be_written_and_in_ascii(
    name: str, inputs: dict[str, str], tmp_path: Path
) -> None:
    """The same as elsewhere, or one line that says what could not be written."""
    there = tmp_path / "not mine"
    there.mkdir()
    there.chmod(0o555)
    done = subprocess.run(
        run_words(name, inputs),
        cwd=there,
        env={
            "PATH": os.environ["PATH"],
            "HOME": str(there),
            "LC_ALL": "C",
            "PYTHONUTF8": "0",
            "PYTHONCOERCECLOCALE": "0",
            "PYTHONDONTWRITEBYTECODE": "1",
            "COLUMNS": "40",
        },
        capture_output=True,
        preexec_fn=keep_to_permissions,
        check=False,
    )
    said = done.stderr.decode("ascii")
    no_traceback(said)
    done.stdout.decode("ascii")
    if CALLS[name].writes:
        assert done.returncode == 2, said
        assert re.search(r"denied|could not be written", said), said
    else:
        assert done.returncode == CALLS[name].code, said


@pytest.mark.slow
@pytest.mark.soak
@pytest.mark.parametrize("name", part(BRIEF, 1))
def test_a_reader_that_has_seen_enough_is_no_error(
    name: str, inputs: dict[str, str], tmp_path: Path
) -> None:
    read, write = os.pipe()
    os.close(read)
    try:
        done = subprocess.run(
            run_words(name, inputs),
            cwd=tmp_path,
            stdout=write,
            stderr=subprocess.PIPE,
            text=True,
            check=False,
        )
    finally:
        os.close(write)
    no_traceback(done.stderr)
    silent = name in ("contract import", "demo", "cassette scrub", "record", "replay")
    assert done.returncode == (CALLS[name].code if silent else 0), done.stderr


@pytest.mark.slow
@pytest.mark.soak
@pytest.mark.parametrize("name", part(CALLS, 2))
def test_an_interrupt_ends_it_without_a_traceback(
    name: str, inputs: dict[str, str], tmp_path: Path
) -> None:
    """At once, while modules are imported, and while it works."""
    for wait_s in (0.3, 0.9):
        folder = tmp_path / str(wait_s)
        folder.mkdir()
        with subprocess.Popen(
            run_words(name, inputs),
            cwd=folder,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
        ) as process:
            time.sleep(wait_s)
            if process.poll() is None:
                os.killpg(process.pid, signal.SIGINT)
            try:
                _, said = process.communicate(timeout=60)
            finally:
                process.kill()
        # Python itself is interrupted before a line of ours has run.
        if "Traceback" in said and "__main__.py" not in said:
            continue
        no_traceback(said)
        ends = {0, 130, CALLS[name].code, -signal.SIGINT}
        # What nobody asked of a service until then is told as at its end.
        ends |= {1} if name == "serve" else set()
        assert process.returncode in ends, said


@pytest.mark.parametrize("name", CALLS)
def test_an_interrupt_of_a_command_gives_130(
    name: str,
    inputs: dict[str, str],
    run: Callable[..., Any],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Exactly where it works, which no clock can aim at."""

    def interrupt(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(find_command(name), "callback", interrupt)
    done = run(*words_of(name, inputs))
    assert (done.code, done.out, done.err.strip()) == (130, "", "Interrupted.")


def find_command(name: str) -> click.Command:
    found: click.Command = cli
    for word in name.split():
        assert isinstance(found, click.Group)
        one = found.get_command(click.Context(found), word)
        assert one is not None
        found = one
    return found


SCHEMA = json.loads(ROOT.joinpath("docs", "output.schema.json").read_text("utf-8"))
ELSEWHERE = {"cassette export", "regress", "schema"}
"""`export` writes documents of other tools; the others have schemas of their own."""
SPEAK = [one for one in BRIEF if CALLS[one].code != 2 and one not in ELSEWHERE]


def test_every_command_can_print_json_and_its_schema_is_published() -> None:
    for name in CALLS.keys() - {"cassette export"}:
        forms = [one for one in find_command(name).params if "--format" in one.opts]
        assert isinstance(forms[0].type, click.Choice), name
        assert "json" in forms[0].type.choices, name
    assert SCHEMA["$defs"].keys() >= CALLS.keys() - ELSEWHERE
    reports = json.loads(
        ROOT.joinpath("docs", "regression-report-2.schema.json").read_text("utf-8")
    )
    assert SCHEMA["$defs"]["finding"] == reports["$defs"]["finding"]


@pytest.mark.parametrize(
    ("name", "more"),
    [
        *((name, "") for name in SPEAK),
        ("cassette show", "--interaction 3 --body"),
        ("check", "nowhere.json"),
        ("cassette ls", "nowhere.json"),
        ("contract diff", "--prove --operation Jobs_CreateOrUpdate"),
        ("generate", "nowhere.sh"),
    ],
)
def test_what_programs_read_has_the_schema_that_is_published(
    name: str, more: str, inputs: dict[str, str], run: Callable[..., Any]
) -> None:
    words = [*name.split(), "--format", "json", *more.split()]
    words += words_of(name, inputs)[len(name.split()) :]
    if name == "cassette prune":  # what it collects may be imported here already
        words = [*PROGRAM, *words]
        apart = subprocess.run(words, capture_output=True, text=True, check=False)
        code, out, err = apart.returncode, apart.stdout, apart.stderr
    else:
        done = run(*words)
        code, out, err = done.code, done.out, done.err
    assert code == (1 if "nowhere" in more else CALLS[name].code), err
    # What a program prints is its own.
    is_run = name in ("record", "replay")
    told = json.loads(err.splitlines()[-1] if is_run else out)
    schema = {"$ref": f"#/$defs/{name.replace(' ', '%20')}", "$defs": SCHEMA["$defs"]}
    assert [one.message for one in Draft202012Validator(schema).iter_errors(told)] == []
    assert told, "an empty object has every schema"
    if is_run:  # the program did well, and what was found fails the command
        assert (told["exit_code"], told["ends_with"]) == (0, code)


@pytest.mark.parametrize(
    ("name", "program", "code"),
    [("replay", "no-such-program", 127), ("replay", "/", 126), ("record", "./no", 127)],
)
def test_programs_are_told_that_a_program_could_not_be_started(
    name: str, program: str, code: int, inputs: dict[str, str], run: Callable[..., Any]
) -> None:
    """In the one line that they read, of the schema that every run has."""
    words = words_of(name, inputs)
    words = words[: words.index("--")]
    done = run(*words, "--format", "json", "--", program)
    assert (done.code, done.out) == (code, "")
    told = json.loads(done.err)
    schema = {"$ref": f"#/$defs/{name}", "$defs": SCHEMA["$defs"]}
    assert [one.message for one in Draft202012Validator(schema).iter_errors(told)] == []
    assert (told["exit_code"], told["ends_with"]) == (None, code)
    (problem,) = told["problems"]
    assert problem.startswith(program)
    assert done.err.count("\n") == 1


@pytest.mark.slow
@pytest.mark.parametrize("name", ["check", "regress", "upgrade"])
def test_no_color_takes_the_colours_away_and_nothing_else(
    name: str, inputs: dict[str, str], tmp_path: Path
) -> None:
    """Of the commands that colour what a terminal shows; the others never do."""
    coloured = on_terminal(name, inputs, tmp_path, {})
    plain = on_terminal(name, inputs, tmp_path, {"NO_COLOR": "1"})
    assert COLOUR.search(coloured)
    assert not COLOUR.search(plain)
    assert STYLE.sub("", plain) == STYLE.sub("", coloured)


@pytest.mark.slow
def test_a_table_keeps_to_forty_columns(inputs: dict[str, str], tmp_path: Path) -> None:
    shown = STYLE.sub("", on_terminal("regress", inputs, tmp_path, {}))
    assert "PUT environments" in shown
    # What cannot be broken, such as a URL to copy, stands out whole.
    wide = [line for line in shown.splitlines() if len(line) > 40]
    assert [line for line in wide if " " in line.strip()] == []


def on_terminal(
    name: str, inputs: dict[str, str], folder: Path, more: dict[str, str]
) -> str:
    """What a command writes to a terminal of forty columns."""
    master, slave = pty.openpty()
    kept = {k: v for k, v in os.environ.items() if k not in ("NO_COLOR", "FORCE_COLOR")}
    with subprocess.Popen(
        run_words(name, inputs),
        cwd=folder,
        env={**kept, "TERM": "xterm-256color", "COLUMNS": "40", **more},
        stdin=slave,
        stdout=slave,
        stderr=subprocess.STDOUT,
    ) as process:
        os.close(slave)
        held = b""
        while True:
            if not select.select([master], [], [], 30)[0]:
                break
            try:
                read = os.read(master, 65536)
            except OSError:  # Linux: the other side is closed
                break
            if not read:
                break
            held += read
        process.wait(30)
    os.close(master)
    text = held.decode("utf-8", "replace")
    no_traceback(text)
    return text


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["regres"], "No such command 'regres'. Did you mean regress?"),
        (["cassette", "lnt"], "No such command 'lnt'. Did you mean lint?"),
        (["contract", "lst"], "No such command 'lst'. Did you mean list?"),
        (
            ["check", "--formt", "json"],
            "'--formt'. Did you mean '--format'?",
        ),
        (["regress", "--format", "jsn"], "'jsn' is not one of"),
    ],
)
def test_what_is_misspelt_is_suggested(words: list[str], message: str) -> None:
    done = subprocess.run(
        [*PROGRAM, *words], capture_output=True, text=True, check=False
    )
    assert done.returncode == 2
    assert message in done.stderr


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("regress", "FIRST --to 2022-05-01 --format json -o ../away/report.json"),
        ("cassette export", "FIRST --format har -o ../away/a.har"),
        ("cassette scrub", "FIRST -o ../away/a.json"),
        ("cassette import", "HAR --to ../away/2024-04-01.json"),
        ("generate", "MODERN --to ../away"),
        ("init", "../away"),
    ],
)
def test_no_folder_outside_is_made_without_a_word(
    name: str, words: str, inputs: dict[str, str], tmp_path: Path
) -> None:
    here = tmp_path / "here"
    here.mkdir()
    done = subprocess.run(
        [*PROGRAM, *name.split(), *(inputs.get(w, w) for w in words.split())],
        cwd=here,
        capture_output=True,
        text=True,
        check=False,
    )
    no_traceback(done.stderr)
    assert "away" in done.stdout + done.stderr
    if done.returncode == 2:
        assert not (tmp_path / "away").exists()
