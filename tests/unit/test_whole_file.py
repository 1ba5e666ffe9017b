"""Every file that we write is the old one or the new one, whole."""

from __future__ import annotations

import ast
import os
import random
import signal
import stat
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest
from soak import sized

from azml_contract.errors import OutputError
from azml_contract.whole_file import (
    append_whole,
    open_whole,
    require_room,
    write_together,
    write_whole,
)

PACKAGE = Path(__file__).parents[2] / "azml_contract"
SCRATCH = {
    "whole_file.py": "writes drafts",
    "emulator/azurite.py": "a log and a script in a new folder",
    "emulator/state_folder.py": "a lock without content",
    "emulator/server.py": "a log, line by line",
    "emulator/execution/keeper.py": "the folder of one run",
    "emulator/execution/keeping.py": "the folder of one run",
    "emulator/execution/scorer.py": "the folder of one run",
    "emulator/execution/storage.py": "the folder of one run",
}
posix = pytest.mark.skipif(os.name != "posix", reason="needs POSIX files")


@contextmanager
def small_disk(size: int) -> Iterator[None]:
    """Files of this process cannot grow beyond `size`."""
    import resource

    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


def test_only_one_function_writes_files() -> None:
    for path in PACKAGE.rglob("*.py"):
        if path.relative_to(PACKAGE).as_posix() in SCRATCH:
            continue
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if not (
                isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute)
            ):
                continue
            first = node.args[0] if node.args else None
            mode = first.value if isinstance(first, ast.Constant) else ""
            writes = node.func.attr in ("write_text", "write_bytes") or (
                node.func.attr == "open"
                and isinstance(mode, str)
                and set(mode) <= set("wabx+t")
                and set(mode) & set("wax+")
            )
            assert not writes, f"{path}:{node.lineno}: write_whole does this"


@posix
def test_a_full_disk_names_the_file_and_leaves_the_old_one(tmp_path: Path) -> None:
    file = tmp_path / "report.json"
    file.write_text("old")
    with small_disk(4096), pytest.raises(OutputError, match=r"report\.json.*written"):
        write_whole(file, b"x" * 100_000)
    assert file.read_text() == "old"
    assert [one.name for one in tmp_path.iterdir()] == ["report.json"]


@posix
def test_of_files_that_belong_together_none_is_replaced_before_all_fit(
    tmp_path: Path,
) -> None:
    write_together(tmp_path, {"a": b"old", "b": b"old"})
    with small_disk(4096), pytest.raises(OutputError):
        write_together(tmp_path, {"a": b"new", "b": b"x" * 100_000})
    assert (tmp_path / "a").read_text() == (tmp_path / "b").read_text() == "old"


@posix
def test_half_a_character_is_written_as_its_escape(tmp_path: Path) -> None:
    write_whole(tmp_path / "a.json", '{"é": "\ud83d"}')

    assert (tmp_path / "a.json").read_text("utf-8") == '{"é": "\\ud83d"}'


def test_what_is_added_is_added_whole_or_not_at_all(tmp_path: Path) -> None:
    file = tmp_path / "summary.md"
    append_whole(file, b"first\n")
    with small_disk(4096), pytest.raises(OutputError, match=r"summary\.md.*written"):
        append_whole(file, b"x" * 100_000)
    append_whole(file, b"second\n")
    assert file.read_text() == "first\nsecond\n"


def test_an_error_while_writing_leaves_the_old_file(tmp_path: Path) -> None:
    file = tmp_path / "f"
    file.write_text("old")
    with suppress(KeyboardInterrupt), open_whole(file) as out:
        out.write(b"half")
        raise KeyboardInterrupt
    assert file.read_text() == "old"
    assert len(list(tmp_path.iterdir())) == 1


@posix
def test_links_and_modes_are_kept(tmp_path: Path) -> None:
    file, link = tmp_path / "file", tmp_path / "link"
    file.write_text("old")
    file.chmod(0o640)
    link.symlink_to(file)
    write_whole(link, "new")
    assert link.is_symlink()
    assert file.read_text() == "new"
    assert stat.S_IMODE(file.stat().st_mode) == 0o640


@posix
def test_a_secret_is_for_its_owner_alone_also_over_an_open_file(tmp_path: Path) -> None:
    for name in ("new", "old"):
        file = tmp_path / name
        if name == "old":
            file.touch(mode=0o644)
        write_whole(file, "secret", private=True)
        assert stat.S_IMODE(file.stat().st_mode) == 0o600


