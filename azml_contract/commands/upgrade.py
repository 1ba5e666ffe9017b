"""`azml-contract upgrade`: rewrite scripts and bodies for another api-version."""

from __future__ import annotations

import difflib
import json
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from azml_contract.api_version import CLIENT
from azml_contract.commands.cassette.files import (
    Unread,
    find_unread,
    report_unread,
)
from azml_contract.commands.contracts_option import contracts_option
from azml_contract.commands.exits import say_problem
from azml_contract.commands.kinds import API_VERSION, INPUT, OPERATION
from azml_contract.commands.printing import echo_diff
from azml_contract.commands.upgrade_files import (
    Template,
    choose_cassettes,
    find_bodies,
    is_recorded,
    move_cassette,
    upgrade_bodies,
    write_family,
)
from azml_contract.errors import (
    AzmlContractError,
    ContractError,
    InputError,
    UsageError,
)
from azml_contract.whole_file import write_whole

if TYPE_CHECKING:
    from azml_contract.cassette.recordings import Call
    from azml_contract.commands.script_upgrade import Rewriting
    from azml_contract.documents.document import Document
    from azml_contract.finding import Finding
    from azml_contract.regression.upgrade import Upgrade


_SHOWN = 5
_NO_CALL = "it holds no call of Microsoft.MachineLearningServices"


@dataclass(frozen=True, slots=True)
class Rewritten:
    """One body of one input; `label` names it, `pointer` is where it stands."""

    name: str
    label: str
    pointer: str
    old: str
    made: Upgrade


@click.command()
@click.argument("inputs", nargs=-1, required=True, type=INPUT, metavar="INPUT...")
@click.option(
    "--to",
    "target",
    required=True,
    type=API_VERSION,
    metavar="V",
    help="For this version.",
)
@click.option(
    "--from",
    "source",
    default="",
    type=API_VERSION,
    metavar="V",
    help="A body's own version.",
)
@click.option(
    "--operation",
    default="",
    type=OPERATION,
    metavar="ID",
    help="What a body is sent to.",
)
@click.option(
    "--url", default="", help="Or where it is sent, such as jobs/train-1; as in check."
)
@click.option("--method", default="PUT", show_default=True, help="With which verb.")
@click.option(
    "--format",
    "form",
    type=click.Choice(["diff", "json", "body"]),
    default="diff",
    show_default=True,
    help="diff: what changes; json: for programs; body: what comes out.",
)
@click.option(
    "--write",
    is_flag=True,
    help="Write it: scripts in place, a family of bodies, a cassette of V.",
)
@contracts_option
@click.pass_context
def command(
    ctx: click.Context,
    inputs: tuple[Path, ...],
    target: str,
    source: str,
    operation: str,
    url: str,
    method: str,
    form: str,
    write: bool,
) -> None:
    """Print the edits that take scripts and bodies to another api-version.

    INPUT is a script, or a workflow, a Markdown page or an .http file that holds
    some; a cassette or another recording, or a folder of cassettes; a folder of
    bodies, such as scenarios/bodies; or the JSON body of one request (with --from, its
    own version). --write rewrites scripts in place, adds a family with the bodies that
    change, and a cassette of V to play until it is recorded.

    diff prints a unified diff, json operations
    of RFC 6902, body the new bodies. Lines with DECIDE are for a person. Exit
    code 1: at least one of them stands where the target would refuse or drop
    something. Exit code 2: there is no call of the provider.
    """
    from azml_contract.commands.regress_judging import require_known

    require_known([target, *([source] if source else [])])
    from azml_contract.commands.script_upgrade import print_rewriting, rewrite_file
    from azml_contract.documents.document import open_document

    scripts: list[Rewriting] = []
    rewritten: list[Rewritten] = []
    left: list[str] = []
    idle: list[str] = []
    unread: list[Unread] = []
    templates: list[Template] = []
    paths = []
    for path in inputs:
        folder = find_bodies(path) if path.is_dir() else None
        if folder is None:
            paths += _expand(path, target, write=write)
            continue
        made, kept = upgrade_bodies(folder, target)
        templates += made
        rewritten += [_as_rewritten(one) for one in made]
        left += kept
        if write:
            _say_written(write_family(made, folder, target))
    for path in paths:
        try:
            opened = open_document(path)
            if opened.script is not None:
                script = rewrite_file(opened.script, target)
                if script.is_idle:
                    idle.append(f"{path}: {_NO_CALL}; {script.calls.describe()}.")
                else:
                    scripts.append(script)
            elif opened.is_recording:
                _require_own_versions(opened)
                bodies, kept, calls = _rewrite_recording(path, target, source)
                rewritten += bodies
                left += kept
                if not calls:
                    at = f" at {source}" if source else ""
                    idle.append(f"{path}: {_NO_CALL}{at}.")
                elif write and kept:
                    _say_unwritten(path, f"has a call without a place at {target}")
                elif write:
                    left += _write_cassette(opened, bodies, target)
            else:
                known, old = operation, source
                if url and not operation:
                    known, old = _find_operation(url, method, source)
                body = _rewrite_body(path, opened.raw, target, old, known)
                rewritten.append(body)
                if write:
                    _say_unwritten(path, "is a body of no scenario; --format body")
        except AzmlContractError as error:
            unread.append(Unread(str(path), str(error)))
    for one in scripts:
        print_rewriting(one, target, write=write)
    done = len(paths) + len(templates) - len(unread) - len(idle)
    if rewritten or not (unread or scripts or left or idle):
        _print(rewritten, target, form, find_unread(unread, done=done))
    for line in left:
        say_problem(line)
    nothing = bool(idle) and not (done or left)
    for line in idle:
        say_problem(line) if nothing else click.echo(f"# {line}", err=True)
    code = report_unread(unread, done=done)
    wrong = any(map(_is_wrong, rewritten)) or any(one.is_left for one in scripts)
    ctx.exit(code or (2 if nothing else 1 if left or wrong else 0))


