"""What the plugin says at the end of a run: figures, findings, orphaned cassettes.

In: the reports of a session, each with the figures that its scenario published.
Out: lines on the terminal, and the cassettes that no test played. Works on the
controller of pytest-xdist as in a single process, since it reads reports only.
"""

from __future__ import annotations

import shlex
import textwrap
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from azml_contract.api_version import is_api_version
from azml_contract.cassette.pending import find_pending, is_pending
from azml_contract.errors import show_path
from azml_contract.plugin.options import cassette_folder
from azml_contract.plugin.plan import COSTS
from azml_contract.printable import cut, make_printable
from azml_contract.report.run import (
    Figures,
    count,
    describe_findings,
    describe_validated,
    total,
)

_MOST_UNSEEN = 5
_MOST_ABSENT = 10


def write_summary(
    reporter: Any, mode: str, orphans: Sequence[Path], notes: Sequence[str] = ()
) -> None:
    """Write the section of azml-contract; nothing when no scenario ran.

    Args:
        reporter: pytest's terminal reporter.
        mode: As given to ``--azml-mode``.
        orphans: As found by `find_orphans`.
        notes: Further lines: stale cassettes, calls that a newer api-version
            breaks.
    """
    runs = _published(reporter)
    skipped = reporter.stats.get("skipped", ())
    costly = sum(COSTS in str(one.longrepr) for one in skipped)
    if not runs and not costly:
        return
    reporter.section("azml-contract")
    if costly:
        told = f"{count(costly, 'scenario')} not run, as what costs money is not"
        reporter.write_line(f"{told} allowed: --azml-allow-compute")
    if not runs:
        return
    targets = ", ".join(sorted({str(r["target"]) for r in runs if not r["absent"]}))
    scenarios = {run["cassette"] for run in runs}
    source = "recorded from" if mode == "replay" else "target"
    told = f", {source} {targets}" if targets else ""
    reporter.write_line(
        f"mode {mode}{told}: {count(len(scenarios), 'scenario')}, "
        f"{count(total(runs, 'exchanges'), 'interaction')}"
    )
    width = reporter._tw.fullwidth
    account = [*describe_validated(runs), *describe_missing_storage(runs, mode)]
    for line in map(make_printable, [*account, *_describe_unseen(runs)]):
        for part in _wrap(line, width):
            reporter.write_line(part)
    for line in map(make_printable, describe_findings(runs)):
        reporter.write_line(cut(line, width))
    typed = reporter.config.invocation_params.args
    for line in _describe_absent(_published(reporter, failed=True), typed):
        reporter.write_line(line, red=line.startswith("ERROR"))
    players = _find_players(reporter) if orphans else {}
    for orphan in orphans:
        cure = _describe_cure(orphan, players.get(orphan.parent, ""))
        line = f"ERROR orphaned cassette: {show_path(orphan)}: no test plays it; {cure}"
        reporter.write_line(make_printable(line), red=True)
    if orphans:
        reporter.write_line(f"To delete: {_prune_command(reporter.config, orphans)}")
    for line in notes:
        reporter.write_line(line, red=line.startswith("ERROR"))


def _find_players(reporter: Any) -> dict[Path, str]:
    """For each folder of cassettes the test that plays one of them at its version."""
    found = {}
    for (nodeid, _), run in _published_by_name(reporter).items():
        path = Path(run["cassette"])
        if is_api_version(path.stem):
            found[path.parent] = nodeid.rpartition("::")[2].partition("[")[0]
    return found


def _describe_cure(orphan: Path, player: str) -> str:
    """What is to be done: it may be the recording of a version to move to."""
    if player and is_api_version(orphan.stem):
        return f'add "{orphan.stem}" to api_versions of {player}, or delete it'
    return "delete it"


def _wrap(line: str, width: int) -> list[str]:
    """A sentence as wide as the terminal; no name is broken."""
    return textwrap.wrap(
        line,
        max(width, 20),
        subsequent_indent="  ",
        break_long_words=False,
        break_on_hyphens=False,
    )


def _prune_command(config: pytest.Config, orphans: Sequence[Path]) -> str:
    """What deletes orphans, where the run named one folder of tests."""
    words = ["azml-contract", "cassette", "prune"]
    if len(config.args) == 1:
        words += ["--scenarios", show_path(Path(config.args[0]))]
    return shlex.join(
        [*words, "--cassettes", show_path(orphans[0].parents[2]), "--yes"]
    )


def played_cassettes(config: pytest.Config) -> list[Path]:
    """Cassettes that were played or written in this session and are there."""
    reporter = config.pluginmanager.get_plugin("terminalreporter")
    if reporter is None:
        return []
    files = [Path(run["cassette"]) for run in _published(reporter)]
    return [file for file in files if file.exists()]


def find_stale(config: pytest.Config, limit_days: float) -> list[str]:
    """A line for each cassette played that is older than the limit."""
    from datetime import UTC, datetime

    from azml_contract.cassette.age import Recorded, describe_stale

    reporter = config.pluginmanager.get_plugin("terminalreporter")
    runs = _published(reporter) if reporter is not None else []
    played = [
        Recorded(
            show_path(Path(run["cassette"])), run["recorded_at"], run["record_command"]
        )
        for run in runs
        if run["recorded_at"]
    ]
    return describe_stale(played, limit_days=limit_days, now=datetime.now(UTC))


