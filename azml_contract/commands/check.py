"""`azml-contract check`: findings about bodies and recordings."""

from __future__ import annotations

import shutil
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import click

from azml_contract.commands.cassette.files import named
from azml_contract.commands.contracts_option import contracts_option
from azml_contract.commands.exits import (
    choose_exit_code,
    find_nothing_judged,
    say_problem,
)
from azml_contract.commands.judging import (
    Asked,
    find_in_text,
    judge_input,
    make_unreadable,
    tell_unread,
)
from azml_contract.commands.kinds import API_VERSION, OPERATION
from azml_contract.commands.options import cluster_option, reports_findings
from azml_contract.commands.printing import paint, print_checked
from azml_contract.errors import (
    AzmlContractError,
    CassetteError,
    ContractError,
    InputError,
    NothingToCheck,
    UsageError,
)

if TYPE_CHECKING:
    from azml_contract.finding import Severity
    from azml_contract.report.checked import Checked
    from azml_contract.validation.validator import Validator


@click.command()
@click.argument("inputs", nargs=-1, required=True, metavar="INPUT...")
@click.option("--method", default="PUT", show_default=True, help="Verb of a JSON body.")
@click.option(
    "--url",
    default="",
    help="Where a JSON body is sent: a URL, an ARM path, a path below the workspace "
    "such as jobs/train-1, workspaces/NAME or registries/NAME.",
)
@click.option(
    "--operation", default="", type=OPERATION, metavar="ID", help="Or its operation."
)
@click.option(
    "--api-version",
    default="",
    type=API_VERSION,
    metavar="V",
    help="Where the URL does not tell it.",
)
@click.option(
    "--status",
    type=click.IntRange(100, 599),
    help="A JSON body is the answer's with this status.",
)
@click.option(
    "--profile",
    type=click.Choice(["service", "strict"]),
    default="service",
    show_default=True,
    help="What the service is known to do, or the written contract.",
)
@contracts_option
@reports_findings
@click.option(
    "--to",
    default="",
    metavar="V",
    help="What a script would meet if it were moved to this api-version.",
)
@click.option(
    "--allow-unjudged",
    is_flag=True,
    help="A call that cannot be judged is a warning, no error.",
)
@click.option(
    "--severity",
    type=click.Choice(["error", "warning", "info"]),
    default="info",
    show_default=True,
    help="Show findings of this severity and worse; all are counted.",
)
@click.option(
    "--fix", is_flag=True, help="Follow the cures that are certain, in the file."
)
@cluster_option
@click.option("--diff", is_flag=True, help="Show what --fix would change; no writing.")
@click.pass_context
def command(
    ctx: click.Context,
    inputs: tuple[str, ...],
    method: str,
    url: str,
    operation: str,
    api_version: str,
    status: int | None,
    profile: str,
    form: str,
    fail_on: str,
    to: str,
    allow_unjudged: bool,
    severity: str,
    fix: bool,
    diff: bool,
    cluster: str,
) -> None:
    """Check bodies, scripts and recordings against their contract.

    INPUT is a JSON body (with --url or --operation), a cassette, a HAR file, a
    recording of Azure's test-proxy or of vcrpy, a shell script, or a workflow, a
    Markdown page, a notebook, an .http file, a Python program or an ARM template
    that makes calls; a folder of them, or - for the standard input.
    """
    from azml_contract.contract.catalog import require_judgeable
    from azml_contract.finding import Severity
    from azml_contract.validation.validator import Profile, Scope, Validator

    asked = Asked(method.upper(), url, operation, api_version, status or 0, to)
    _require_sense(asked)
    for version in filter(None, (api_version, to)):
        require_judgeable(version)
    is_call = bool(url or operation)
    scope = Scope(
        api_version="" if is_call else api_version,
        names_are_ours=not url.lower().startswith(("/", "http")),
    )
    validator = Validator(profile=Profile(profile), scope=scope)
    if fix or diff:
        _fix_all(validator, inputs, asked, write=fix and not diff)
        if diff:
            return
    checked, problems = _judge_all(validator, inputs, asked, cluster)
    if allow_unjudged:
        checked = _allow(checked)
    elif not problems:
        problems = find_nothing_judged(checked)
    if form != "text" or any(one.findings or one.calls.judged for one in checked):
        _print(validator, asked, checked, form, Severity(severity))
    for problem in problems:
        say_problem(problem)
    ctx.exit(choose_exit_code(checked, Severity(fail_on), problems))


def _fix_all(
    validator: Validator, names: Sequence[str], asked: Asked, *, write: bool
) -> None:
    """Follow the cures that are certain in every JSON body; say or write what changes.

    Raises:
        UsageError: A body comes from the standard input, and would be written.
    """
    from azml_contract.commands.fixing import fix_text, show_diff
    from azml_contract.whole_file import write_whole

    for file in _expand(names):
        text = _read_body(file)
        if text is None:
            continue
        if file.name == "-" and write:
            raise UsageError("--fix writes into files; give --diff for the input.")
        fixed = fix_text(text, partial(find_in_text, validator, asked))
        if fixed.before == fixed.after:
            continue
        if not write:
            click.echo(show_diff(file.name, fixed), nl=False)
            continue
        write_whole(Path(file.name), _keep_mark(Path(file.name), fixed.after))
        cures = "1 cure" if fixed.cured == 1 else f"{fixed.cured} cures"
        click.echo(f"{file.name}: followed {cures}.", err=True)


def _keep_mark(path: Path, text: str) -> bytes:
    """A text as bytes; with the mark of UTF-8 where the file has it."""
    with path.open("rb") as file:
        has_mark = file.read(3) == b"\xef\xbb\xbf"
    return text.encode("utf-8-sig" if has_mark else "utf-8")