def _require_own_versions(opened: Document) -> None:
    """Refuse a cassette whose calls are at the versions that a client chose.

    Raises:
        InputError: No edit of a cassette changes what the client asks for.
    """
    if opened.cassette is not None and opened.cassette.api_version == CLIENT:
        raise InputError(
            "its client chose the api-version of each call, which no edit changes. "
            "Move to a release of the client that asks for another, and record again."
        )


def _expand(path: Path, target: str, *, write: bool) -> list[Path]:
    """The file, or the cassettes of a folder, of each story one.

    Raises:
        InputError: It is a folder without recordings; scripts have to be named.
    """
    from azml_contract.documents.find import SCRIPTS, find_files, find_provider

    if not path.is_dir():
        return [path]
    scripts = [one for one in find_files([path], SCRIPTS)[0] if find_provider(one)]
    named = " ".join(one.as_posix() for one in scripts[:_SHOWN])
    named += f" and {len(scripts) - _SHOWN} more" if scripts[_SHOWN:] else ""
    files, problems = find_files([path])
    if problems and scripts:
        raise InputError(f"{path}: scripts are rewritten where they are named: {named}")
    if problems:
        raise InputError(problems[0])
    if scripts:
        click.echo(f"# not rewritten, for scripts have to be named: {named}", err=True)
    chosen = choose_cassettes(files, target)
    done = [one for one in chosen if write and is_recorded(one, target)]
    for one in done:
        _say_unwritten(one, f"is recorded at {target} already")
    return [one for one in chosen if one not in done]


def _as_rewritten(one: Template) -> Rewritten:
    return Rewritten(one.source.as_posix(), one.name, "", one.old, one.made)


