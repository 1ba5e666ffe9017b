"""Turn judged rows into what the reports of `regress` read.

In: rows, and what a run was asked. Out: `Regressed`. Wiring between regression
and report; knows neither files nor terminals.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace

from azml_contract.api_version import sort_key
from azml_contract.documents.find import is_script_name
from azml_contract.regression.baseline import Baseline
from azml_contract.regression.outcome import (
    Break,
    Row,
    Status,
    find_breaks,
    fold_versions,
    newest_unchanged,
)
from azml_contract.report.regressed import Broken, Column, Regressed, Scenario

Edits = Callable[[Sequence[Row], str], tuple[str, ...]]
Key = tuple[str, str]
_ORDER = {status: index for index, status in enumerate(Status)}


def group_rows(rows: Iterable[Row]) -> dict[Key, list[Row]]:
    """Rows by scenario and recorded version, in order of appearance."""
    groups: dict[Key, list[Row]] = {}
    for row in rows:
        groups.setdefault((row.scenario, row.recorded), []).append(row)
    return groups


def make_regressed(
    rows: Sequence[Row],
    *,
    files: Mapping[str, str] | None = None,
    baseline: Baseline | None = None,
    asked: Sequence[str] = (),
    stable_only: bool = False,
    alarms: Sequence[str] = (),
    edits: Edits | None = None,
    fold: bool = True,
    older: bool = True,
) -> Regressed:
    """Everything that a report shows.

    Args:
        rows: What was judged.
        files: For ``scenario recorded`` the file it came from.
        baseline: Known breaks.
        asked: Versions whose breaks count though they are older than the
            recorded one.
        stable_only: Only stable versions count as a place to move to.
        alarms: Sentences about scenarios that stay behind.
        edits: What leads a scenario to a version, in words.
        fold: Whether scenarios that fare alike are put together.
        older: Whether tables show versions older than the recorded one, too;
            those in `asked` are shown anyway.
    """
    groups = group_rows(rows)
    breaks: dict[Key, list[Break]] = {}
    for one in find_breaks(rows):
        if counts(one, asked):
            breaks.setdefault((one.scenario, one.recorded), []).append(one)
    alike: dict[object, list[Key]] = {}
    for key, group in groups.items():
        known = tuple(_is_known(b, baseline) for b in breaks.get(key, ()))
        faring = (key[1], tuple(id(row.outcome) for row in group), known)
        alike.setdefault(faring if fold else key, []).append(key)
    scenarios: dict[object, Scenario] = {}
    for keys in alike.values():
        group, here = groups[keys[0]], breaks.get(keys[0], ())
        shown = columns_of(group)
        if not older:
            shown = [v for v in shown if v in asked or not _is_older(v, keys[0][1])]
        broken = _make_broken(group, here, files or {}, baseline, shown)
        made = _make_scenario(keys, group, broken, stable_only, shown)
        look = (made.recorded, made.calls, made.columns, _places(made))
        twin = scenarios.get(look)
        if twin is not None:  # judged in two processes
            scenarios[look] = _join(twin, made)
            continue
        added = _add_edits(made, group, edits)
        scenarios[look if fold else keys[0]] = added
    versions = columns_of(rows)
    against = f" at {len(versions)} api-versions" if len(versions) > 1 else ""
    return Regressed(
        scenarios=tuple(scenarios.values()),
        recordings=len(groups),
        calls=len(rows),
        alarms=tuple(alarms),
        judged_against=against,
        newest=newest_unchanged(rows, stable_only=stable_only),
    )


def columns_of(rows: Iterable[Row]) -> list[str]:
    """Every api-version at which one of the rows was judged, oldest first."""
    cells = {id(row.cells): row.cells for row in rows}
    return sorted({v for one in cells.values() for v in one}, key=sort_key)


def counts(one: Break, asked: Sequence[str]) -> bool:
    """Whether a break fails a run: at a newer version, or at one asked about."""
    return bool(one.since) or any(version in asked for version in one.versions)


def _make_scenario(
    keys: Sequence[Key],
    group: Sequence[Row],
    broken: tuple[Broken, ...],
    stable_only: bool,
    shown: Sequence[str],
) -> Scenario:
    calls, columns = _fold_columns(group, shown)
    name, recorded = keys[0]
    newest = newest_unchanged(group, stable_only=stable_only)[name]
    return Scenario(
        name=name,
        recorded=recorded,
        calls=calls,
        columns=columns,
        broken=broken,
        newest=newest,
        cautions=tuple(_cautions(group, newest)),
        others=tuple(other for other, _ in keys[1:]),
        wrong=tuple(
            dict.fromkeys(row.label for row in group if row.outcome.own.status.breaks)
        ),
        is_script=is_script_name(name),
    )


def _make_broken(
    group: Sequence[Row],
    breaks: Iterable[Break],
    files: Mapping[str, str],
    baseline: Baseline | None,
    shown: Sequence[str],
) -> tuple[Broken, ...]:
    order = columns_of(group)
    return tuple(
        Broken(
            scenario=one.scenario,
            recorded=one.recorded,
            call=one.label,
            status=str(one.status),
            since=one.since,
            versions=tuple(
                fold_versions([v for v in one.versions if v in shown], order)
            ),
            finding=one.finding,
            lasts=one.versions[-1] == order[-1],
            file=files.get(f"{one.scenario} {one.recorded}", ""),
            step=one.step,
            known=_is_known(one, baseline),
        )
        for one in breaks
    )


def _is_known(one: Break, baseline: Baseline | None) -> bool:
    return baseline is not None and baseline.covers(one)


def _is_older(version: str, recorded: str) -> bool:
    return bool(recorded) and sort_key(version) < sort_key(recorded)


def _fold_columns(
    group: Sequence[Row], shown: Sequence[str]
) -> tuple[tuple[str, ...], tuple[Column, ...]]:
    """Rows with one label become one line, equal neighbours one column."""
    worst: dict[str, dict[str, Status]] = {}
    for row in group:
        line = worst.setdefault(row.label, {})
        for version, cell in row.cells.items():
            seen = line.get(version, Status.OK)
            line[version] = max(seen, cell.status, key=_ORDER.__getitem__)
    columns: list[Column] = []
    for version in shown:
        statuses = tuple(str(line.get(version, "-")) for line in worst.values())
        if columns and columns[-1].statuses == statuses:
            columns[-1] = Column(columns[-1].first, version, statuses)
        else:
            columns.append(Column(version, version, statuses))
    return tuple(worst), tuple(columns)


def _cautions(group: Sequence[Row], newest: str) -> list[str]:
    if not newest:
        return []
    order = columns_of(group)
    recorded = group[0].recorded
    start = order.index(recorded) if recorded in order else 0
    between = [
        version
        for version in order[start : order.index(newest)]
        if any(row.outcome.breaks_at(version) for row in group)
    ]
    told = [f"Not through {', '.join(fold_versions(between, order))}."]
    here = ((row.label, row.cells[newest].status) for row in group)
    unknown = {label for label, status in here if status is Status.UNKNOWN}
    names = ", ".join(sorted(unknown))
    asked = [f"Its source does not tell about {names}; try that call."]
    return (told if between else []) + (asked if unknown else [])


def _places(made: Scenario) -> tuple[tuple[str, str, bool], ...]:
    return tuple((one.call, one.finding.pointer, one.known) for one in made.broken)


def _join(twin: Scenario, made: Scenario) -> Scenario:
    return replace(twin, others=(*twin.others, made.name, *made.others))


def _add_edits(made: Scenario, group: Sequence[Row], edits: Edits | None) -> Scenario:
    goal = columns_of(group)[-1]
    if edits is None or not any(row.outcome.breaks_at(goal) for row in group):
        return made
    return replace(made, goal=goal, edits=edits(group, goal))
