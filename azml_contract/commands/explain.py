"""`azml-contract explain`: what a finding means, an example, and the cure."""

from __future__ import annotations

import click

from azml_contract.commands.options import text_or_json
from azml_contract.errors import UsageError


@click.command()
@click.argument("codes", nargs=-1, metavar="[CODE...]")
@text_or_json
def command(codes: tuple[str, ...], form: str) -> None:
    """Say what a finding means, what it rests on, and what to do.

    CODE is a code such as AZC103; without one, all codes are listed.
    """
    from azml_contract.validation.codes import CODES
    from azml_contract.validation.codes_page import load_entries, render_code, to_json

    if form == "json":
        from azml_contract.commands.printing import print_json

        named = map(_complete, codes) if codes else CODES
        entries = load_entries()
        print_json(codes=[to_json(CODES[name], entries[name]) for name in named])
        return
    if not codes:
        for code in CODES.values():
            click.echo(f"{code.code}  {code.service!s:<8}{code.title}")
        return
    entries = load_entries()
    told = [render_code(CODES[name], entries[name]) for name in map(_complete, codes)]
    click.echo("\n".join(told), nl=False)


def _complete(name: str) -> str:
    """A code in any case, or its number alone.

    Raises:
        UsageError: There is none; names the nearest.
    """
    from azml_contract.validation.codes import CODES
    from azml_contract.validation.nearest import find_nearest

    code = name.upper() if name.upper().startswith("AZC") else f"AZC{name.upper()}"
    if code in CODES:
        return code
    near = find_nearest(code, CODES)
    hint = f" Did you mean {' or '.join(near)}?" if near else ""
    raise UsageError(
        f"{name} is no code of a finding.{hint} All of them: azml-contract explain"
    )
