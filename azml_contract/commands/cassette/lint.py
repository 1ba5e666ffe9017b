"""`azml-contract cassette lint`: secrets and faults in recordings of any format."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from azml_contract.commands.cassette.files import (
    list_missing,
    named,
    project_rules,
    read_each,
)
from azml_contract.commands.cassette.wording import count
from azml_contract.commands.exits import choose_exit_code, say_problem
from azml_contract.commands.judging import make_unreadable
from azml_contract.commands.kinds import RECORDING
from azml_contract.commands.options import reports_findings
from azml_contract.commands.printing import paint, print_checked

if TYPE_CHECKING:
    from azml_contract.documents.document import Document
    from azml_contract.documents.places import RecordingPlaces
    from azml_contract.exchange import Exchange
    from azml_contract.finding import Finding, Location
    from azml_contract.redaction.rules import RedactionRules
    from azml_contract.redaction.scan import Suspicion
    from azml_contract.report.checked import Checked

SECRET, IDENTIFIER, FORMAT, UNREADABLE = "AZC401", "AZC402", "AZC403", "AZC404"
SHUT = "AZC405"
_NOUNS = {
    "subscription": ("subscription", "subscriptions"),
    "tenant": ("tenant", "tenants"),
    "client": ("application", "applications"),
    "name": ("person or e-mail address", "people or e-mail addresses"),
    "storage_account": ("storage account", "storage accounts"),
    "key_vault": ("key vault", "key vaults"),
    "registry": ("container registry", "container registries"),
    "insights": ("insights component", "insights components"),
    "instance": ("host of a compute instance", "hosts of compute instances"),
    "logs": ("log workspace", "log workspaces"),
    "identity": ("managed identity", "managed identities"),
    "address": ("public address", "public addresses"),
}


@click.command("lint")
@click.argument("paths", nargs=-1, required=True, type=RECORDING, metavar="PATH...")
@reports_findings
@click.pass_context
def command(
    ctx: click.Context, paths: tuple[str, ...], form: str, fail_on: str
) -> None:
    """Look for secrets in recordings of any format, and for faults in cassettes.

    Places and kinds are named, values never. Errors: secrets, and names that
    the settings or [tool.azml-contract.redact] know. Warnings: subscriptions,
    tenants, applications and people that the recording itself names, and
    cassettes that are not as the recorder writes them.
    """
    from azml_contract.finding import Severity

    rules = project_rules()
    from azml_contract.documents.find import find_files, shorten

    files, problems = find_files(map(Path, paths))
    listed = set(map(shorten, map(Path, paths)))
    unread = list_missing(problems)
    checked = read_each(
        files, lambda path: lint_file(path, rules), unread, listed=listed
    )
    others = len(files) - len(checked) - len(unread) + len(problems)
    done = len(checked)
    if checked:  # then what cannot be read is a finding among others
        checked += [make_unreadable(*one) for one in unread]
    if checked or form != "text":
        print_checked(checked, form, lambda: _tell(checked, others))
    told = [] if checked else [named(*one) for one in unread]
    if not done and not told:
        told = ["nothing was looked through: there is no recording."]
    for problem in told:
        say_problem(problem)
    ctx.exit(choose_exit_code(checked, Severity(fail_on), told))


def lint_file(path: Path, rules: RedactionRules) -> Checked:
    """Everything found in one file.

    Raises:
        InputError: It cannot be read, or is no recording.
        CassetteError: It is a broken cassette.
    """
    from azml_contract.documents.document import open_recording
    from azml_contract.documents.places import RecordingPlaces
    from azml_contract.redaction.blot import find_hidden
    from azml_contract.report.checked import Checked
    from azml_contract.source.excerpt import Source

    document = open_recording(path)
    source = Source(path.as_posix(), document.text, find_hidden)
    places = RecordingPlaces(source, is_yaml=document.is_yaml)
    recorded = [one.exchange for one in document.recorded()]
    findings = tuple(
        _finding(code, place, what, places, path)
        for code, place, what in _look(document, recorded, rules)
    )
    exchanges = len(recorded)
    return Checked(path.as_posix(), findings, exchanges, exchanges)


def find_secrets_in(
    document: Document, rules: RedactionRules
) -> tuple[tuple[Suspicion, ...], tuple[Suspicion, ...]]:
    """What looks secret in a document and its side files, and what stayed shut."""
    from azml_contract.documents.lint import Linter
    from azml_contract.redaction.redact import Redactor
    from azml_contract.redaction.rules import secret_names
    from azml_contract.redaction.scan import Scanner

    variables = document.cassette.variables if document.cassette else {}
    scanner = Scanner(Redactor(rules), variables)
    linter = Linter(scanner, secret_names(rules))
    found = linter.lint(document.data)
    for name, raw in sorted(side_files_of(document).items()):
        found += linter.lint_bytes(raw, f"blobs/{name}")
    return found, tuple(scanner.unopened)


def side_files_of(document: Document) -> dict[str, bytes]:
    """The side files of a cassette, by their sha256."""
    if document.cassette is None:
        return {}
    return {
        name: one.side_files[name]
        for one in document.cassette.interactions
        for name in sorted(one.named_files)
    }


def _look(
    document: Document, recorded: Sequence[Exchange], rules: RedactionRules
) -> Iterator[tuple[str, str, str]]:
    """Code, place and description of each finding."""
    from azml_contract.redaction.learn import learn

    learned = learn(recorded, rules)
    found, shut = find_secrets_in(document, _with_secrets(rules, learned.secrets))
    for one in found:
        yield SECRET, one.place, one.kind
    for one in shut:
        yield SHUT, one.place, one.kind
    variables = document.cassette.variables if document.cassette else {}
    drawn = json.dumps(variables, ensure_ascii=False).lower()
    yield from _look_for_owners(recorded, learned.people, drawn)
    if document.cassette is not None:
        from azml_contract.documents.format_checks import check_format

        for place, what in check_format(
            document.path, document.data, document.cassette
        ):
            yield FORMAT, place, what


def _with_secrets(rules: RedactionRules, learned: frozenset[str]) -> RedactionRules:
    """The rules, and the live secrets that the recording shows where it must."""
    from dataclasses import replace

    from azml_contract.redaction.secret_fields import is_stand_in

    real = sorted(one for one in learned if not is_stand_in(one))
    return replace(rules, secrets=(*rules.secrets, *real))


def _look_for_owners(
    exchanges: Sequence[Exchange], people: frozenset[str], drawn: str
) -> Iterator[tuple[str, str, str]]:
    from azml_contract.redaction.origin import (
        is_placeholder,
        learn_identifiers,
        texts_of,
    )
    from azml_contract.redaction.people import find_addresses

    kinds = [
        one.kind
        for one in learn_identifiers(exchanges)
        if one.kind in _NOUNS
        and not (
            _is_level(one.value) or is_placeholder(one.value) or one.value in drawn
        )
    ]
    people |= {one for text in texts_of(exchanges) for one in find_addresses(text)}
    kinds += ["name"] * len(people)
    for kind in sorted(set(kinds)):
        number = kinds.count(kind)
        yield IDENTIFIER, "", f"{number} {_NOUNS[kind][number > 1]} by name"


def _is_level(value: str) -> bool:
    """Whether an id says nothing, as placeholders and anonymised ones do."""
    return value.startswith("00000000-0000-")


def _finding(
    code: str, place: str, what: str, places: RecordingPlaces, path: Path
) -> Finding:
    from azml_contract.finding import Evidence, Finding, Severity

    severity = Severity.ERROR if code == SECRET else Severity.WARNING
    if code == SECRET:
        message = f"This looks like a secret or a name: {what}."
    elif code == IDENTIFIER:
        message = f"The recording names {what}."
    elif code == SHUT:
        message = f"This was not looked into: {what}."
    else:
        message = f"{what[:1].upper()}{what[1:]}."
    cure = f"Clean it: azml-contract cassette scrub {path} --in-place"
    if code in (FORMAT, SHUT):
        cure = ""
    return Finding(
        code,
        severity,
        message,
        pointer=place,
        cure=cure,
        evidence=Evidence.UNKNOWN,
        location=_locate(places, place),
    )


def _locate(places: RecordingPlaces, place: str) -> Location:
    """Without the line, which may hold what was found."""
    pointer = place.partition("#")[0].partition(" ")[0]
    found = places.locate(pointer if pointer.startswith("/") else "")
    return type(found)(found.file, found.line, found.column)


def _tell(checked: Sequence[Checked], others: int) -> Iterator[str]:
    """Every cause, then how many files were looked through, and how many not."""
    import shutil

    from azml_contract.report.text import render_causes, say_counts

    findings = [finding for one in checked for finding in one.findings]
    yield from render_causes(findings, paint, shutil.get_terminal_size().columns)
    read = sum(all(f.code != UNREADABLE for f in one.findings) for one in checked)
    left = f"; {count(others, 'other file')} left out" if others else ""
    yield f"{say_counts(findings)} in {count(read, 'recording')}{left}."
