"""Commands that write files: one run of each, and what it finds and leaves.

`WRITINGS` is the table; `SITES` says for each function that has a file written which of
them runs it. Add a function that writes, and `test_who_writes.py` asks for its row.
"""

from __future__ import annotations

import json
import random
import shutil
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml
from bad_input import HAR
from programs import STORY
from recorded_stories import CASSETTES, MODERN, WORKFLOW

from tests.commands import test_review as waiting
from tests.commands.conftest import as_vcrpy, conversation
from tests.commands.test_check_fix import BODY, SENT
from tests.commands.test_contracts_option import PROVIDER

ROOT = Path(__file__).parents[2]
LATEST = WORKFLOW / "2024-04-01.json"
OTHER = CASSETTES / "documented_workflow" / "as_printed" / "2021-03-01-preview.json"


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


def review(*words: str) -> Writing:
    """What of `pending` the words of an option decide."""
    return Writing(
        ("cassette", "review", "cassettes", *words),
        ("cassettes/*/list/2024-04-01.json",),
        pending,
        renew=pending,
    )


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
            copy(LATEST),
            copy(MODERN),
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
        copy(LATEST),
        copy(MODERN),
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
        copy(MODERN, "2022-05-01.json"),
        afresh=True,
    ),
    "upgrade a family": Writing(
        ("upgrade", "bodies", "--to", "2024-10-01", "--write"),
        ("bodies/2024-10-01/*",),
        family,
        afresh=True,
    ),
    "settings of an editor": Writing(
        ("contract", "schema", "--vscode", "bodies", "--write"),
        (".vscode/settings.json",),
        family,
        afresh=True,
    ),
    "review --accept-all": review("--accept-all"),
    "review --accept": review("--accept", "/tags"),
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
        copy(LATEST),
        copy(MODERN),
    ),
    **{
        f"regress --format {form}": Writing(
            (*REGRESS, "--format", form, "-o", "out"),
            ("out",),
            copy(OTHER),
            copy(LATEST),
            environ={"SOURCE_DATE_EPOCH": "1750000000"},  # the page tells the minute
        )
        for form in ("text", "json", "html", "junit", "markdown", "sarif")
    },
    "baseline": Writing(
        (*REGRESS, "--baseline", "known", "--write-baseline"),
        ("known",),
        copy(OTHER),
        copy(LATEST),
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
        copy(LATEST),
        read=names_of,
        until="env.sh",
    ),
    "serve --state": Writing(
        ("serve", "in.json", "--state", "state"),
        ("state/*",),
        copy(LATEST),
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


IN_A_RUN, BY_MAKE = "in a folder of one run", "of the repository's own, by make"
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
    "commands/editor.py:put_settings": "settings of an editor",
    "commands/environment.py:_write": "emulator",
    "commands/generate.py:_write": "generate",
    "commands/printing.py:append_summary": "summary of a job",
    "commands/regress_report.py:report": "baseline",
    "commands/script_upgrade.py:print_rewriting": "upgrade --write",
    "commands/upgrade.py:_write_cassette": "upgrade a cassette",
    "commands/upgrade_files.py:write_family": "upgrade a family",
    "contract/compile.py:save_data": "contract import",
    "emulator/execution/container.py:contain": IN_A_RUN,
    "emulator/page.py:<module>": BY_MAKE,
    "emulator/seed.py:find_seed": "state",
    "gateway/certificates.py:_load_authority": "serve --state",
    "gateway/certificates.py:make_certificates": "state",
    "gateway/certificates.py:write_bundle": "serve --state",
    "gateway/certificates.py:write_truststore": "serve --state",
    "gateway/environment.py:open_doors": "serve --state",
    "gateway/ports.py:remember_ports": "state",
    "made_page.py:keep_page": BY_MAKE,
    "plugin/versions.py:stand_in": IN_A_RUN,
    "plugin/versions.py:write_page": "pytest --azml-report",
    "recording/placing.py:put_in_place": "pytest",
    "recording/proof.py:_fail": "pytest, unproven",
    "recording/proof.py:require_rerun": IN_A_RUN,
    "starter/project.py:_put": "init",
    "validation/compile_evidence.py:main": BY_MAKE,
}
"""Each function that has a file written, and which of `WRITINGS` runs it, or why none.

That it does is held where it runs.
"""
