"""`azml-contract cassette show`: what a recording says, as a story."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from azml_contract.commands.cassette.wording import (
    age_of,
    count,
    describe,
    name_drawn,
    short_url,
    short_value,
    size_of,
)
from azml_contract.commands.kinds import RECORDING
from azml_contract.commands.options import text_or_json
from azml_contract.commands.printing import print_json
from azml_contract.errors import UsageError
from azml_contract.exchange import CLIENT_LEFT

if TYPE_CHECKING:
    from azml_contract.cassette.cassette import Cassette
    from azml_contract.cassette.interaction import Interaction


@click.command("show")
@click.argument("path", type=RECORDING, metavar="CASSETTE")
@click.option("--interaction", type=int, metavar="N", help="Only this call, in full.")
@click.option("--body", is_flag=True, help="With the bodies of every call shown.")
@text_or_json
def command(path: str, interaction: int | None, body: bool, form: str) -> None:
    """Tell what a cassette holds: the calls, their answers, what was read."""
    from azml_contract.documents.document import open_cassette

    document = open_cassette(Path(path))
    cassette = document.cassette
    assert cassette is not None
    known = range(len(cassette.interactions))
    if interaction is not None and interaction not in known:
        raise UsageError(
            f"{path} has no interaction {interaction}; "
            f"they are numbered 0 to {len(cassette.interactions) - 1}."
        )
    if form == "json":
        chosen = known if interaction is None else (interaction,)
        told = describe(Path(path), cassette, Path(path).stat().st_size)
        told["variables"] = dict(cassette.variables)
        told["shown"] = [_to_json(cassette, one, body=body) for one in chosen]
        print_json(**told)
    elif interaction is not None:
        _print_interaction(cassette, interaction, body=body)
    else:
        _print_header(path, cassette)
        for index in known:
            _print_line(cassette, index)
            if body:
                _print_bodies(cassette.interactions[index])


def _to_json(cassette: Cassette, index: int, *, body: bool) -> dict[str, Any]:
    """A call for programs; `read` is null where nobody noted what was read."""
    one = cassette.interactions[index]
    noted = cassette.reads
    parts = {"request": one.data["request"], "response": one.answer}
    if not body:
        parts = {
            side: {name: held for name, held in part.items() if name != "body"}
            for side, part in parts.items()
        }
    return {
        "index": index,
        "outcome": _outcome(one),
        "times": one.times,
        "read": None if noted is None else [*noted.get(index, ())],
        **{name: one.data[name] for name in ("at", "process") if name in one.data},
        **parts,
    }


def _print_header(path: str, cassette: Cassette) -> None:
    age = age_of(cassette.recorded_at, datetime.now(UTC))
    calls = sum(one.times for one in cassette.interactions)
    click.echo(f"{cassette.scenario} at api-version {cassette.api_version}")
    click.echo(
        f"recorded from {cassette.target} at {cassette.recorded_at}"
        f"{f' ({age})' if age else ''} by {cassette.recorder}"
    )
    click.echo(
        f"{count(len(cassette.interactions), 'interaction')}, "
        f"{count(calls, 'call')}, {size_of(Path(path).stat().st_size)}"
    )
    for name, value in cassette.variables.items():
        click.echo(f"  {name} = {short_value(value)}")
    click.echo()


def _print_line(cassette: Cassette, index: int) -> None:
    one = cassette.interactions[index]
    times = f" x{one.times}" if one.times > 1 else ""
    url = name_drawn(short_url(one.url), cassette.variables)
    click.echo(f"{index:>3}  {one.method:<6} {url}  -> {_outcome(one)}{times}")
    read = (cassette.reads or {}).get(index, ())
    if read:
        click.echo(f"     read {', '.join(pointer or '(whole)' for pointer in read)}")


def _print_bodies(one: Interaction) -> None:
    for arrow, part in ((">", one.request_body), ("<", one.response_body)):
        if part is not None:
            for line in _body_text(part).splitlines():
                click.echo(f"     {arrow} {line}")


def _print_interaction(cassette: Cassette, index: int, *, body: bool) -> None:
    one = cassette.interactions[index]
    click.echo(f"{one.method} {name_drawn(one.url, cassette.variables)}")
    if one.data.get("at"):
        click.echo(f"at {one.data['at']}")
    _print_part(one.data["request"], body=body)
    times = f" ({one.times} times)" if one.times > 1 else ""
    click.echo(f"\n{_outcome(one)}{times}")
    _print_part(one.answer, body=body)
    read = (cassette.reads or {}).get(index, ())
    nothing = "nothing" if cassette.reads is not None else "nobody noted it"
    click.echo(f"\nread: {', '.join(p or '(whole)' for p in read) or nothing}")


def _outcome(one: Interaction) -> str:
    """The status, or how the network failed."""
    failure = one.failure
    if failure is None:
        return str(one.status)
    if failure.raised == CLIENT_LEFT:
        return f"failed: {failure.kind}, the client left before the answer came"
    if failure.after_bytes is None:
        return f"failed: {failure.kind}"
    return f"{one.status}, failed after {failure.after_bytes} bytes: {failure.kind}"


def _print_part(part: Mapping[str, Any], *, body: bool) -> None:
    for name, value in part["headers"].items():
        click.echo(f"  {name}: {value}")
    if part.get("body") is None:
        return
    if body:
        click.echo(_body_text(part["body"]))
    else:
        click.echo(f"  body: {_body_summary(part['body'])} (shown with --body)")


def _body_text(part: Mapping[str, Any]) -> str:
    ((kind, value),) = part.items()
    if kind == "json":
        return json.dumps(value, indent=2, ensure_ascii=False)
    return str(value) if kind == "text" else _body_summary(part)


def _body_summary(part: Mapping[str, Any]) -> str:
    ((kind, value),) = part.items()
    if kind == "file":
        return f"binary, in blobs/{value}"
    if kind == "base64":
        return f"binary, {size_of(len(value) * 3 // 4)}"
    return short_value(value)
