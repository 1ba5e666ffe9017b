"""`azml-contract regress`: which recorded calls break under which api-version."""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

import click

from azml_contract.errors import InputError, UnknownApiVersion

if TYPE_CHECKING:
    from rich.console import Console

    from azml_contract.recording.cassette import Cassette
    from azml_contract.regression.outcome import Row


@click.command()
@click.argument("cassettes", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option("--to", "versions", multiple=True, metavar="V", help="Only these.")
@click.option("--format", "form", type=click.Choice(["text", "json"]), default="text")
@click.pass_context
def command(
    ctx: click.Context,
    cassettes: tuple[Path, ...],
    versions: tuple[str, ...],
    form: str,
) -> None:
    """Judge every recorded request under every other api-version.

    CASSETTES are cassette files, or folders of them.
    """
    from azml_contract.regression.matrix import build_matrix
    from azml_contract.regression.outcome import newest_unchanged

    _require_known(versions)
    loaded = load_cassettes(cassettes)
    columns = list(versions) or None
    rows = build_matrix(loaded, versions=columns)
    if not rows:
        raise InputError(
            "No call of Microsoft.MachineLearningServices in these cassettes; "
            "nothing was judged."
        )
    if form == "json":
        newest = newest_unchanged(rows)
        shape = {
            "format": 1,
            "rows": [row.to_json() for row in rows],
            "newest_unchanged": newest,
        }
        click.echo(json.dumps(shape, indent=2))
    else:
        print_matrix(rows)
    if any(cell.status.breaks for row in rows for cell in row.cells.values()):
        ctx.exit(1)


def load_cassettes(paths: Iterable[Path]) -> list[Cassette]:
    """Every cassette in the given files and folders, sorted by path.

    Raises:
        InputError: A path does not exist, or a folder holds no cassette.
        CassetteError: A file is not a cassette.
    """
    from azml_contract.recording.cassette import load_cassette

    files: list[Path] = []
    for path in paths:
        if not path.exists():
            raise InputError(f"{path} does not exist.")
        found = sorted(path.rglob("*.json")) if path.is_dir() else [path]
        if not found:
            raise InputError(f"{path} holds no cassette (*.json).")
        files.extend(found)
    return [load_cassette(file) for file in files]


def print_matrix(rows: list[Row], console: Console | None = None) -> None:
    """One table for each scenario and recorded version, and what breaks, in words."""
    from rich.console import Console

    from azml_contract.regression.outcome import newest_unchanged
    from azml_contract.report.table import print_legend, print_table

    console = console or Console(highlight=False)
    groups: dict[tuple[str, str], list[Row]] = {}
    for row in rows:
        groups.setdefault((row.scenario, row.recorded), []).append(row)
    for (scenario, recorded), group in groups.items():
        columns = list(group[0].cells)
        print_table(
            console, f"{scenario}, recorded at {recorded}", columns, _merge(group)
        )
        _print_reasons(console, group)
        newest = newest_unchanged(group)[scenario] or "none"
        console.print(f"\nNewest version it can move to unchanged: [bold]{newest}[/]\n")
    used = {str(cell.status) for row in rows for cell in row.cells.values()}
    order = ("ok", "warns", "refused", "ignored", "gone", "unknown")
    print_legend(console, [status for status in order if status in used])


def _merge(group: list[Row]) -> list[tuple[str, dict[str, str]]]:
    """Rows with the same label become one, with the worst status of each."""
    from azml_contract.regression.outcome import Status

    order = list(Status)
    merged: dict[str, dict[str, Status]] = {}
    for row in group:
        cells = merged.setdefault(row.label, {})
        for version, cell in row.cells.items():
            worst = max(cells.get(version, Status.OK), cell.status, key=order.index)
            cells[version] = worst
    return [
        (label, {version: str(status) for version, status in cells.items()})
        for label, cells in merged.items()
    ]


def _print_reasons(console: Console, group: list[Row]) -> None:
    """What breaks, once for each place in a body, under the first version it does."""
    from rich.padding import Padding
    from rich.text import Text

    said: set[tuple[str, str]] = set()
    heading = ""
    for row in group:
        for version, cell in row.cells.items():
            for finding in cell.findings:
                place = (row.label, finding.pointer)
                if str(finding.severity) != "error" or place in said:
                    continue
                said.add(place)
                if heading != (heading := f"{row.label} at {version}: {cell.status}"):
                    console.print(Text(heading, "bold"))
                console.print(Padding(Text(finding.pointer or "(body)"), (0, 0, 0, 2)))
                reason = f"{finding.message} {finding.cure}".strip()
                console.print(Padding(Text(reason), (0, 0, 0, 6)))


def _require_known(versions: Iterable[str]) -> None:
    from difflib import get_close_matches

    from azml_contract.contract.catalog import known_versions

    for version in versions:
        if version not in known_versions():
            near = get_close_matches(version, known_versions(), n=3)
            raise UnknownApiVersion(version, nearest=near)
