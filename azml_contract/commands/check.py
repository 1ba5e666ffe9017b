"""`azml-contract check`: findings about bodies and recordings."""

from __future__ import annotations

import shutil
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import click

from azml_contract.commands.cassette.files import named
from azml_contract.errors import CassetteError, ContractError, InputError, UsageError

if TYPE_CHECKING:
    from azml_contract.documents.document import Document
    from azml_contract.finding import Finding
    from azml_contract.report.checked import Checked
    from azml_contract.scripts.curl import ScriptCall
    from azml_contract.validation.jsontext import Locator
    from azml_contract.validation.validator import Validator, Verdict

_LOCATED_BYTES = 4 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class _Asked:
    """How the bodies of JSON files are sent: what the options say."""

    method: str
    url: str
    operation: str
    api_version: str
    status: int


@click.command()
@click.argument("inputs", nargs=-1, required=True, metavar="INPUT...")
@click.option("--method", default="PUT", show_default=True, help="Verb of a JSON body.")
@click.option(
    "--url",
    default="",
    help="Where a JSON body is sent: a URL, an ARM path, or a path below the "
    "workspace such as jobs/train-1.",
)
@click.option("--operation", default="", metavar="ID", help="Or its operation.")
@click.option(
    "--api-version", default="", metavar="V", help="Where the URL does not tell it."
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
@click.option(
    "--contracts",
    type=click.Path(file_okay=False, path_type=Path),
    metavar="DIR",
    help="A folder that `contract import` filled, looked at as well.",
)
@click.option(
    "--format",
    "form",
    type=click.Choice(["text", "json", "sarif", "github"]),
    default="text",
    show_default=True,
)
@click.option(
    "--fail-on",
    type=click.Choice(["error", "warning"]),
    default="error",
    show_default=True,
)
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
    contracts: Path | None,
    form: str,
    fail_on: str,
) -> None:
    """Check bodies and recordings against the contract of their api-version.

    INPUT is a JSON body (with --url or --operation), a cassette, a HAR file, a
    recording of Azure's test-proxy or of vcrpy, a folder of recordings, a shell
    script that calls curl, or - for the standard input.
    """
    from azml_contract.contract.catalog import load_contract
    from azml_contract.finding import Severity
    from azml_contract.report.checked import is_at_least
    from azml_contract.validation.validator import Profile, Scope, Validator

    asked = _Asked(method.upper(), url, operation, api_version, status or 0)
    load = partial(load_contract, extra=contracts)
    _require_sense(asked)
    if api_version:
        load(api_version)  # UnknownApiVersion names the nearest
    is_call = bool(url or operation)
    scope = Scope(api_version="" if is_call else api_version)
    validator = Validator(profile=Profile(profile), scope=scope, load=load)
    checked, problems = _check_all(validator, inputs, asked)
    if checked or form != "text":
        _print(checked, form)
    for problem in problems:
        click.echo(f"Error: {problem}", err=True)
    if problems:
        ctx.exit(2)
    least = Severity(fail_on)
    if any(is_at_least(f, least) for one in checked for f in one.findings):
        ctx.exit(1)


def _require_sense(asked: _Asked) -> None:
    if asked.url and asked.operation:
        raise UsageError("Give --url or --operation, not both.")
    if asked.operation and not asked.api_version:
        raise UsageError("--operation needs --api-version, as in 2024-04-01.")


def _require_validated(one: Checked) -> None:
    from azml_contract.finding import Severity

    if one.requests or one.responses:
        return
    if all(finding.severity is Severity.INFO for finding in one.findings):
        raise InputError(
            "nothing was validated: no call of Microsoft.MachineLearningServices in it"
        )


def _check_all(
    validator: Validator, names: Sequence[str], asked: _Asked
) -> tuple[list[Checked], list[str]]:
    from azml_contract.documents.document import open_document

    checked: list[Checked] = []
    files, problems = _expand(names)
    for name in files:
        try:
            opened = open_document(
                Path(name), is_body=bool(asked.url or asked.operation)
            )
            one = _check_input(validator, opened, asked)
            if one.findings or one.requests or one.responses:
                checked.append(one)
            _require_validated(one)
        except (CassetteError, ContractError, InputError) as error:
            problems.append(named(name, " ".join(str(error).split())))
    return checked, problems


