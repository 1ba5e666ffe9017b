"""Recordings at URLs: whatever fsspec opens, its memory and files of this machine."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterator
from hashlib import sha256
from pathlib import Path
from typing import Any

import fsspec
import pytest
from click.testing import CliRunner

from azml_contract.cli import cli
from azml_contract.documents import remote
from azml_contract.documents.find import find_files
from azml_contract.errors import AzmlContractError

ROOT = Path(__file__).parents[2]
STORY = ROOT / "cassettes" / "failures" / "cancel"


@pytest.fixture
def memory() -> Iterator[Any]:
    """A storage that lives as long as a test, with a story in it."""
    system = fsspec.filesystem("memory")
    for file in STORY.rglob("*.json"):
        system.pipe(f"/team/cancel/{file.name}", file.read_bytes())
    system.pipe("/team/cancel/2024-04-01.new.json", b"waits")
    system.pipe("/team/cancel/.hidden/2024-04-01.json", b"hidden")
    system.pipe("/team/notes.txt", b"no recording")
    yield system
    system.store.clear()


@pytest.fixture
def run() -> Callable[..., Any]:
    def invoke(*arguments: object) -> Any:
        return CliRunner().invoke(cli, [str(one) for one in arguments])

    return invoke


def test_a_folder_at_a_url_is_judged_as_one_of_this_machine(run, memory) -> None:
    here = json.loads(run("regress", STORY, "--format", "json2").stdout)

    there = json.loads(run("regress", "memory://team", "--format", "json2").stdout)

    assert there == here
    one = run("regress", "memory://team/cancel/2024-04-01.json", "--to", "2024-10-01")
    assert (one.exit_code, "No breaks" in one.stdout) == (0, True)


@pytest.mark.parametrize("form", ["json", "sarif"])
def test_check_reads_urls_too_and_names_them(run, memory, form) -> None:
    broken = json.loads((STORY / "2024-04-01.json").read_text("utf-8"))
    for one in broken["interactions"]:
        one["request"]["uri"] = one["request"]["uri"].replace("/jobs/", "/jobz/")
    memory.pipe("/team/cancel/2024-04-01.json", json.dumps(broken).encode())

    done = run("check", "memory://team", "--format", form)

    assert done.exit_code == 1
    place = "memory://" if form == "sarif" else "memory:/"
    assert f"{place}team/cancel/2024-04-01.json" in done.stdout


def test_a_cassette_at_a_url_finds_its_side_files(memory) -> None:
    from azml_contract.documents.document import open_document

    raw = b"\0" * 40
    name = sha256(raw).hexdigest()
    shape = json.loads((STORY / "2024-04-01.json").read_text("utf-8"))
    shape["interactions"][0]["response"]["body"] = {"file": name}
    memory.pipe("/team/cancel/2024-04-01.json", json.dumps(shape).encode())
    memory.pipe(f"/team/cancel/blobs/{name}", raw)

    document = open_document(Path("memory://team/cancel/2024-04-01.json"))

    assert document.cassette is not None
    assert document.cassette.interactions[0].response.body == raw


def test_files_of_this_machine_may_be_named_by_url(run) -> None:
    files, problems = find_files([Path(STORY.as_uri())])
    assert problems == []
    assert files == find_files([STORY])[0]
    done = run("check", (STORY / "2024-04-01.json").as_uri())
    assert done.exit_code == 0


@pytest.mark.parametrize(
    ("url", "message"),
    [
        ("memory://nobody", "memory://nobody: there is no such file or folder."),
        ("nosuch://x/y.json", "nosuch://x/y.json: it cannot be read (Protocol not"),
        ("abfs://c/x.json", "abfs://c/x.json: it cannot be read (Install adlfs"),
    ],
)
def test_what_cannot_be_reached_is_told_by_its_url(url, message, memory) -> None:
    files, problems = find_files([Path(url)])
    assert files == []
    assert len(problems) == 1
    assert problems[0].startswith(message)


def test_without_fsspec_the_extra_is_named(monkeypatch) -> None:
    monkeypatch.setitem(sys.modules, "fsspec", None)
    with pytest.raises(AzmlContractError, match=r"install 'azml-contract\[remote"):
        remote.read_remote(Path("memory://team/x.json"), 10)


def test_a_folder_here_that_is_called_like_a_url_is_one_of_this_machine(
    tmp_path, monkeypatch
) -> None:
    monkeypatch.chdir(tmp_path)
    odd = Path("memory:") / "team"
    odd.mkdir(parents=True)
    assert not remote.is_remote(Path("memory://team"))


def test_a_file_that_is_too_large_is_not_read_whole(memory) -> None:
    memory.pipe("/large.json", b"x" * 11)
    with pytest.raises(AzmlContractError, match="it has more than 10 bytes"):
        remote.read_remote(Path("memory://large.json"), 10)


@pytest.mark.parametrize(
    "url",
    [
        "https://a.blob.example/c/x.json?sv=2026&sig=Zk93hd02%2Fx",
        "https://ada:Zk93hd02@a.example/x.json",
    ],
)
@pytest.mark.parametrize("command", ["regress", "check"])
def test_what_signs_a_url_is_refused_and_not_repeated(run, command, url) -> None:
    done = run(command, url)
    assert done.exit_code != 0
    told = done.output + str(done.exception)
    assert "Zk93hd02" not in told
    assert "reports name what they are about" in told
    assert "AZURE_STORAGE_SAS_TOKEN" in told


@pytest.mark.parametrize(
    "url",
    [
        "https://b.s3.example/x.json?X-Amz-Date=1&X-Amz-Signature=Zk93hd02",
        "https://g.example/b/x.json?X-Goog-Signature=Zk93hd02",
        "https://ghp_Zk93hd02@h.example/x.json",
        "https://h.example/x.json?Zk93hd02",
        "https://h.example/x.json#access_token=Zk93hd02",
        "https://ada:half?Zk93hd02@h.example/x.json",
        "https://h.example/x.json?sig=a/half@Zk93hd02",
        "ftp://Zk93hd02@h.example/x.json",
        "simplecache::https://Zk93hd02@h.example/x.json",
        "zip://x.json::https://h.example/a.zip?v=Zk93hd02",
        "abfs://c@a.dfs.example/x.json?sv=2026&sig=Zk93hd02",
        "abfs://c/x.json?%73ig=Zk93hd02",
        "s3://b/x.json?versionId=1&AWSAccessKeyId=Zk93hd02",
        "s3://b/x.json?X-Amz-Security-Token=Zk93hd02",
        "gs://b/x.json?token=Zk93hd02",
        "sftp://ada:Zk93hd02@h.example/x.json",
    ],
)
def test_a_url_that_says_by_what_it_may_be_read_is_refused(url) -> None:
    with pytest.raises(AzmlContractError, match="reports name what they") as refused:
        remote.localise(Path(url))
    assert "half" not in str(refused.value)
    assert "Zk93hd02" not in str(refused.value)


@pytest.mark.parametrize(
    "url",
    [
        *("https://h.example/a@b/x.json", "github://org:repo@main/x.json"),
        *("s3://b/x.json?versionId=1", "abfs://c@a.dfs.example/x.json"),
        *("simplecache::s3://b/x?.json", "sftp://ada@h.example/x.json"),
        *("memory://team/what?.json", "zip://x.json::https://h.example/a.zip"),
    ],
)
def test_a_url_that_only_looks_signed_is_taken(url) -> None:
    assert remote.localise(Path(url)) == Path(url)
