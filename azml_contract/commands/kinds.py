"""Kinds of words that a shell completes: api-versions, operations, recordings.

In: what was typed so far. Out: what it may become. A word is taken as it is; whoever
uses it says what is wrong with it.
"""

from __future__ import annotations

from pathlib import Path

import click
from click.shell_completion import CompletionItem


class _ApiVersion(click.types.StringParamType):
    """An api-version that has a contract."""

    def shell_complete(
        self, ctx: click.Context, param: click.Parameter, incomplete: str
    ) -> list[CompletionItem]:
        from azml_contract.contract.catalog import known_versions

        return _matching(known_versions(), incomplete)


class _Operation(click.types.StringParamType):
    """An operation of the version that the line names, or of the newest stable one."""

    def shell_complete(
        self, ctx: click.Context, param: click.Parameter, incomplete: str
    ) -> list[CompletionItem]:
        from azml_contract.contract.catalog import (
            known_versions,
            load_contract,
            newest_stable,
        )

        named = ctx.params.get("api_version")
        version = named if named in known_versions() else newest_stable()
        return _matching(sorted(load_contract(str(version)).operations), incomplete)


class _Recording(click.types.StringParamType):
    """A file or a folder, as the shell itself completes it."""

    def shell_complete(
        self, ctx: click.Context, param: click.Parameter, incomplete: str
    ) -> list[CompletionItem]:
        return [CompletionItem(incomplete, type="file")]


def _matching(words: tuple[str, ...] | list[str], begun: str) -> list[CompletionItem]:
    return [
        CompletionItem(one) for one in words if one.lower().startswith(begun.lower())
    ]


API_VERSION = _ApiVersion()
OPERATION = _Operation()
RECORDING = _Recording()
INPUT = click.Path(path_type=Path, readable=False)
"""A file or a folder. That it cannot be read is said with the others, by who reads."""