@posix
def test_pipes_and_devices_are_written_through(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    read: list[bytes] = []
    reader = threading.Thread(target=lambda: read.append(pipe.read_bytes()))
    reader.start()
    write_whole(pipe, "through")
    reader.join()
    assert read == [b"through"]
    assert stat.S_ISFIFO(pipe.stat().st_mode)
    write_whole(Path("/dev/null"), "nothing")
    assert stat.S_ISCHR(Path("/dev/null").stat().st_mode)


@posix
def test_the_standard_output_keeps_what_stands_before_and_after(tmp_path: Path) -> None:
    script = (
        "from pathlib import Path; from azml_contract.whole_file import write_whole\n"
        "print('before', flush=True); write_whole(Path('/dev/stdout'), 'middle\\n')\n"
        "print('after')"
    )
    file = tmp_path / "out"
    with file.open("wb") as out:
        subprocess.run([sys.executable, "-c", script], stdout=out, check=True)
    assert file.read_text().split() == ["before", "middle", "after"]


@posix
def test_a_loop_of_links_and_a_missing_folder_are_told(tmp_path: Path) -> None:
    (tmp_path / "a").symlink_to("b")
    (tmp_path / "b").symlink_to("a")
    with pytest.raises(OutputError, match="/a could not be written"):
        write_whole(tmp_path / "a", "x")
    with pytest.raises(OutputError, match=r"no folder .*gone"):
        write_whole(tmp_path / "gone" / "f", "x")


def test_room_for_a_file_is_there_or_told_and_nothing_is_left(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x")
    (tmp_path / "folder").mkdir()
    for name in ("new", "file", "not/yet/there"):
        require_room(tmp_path / name)
    with pytest.raises(OutputError, match="folder could not be written: Is a dir"):
        require_room(tmp_path / "folder")
    with pytest.raises(OutputError, match=r"nothing can be made in .*file \(Not a dir"):
        require_room(tmp_path / "file" / "below" / "it")
    assert sorted(one.name for one in tmp_path.iterdir()) == ["file", "folder"]


def kill_often(script: str, argument: Path) -> Iterator[None]:
    """Run a program and kill it in the middle, again and again."""
    draw = random.Random(12)
    for _ in range(sized(10, 200)):
        child = subprocess.Popen(
            [sys.executable, "-c", script, str(argument)], stdout=subprocess.PIPE
        )
        assert child.stdout is not None
        child.stdout.readline()
        time.sleep(draw.uniform(0, 0.02))
        child.send_signal(signal.SIGKILL)
        child.communicate()
        yield


@posix
@pytest.mark.slow
@pytest.mark.soak
def test_killed_at_any_moment_the_file_is_old_or_new(tmp_path: Path) -> None:
    file = tmp_path / "f"
    write_whole(file, b"a" * 300_000)
    script = (
        "import sys; from pathlib import Path\n"
        "from azml_contract.whole_file import write_whole\n"
        "print(flush=True)\n"
        "while True:\n"
        "    for one in b'bc':\n"
        "        write_whole(Path(sys.argv[1]), bytes([one]) * 300_000)\n"
    )
    for _ in kill_often(script, file):
        content = file.read_bytes()
        assert len(content) == 300_000
        assert len(set(content)) == 1
    write_whole(file, "done")
    assert [one.name for one in tmp_path.iterdir()] == ["f"]


@posix
@pytest.mark.slow
@pytest.mark.soak
def test_killed_at_any_moment_the_main_file_finds_what_it_names(tmp_path: Path) -> None:
    script = (
        "import itertools, os, sys; from pathlib import Path\n"
        "from azml_contract.whole_file import write_together\n"
        "print(flush=True)\n"
        "for n in itertools.count(os.getpid() * 10_000):\n"
        "    sides = {f'{n}-{i}': bytes([n % 256]) * 50_000 for i in range(4)}\n"
        "    main = '\\n'.join(sides).encode()\n"
        "    write_together(Path(sys.argv[1]), {'main': main, **sides})\n"
    )
    write_together(tmp_path, {"main": b""})
    for _ in kill_often(script, tmp_path):
        sides = (tmp_path / "main").read_text().splitlines()
        contents = [(tmp_path / name).read_bytes() for name in sides]
        assert {len(content) for content in contents} <= {50_000}
        assert len({byte for content in contents for byte in content}) <= 1
        for file in tmp_path.iterdir():
            if file.name not in ("main", *sides):
                file.unlink()


@pytest.mark.parametrize("lasting", [True, False])
def test_the_disk_is_waited_for_where_a_file_shall_last(tmp_path, monkeypatch, lasting):
    synced: list[int] = []
    monkeypatch.setattr(os, "fsync", synced.append)
    write_whole(tmp_path / "a", b"x", lasting=lasting)
    assert (tmp_path / "a").read_bytes() == b"x"
    assert bool(synced) is lasting


def test_an_emulator_that_keeps_nothing_waits_for_no_disk(monkeypatch):
    from azml_contract.emulator.server import Emulator

    synced: list[int] = []
    monkeypatch.setattr(os, "fsync", synced.append)
    with Emulator(azurite=False):
        assert synced == []
