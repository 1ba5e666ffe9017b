"""`azml-contract cassette review`: decide on recordings that would change cassettes."""

from __future__ import annotations

import json
import shutil
import sys
import textwrap
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from azml_contract.commands.cassette.wording import count, short_url
from azml_contract.commands.options import text_or_json
from azml_contract.commands.printing import print_json
from azml_contract.errors import InputError, show_path
from azml_contract.printable import cut, make_printable

if TYPE_CHECKING:
    from azml_contract.cassette.changes import Change
    from azml_contract.cassette.reviewing import Group, Review

_KEYS = {
    "a": "accept",
    "r": "reject",
    "s": "skip",
    "u": "undo",
    "q": "quit",
}
_GLUE = "\0"
"""Between a key and its word, so that no line breaks there."""
_MOST_VALUES = 5
_MOST_FILES = 3
_MOST_LINES = 12


@click.command("review")
@click.argument("paths", nargs=-1, metavar="[PATH]...")
@click.option(
    "--accept",
    multiple=True,
    metavar="POINTER",
    help="Take this change into every cassette that it concerns; repeatable.",
)
@click.option(
    "--reject",
    multiple=True,
    metavar="POINTER",
    help="Keep every cassette as it is in this place; repeatable.",
)
@click.option("--accept-all", is_flag=True, help="Put all that waits in place.")
@click.option("--reject-all", is_flag=True, help="Remove all that waits.")
@click.option("--list", "lists", is_flag=True, help="Tell what waits, decide nothing.")
@text_or_json
@click.pass_context
def command(
    ctx: click.Context,
    paths: tuple[str, ...],
    accept: tuple[str, ...],
    reject: tuple[str, ...],
    accept_all: bool,
    reject_all: bool,
    lists: bool,
    form: str,
) -> None:
    """Review recordings that wait beside cassettes as NAME.new.json.

    `pytest --azml-mode record --azml-review` leaves them there, and `verify` does.
    Changes that are alike in many cassettes are decided on at once, by one key; each
    decision is written at once. PATH is a folder or a cassette, by default cassettes/.

    Exits with 0 when nothing waits any more, with 1 when something does.
    """
    from azml_contract.cassette.pending import find_pending
    from azml_contract.cassette.reviewing import Review

    asked = {
        "--accept and --reject": accept or reject,
        "--accept-all": accept_all,
        "--reject-all": reject_all,
        "--list": lists,
    }
    if sum(map(bool, asked.values())) > 1:
        given = "; ".join(name for name, one in asked.items() if one)
        raise click.UsageError(f"Of these, one at a time: {given}.")
    folders = [Path(one) for one in paths or ("cassettes",)]
    for one in folders:
        if not one.exists():
            raise InputError(f"{one}: there is no such file or folder.")
    review = Review(find_pending(folders))
    if accept or reject:
        _require_known(review, (*accept, *reject))
        review.accept(_keys_of(review, accept))
        review.reject(_keys_of(review, reject))
    elif accept_all or reject_all:
        total = review.accept_all() if accept_all else review.reject_all()
        done = "accepted" if accept_all else "rejected"
        click.echo(f"{count(total, 'recording')} {done}.")
    elif not lists:
        _ask(review)
    if form == "json":
        print_json(**_to_json(review))
    else:
        _print_rest(review, lists=lists)
    ctx.exit(1 if review.pending else 0)


def _keys_of(review: Review, pointers: Sequence[str]) -> list[str]:
    """The groups that pointers name: whole, or below a body of a call."""
    keys = [group.key for group in review.groups()]
    return [key for key in keys if any(_is_named(key, one) for one in pointers)]


def _is_named(key: str, pointer: str) -> bool:
    inner = key.partition("/body/json")[2]
    return pointer == key or (bool(inner) and pointer == inner)


def _require_known(review: Review, pointers: Sequence[str]) -> None:
    keys = [group.key for group in review.groups()]
    unknown = [p for p in pointers if not any(_is_named(key, p) for key in keys)]
    if unknown:
        known = ", ".join(keys[:_MOST_VALUES]) or "nothing"
        raise InputError(
            f"Nothing that waits for review changes {unknown[0]}; it changes: {known}."
        )


def _to_json(review: Review) -> dict[str, Any]:
    return {
        "pending": [show_path(file) for file in review.pending],
        "changes": [
            {
                "pointer": group.key,
                "cassettes": [_cassette(file) for file in group.files],
                "values": [
                    {**_sides(before, after), "count": number}
                    for (before, after), number in _values(group).items()
                ],
            }
            for group in review.groups()
        ],
    }


def _cassette(pending: Path) -> str:
    from azml_contract.cassette.pending import cassette_of

    return show_path(cassette_of(pending))


def _values(group: Group) -> Counter[tuple[str, str]]:
    """Pairs of what stood and what would stand, as text, by how often."""
    return Counter((_text(c.before), _text(c.after)) for _, c in group.changes)


def _text(value: Any) -> str:
    from azml_contract.cassette.compare import Absent

    return "" if isinstance(value, Absent) else json.dumps(value, ensure_ascii=False)


