"""Rewrite a script for another api-version, in its own words.

In: a script that was read, and a version. Out: the files that change, before and
after, with the edits in words and what a person must decide. Wiring between
`scripts`, which knows where things stand, and `regression`, which knows how a
body of one version is written at another.
"""

from __future__ import annotations

import codecs
import difflib
import re
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import click

from azml_contract.api_version import sort_key
from azml_contract.commands.cassette.wording import count
from azml_contract.commands.printing import echo_diff
from azml_contract.contract.catalog import known_versions, load_contract
from azml_contract.contract.contract import Route
from azml_contract.errors import AzmlContractError, InputError
from azml_contract.exchange import Request
from azml_contract.finding import Finding, Severity
from azml_contract.regression.upgrade import Upgrade, upgrade_body
from azml_contract.regression.upgrade_steps import Decision, get, put
from azml_contract.scripts.absent import show_path
from azml_contract.scripts.containers import read_container
from azml_contract.scripts.json_edits import Edit, edit_json
from azml_contract.scripts.judge import Sent, judge_script, prepare
from azml_contract.scripts.rewrite import (
    LAST_OF,
    FileEdit,
    Unwritable,
    apply_edits,
    write_edits,
)
from azml_contract.scripts.script import Call, Read, Script
from azml_contract.scripts.text import TOKEN, Holes, Source, Text
from azml_contract.seen import NOTHING, Calls
from azml_contract.validation.answer_paths import explain_path
from azml_contract.validation.validator import Validator
from azml_contract.whole_file import write_whole

_SHOWN = 5
_VERSION = re.compile("(?i)[?&]api-version=([^&#]*)")
_DATA = re.compile(r"(?i)/data/([^/?]+)/versions/")
_DATASTORE = re.compile('("datastoreId"\\s*:\\s*")(\ue002[0-9]+\ue003)"')


def _set_version(url: str, version: str) -> str:
    return _VERSION.sub(lambda found: found[0].removesuffix(found[1]) + version, url)


def _is_open(one: Decision, made: Upgrade) -> bool:
    """Whether a decision rests on a value that only running would tell."""
    value = get(made.after, one.pointer)
    found = any(finding.pointer == one.pointer for finding in made.findings)
    return found and isinstance(value, str) and TOKEN.search(value) is not None


@dataclass(slots=True)
class Rewriting:
    """What became of a script: files by name, edits in words, what is to decide.

    `places` counts the edits in the text, where one in words may stand at several.
    `errors` are those that the new script has, `calls` what became of its calls;
    `marked` are files that begin with the mark of UTF-8.
    """

    name: str
    files: dict[str, tuple[str, str]] = field(default_factory=dict)
    edits: list[str] = field(default_factory=list)
    decisions: list[str] = field(default_factory=list)
    places: int = 0
    errors: tuple[Finding, ...] = ()
    calls: Calls = NOTHING
    marked: frozenset[str] = frozenset()

    @property
    def is_left(self) -> bool:
        """Whether something is left for a person."""
        return bool(self.decisions or self.errors)

    @property
    def is_idle(self) -> bool:
        """Whether it holds no call of the provider, and nothing else to tell."""
        return not (
            self.files or self.is_left or self.calls.judged or self.calls.not_judged
        )


def rewrite_file(script: Script, target: str) -> Rewriting:
    """Rewrite a script, and judge what came of it.

    Raises:
        InputError: Files of its kind are not rewritten.
    """
    require_rewritable(script)
    made = rewrite_script(script, target)
    made.marked = frozenset(script.shell.files.marked)
    now = {name: after for name, (_, after) in made.files.items()}
    text = now.get(made.name, script.source.file.text)
    folder = script.shell.files.folder
    again = read_container(script.kind, made.name, text, folder, now)
    judged = judge_script(Validator(), again, "")
    made.errors = tuple(f for f in judged.findings if f.severity is Severity.ERROR)
    made.calls = judged.calls
    return made


