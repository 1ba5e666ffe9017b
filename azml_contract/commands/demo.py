"""`azml-contract demo`: record, replay offline, check and compare, on this machine.

Runs the scenarios of the current folder through pytest as a user would, first
live against the emulator and Azurite, then from the cassettes of that run, and
prints what happened, what was found and which calls break where. At the end the
workflow trains for real, where the training packages are installed.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from azml_contract.errors import AzmlContractError, UsageError

if TYPE_CHECKING:
    from rich.console import Console

    from azml_contract.cassette.cassette import Cassette

WORKFLOW = "train_and_sweep/asset_to_sweep"
TRAINED = "2024-04-01"
PACKAGES = ("lightgbm", "mlflow", "pandas", "sklearn")
DOCUMENTED = "documented_workflow/as_the_prose_says"


@click.command()
@click.option(
    "--scenarios",
    type=click.Path(path_type=Path),
    default=Path("scenarios"),
    show_default=True,
    help="Folder of the scenarios to run.",
)
@click.option(
    "--keep",
    "folder",
    type=click.Path(path_type=Path),
    default=Path(".azml") / "demo",
    show_default=True,
    help="Where the cassettes of the demo are written.",
)
def command(scenarios: Path, folder: Path) -> None:
    """Show the whole story on this machine, without an Azure account."""
    from rich.console import Console

    from azml_contract.report.table import print_trimmed

    if not scenarios.is_dir():
        raise UsageError(
            f"There is no folder {scenarios} here. Run the demo in a checkout of "
            "azml-contract, or name a folder: --scenarios DIR"
        )
    console = Console(highlight=False, soft_wrap=False)
    cassettes = folder / "cassettes"
    shutil.rmtree(cassettes, ignore_errors=True)

    _headline(console, 1, "Live: emulator and Azurite on this machine, recording")
    _run_pytest(scenarios, cassettes, "record")
    loaded = _load(cassettes)

    _headline(console, 2, "What happened: each call of the workflow, its answer")
    _print_steps(console, [c for c in loaded if c.scenario == WORKFLOW])

    _headline(console, 3, "Servers stopped: the same scenarios, offline")
    _run_pytest(scenarios, cassettes, "replay")

    _headline(console, 4, "What was found in the bodies that the how-to prints")
    _print_findings(console, [c for c in loaded if c.scenario == DOCUMENTED])

    _headline(console, 5, "Which calls break when only the api-version changes")
    _print_matrix(console, [c for c in loaded if c.scenario == WORKFLOW])

    _headline(console, 6, "Trained for real: LightGBM on iris, then a sweep of it")
    _train(console, scenarios, folder / "trained")

    print_trimmed(
        console,
        f"\nThe cassettes are in {cassettes}. Next: "
        "[bold]pytest scenarios[/] replays the committed ones; README.md tells "
        "how to record against a workspace of your own.",
    )


def _headline(console: Console, number: int, text: str) -> None:
    console.print()
    console.rule(f"[bold]{number}/6  {text}", align="left")


def _train(console: Console, scenarios: Path, cassettes: Path) -> None:
    """Run the workflow once with jobs that really run, and show what they came to."""
    from importlib.util import find_spec

    lacking = [name for name in PACKAGES if find_spec(name) is None]
    story = scenarios / f"test_{WORKFLOW.partition('/')[0]}.py"
    if lacking or sys.platform == "win32" or not story.is_file():
        why = f"{', '.join(lacking)} not installed" if lacking else "not possible here"
        console.print(f"  Simulated only, {why}: the metrics above are invented.")
        return
    shutil.rmtree(cassettes, ignore_errors=True)
    more = ("--azml-execute", "--azml-api-version", TRAINED)
    _run_pytest(story, cassettes, "record", *more)
    for cassette in _load(cassettes):
        _print_sweep(console, cassette)


def _print_sweep(console: Console, cassette: Cassette) -> None:
    """The trials of a recorded sweep, and the best of them."""
    for interaction in reversed(cassette.interactions):
        answer = interaction.response_json
        properties = answer.get("properties") if isinstance(answer, dict) else None
        told = (properties or {}).get("properties") or {}
        best = str(told.get("best_child_run_id") or "")
        if not best or properties is None:
            continue
        for name, value in sorted((properties.get("tags") or {}).items()):
            number = name.rpartition("_")[2]
            if number.isdigit() and name.startswith("_aml_system_"):
                mark = "  best" if best.endswith(f"_{number}") else ""
                console.print(f"  trial {number}  {value}{mark}")
        metric = (properties.get("objective") or {}).get("primaryMetric")
        console.print(f"  {metric} of the best: {told.get('score')}")
        return


def _run_pytest(scenarios: Path, cassettes: Path, mode: str, *more: str) -> None:
    """Run the scenarios in a process of their own, which ends its servers."""
    arguments = [
        *(sys.executable, "-m", "pytest", str(scenarios), "-q", "--no-header"),
        *("-p", "no:cacheprovider", "--azml-mode", mode, "--azml-prove=memory"),
        *("--azml-cassettes", str(cassettes), *more),
    ]
    sys.stdout.flush()
    code = subprocess.run(arguments, check=False).returncode
    if code != 0:
        raise AzmlContractError(
            f"The scenarios failed in mode {mode}; pytest says why above "
            f"(exit {code}). Again: {' '.join(['python', *arguments[1:]])}"
        )


def _load(folder: Path) -> list[Cassette]:
    from azml_contract.documents.recordings import open_cassettes

    return open_cassettes([folder])


def _print_steps(console: Console, cassettes: Sequence[Cassette]) -> None:
    from azml_contract.regression.steps import describe_steps
    from azml_contract.report.table import print_table

    order: dict[str, dict[str, str]] = {}
    for cassette in cassettes:
        for label, answer in describe_steps(cassette):
            order.setdefault(label, {})[cassette.api_version] = answer
    columns = [cassette.api_version for cassette in cassettes]
    print_table(console, "", columns, list(order.items()))
    console.print("  x10: that many calls; a job is asked until it has ended")


def _print_findings(console: Console, cassettes: Sequence[Cassette]) -> None:
    from rich.padding import Padding
    from rich.text import Text

    from azml_contract.regression.steps import find_faults
    from azml_contract.report.table import print_trimmed

    for finding in find_faults(cassettes):
        colour = {"error": "red", "warning": "yellow"}.get(finding.severity, "cyan")
        line = Text(f"{finding.code} {finding.severity:<8}", colour)
        print_trimmed(console, line + Text(finding.pointer or "(body)", "bold"))
        for text in (finding.message, finding.cure and f"cure: {finding.cure}"):
            if text:
                print_trimmed(console, Padding(Text(text), (0, 0, 0, 4)))


def _print_matrix(console: Console, cassettes: Sequence[Cassette]) -> None:
    from azml_contract.commands.regress import print_matrix
    from azml_contract.regression.matrix import build_matrix

    versions = [cassette.api_version for cassette in cassettes]
    print_matrix(build_matrix(cassettes[:1], versions=versions), console)
