"""Every file that a command writes is the old one or the new one, whole.

Each command is killed while it writes, at moments drawn over all of that time, and is
run on a disk that is full from the moment when it begins to write. What it writes
differs from what is there, so that a mixture would show.
"""

from __future__ import annotations

import json
import random
import shutil
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import yaml
from bad_input import HAR
from programs import STORY
from soak import sized

from tests.commands.conftest import as_vcrpy, conversation
from tests.commands.test_check_fix import BODY, SENT
from tests.commands.test_contracts_option import PROVIDER

if sys.platform == "win32":
    pytest.skip("ends programs as POSIX does", allow_module_level=True)

from cut_short import Cut, Ended, Runs

pytestmark = [pytest.mark.slow, pytest.mark.soak]
ROOT = Path(__file__).parents[2]
STORIES = ROOT / "cassettes"
FIRST = STORIES / "train_and_sweep" / "asset_to_sweep" / "2024-04-01.json"
SECOND = STORIES / "train_and_sweep" / "asset_to_sweep" / "2022-05-01.json"
OTHER = STORIES / "documented_workflow" / "as_printed" / "2021-03-01-preview.json"
Files = dict[str, bytes]


def as_is(content: bytes) -> object:
    return content


def but_the_time(content: bytes) -> object:
    """A cassette without when it was recorded; a blob as it is."""
    if not content.startswith(b"{"):
        return content
    assert content.endswith(b"}\n")
    return {**json.loads(content), "recorded_at": ""}


def names_of(content: bytes) -> object:
    """The names of an env file, to its last line: ports and secrets are drawn."""
    lines = content.decode().splitlines()
    assert lines[-1].startswith("# To undo it: unset ")
    return [line.partition("=")[0] for line in lines[:-1]]


def keys_of(content: bytes) -> object:
    """The keys of an object: its values are drawn."""
    return sorted(json.loads(content))


def page(content: bytes) -> object:
    """A page, to its end."""
    assert content.startswith(b"<!doctype html>")
    assert content.rstrip().endswith(b"</html>")
    return True


@dataclass(frozen=True)
class Writing:
    """A command that writes files.

    Args:
        words: The command.
        files: What it writes, as patterns of a folder.
        prepare: Writes what it reads. The files are there then, or a first run of
            the command writes them.
        change: Makes the next run write others.
        read: What of a file must be that of the old one or of the new one.
        until: Of a service: it is interrupted once this file is written.
    """

    words: tuple[str, ...]
    files: tuple[str, ...]
    prepare: Callable[[Path], object]
    change: Callable[[Path], object] = lambda folder: None
    read: Callable[[bytes], object] = as_is
    until: str = ""


def copy(source: Path, name: str = "in.json") -> Callable[[Path], object]:
    return lambda folder: shutil.copy(source, folder / name)


def put(name: str, content: str) -> Callable[[Path], object]:
    return lambda folder: (folder / name).write_text(content, "utf-8")


def trace(job: str) -> Callable[[Path], object]:
    """Many calls, and an answer that goes to a file of its own."""

    def write(folder: Path) -> None:
        (folder / "out").mkdir(exist_ok=True)
        entries: list[Any] = []
        for number in range(100):
            text = json.dumps(HAR["log"]["entries"][0])
            entries.append(json.loads(text.replace("train-1", f"{job}-{number}")))
        large = "".join(chr(random.Random(job).randrange(256)) for _ in range(1000))
        entries[0]["response"]["content"] = {"text": (large + "\0") * 200}
        whole = {"log": {**HAR["log"], "entries": entries}}
        (folder / "trace.har").write_text(json.dumps(whole), "utf-8")

    return write


def planted(folder: Path) -> None:
    calls = conversation() * 20
    (folder / "vcr.yaml").write_text(yaml.safe_dump(as_vcrpy(calls)))


