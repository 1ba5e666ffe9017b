"""What a shell offers: api-versions, operations, recordings, commands."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from azml_contract.contract.catalog import known_versions


def offered(line: str, folder: Path) -> list[str]:
    """What the program itself answers to bash, as ``kind,word``."""
    words = line.split(" ")
    done = subprocess.run(
        [str(Path(sys.executable).with_name("azml-contract"))],
        cwd=folder,
        env={
            **os.environ,
            "_AZML_CONTRACT_COMPLETE": "bash_complete",
            "COMP_WORDS": line,
            "COMP_CWORD": str(len(words) - 1),
        },
        capture_output=True,
        text=True,
        check=True,
    )
    assert not done.stderr
    return done.stdout.split()


@pytest.mark.parametrize(
    ("line", "word"),
    [
        ("azml-contract regress cassettes --to 2026-05-01", "plain,2026-05-01"),
        ("azml-contract upgrade a.sh --to 2021-03", "plain,2021-03-01-preview"),
        ("azml-contract check a.json --api-version 2022-05", "plain,2022-05-01"),
        ("azml-contract contract diff 2018", "plain,2018-03-01-preview"),
        ("azml-contract contract schema Jobs_Cr", "plain,Jobs_CreateOrUpdate"),
        ("azml-contract contract show jobs_create", "plain,Jobs_CreateOrUpdate"),
        ("azml-contract check a.json --operation Jobs_Ca", "plain,Jobs_Cancel"),
        ("azml-contract cassette show casse", "file,casse"),
        ("azml-contract cassette lint casse", "file,casse"),
        ("azml-contract replay casse", "file,casse"),
        ("azml-contract cassette perm", "plain,permissions"),
    ],
)
def test_a_word_that_was_begun_is_completed(
    line: str, word: str, tmp_path: Path
) -> None:
    assert word in offered(line, tmp_path)


def test_all_versions_are_offered_where_nothing_was_begun(tmp_path: Path) -> None:
    found = offered("azml-contract regress --to ", tmp_path)
    assert found == [f"plain,{one}" for one in known_versions()]