def _expand(names: Sequence[str]) -> tuple[list[str], list[str]]:
    """Folders become the recordings below them; a message for one without any."""
    from azml_contract.documents.find import find_files

    files: list[str] = []
    problems: list[str] = []
    for name in names:
        if name != "-" and Path(name).is_dir():
            found, missing = find_files([Path(name)])
            files += map(str, found)
            problems += missing
        else:
            files.append(name)
    return files, problems


def _check_input(validator: Validator, opened: Document, asked: _Asked) -> Checked:
    from azml_contract.report.checked import Checked
    from azml_contract.validation.jsontext import Locator

    if opened.calls is not None:
        return _check_script(validator, opened.name, opened.calls, asked)
    locator = Locator(opened.text if len(opened.text) <= _LOCATED_BYTES else "")
    findings: list[Finding] = []
    requests = responses = 0
    if not opened.is_recording:
        verdict = _check_body(validator, opened.raw, asked)
        findings += _place(verdict.findings, opened.name, locator, "")
        requests, responses = verdict.requests, verdict.responses
    for recorded in opened.recorded():
        exchange = recorded.exchange
        verdict = validator.check_request(exchange.request)
        requests += verdict.requests
        prefix = recorded.request_pointer
        findings += _place(verdict.findings, opened.name, locator, prefix)
        verdict = validator.check_response(exchange.request, exchange.response)
        responses += verdict.responses
        prefix = recorded.response_pointer
        findings += _place(verdict.findings, opened.name, locator, prefix)
    return Checked(opened.name, tuple(findings), requests, responses)


def _check_script(
    validator: Validator, name: str, calls: Sequence[ScriptCall], asked: _Asked
) -> Checked:
    from azml_contract.report.checked import Checked
    from azml_contract.scripts.scripted import judge_script

    judged = judge_script(validator, calls, name, asked.api_version)
    for one in judged:
        if one.unknown:
            text = f"Note: {name}:{one.line}: not judged: {one.unknown}."
            click.echo(text, err=True)
    findings = tuple(finding for one in judged for finding in one.findings)
    return Checked(name, findings, sum(one.requests for one in judged), 0)


def _check_body(validator: Validator, body: bytes, asked: _Asked) -> Verdict:
    from azml_contract.exchange import Request, Response

    if asked.operation:
        return validator.check_body(asked.api_version, asked.operation, body)
    if not asked.url:
        raise InputError(
            "it is a JSON body; say where it is sent: --method PUT --url "
            "jobs/NAME --api-version V, or --operation ID --api-version V"
        )
    url = complete_url(asked.url, asked.api_version)
    if asked.status:
        request = Request(asked.method, url)
        return validator.check_response(request, Response(asked.status, (), body))
    return validator.check_request(Request(asked.method, url, (), body))


def complete_url(url: str, api_version: str) -> str:
    """Make an absolute URL of a path, and add the api-version where it lacks one."""
    if not url.lower().startswith(("https://", "http://")):
        from azml_contract import settings

        workspace = settings.PLACEHOLDERS.workspace_id
        path = url if url.startswith("/") else f"{workspace}/{url}"
        url = f"{settings.PLACEHOLDERS.endpoint}{path}"
    if api_version and "api-version=" not in url.lower():
        url = f"{url}{'&' if '?' in url else '?'}api-version={api_version}"
    return url


def _place(
    findings: Sequence[Finding], name: str, locator: Locator, prefix: str
) -> Iterator[Finding]:
    from azml_contract.finding import Location

    for finding in findings:
        if finding.location is not None and not prefix:
            place = finding.location
            line, column = place.line, place.column
        else:
            line, column = locator.locate(f"{prefix}{finding.pointer}")
        yield finding._replace(location=Location(name, line, column))


def _print(checked: Sequence[Checked], form: str) -> None:
    if form == "json":
        from azml_contract.report.json import render_json

        click.echo(render_json(checked))
    elif form == "sarif":
        from azml_contract.report.sarif import render_sarif
        from azml_contract.validation.codes import CODES

        titles = {name: code.title for name, code in CODES.items()}
        click.echo(render_sarif(checked, titles))
    elif form == "github":
        from azml_contract.report.github import render_github

        text = render_github(checked)
        if text:
            click.echo(text)
    else:
        from azml_contract.report.text import render_text

        width = shutil.get_terminal_size().columns
        click.echo(render_text(checked, _paint, width=width))


def _paint(text: str, colour: str) -> str:
    return (
        click.style(text, bold=True)
        if colour == "bold"
        else click.style(text, fg=colour)
    )