def specs(version: str) -> Callable[[Path], object]:
    def write(folder: Path) -> None:
        path = f"/subscriptions/{{s}}/providers/{PROVIDER}/things/{{id}}"
        of_path = [
            {"name": name, "in": "path", "required": True, "type": "string"}
            for name in ("s", "id")
        ]
        get = {
            "operationId": "Things_Get",
            "parameters": of_path,
            "responses": {"200": {"description": ""}},
        }
        document = {
            "swagger": "2.0",
            "info": {"title": "t", "version": version},
            "paths": {path: {"get": get}},
        }
        file = folder / "specs" / PROVIDER / "stable" / version / "mfe.json"
        file.parent.mkdir(parents=True)
        file.write_text(json.dumps(document))

    return write


def scenario(count: int) -> Callable[[Path], object]:
    return put(
        "test_story.py",
        "import pytest\n"
        '@pytest.mark.azml(api_versions=["2024-04-01"])\n'
        "def test_it(azml):\n"
        f"    for number in range({count}):\n"
        '        azml.get(f"jobs/{number}").status\n',
    )


CURL = """
curl -X PUT "https://management.azure.com/subscriptions/$S/resourceGroups/$G\
/providers/Microsoft.MachineLearningServices/workspaces/$W/data/d/versions/1\
?api-version=2021-03-01-preview" \
-d '{"properties": {"datasetType": "Simple", "path": "https://x.example/i.csv"}}'
"""
REGRESS = ("regress", "in.json", "--jobs", "1")
RECORD = ("record", "--azurite", "none")
PYTEST = ("pytest", "-q", "-p", "no:cacheprovider", "-p", "no:xdist", ".")
WRITINGS = {
    "import": Writing(
        (*("cassette", "import", "trace.har", "--force"), "--to", "out/c.json"),
        ("out/*", "out/blobs/*"),
        trace("first"),
        trace("second"),
        but_the_time,
    ),
    **{
        f"export to {name}": Writing(
            ("cassette", "export", "in.json", "--format", form, "-o", name),
            (name,),
            copy(FIRST),
            copy(SECOND),
        )
        for name, form in (
            ("out.har", "har"),
            ("out.yaml", "vcrpy"),
            ("out.json", "vcrpy"),
        )
    },
    "scrub in place": Writing(
        ("cassette", "scrub", "vcr.yaml", "--in-place"), ("vcr.yaml",), planted
    ),
    "scrub": Writing(
        ("cassette", "scrub", "in.json", "-o", "out.json"),
        ("out.json",),
        copy(FIRST),
        copy(SECOND),
    ),
    "check --fix": Writing(
        ("check", "job.json", *SENT, "--fix"),
        ("job.json",),
        put("job.json", BODY),
    ),
    "upgrade --write": Writing(
        ("upgrade", "train.sh", "--to", "2024-10-01", "--write"),
        ("train.sh",),
        put("train.sh", CURL * 20),
    ),
    "generate": Writing(
        ("generate", "in.json", "--to", "scenarios", "--force"),
        ("scenarios/**/*",),
        copy(FIRST),
        copy(SECOND),
    ),
    **{
        f"regress --format {form}": Writing(
            (*REGRESS, "--format", form, "-o", "out"),
            ("out",),
            copy(OTHER),
            copy(FIRST),
        )
        for form in ("text", "json", "html", "junit", "markdown", "sarif")
    },
    "baseline": Writing(
        (*REGRESS, "--baseline", "known", "--write-baseline"),
        ("known",),
        copy(OTHER),
        copy(FIRST),
    ),
    "contract import": Writing(
        ("contract", "import", "--specs", "specs", "--to", "mine"),
        ("mine/*",),
        specs("2030-01-01"),
        specs("2031-01-01"),
    ),
    "emulator": Writing(
        ("emulator", "--azurite", "none", "--state", "state", "--env-file", "env.sh"),
        ("env.sh",),
        lambda folder: None,
        read=names_of,
        until="state/ports.json",
    ),
    "state": Writing(
        ("emulator", "--azurite", "none", "--state", "state"),
        ("state/*.json",),
        lambda folder: None,
        read=keys_of,
        until="state/ports.json",
    ),
    "serve": Writing(
        ("serve", "in.json", "--env-file", "env.sh"),
        ("env.sh",),
        copy(FIRST),
        read=names_of,
        until="env.sh",
    ),
    "record": Writing(
        (*RECORD, "--to", "out", "--", sys.executable, "story.py"),
        ("out/*",),
        put("story.py", STORY),
        put("story.py", STORY.replace('"x"', '"y"')),
        but_the_time,
    ),
    "pytest": Writing(
        (*PYTEST, "--azml-mode", "record", "--azml-prove", "memory"),
        ("cassettes/**/*",),
        scenario(3),
        scenario(5),
        but_the_time,
    ),
    "pytest --azml-report": Writing(
        (*PYTEST, "--azml-mode", "record", "--azml-report", "report.html"),
        ("report.html",),
        scenario(3),
        scenario(5),
        page,
    ),
}


