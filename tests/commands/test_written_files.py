"""Every file that a command writes is the old one or the new one, whole.

Each command is killed while it writes, at moments drawn over all of that time, and is
run on a disk that is full from the moment when it begins to write. What it writes
differs from what is there, so that a mixture would show.
"""

from __future__ import annotations

import ast
import json
import random
import shutil
import sys
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import click
import pytest
import yaml
from bad_input import HAR
from programs import STORY
from soak import sized

from azml_contract import cli
from tests.commands import test_review as waiting
from tests.commands.conftest import as_vcrpy, conversation
from tests.commands.test_check_fix import BODY, SENT
from tests.commands.test_contracts_option import PROVIDER

if sys.platform == "win32":
    pytest.skip("ends programs as POSIX does", allow_module_level=True)

from cut_short import PACKAGE, WRITERS, Cut, Ended, Runs

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


def present(content: bytes) -> object:
    """Something, to its end: keys and certificates are drawn."""
    return bool(content) and (
        not content.startswith(b"-----") or content[-6:] == b"-----\n"
    )


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
        renew: Puts back what a run takes away, before each.
        afresh: There are no old ones.
        environ: More variables.
        tells: Whether it tells of a file that it could not write.
    """

    words: tuple[str, ...]
    files: tuple[str, ...]
    prepare: Callable[[Path], object]
    change: Callable[[Path], object] = lambda folder: None
    read: Callable[[bytes], object] = as_is
    until: str = ""
    renew: Callable[[Path], object] = lambda folder: None
    afresh: bool = False
    environ: Mapping[str, str] = field(default_factory=dict)
    tells: bool = True


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


def pending(folder: Path) -> None:
    """Cassettes, and beside each what would change it in two places."""
    for name in ("one", "two"):
        shutil.rmtree(folder / "cassettes" / name, ignore_errors=True)
        old = waiting.cassette(name, waiting.job("Updating", "run-one-1"))
        new = waiting.job("Succeeded", "run-one-1", tags={"by": "review"})
        waiting.write(folder / "cassettes", name, old, waiting.cassette(name, new))


def family(folder: Path) -> None:
    bodies = ROOT / "scenarios" / "bodies" / "2021-03-01-preview"
    shutil.copytree(
        bodies,
        folder / "bodies" / bodies.name,
        ignore=shutil.ignore_patterns("documented", "stories"),
    )


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


def scenario(count: int, read: str = ".status") -> Callable[[Path], object]:
    return put(
        "test_story.py",
        "import pytest\n"
        '@pytest.mark.azml(api_versions=["2024-04-01"])\n'
        "def test_it(azml):\n"
        f"    for number in range({count}):\n"
        f'        azml.get(f"jobs/{{number}}"){read}\n',
    )


CURL = """
curl -X PUT "https://management.azure.com/subscriptions/$S/resourceGroups/$G\
/providers/Microsoft.MachineLearningServices/workspaces/$W/data/d/versions/1\
?api-version=2021-03-01-preview" \
-d '{"properties": {"datasetType": "Simple", "path": "https://x.example/i.csv"}}'
"""
UNKEPT = ".expect(404).headers['x-ms-request-id']"
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
    "upgrade a cassette": Writing(
        ("upgrade", "2022-05-01.json", "--to", "2024-10-01", "--write"),
        ("2024-10-01.json",),
        copy(SECOND, "2022-05-01.json"),
        afresh=True,
    ),
    "upgrade a family": Writing(
        ("upgrade", "bodies", "--to", "2024-10-01", "--write"),
        ("bodies/2024-10-01/*",),
        family,
        afresh=True,
    ),
    "review --accept-all": Writing(
        ("cassette", "review", "cassettes", "--accept-all"),
        ("cassettes/*/list/2024-04-01.json",),
        pending,
        renew=pending,
    ),
    "review --accept": Writing(
        ("cassette", "review", "cassettes", "--accept", "/tags"),
        ("cassettes/*/list/2024-04-01.json",),
        pending,
        renew=pending,
    ),
    "init": Writing(
        ("init", "."), ("**/*",), put(".gitignore", "*.log\n"), afresh=True
    ),
    "demo": Writing(
        ("demo", "--keep", "demo"),
        ("demo/*", "demo/scenarios/**/*"),
        lambda folder: None,
        until="demo/pyproject.toml",
        renew=lambda folder: shutil.rmtree(folder / "demo", ignore_errors=True),
        afresh=True,
    ),
    "summary of a job": Writing(
        (*REGRESS, "--format", "github"),
        ("summary.md",),
        lambda folder: (copy(OTHER)(folder), put("summary.md", "# Before\n")(folder)),
        environ={"GITHUB_STEP_SUMMARY": "summary.md"},
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
    "serve --state": Writing(
        ("serve", "in.json", "--state", "state"),
        ("state/*",),
        copy(FIRST),
        read=present,
        until="state/ports.json",
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
    "pytest, unproven": Writing(
        (*PYTEST, "--azml-mode", "record"),
        ("cassettes/**/*.unproven",),
        scenario(3, UNKEPT),
        scenario(5, UNKEPT),
        but_the_time,
        tells=False,
    ),
    "pytest --azml-report": Writing(
        (*PYTEST, "--azml-mode", "record", "--azml-report", "report.html"),
        ("report.html",),
        scenario(3),
        scenario(5),
        page,
    ),
}


_RUN, _MADE = "in a folder of one run", "of the repository's own, by make"
SITES = {
    "cassette/reviewing.py:_decide_in": "review --accept",
    "cassette/reviewing.py:_settle": "review --accept-all",
    "cassette/reviewing.py:undo": "by a key alone, and what the two before it write",
    "cassette/store.py:write_cassette": "import",
    "commands/cassette/export.py:command": "export to out.har",
    "commands/cassette/import_.py:command": "import",
    "commands/cassette/scrub.py:_write": "scrub",
    "commands/check.py:_fix_all": "check --fix",
    "commands/demo.py:_take_folder": "demo",
    "commands/demo.py:_unpack": "demo",
    "commands/environment.py:_write": "emulator",
    "commands/generate.py:_write": "generate",
    "commands/printing.py:append_summary": "summary of a job",
    "commands/regress_report.py:report": "baseline",
    "commands/script_upgrade.py:print_rewriting": "upgrade --write",
    "commands/upgrade.py:_write_cassette": "upgrade a cassette",
    "commands/upgrade_files.py:write_family": "upgrade a family",
    "contract/compile.py:save_data": "contract import",
    "emulator/execution/container.py:contain": _RUN,
    "emulator/page.py:<module>": _MADE,
    "emulator/seed.py:find_seed": "state",
    "gateway/certificates.py:_load_authority": "serve --state",
    "gateway/certificates.py:make_certificates": "state",
    "gateway/certificates.py:write_bundle": "serve --state",
    "gateway/certificates.py:write_truststore": "serve --state",
    "gateway/environment.py:open_doors": "serve --state",
    "gateway/ports.py:remember_ports": "state",
    "made_page.py:keep_page": _MADE,
    "plugin/versions.py:stand_in": _RUN,
    "plugin/versions.py:write_page": "pytest --azml-report",
    "recording/placing.py:put_in_place": "pytest",
    "recording/proof.py:_fail": "pytest, unproven",
    "recording/proof.py:require_rerun": _RUN,
    "starter/project.py:_put": "init",
    "validation/compile_evidence.py:main": _MADE,
}
"""Each function that has a file written, and which of `WRITINGS` runs it, or why none.