def _write_cassette(
    opened: Document, bodies: Sequence[Rewritten], target: str
) -> list[str]:
    """Write a cassette of ours at `target`.

    Returns:
        A line for each body that was left, as it was sent at another version.

    Raises:
        InputError: It is a recording of another tool, or there is one already.
    """
    from azml_contract.documents.document import open_document

    if opened.cassette is None:
        raise InputError(
            f"{opened.path}: it is a {opened.kind}, which is not written; import it: "
            f"azml-contract cassette import {opened.path} --to CASSETTE"
        )
    moved = [one for one in bodies if one.made.before != one.made.after]
    changed = {
        int(one.pointer.split("/")[2]): one.made.after
        for one in moved
        if one.old == opened.cassette.api_version
    }
    where, raw = move_cassette(opened.path, opened.cassette, changed, target)
    if where.exists() and open_document(where).raw == raw:
        click.echo(f"# as before: {where.as_posix()}", err=True)
    else:
        write_whole(where, raw)
        _say_written([where])
    return [
        f"{opened.path}: {one.label}: left as it is, for it was sent at {one.old}"
        for one in moved
        if one.old != opened.cassette.api_version
    ]


def _say_written(files: Iterable[Path]) -> None:
    for file in files:
        click.echo(f"# wrote {file.as_posix()}", err=True)


def _say_unwritten(path: Path, reason: str) -> None:
    click.echo(f"# not written: {path.as_posix()} {reason}", err=True)


def _is_wrong(one: Rewritten) -> bool:
    from azml_contract.finding import Severity

    return any(f.severity is Severity.ERROR for f in one.made.findings)


def _find_operation(url: str, method: str, version: str) -> tuple[str, str]:
    """The operation of a call, as `check` takes it, and the version it is made at.

    Raises:
        UsageError: There is none, or nobody said at which version.
    """
    from azml_contract.contract.catalog import load_contract
    from azml_contract.contract.contract import NoRoute
    from azml_contract.exchange import Request
    from azml_contract.library import complete_url

    request = Request(method.upper(), complete_url(url, version))
    version = version or (request.api_version or "").lower()
    if not version:
        raise UsageError(
            "--url needs the version that the body is for: --from V, or ?api-version=V."
        )
    found = load_contract(version).find(request.method, request.path)
    if isinstance(found, NoRoute):
        raise UsageError(f"No {request.method} of {version} goes to {url}.")
    if found.operation.body is None:
        told = f"{found.operation.id}, {request.method} of {version}, takes no body"
        raise UsageError(f"{told}; say how yours is sent: --method.")
    return found.operation.id, version


# --- rewriting ------------------------------------------------------------------


def _rewrite_body(
    path: Path, body: bytes, target: str, source: str, operation: str
) -> Rewritten:
    from azml_contract.regression.upgrade import guess_operation, upgrade_body

    if not source:
        raise UsageError(f"{path} is a body; say what it was written for: --from V")
    try:
        name = operation or guess_operation(body, source, path.stem)
    except InputError as error:
        raise InputError(f"{error}; name it: --operation ID") from error
    made = upgrade_body(body, name, source, target)
    return Rewritten(path.as_posix(), name, "", source, made)


def _rewrite_recording(
    path: Path, target: str, source: str
) -> tuple[list[Rewritten], list[str], int]:
    """What becomes of a recording.

    Returns:
        Every body, a line for each call that has no place there, and how many calls
        of the provider there are, at `source` where that is given.
    """
    from azml_contract.documents.recordings import read_any
    from azml_contract.validation.destination import is_status_path, name_destination

    recording = read_any(path)
    rewritten: list[Rewritten] = []
    left: dict[str, None] = {}
    calls = 0
    for call in recording.calls():
        request = call.exchange.request
        version = (request.api_version or recording.api_version).lower()
        elsewhere = name_destination(request) or is_status_path(request.path)
        if elsewhere or (source and version != source):
            continue
        calls += 1
        try:
            if call.step in recording.lost:
                raise InputError("its body is not in the recording")
            made = _rewrite_call(path, call, version, target)
        except AzmlContractError as error:
            reason = str(error).partition("\n")[0]
            left[f"{path}: {request.method} {_shorten(request.path)}: {reason}"] = None
            continue
        if made is not None:
            rewritten.append(made)
    return rewritten, list(left), calls


