"""Options that several commands have, each written once."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

import click

Command = TypeVar("Command", bound=Callable[..., Any])


def reports_findings(command: Command) -> Command:
    """Add ``--format`` (as `form`) and ``--fail-on`` to what prints findings."""
    fail_on = click.option(
        "--fail-on",
        type=click.Choice(["error", "warning"]),
        default="error",
        show_default=True,
        help="The least severity that gives exit code 1.",
    )
    form = click.option(
        "--format",
        "form",
        type=click.Choice(["text", "json", "sarif", "github", "junit", "markdown"]),
        default="text",
        show_default=True,
        help="Text for people, the others for programs.",
    )
    return form(fail_on(command))


text_or_json = click.option(
    "--format",
    "form",
    type=click.Choice(["text", "json"]),
    default="text",
    show_default=True,
    help="Text for people, JSON for programs.",
)
cluster_option = click.option(
    "--cluster",
    default="",
    metavar="ADDRESS",
    help="Judge on the workers of a Dask cluster, such as tls://HOST:8786.",
)