@dataclass(frozen=True)
class Prepared:
    """A command whose next run writes `new` over `old`."""

    runs: Runs
    writing: Writing
    folder: Path
    old: Files
    new: Files
    wrote_s: float

    def run(self, cut: Cut) -> Ended:
        """Run it over the old files; they are restored before."""
        restore(self.folder, self.writing, self.old)
        return self.runs.run(self.writing.words, self.folder, cut)

    def check(self, *, drafts: bool) -> None:
        """What is there is the old or the new; `drafts` may be left too."""
        read = self.writing.read
        found = snapshot(self.folder, self.writing)
        for name, content in found.items():
            if Path(name).name.startswith(".azml-"):
                assert drafts, f"{name} was left"
                continue
            known = [read(one[name]) for one in (self.old, self.new) if name in one]
            assert read(content) in known, f"{name} is neither the old nor the new"
        assert self.old.keys() <= found.keys()


def snapshot(folder: Path, writing: Writing) -> Files:
    """The files that a command writes, drafts of them too."""
    found = (path for pattern in writing.files for path in folder.glob(pattern))
    drafts = folder.rglob(".azml-*.tmp")
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in (*found, *drafts)
        if path.is_file()
    }


def restore(folder: Path, writing: Writing, files: Files) -> None:
    for name in snapshot(folder, writing):
        (folder / name).unlink()
    for name, content in files.items():
        (folder / name).write_bytes(content)


@pytest.fixture(scope="module")
def runs() -> Iterator[Runs]:
    with Runs() as one:
        yield one


ALIKE = ("json", "text", "html", "junit", "sarif", "markdown")
FULL_SIZE_ALONE = {
    "pytest --azml-report",
    *(f"regress --format {one}" for one in ALIKE),
}
"""Slow, and written by the function that writes their like."""


@pytest.fixture(
    params=[one for one in WRITINGS if sized(one not in FULL_SIZE_ALONE, True)]
)
def prepared(request: pytest.FixtureRequest, tmp_path: Path, runs: Runs) -> Prepared:
    writing = WRITINGS[request.param]
    cut = Cut(until=writing.until)
    writing.prepare(tmp_path)
    if not snapshot(tmp_path, writing):
        first = runs.run(writing.words, tmp_path, cut)
        assert snapshot(tmp_path, writing), first.said
    old = snapshot(tmp_path, writing)
    writing.change(tmp_path)
    done = runs.run(writing.words, tmp_path, cut)
    new = snapshot(tmp_path, writing)
    assert old != new or writing.until, done.said
    return Prepared(runs, writing, tmp_path, old, new, done.wrote_s)


def test_killed_while_it_writes_a_command_leaves_the_old_or_the_new(
    prepared: Prepared,
) -> None:
    draw = random.Random(12)
    for _ in range(sized(2, 200)):
        moment = draw.uniform(0, 1.1 * prepared.wrote_s)
        prepared.run(Cut(kill_after_s=moment))
        prepared.check(drafts=True)


def test_on_a_full_disk_a_command_names_the_file_and_leaves_the_old_one(
    prepared: Prepared,
) -> None:
    most = max(map(len, prepared.new.values()))
    for room in (0, 16, most // 2):
        done = prepared.run(Cut(room=room, until=prepared.writing.until))
        assert done.code in (1, 2), done.said
        assert "Traceback" not in done.said
        prepared.check(drafts=False)
        there = [*prepared.folder.rglob("*"), *map(Path, prepared.new)]
        assert any(f"{one.name} could not" in done.said for one in there), done.said