def _sides(before: str, after: str) -> dict[str, Any]:
    """Both values; without the one that is absent."""
    sides = {"before": before, "after": after}
    return {name: json.loads(text) for name, text in sides.items() if text}


def _print_rest(review: Review, *, lists: bool) -> None:
    groups = review.groups()
    if not groups:
        click.echo("Nothing waits for review.")
        return
    if lists:
        for number, group in enumerate(groups, 1):
            click.echo("\n".join(_describe(group, f"{number}/{len(groups)}", _width())))
            click.echo("")
    waiting = count(len(review.pending), "recording")
    click.echo(f"{waiting} waiting, {count(len(groups), 'change')} to decide.")


# --- one key a decision -----------------------------------------------------------


def _ask(review: Review) -> None:
    """Show one group after the other, and do what each key says."""
    if not (sys.stdin.isatty() and sys.stdout.isatty()):
        raise click.UsageError(
            "To review needs a terminal. Programs use --list --format json, "
            "--accept POINTER, --reject POINTER, --accept-all."
        )
    skipped: list[str] = []
    decisions: list[str] = []
    while True:
        groups = review.groups()
        left = [group for group in groups if group.key not in skipped]
        if not left:
            if not decisions:
                return
            click.echo(f"\nThat was all. {_prompt('uq')}")
        else:
            place = f"{len(skipped) + 1}/{len(groups)}"
            click.echo("\n" + "\n".join(_describe(left[0], place, _width())))
            click.echo(_prompt("arsuq"))
        key = _read_key("arsuq" if left else "uq")
        if key == "q":
            return
        if key == "u":
            click.echo(_take_back(review, skipped, decisions))
        elif key == "s":
            skipped.append(left[0].key)
            decisions.append("skip")
        else:
            act = review.accept if key == "a" else review.reject
            number = act([left[0].key])
            decisions.append(_KEYS[key])
            click.echo(f"{_KEYS[key]}ed in {count(number, 'cassette')}.")


def _take_back(review: Review, skipped: list[str], decisions: list[str]) -> str:
    if not decisions:
        return "There is nothing to undo."
    latest = decisions.pop()
    if latest == "skip":
        skipped.pop()
    else:
        review.undo()
    return f"{latest} undone."


def _read_key(known: str) -> str:
    while True:
        key = click.getchar().lower()
        if key in ("\x03", "\x04", ""):
            raise click.Abort
        if len(key) == 1 and key in known:
            return key


def _prompt(known: str) -> str:
    words = "  ".join(f"{key}{_GLUE}{_KEYS[key]}" for key in known)
    return "\n".join(textwrap.wrap(words, _width())).replace(_GLUE, " ")


def _width() -> int:
    return max(20, shutil.get_terminal_size().columns)


def _describe(group: Group, place: str, width: int) -> list[str]:
    """A group in lines no longer than the terminal is wide."""
    first = group.changes[0][1]
    lines = _fold(f"{place}  {_say_key(group.key)}", width)
    lines += _fold(_say_where(group), width)
    values = _values(group)
    shown = values.most_common(_MOST_VALUES)
    for (before, after), number in shown:
        times = f"{number} x " if len(values) > 1 else ""
        lines += _diff(times, before, after, first, width)
    if len(values) > len(shown):
        lines += _fold(f"and {len(values) - len(shown)} other values", width)
    return [*map(make_printable, lines)]


def _say_key(key: str) -> str:
    kind, _, call = key.partition(" ")
    if not call:
        return key
    verb, _, url = call.partition(" ")
    return f"{kind} {verb} {short_url(url)}".strip()


def _say_where(group: Group) -> str:
    names = [_cassette(file) for file in group.files]
    said = ", ".join(names[:_MOST_FILES])
    more = f" and {len(names) - _MOST_FILES} more" if len(names) > _MOST_FILES else ""
    return f"in {count(len(names), 'cassette')}: {said}{more}"


def _diff(
    times: str, before: str, after: str, first: Change, width: int
) -> Iterator[str]:
    """What stood and what would stand: in one line each, or line by line."""
    ours, theirs = _lines(before), _lines(after)
    if max(len(ours), len(theirs)) > 1:
        import difflib

        diff = [
            line
            for line in difflib.unified_diff(ours, theirs, lineterm="", n=1)
            if not line.startswith(("---", "+++", "@@"))
        ]
        yield from (cut(line, width) for line in diff[:_MOST_LINES])
        if len(diff) > _MOST_LINES:
            yield f"and {len(diff) - _MOST_LINES} lines more"
        return
    for mark, side in (("-", ours), ("+", theirs)):
        yield from (cut(f"{mark} {times}{line}", width) for line in side)


def _lines(text: str) -> list[str]:
    if not text:
        return []
    value = json.loads(text)
    if not isinstance(value, dict | list):
        return [text]
    return json.dumps(value, indent=1, ensure_ascii=False).splitlines()


def _fold(text: str, width: int) -> list[str]:
    """Break a long line, at blanks and slashes where there are any."""
    lines: list[str] = []
    while len(text) > width:
        end = max(text.rfind(mark, 1, width) for mark in " /")
        end = end if end > width // 3 else width
        lines.append(text[:end].rstrip())
        text = "  " + text[end:].lstrip()
    return [*lines, text]