def find_orphans(session: pytest.Session) -> list[Path]:
    """Cassettes of the stories that ran which no test played.

    Only a replay of everything can tell: a run that was narrowed down, stopped
    early, or skipped a test gives no answer, and an empty list.
    """
    config = session.config
    reporter = config.pluginmanager.get_plugin("terminalreporter")
    if reporter is None or hasattr(config, "workerinput") or _is_partial(session):
        return []
    if any(reporter.stats.get(kind) for kind in ("skipped", "error", "deselected")):
        return []
    played = {Path(run["cassette"]) for run in _published(reporter)}
    # With xdist this process has reports of tests, and none of the tests.
    reports = (one for reports in reporter.stats.values() for one in reports)
    names = {getattr(one, "nodeid", "").partition("::")[0] for one in reports}
    folders = {cassette_folder(config, config.rootpath / name) for name in names}
    stories = {path.parents[1] for path in played if path.parents[2] in folders}
    kept = {path for story in stories for path in story.glob("*/*.json")}
    return sorted(path for path in kept - played if not is_pending(path))


def find_waiting(config: pytest.Config) -> list[str]:
    """A line for each recording that waits for review beside what was played."""
    reporter = config.pluginmanager.get_plugin("terminalreporter")
    if reporter is None or hasattr(config, "workerinput"):
        return []
    cassettes = {Path(run["cassette"]) for run in _published(reporter)}
    waiting = find_pending({path.parents[2] for path in cassettes if path.exists()})
    folders = sorted({show_path(path.parents[2]) for path in waiting})
    review = shlex.join(["azml-contract", "cassette", "review", *folders])
    return [
        *(f"waits for review: {show_path(path)}" for path in waiting),
        *([f"To review: {review}"] if waiting else []),
    ]


def _is_partial(session: pytest.Session) -> bool:
    option = session.config.option
    return bool(
        option.azml_mode != "replay"
        or option.azml_api_version
        or option.keyword
        or option.markexpr
        or getattr(option, "lf", False)
        or any("::" in argument for argument in session.config.args)
        or session.shouldstop
        or session.shouldfail
    )


def _published(reporter: Any, *, failed: bool = False) -> list[Figures]:
    """The figures of each recording that a test had a part in, as last published."""
    return list(_published_by_name(reporter, failed=failed).values())


def _published_by_name(
    reporter: Any, *, failed: bool = False
) -> dict[tuple[str, str], Figures]:
    """The same by the test, and by the name of what it published.

    Args:
        reporter: pytest's terminal reporter.
        failed: Only of tests that failed.
    """
    found: dict[tuple[str, str], dict[str, Figures]] = {}
    reports = [one for reports in reporter.stats.values() for one in reports]
    if failed:
        names = {one.nodeid for one in reports if getattr(one, "failed", False)}
        reports = [one for one in reports if getattr(one, "nodeid", "") in names]
    for report in reports:
        when = getattr(report, "when", None)
        for name, figures in getattr(report, "user_properties", ()):
            if name.partition(" ")[0] == "azml" and when in ("call", "teardown"):
                found.setdefault((report.nodeid, name), {})[when] = figures
    return {
        name: one.get("teardown", one.get("call", {})) for name, one in found.items()
    }


def describe_missing_storage(runs: Sequence[Figures], mode: str) -> list[str]:
    """What calls to blob storage lacked; clients say no more than Bad Gateway."""
    asked = (
        run["skipped"].get("blob storage")
        for run in runs
        if run["target"] == "emulator"
    )
    if mode not in ("record", "live", "verify") or not any(asked):
        return []
    from azml_contract.emulator.azurite import is_installed

    if is_installed():
        return []
    missing = (
        "Note: blob storage was asked, and the emulator has none: no Azurite here."
    )
    return [f"{missing} Install it: azml-contract doctor --install"]


def _describe_absent(runs: Sequence[Figures], typed: Sequence[str]) -> list[str]:
    """Cassettes that replay lacked, and the command that records them, alone."""
    absent = {run["cassette"]: run for run in runs if run["absent"]}
    if not absent:
        return []
    paths = [show_path(Path(one)) for one in absent]
    lines = [f"ERROR no cassette {path}" for path in paths[:_MOST_ABSENT]]
    if len(paths) > _MOST_ABSENT:
        lines.append(f"ERROR and {len(paths) - _MOST_ABSENT} more")
    command = shlex.join(["pytest", *typed, "--azml-mode=extend"])
    if len(absent) == 1:
        command = next(iter(absent.values()))["record_command"]
    return [*lines, f"To record: {command}"]


def _describe_unseen(runs: Sequence[Figures]) -> list[str]:
    """What recordings leave out, or may leave out."""
    lines = []
    for run in runs:
        told = run["unseen"][:_MOST_UNSEEN]
        more = len(run["unseen"]) - len(told)
        told += [f"{more} more"] if more else []
        if told:
            lines.append(
                f"WARNING {run['scenario']} {', '.join(told)}: that is in no cassette, "
                "and replay does without."
            )
        if run["programs"]:
            lines.append(
                f"Note: {run['scenario']} started {', '.join(run['programs'])}, and no "
                "call of it was seen: what heeds no proxy is in no cassette."
            )
    return lines