That it does is held where it runs.
"""
READING = {
    *("cassette ls", "cassette show", "cassette diff", "cassette lint"),
    *("cassette permissions", "cassette prune", "contract diff", "contract list"),
    *("contract schema", "contract show", "contract verify", "doctor", "explain"),
    *("replay", "schema", "skill"),
}
"""Commands that write no file; `prune` deletes, `doctor --install` has npm write."""


def test_every_function_that_has_a_file_written_is_run_here() -> None:
    assert set(find_sites()) == SITES.keys()
    whys = {_RUN, _MADE, SITES["cassette/reviewing.py:undo"]}
    assert set(SITES.values()) <= WRITINGS.keys() | whys


def test_every_command_is_run_here_or_writes_nothing() -> None:
    """Told by the parser; every option that names or allows a file, too."""
    run = {
        name: [one for one in WRITINGS.values() if is_of(one, name)]
        for name in COMMANDS
    }
    assert {name for name, writings in run.items() if not writings} == READING
    for name, command in COMMANDS.items():
        known = {word for one in run[name] for word in one.words}
        for option in command.params:
            if WRITING_OPTIONS & {*option.opts} and name not in READING:
                assert known & {*option.opts}, f"{name} {option.opts}"


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
        self.writing.renew(self.folder)
        return self.runs.run(self.writing.words, self.folder, cut, self.writing.environ)

    def check(self, *, drafts: bool) -> None:
        """What is there is the old or the new; `drafts` may be left too."""
        read = self.writing.read
        found = snapshot(self.folder, self.writing)
        for name, content in found.items():
            if Path(name).match(".azml-*.tmp"):
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
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(content)


def find_sites() -> Iterator[str]:
    """Each function of the package that calls one of those that write a file."""

    def find(node: ast.AST, module: str, function: str) -> Iterator[str]:
        for one in ast.iter_child_nodes(node):
            called = one.func if isinstance(one, ast.Call) else None
            if isinstance(called, ast.Name) and called.id in WRITERS:
                yield f"{module}:{function}"
            inner = one.name if isinstance(one, ast.FunctionDef) else function
            yield from find(one, module, inner)

    for path in PACKAGE.rglob("*.py"):
        module = path.relative_to(PACKAGE).as_posix()
        if module != "whole_file.py":
            yield from find(ast.parse(path.read_text("utf-8")), module, "<module>")


def find_commands(
    command: click.Command, words: tuple[str, ...] = ()
) -> Iterator[tuple[str, click.Command]]:
    """Every command that does something, by the words that call it."""
    if not isinstance(command, click.Group):
        yield " ".join(words), command
        return
    for name in command.list_commands(click.Context(command)):
        inner = command.get_command(click.Context(command), name)
        assert inner is not None
        yield from find_commands(inner, (*words, name))


def is_of(writing: Writing, command: str) -> bool:
    words = command.split()
    return [*writing.words[: len(words)]] == words


COMMANDS = dict(find_commands(cli.cli))
WRITING_OPTIONS = {
    *("-o", "--output", "--in-place", "--write", "--fix", "--force", "--env-file"),
    *("--state", "--keep", "--write-baseline", "--accept", "--accept-all", "--install"),
}


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
    sites: set[str] = set()
    if not (writing.afresh or snapshot(tmp_path, writing)):
        first = runs.run(writing.words, tmp_path, cut, writing.environ)
        assert snapshot(tmp_path, writing), first.said
        sites.update(first.sites)
    old = snapshot(tmp_path, writing)
    writing.change(tmp_path)
    writing.renew(tmp_path)
    done = runs.run(writing.words, tmp_path, cut, writing.environ)
    new = snapshot(tmp_path, writing)
    assert old != new or writing.until, done.said
    named = {site for site, name in SITES.items() if name == request.param}
    assert named <= sites | {*done.sites}, done.sites
    return Prepared(runs, writing, tmp_path, old, new, done.wrote_s)


@pytest.mark.slow
@pytest.mark.soak
def test_killed_while_it_writes_a_command_leaves_the_old_or_the_new(
    prepared: Prepared,
) -> None:
    draw = random.Random(12)
    for _ in range(sized(2, 200)):
        moment = draw.uniform(0, 1.1 * prepared.wrote_s)
        prepared.run(Cut(kill_after_s=moment))
        prepared.check(drafts=True)


@pytest.mark.slow
@pytest.mark.soak
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
        told = any(f"{one.name} could not" in done.said for one in there)
        assert told or not prepared.writing.tells, done.said
