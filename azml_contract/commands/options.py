"""Options that several commands have, each written once."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

import click

Command = TypeVar("Command", bound=Callable[..., Any])


def form_option(*forms: str, told: str) -> Callable[[Command], Command]:
    """``--format`` (as `form`): one of `forms`, the first by default."""
    return click.option(
        "--format",
        "form",
        type=click.Choice(forms),
        default=forms[0],
        show_default=True,
        help=told,
    )


def reports_findings(command: Command) -> Command:
    """Add ``--format`` (as `form`) and ``--fail-on`` to what prints findings."""
    fail_on = click.option(
        "--fail-on",
        type=click.Choice(["error", "warning"]),
        default="error",
        show_default=True,
        help="The least severity that gives exit code 1.",
    )
    form = form_option(
        *("text", "json", "sarif", "github", "junit", "markdown"),
        told="Text for people, the others for programs.",
    )
    return form(fail_on(command))


text_or_json = form_option("text", "json", told="Text for people, JSON for programs.")
always_json = click.option(
    "--format",
    type=click.Choice(["json"]),
    default="json",
    expose_value=False,
    help="What it prints is JSON in any case.",
)
"""``--format`` of what has one form, so that programs can ask any command alike."""
cluster_option = click.option(
    "--cluster",
    default="",
    metavar="ADDRESS",
    help="Judge on the workers of a Dask cluster, such as tls://HOST:8786.",
)
