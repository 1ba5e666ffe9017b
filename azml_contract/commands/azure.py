"""The plan of a recording from Azure itself, with the program's own credentials."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from azml_contract.errors import UsageError

if TYPE_CHECKING:
    from azml_contract.command_run import CommandPlan
    from azml_contract.exchange import Request


def plan_azure(
    path: Path,
    record_command: str,
    cloud: str,
    hosts: Sequence[str],
    *,
    allow_compute: bool,
) -> CommandPlan:
    """The plan of a run that is recorded from Azure.

    Args:
        path: Where the cassette goes.
        record_command: What records it again.
        cloud: Whose hosts are asked; all others are passed on unread.
        hosts: Patterns of further hosts.
        allow_compute: Whether what Azure bills is sent.
    """
    from azml_contract.command_run import CommandPlan
    from azml_contract.commands.cassette.files import project_rules
    from azml_contract.gateway.hosts import azure_domains
    from azml_contract.gateway.outward import reach_azure, read_roots
    from azml_contract.recording.engine import Mode, RecorderSettings
    from azml_contract.redaction.user_rules import load_user_rules
    from azml_contract.scenario import redaction_rules
    from azml_contract.settings import PLACEHOLDERS, find_pyproject

    user = load_user_rules(os.environ, find_pyproject(Path.cwd()))
    recorder = RecorderSettings(
        path=path,
        mode=Mode.RECORD,
        scenario=f"commands/{path.stem}",
        api_version="",
        target="azure",
        rules=project_rules(),
        replay_rules=redaction_rules(PLACEHOLDERS, user),
        record_command=record_command,
        keep_headers=user.headers,
        intercepts=False,
        learns_names=True,
    )
    return CommandPlan(
        recorder,
        reach_azure(os.environ, cloud, hosts),
        azure_domains(hosts),
        guard=None if allow_compute else _refuse_billed,
        roots=read_roots(os.environ),
    )


def _refuse_billed(request: Request) -> None:
    from azml_contract.rest.cost import find_billed

    billed = find_billed(request.method, request.path)
    if billed:
        raise UsageError(
            f"{request.method} {billed} may start what Azure bills, and was not sent. "
            "Allow it: --allow-compute"
        )
