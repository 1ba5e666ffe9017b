"""Which cassette a replay plays, and what its recordings meet at newer versions.

In: the options of a session, the folder of a scenario's cassettes. Out: the
path of a cassette to play, and lines about calls that break. Wiring for the
plugin, between recording and regression; a run without the options never
imports it.
"""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import pytest

from azml_contract.api_version import sort_key
from azml_contract.cassette.pending import is_pending
from azml_contract.errors import AzmlContractError, CassetteError, show_path
from azml_contract.whole_file import write_whole


def stand_in(
    cassette: Path, api_version: str, *, source: str, folder: Path, record_command: str
) -> Path:
    """A cassette for `api_version`, made of one of another version.

    Args:
        cassette: Where the cassette of `api_version` would be.
        api_version: What the scenario runs at.
        source: The recorded version to take; "" for the newest not newer.
        folder: Where to write; a fresh one.
        record_command: For messages.

    Returns:
        `cassette` itself where it is there, or where there is no other.

    Raises:
        CassetteError: There is none of `source`, or what it recorded changed.
    """
    if source in ("", api_version) and cassette.exists():
        return cassette
    recorded = source or _newest_not_newer(cassette.parent, api_version)
    if not recorded or recorded == api_version:
        return cassette
    from azml_contract.cassette.cassette import load_cassette, render_cassette
    from azml_contract.regression.transfer import transfer

    file = cassette.with_name(f"{recorded}.json")
    if not file.exists():
        raise CassetteError(
            f"There is no cassette {file} to replay for {api_version}; recorded: "
            f"{', '.join(_recorded_versions(file.parent)) or 'none'}."
        )
    made = transfer(
        load_cassette(file), file, api_version, record_command=record_command
    )
    path = folder / f"{api_version}.json"
    write_whole(path, render_cassette(made))
    blobs = file.parent / "blobs"
    if blobs.is_dir():
        shutil.copytree(blobs, folder / "blobs", dirs_exist_ok=True)
    return path


def _recorded_versions(folder: Path) -> list[str]:
    files = [path for path in folder.glob("*.json") if not is_pending(path)]
    return sorted((path.stem for path in files), key=sort_key)


def _newest_not_newer(folder: Path, api_version: str) -> str:
    """The newest such version; one that was only upgraded where there is no other."""
    from azml_contract.cassette.cassette import load_cassette

    limit = sort_key(api_version)
    older = [v for v in _recorded_versions(folder) if sort_key(v) <= limit]
    for version in reversed(older):
        if not load_cassette(folder / f"{version}.json").upgraded_from:
            return version
    return older[-1] if older else ""


class Broken(NamedTuple):
    """Something that breaks at a newer api-version; `case` is what it is about."""

    case: str
    told: str


def find_new_breaks(config: pytest.Config, cassettes: Sequence[Path]) -> list[Broken]:
    """Each call that a newer api-version breaks, or that could not be judged.

    Those that the baseline of the session knows are left out.
    """
    from azml_contract.documents.recordings import read_any
    from azml_contract.regression.baseline import Baseline, load_baseline
    from azml_contract.regression.outcome import find_breaks
    from azml_contract.regression.parallel import judge_files
    from azml_contract.validation.validator import NO_OPERATION, UNTOLD

    file = config.getoption("azml_baseline")
    try:
        path = config.invocation_params.dir / file if file else None
        baseline = load_baseline(path) if path else Baseline()
    except AzmlContractError as error:  # it went since the session began
        return [Broken("--azml-baseline", str(error))]
    found: list[Broken] = []
    for judged in judge_files(sorted(set(cassettes)), read_any, jobs=1):
        file = show_path(judged.path)
        found += [Broken(file, judged.problem)] if judged.problem else []
        found += [
            Broken(file, f"{judged.path}: {number} not judged, {reason}")
            for reason, number in judged.calls.not_judged.items()
            if reason not in (NO_OPERATION, UNTOLD)  # told when the scenario ran
        ]
        for one in find_breaks(judged.rows):
            if one.since and not baseline.covers(one):
                place = one.finding.pointer or one.finding.side
                case = f"{one.scenario} {one.recorded}"
                told = (
                    f"{case}: {one.label} {one.status} since {one.since}: {place}: "
                    f"{one.finding.message}"
                )
                found.append(Broken(case, told))
    return found


def describe_breaks(found: Sequence[Broken]) -> list[str]:
    """A line for each, and one that counts them; none where nothing breaks."""
    lines = [f"breaks: {one.told}" for one in found]
    count = "1 break" if len(lines) == 1 else f"{len(lines)} breaks"
    return [*lines, f"ERROR {count} at newer api-versions; {_CURE}"] if lines else []


_CURE = "cures: azml-contract regress; known ones: --azml-baseline FILE"


def write_page(path: Path, cassettes: Sequence[Path]) -> str:
    """Write the version matrix of these cassettes as one HTML page.

    Returns:
        What kept it from being written; "" where nothing did.
    """
    try:
        page = _render_page(cassettes)
        path.parent.mkdir(parents=True, exist_ok=True)
        write_whole(path, page)
    except (OSError, AzmlContractError) as error:
        return f"ERROR --azml-report {path} is not written: {error}"
    return ""


def _render_page(cassettes: Sequence[Path]) -> str:
    from azml_contract.commands.regress_page import describe_run, render_page
    from azml_contract.documents.find import shorten
    from azml_contract.documents.recordings import read_any
    from azml_contract.regression.outcome import Row
    from azml_contract.regression.parallel import judge_files

    rows: list[Row] = []
    files: dict[str, str] = {}
    for judged in judge_files(sorted(set(cassettes)), read_any, jobs=1):
        rows += judged.rows
        file = shorten(judged.path).as_posix()
        files |= {f"{r.scenario} {r.recorded}": file for r in judged.rows}
    above = {shorten(path.absolute().parents[2]).as_posix() for path in cassettes}
    return render_page(rows, files, made=describe_run(sorted(above)))