def _shorten(path: str) -> str:
    return re.sub(r"(?i)^.*/microsoft\.machinelearningservices/", "", path)


def _rewrite_call(
    path: Path, call: Call, version: str, target: str
) -> Rewritten | None:
    """The body of a call at `target`; None where it has none.

    Raises:
        ContractError: One of the two versions has no such operation.
        InputError: The body cannot be read.
    """
    from azml_contract.contract.catalog import load_contract
    from azml_contract.contract.contract import NoRoute
    from azml_contract.contract.model import SourceKind
    from azml_contract.regression.matrix import label_call
    from azml_contract.regression.upgrade import upgrade_body

    request = call.exchange.request
    route = load_contract(version).find(request.method, request.path)
    if isinstance(route, NoRoute):
        raise InputError(f"no operation of {version} has this verb and path")
    if not request.body.strip() or route.operation.body is None:
        contract = load_contract(target)
        there = contract.find(request.method, request.path)
        if isinstance(there, NoRoute) and contract.source is SourceKind.SWAGGER:
            raise ContractError(f"{target} has no operation {route.operation.id}.")
        return None
    label = label_call(request, route.operation.path)
    pointer = f"/interactions/{call.step}/request/body/json"
    made = upgrade_body(request.body, route.operation.id, version, target)
    return Rewritten(path.as_posix(), label, pointer, version, made)


# --- printing -------------------------------------------------------------------


def _print(
    rewritten: Sequence[Rewritten], target: str, form: str, unread: Sequence[Finding]
) -> None:
    if form == "json":
        whole: dict[str, Any] = {"format": 1}
        whole["bodies"] = [_shape(one, target) for one in rewritten]
        if unread:
            whole["findings"] = [finding.to_json() for finding in unread]
        click.echo(json.dumps(whole, indent=2))
        return
    if form == "body":
        for one in rewritten:
            click.echo(_lines(one.made.after), nl=False)
        return
    for one in rewritten:
        echo_diff(_render_diff(one, target))
    bodies = "1 body" if len(rewritten) == 1 else f"{len(rewritten)} bodies"
    edited = sum(one.made.before != one.made.after for one in rewritten)
    left = sum(bool(one.made.decisions) for one in rewritten)
    told = f"; something is left to decide in {left}" if left else ""
    click.echo(f"# {bodies}, {edited} edited{told}", err=True)


def _shape(one: Rewritten, target: str) -> dict[str, Any]:
    return {
        "file": one.name,
        "pointer": one.pointer,
        "call": one.label,
        "operation": one.made.operation,
        "from": one.old,
        "to": target,
        "patch": one.made.operations(),
        "decisions": [
            {"pointer": d.pointer, "reason": d.reason} for d in one.made.decisions
        ],
        "findings": [finding.to_json() for finding in one.made.findings],
    }


def _render_diff(one: Rewritten, target: str) -> str:
    place = f"{one.name}#{one.pointer}" if one.pointer else one.name
    lines = difflib.unified_diff(
        _lines(one.made.before).splitlines(keepends=True),
        _lines(one.made.after).splitlines(keepends=True),
        place,
        place,
        one.old,
        target,
    )
    marks = "".join(f"# DECIDE {d.pointer}: {d.reason}\n" for d in one.made.decisions)
    diff = "".join(lines)
    return f"# {one.label}\n{marks}{diff}" if diff or marks else ""


def _lines(body: Any) -> str:
    return json.dumps(body, indent=2, ensure_ascii=False) + "\n"