def print_rewriting(made: Rewriting, target: str, *, write: bool) -> None:
    """The edits as a unified diff, or written to the files; the sum of it."""
    for name, (before, after) in made.files.items():
        if write:
            mark = codecs.BOM_UTF8 if name in made.marked else b""
            write_whole(Path(name), mark + after.encode())
            continue
        diff = difflib.unified_diff(
            before.splitlines(keepends=True),
            after.splitlines(keepends=True),
            name,
            name,
            "",
            target,
        )
        echo_diff("".join(diff))
    for one in made.decisions:
        click.echo(f"# DECIDE {made.name}: {one}", err=True)
    for finding in made.errors[:_SHOWN]:
        click.echo(f"# {_describe(finding)}", err=True)
    more = len(made.errors) - _SHOWN
    if more > 0:
        click.echo(f"# ... and {more} more: azml-contract check {made.name}", err=True)
    edits = count(made.places, "edit")
    left = f", {len(made.decisions)} to decide" if made.decisions else ""
    errors = f"; {count(len(made.errors), 'error')} left" if made.errors else ""
    click.echo(f"# {made.name}: {edits}{left}{errors}", err=True)


def _describe(finding: Finding) -> str:
    """An error that is left, at its place in the script as it is now."""
    at = finding.location
    place = f"{at.file}:{at.line}: " if at is not None else ""
    return f"{finding.code} {place}{finding.message} {finding.cure}".rstrip()


def rewrite_script(script: Script, target: str) -> Rewriting:
    """Rewrite every call of a script that is made at another api-version."""
    writer = _Writer(script, target)
    writer.run()
    return writer.finish()


_UNWRITTEN = {
    "notebook": "The cells of a notebook are not rewritten; export them as a script.",
    "python": "A Python program is not rewritten; record it, and upgrade the cassette.",
    "powershell": "PowerShell is judged, and not rewritten.",
}


def require_rewritable(script: Script) -> None:
    """Refuse a file whose text is not rewritten.

    Raises:
        InputError: Says what to do.
    """
    if script.kind in _UNWRITTEN:
        raise InputError(_UNWRITTEN[script.kind])