def _read_body(file: File) -> str | None:
    """The text of a file that holds one body; None for all others."""
    from azml_contract.documents.document import open_document

    if file.problem or file.unread:
        return None
    try:
        opened = open_document(Path(file.name), is_body=True)
    except (CassetteError, InputError):
        return None
    return opened.text if opened.kind == "body" else None


def _allow(checked: Sequence[Checked]) -> list[Checked]:
    """The same, calls that were not judged being warnings."""
    from azml_contract.commands.unjudged import soften

    return [replace(one, findings=tuple(map(soften, one.findings))) for one in checked]


def _require_sense(asked: Asked) -> None:
    if asked.url and asked.operation:
        raise UsageError("Give --url or --operation, not both.")
    if asked.operation and not asked.api_version:
        raise UsageError("--operation needs --api-version, as in 2024-04-01.")


def _judge_all(
    validator: Validator, names: Sequence[str], asked: Asked, cluster: str
) -> tuple[list[Checked], list[str]]:
    """Judge every input, here or on a cluster; what cannot be read is a finding at it.

    Returns:
        What was checked; a line for each input where none can be read.
    """
    checked: list[Checked] = []
    unreadable: list[str] = []
    files = _expand(names)
    each = _judge_each(validator, files, asked, cluster)
    for file, told in zip(files, each, strict=True):
        if not isinstance(told, AzmlContractError):
            checked.append(told)
        elif isinstance(told, CassetteError | ContractError | InputError):
            problem = " ".join(str(told).split())
            unreadable.append(named(file.name, problem))
            checked.append(make_unreadable(file.name, problem))
        else:
            raise told
    return (checked, []) if len(unreadable) < len(checked) else ([], unreadable)


def _judge_each(
    validator: Validator, files: Sequence[File], asked: Asked, cluster: str
) -> Iterator[Checked | AzmlContractError]:
    if cluster:
        if any(file.name == "-" for file in files):
            raise UsageError("--cluster reads files; the standard input is here alone.")
        from azml_contract.commands.cluster import check_on_cluster

        check = partial(judge_file, validator, asked=asked)
        yield from check_on_cluster(cluster, files, check)
        return
    for file in files:
        try:
            yield judge_file(validator, file, asked)
        except AzmlContractError as error:
            yield error


class File(NamedTuple):
    """A file to check; `listed` where it was named, and not only its folder.

    `unread` is the line that names the provider in a file of a language that nobody
    here reads.
    """

    name: str
    listed: bool = True
    problem: str = ""
    unread: int = 0


def _expand(names: Sequence[str]) -> list[File]:
    """Folders become what is below them; one without anything is a problem."""
    from azml_contract.documents.find import find_sources
    from azml_contract.documents.remote import is_remote, localise

    files: list[File] = []
    for name in names:
        path = localise(Path(name))
        if name == "-" or not (path.is_dir() or is_remote(path)):
            files.append(File(name if path == Path(name) else str(path)))
            continue
        found = find_sources([path])
        if found.files == [path]:
            files.append(File(str(path)))
            continue
        files += [File(str(file), unread=line) for file, line in found.unread]
        files += [File(str(file), listed=False) for file in found.files]
        files += [File(name, problem=problem) for problem in found.problems]
    return files


def judge_file(validator: Validator, file: File, asked: Asked) -> Checked:
    """Everything found in one file.

    Raises:
        CassetteError, ContractError, InputError: It cannot be judged.
    """
    from azml_contract.documents.document import (
        is_sent,
        open_document,
        require_recording,
    )
    from azml_contract.report.checked import Checked

    if file.problem:
        raise InputError(file.problem)
    if file.unread:
        return tell_unread(file.name, file.unread)
    try:
        is_body = bool(asked.url or asked.operation)
        opened = open_document(Path(file.name), is_body=is_body)
        is_told = is_body or (file.listed and opened.is_json)
        if opened.kind == "body" and not is_told:
            require_recording(opened)  # or say what keeps it from being one
        return judge_input(validator, opened, asked)
    except NothingToCheck:
        if file.listed:
            raise
        return Checked(file.name, (), is_body=is_sent(Path(file.name)))


def _print(
    validator: Validator,
    asked: Asked,
    checked: Sequence[Checked],
    form: str,
    least: Severity,
) -> None:
    from azml_contract.report.text import render_text

    def tell() -> Iterable[str]:
        width = shutil.get_terminal_size().columns
        yield render_text(checked, paint, width=width, least=least)

    shown = checked if form == "text" else [_keep(one, least) for one in checked]
    if form == "sarif":
        shown = [_locate_fixes(validator, asked, one) for one in shown]
    print_checked(shown, form, tell)


def _locate_fixes(validator: Validator, asked: Asked, one: Checked) -> Checked:
    """The same; certain cures of a body are told as text to replace, others not."""
    from azml_contract.commands.fixing import locate_fixes

    judge = partial(find_in_text, validator, asked)
    text = None
    if one.name != "-" and any(finding.fix for finding in one.findings):
        text = _read_body(File(one.name))
    if text is None:
        kept = tuple(finding._replace(fix=None) for finding in one.findings)
        return replace(one, findings=kept)
    return replace(one, findings=tuple(locate_fixes(text, one.findings, judge)))


def _keep(one: Checked, least: Severity) -> Checked:
    from azml_contract.report.checked import is_at_least

    return replace(
        one, findings=tuple(f for f in one.findings if is_at_least(f, least))
    )
