"""`azml-contract cassette permissions`: the role that recorded calls need."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from azml_contract.commands.cassette.files import (
    list_missing,
    read_each,
    report_unread,
)
from azml_contract.commands.cassette.wording import count
from azml_contract.commands.exits import say_problem
from azml_contract.commands.kinds import RECORDING
from azml_contract.commands.options import form_option

if TYPE_CHECKING:
    from azml_contract.cassette.recordings import Recording
    from azml_contract.exchange import Exchange


@dataclass(slots=True)
class _Needs:
    """What was found: rights by how often they were needed, and what is not known.

    `scopes` are by their names in lower case: Azure tells no other case apart.
    """

    actions: Counter[str] = field(default_factory=Counter)
    data_actions: Counter[str] = field(default_factory=Counter)
    by_rule: set[str] = field(default_factory=set)
    unknown: Counter[str] = field(default_factory=Counter)
    scopes: dict[str, str] = field(default_factory=dict)
    calls: int = 0

    def add(self, exchange: Exchange) -> None:
        from azml_contract.contract.permissions import find_need

        request = exchange.request
        need = find_need(request, _body(request.body))
        self.calls += 1
        self.actions.update(need.actions)
        self.data_actions.update(need.data_actions)
        if need.basis == "rule":
            self.by_rule.update(need.actions)
        if need.unknown:
            place = f"{request.method} {request.host}{request.path}"
            self.unknown[f"{place}: {need.unknown}"] += 1
        scope = _scope(request.path) if need.actions else ""
        if scope:
            self.scopes.setdefault(scope.lower(), scope)


@click.command("permissions")
@click.argument("paths", nargs=-1, required=True, type=RECORDING, metavar="FILE...")
@click.option("--name", default="azml-contract caller", show_default=True)
@click.option(
    "--scope",
    "scopes",
    multiple=True,
    metavar="ID",
    help="Where the role may be assigned; default: the resource groups of the calls, "
    "which are placeholders in cassettes.",
)
@form_option(
    *("json", "text"),
    told="json: for `az role definition create`; text: each right, and its evidence.",
)
@click.pass_context
def command(
    ctx: click.Context,
    paths: tuple[str, ...],
    name: str,
    scopes: tuple[str, ...],
    form: str,
) -> None:
    """Print the role definition that recorded calls need.

    FILE is a cassette, another tool's recording, or a folder of them. An action is
    named by the resource type of a path and the verb; what no rule names is said, and
    so is that a service may ask for more, for what a body refers to.

    Exits with 2 where no right is found.
    """
    from azml_contract.documents.find import find_files, shorten
    from azml_contract.documents.recordings import read_any

    named = [Path(path) for path in paths]
    files, missing = find_files(named)
    unread = list_missing(missing)
    listed = set(map(shorten, named))
    recordings = read_each(files, read_any, unread, listed=listed)
    needs = _Needs()
    for exchange in _exchanges(recordings):
        needs.add(exchange)
    found = bool(needs.actions or needs.data_actions)
    if found:
        _print(needs, name, list(scopes or needs.scopes.values()), form)
    _say_limits(needs, given=bool(scopes))
    if recordings and not found:
        say_problem(_explain_nothing(needs))
    code = report_unread(unread, done=len(recordings))
    ctx.exit(code if found else 2)


def _explain_nothing(needs: _Needs) -> str:
    if not needs.calls:
        return "There is no call in what was read, so no right is needed."
    return f"None of {count(needs.calls, 'call')} needs a right that a rule names."


def _exchanges(recordings: Iterable[Recording]) -> Iterable[Exchange]:
    return (call.exchange for one in recordings for call in one.calls())


def _print(needs: _Needs, name: str, scopes: list[str], form: str) -> None:
    if form == "json":
        shape = {
            "Name": name,
            "IsCustom": True,
            "Description": f"What {count(needs.calls, 'recorded call')} needed.",
            "Actions": sorted(needs.actions),
            "NotActions": [],
            "DataActions": sorted(needs.data_actions),
            "NotDataActions": [],
            "AssignableScopes": scopes,
        }
        click.echo(json.dumps(shape, indent=2, ensure_ascii=False))
        return
    for title, found in (
        ("Actions", needs.actions),
        ("Data actions", needs.data_actions),
    ):
        if found:
            click.echo(title)
        for one, times in sorted(found.items()):
            basis = "the rule alone" if one in needs.by_rule else "an operation"
            told = f", of {basis}" if title == "Actions" else ""
            click.echo(f"  {one}  {count(times, 'call')}{told}")


def _say_limits(needs: _Needs, *, given: bool) -> None:
    for one, times in sorted(needs.unknown.items()):
        click.echo(f"# not known: {one} ({count(times, 'call')})", err=True)
    if needs.data_actions:
        click.echo(
            "# data actions: for a token of Entra; with an account key none is needed",
            err=True,
        )
    if not given and any("/00000000-0000-0000-0000-" in one for one in needs.scopes):
        click.echo(
            "# AssignableScopes names placeholders; give yours: --scope "
            "/subscriptions/.../resourceGroups/...",
            err=True,
        )


def _body(body: bytes | None) -> Any:
    try:
        return json.loads(body) if body else None
    except (ValueError, RecursionError):
        return None


def _scope(path: str) -> str:
    """The resource group of a path, or its subscription."""
    words = path.strip("/").split("/")
    if len(words) > 1 and words[0].lower() == "subscriptions":
        is_group = len(words) > 3 and words[2].lower() == "resourcegroups"
        return "/" + "/".join(words[: 4 if is_group else 2])
    return ""
