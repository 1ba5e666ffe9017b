"""`azml-contract cassette ls`: which recordings there are."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from azml_contract.commands.cassette.files import (
    find_unread,
    list_missing,
    read_each,
    report_unread,
)
from azml_contract.commands.cassette.wording import age_of, count, describe, size_of
from azml_contract.commands.kinds import RECORDING
from azml_contract.commands.options import text_or_json
from azml_contract.commands.printing import print_json

if TYPE_CHECKING:
    from azml_contract.cassette.cassette import Cassette


@dataclass(frozen=True, slots=True)
class _Row:
    path: Path
    cassette: Cassette
    size_bytes: int


@click.command("ls")
@click.argument("paths", nargs=-1, type=RECORDING, metavar="[PATH...]")
@text_or_json
@click.pass_context
def command(ctx: click.Context, paths: tuple[str, ...], form: str) -> None:
    """List cassettes: scenario, api-version, target, age, interactions, size.

    PATH is a cassette or a folder of them; without one, the folder cassettes. When
    each was recorded is in --format json.
    """
    from azml_contract.documents.find import find_files, shorten

    named = [Path(path) for path in paths or ("cassettes",)]
    files, missing = find_files(named, frozenset({".json"}))
    unread = list_missing(missing)
    rows = read_each(files, _read, unread, listed=set(map(shorten, named)))
    if form == "json":
        shape: dict[str, Any] = {
            "cassettes": [
                describe(row.path, row.cassette, row.size_bytes) for row in rows
            ],
        }
        found = find_unread(unread, done=len(rows))
        if found:
            shape["findings"] = [finding.to_json() for finding in found]
        print_json(**shape)
    elif rows:
        _print(rows, datetime.now(UTC))
    ctx.exit(report_unread(unread, done=len(rows)))


def _read(path: Path) -> _Row:
    from azml_contract.documents.document import open_cassette

    cassette = open_cassette(path).cassette
    assert cassette is not None
    size = path.stat().st_size
    named = {name for one in cassette.interactions for name in one.named_files}
    folder = path.parent / "blobs"
    size += sum((folder / n).stat().st_size for n in named if (folder / n).is_file())
    return _Row(path, cassette, size)


def _print(rows: list[_Row], now: datetime) -> None:
    cells = [
        (
            row.cassette.scenario,
            row.cassette.api_version,
            row.cassette.target,
            age_of(row.cassette.recorded_at, now) or "no time",
            count(len(row.cassette.interactions), "interaction"),
            size_of(row.size_bytes),
        )
        for row in rows
    ]
    widths = [max(map(len, column)) for column in zip(*cells, strict=True)]
    for cell in cells:
        padded = [text.ljust(w) for text, w in zip(cell, widths, strict=True)]
        click.echo("  ".join(padded).rstrip())