class _Writer:
    def __init__(self, script: Script, target: str) -> None:
        self._script = script
        self._target = target
        self._edits: dict[tuple[str, int, int], FileEdit] = {}
        self._marks: dict[int, list[str]] = {}
        self._sources = {script.source.name: script.source.file.text}
        self._told: dict[str, None] = {}
        self._data: dict[str, str] = {}
        self._validator = Validator()
        self._decided: dict[str, None] = {}

    def run(self) -> None:
        sent = {
            call.index: prepare(self._script, call, "") for call in self._script.calls
        }
        for call in self._script.calls:
            self._rewrite_call(call, sent[call.index])
        for read in self._script.reads:
            self._rewrite_read(read, sent[read.call])

    def finish(self) -> Rewriting:
        main = self._script.source.name
        made = Rewriting(main, {}, list(self._told), list(self._decided))
        edits = list(self._edits.values())
        made.places = len(edits)
        edits += (
            []
            if self._script.kind == "template"
            else [
                FileEdit(main, place, place, self._comment(place, reasons))
                for place, reasons in self._marks.items()
            ]
        )
        for name, text in self._sources.items():
            after = apply_edits(text, [one for one in edits if one.file == name])
            if after != text:
                made.files[name] = (text, after)
        return made

    def _comment(self, place: int, reasons: list[str]) -> str:
        text = self._sources[self._script.source.name]
        indent = re.compile(r"[ \t]*").match(text, place)
        blanks = indent[0] if indent else ""
        end = "\r\n" if "\r\n" in text else "\n"
        said = set()  # by an upgrade before this one
        while (line := text.rfind("\n", 0, max(place - 1, 0)) + 1) < place:
            said.add(text[line:place].rstrip("\r\n"))
            if not text.startswith(f"{blanks}# DECIDE: ", line):
                break
            place = line
        marks = (f"{blanks}# DECIDE: {one}" for one in reasons)
        return "".join(f"{one}{end}" for one in marks if one not in said)

    # --- calls ------------------------------------------------------------------------

    def _rewrite_call(self, call: Call, sent: Sent) -> None:
        version = (sent.request.api_version or "").lower()
        if sent.skipped or not version or TOKEN.search(version):
            return
        label = f"line {call.source.locate(call.start).line}"
        if call.tool in _UNWRITTEN:
            self._decide(call, call.source, call.start, label, _UNWRITTEN[call.tool])
            return
        now = load_contract(self._target).find(sent.request.method, sent.request.path)
        if not isinstance(now, Route):
            why = f"{self._target} has no {sent.request.method} of this path."
            self._decide(call, call.source, call.start, label, why)
            return
        if version != self._target and not self._set_version(call, sent.url, label):
            return
        if version not in known_versions() or call.request.body is None:
            return
        if not sent.unknown:
            version = self._find_own_version(sent, version)
        if version == self._target:
            return
        if sent.unknown:
            self._decide(call, call.source, call.start, label, f"{sent.unknown}.")
            return
        self._rewrite_body(call, sent, version, label)

    def _set_version(self, call: Call, url: Text, label: str) -> bool:
        found = _VERSION.search(url.flat)
        assert found is not None
        edit = Edit(found.start(1), found.end(1), (self._target,))
        try:
            self._take(write_edits(url, [edit], self._holes(), deep=True))
        except Unwritable as error:
            why = f"Set the api-version to {self._target}: {error}."
            self._decide(call, call.source, call.start, label, why)
            return False
        self._tell(f"api-version {found[1]} -> {self._target}")
        return True

    def _rewrite_body(self, call: Call, sent: Sent, version: str, label: str) -> None:
        route = load_contract(version).find(sent.request.method, sent.request.path)
        if not isinstance(route, Route) or route.operation.body is None:
            return
        holder = call.request.body
        assert holder is not None
        quoted = sent.body
        place = self._place_of(call, holder)
        try:
            made = self._upgrade(sent, route.operation.id, version)
            edits = edit_json(quoted.flat, made.after)
            self._take(write_edits(quoted, edits, self._holes()))
        except (AzmlContractError, ValueError) as error:
            why = f"The body could not be read: {str(error).splitlines()[0]}"
            if isinstance(error, ValueError):
                why = "The body is no JSON; mend what `check` says of it first."
            self._decide(call, *place, label, why)
            return
        except Unwritable as error:
            why = f"The body could not be rewritten: {error}."
            self._decide(call, *place, label, why)
            return
        for one in made.edits:
            self._tell(f"{label}: {self._show(one)}")
        for decision in made.decisions:
            pointer = decision.pointer.removeprefix("/properties")
            self._decide(call, *place, label, f"{pointer}: {decision.reason}")

    def _find_own_version(self, sent: Sent, version: str) -> str:
        """The version that a body is written for, where it is not the call's own."""
        if not self._breaks(sent.request, version, "AZC111"):
            return version
        for older in reversed(known_versions()):
            if sort_key(older) < sort_key(version) and not self._breaks(
                sent.request, older
            ):
                return older
        return version

    def _breaks(self, request: Request, version: str, code: str = "") -> bool:
        """Whether a call has errors at a version, or those of one code."""
        moved = Request(
            request.method, _set_version(request.url, version), (), request.body
        )
        found = self._validator.check_request(moved)
        return not found.requests or any(
            one.code == code if code else one.severity is Severity.ERROR
            for one in found.findings
        )

    def _upgrade(self, sent: Sent, operation: str, version: str) -> Upgrade:
        """The body at the target; a datastore's id gives its name to a shell."""
        body = _DATASTORE.sub(
            rf'\1/datastores/{LAST_OF}\2"', sent.request.body.decode()
        )
        made = upgrade_body(body.encode(), operation, version, self._target)
        left = [
            one
            for one in made.decisions
            if not self._settles(one.pointer, made) and not _is_open(one, made)
        ]
        data = _DATA.search(sent.request.path)
        kind = get(made.after, "/properties/dataType")
        if data is not None and isinstance(kind, str):
            self._data[data[1].lower()] = kind
        return replace(made, decisions=tuple(left))

    def _settles(self, pointer: str, made: Upgrade) -> bool:
        """Whether the script itself tells what a person would have to decide."""
        parent = pointer.rpartition("/")[0]
        if pointer.endswith("/jobInputType"):
            uri = get(made.after, f"{parent}/uri")
            data = _DATA.search(uri) if isinstance(uri, str) else None
            kind = self._data.get(data[1].lower()) if data is not None else None
            if kind is not None:
                put(made.after, pointer, kind)
            return kind is not None
        if pointer.endswith("/codeUri"):
            uri = self._find_blob(get(made.before, f"{parent}/path"))
            if uri:
                put(made.after, pointer, uri)
            return bool(uri)
        return False

    def _find_blob(self, path: Any) -> str:
        """The URI of a path in the datastore that the script asked for."""
        if not isinstance(path, str) or "://" in path:
            return ""
        found: dict[str, str] = {}
        for name, value in self._script.shell.known.values.items():
            token = value.whole_token if isinstance(value, Text) else ""
            for hole in self._holes().find(token):
                if hole.call >= 0 and hole.path and hole.shown == f"${name}":
                    found.setdefault(hole.path[-1], token)
        account, container = found.get("accountName"), found.get("containerName")
        if not account or not container:
            return ""
        path = path.lstrip("/")
        return f"https://{account}.blob.core.windows.net/{container}/{path}"

    def _rewrite_read(self, read: Read, sent: Sent) -> None:
        version = (sent.request.api_version or "").lower()
        if sent.skipped or version == self._target or version not in known_versions():
            return
        new = Request(sent.request.method, _set_version(sent.request.url, self._target))
        missing = explain_path(new, read.steps)
        if missing is None:
            return
        label = f"line {read.source.locate(read.start).line}"
        written = read.source.text[read.start : read.end]
        old = show_path(read.steps)
        instead = show_path(missing.instead) if missing.instead else ""
        if not instead:
            call = self._script.calls[read.call]
            why = f"The answer has no {old} at {self._target}."
            self._decide(call, read.source, read.start, label, why)
            return
        if read.tool == "az":
            old, instead = old.removeprefix("."), instead.removeprefix(".")
        inner = re.sub(r"\s|\|(?=\s*\.)", "", written)
        prefix = old[: len(old) - len(inner)] if old.endswith(inner) else None
        if prefix is None or not instead.startswith(prefix):
            call = self._script.calls[read.call]
            why = f"Read {instead} in place of {written}."
            self._decide(call, read.source, read.start, label, why)
            return
        source = read.source
        start, end = source.origin(read.start), source.origin(read.end)
        new_path = instead[len(prefix) :]
        self._take([FileEdit(source.name, start, end, new_path)])
        self._tell(f"{label}: {written} -> {new_path}")

    # --- keeping ----------------------------------------------------------------------

    def _holes(self) -> Holes:
        return self._script.shell.holes

    def _take(self, edits: list[FileEdit]) -> None:
        for one in edits:
            self._edits.setdefault((one.file, one.start, one.end), one)
            text = self._script.shell.files.opened.get(one.file)
            if text is not None:
                self._sources.setdefault(one.file, text)

    def _tell(self, edit: str) -> None:
        self._told[edit] = None

    def _show(self, text: str) -> str:
        return self._script.show(text)

    def _decide(
        self, call: Call, source: Source, start: int, label: str, why: str
    ) -> None:
        reason = " ".join(self._show(why).split())
        self._decided[f"{label}: {reason}"] = None
        if source.name != self._script.source.name:
            source, start = call.source, call.start
        place = self._statement_start(source.origin(start))
        reasons = self._marks.setdefault(place, [])
        if reason not in reasons:
            reasons.append(reason)

    def _place_of(self, call: Call, body: Text) -> tuple[Source, int]:
        """Where the statement begins that holds the body."""
        found = body.locate(0)
        if found is None or found[0].name != call.source.name:
            return call.source, call.start
        source, start = found
        begins = [one.start for one in self._script.commands if one.source is source]
        begins += [
            place
            for places in self._script.shell.assigned.values()
            for one, place in places
            if one is source
        ]
        before = [one for one in begins if one <= start]
        return source, max(before, default=call.start)

    def _statement_start(self, place: int) -> int:
        """The beginning of the line on which a statement begins."""
        text = self._sources[self._script.source.name]
        line = text.rfind("\n", 0, place) + 1
        while line and text[:line].rstrip("\r\n").endswith("\\"):
            line = text.rfind("\n", 0, line - 1) + 1
        return line
