"""`azml-contract demo`: record, replay offline, check and compare, on this machine.

Runs the scenarios that come with the program through pytest as a user would, first
live against the emulator and Azurite, then from the cassettes of that run, and
prints what happened, what was found and which calls break where. At the end the
workflow trains for real, where the training packages are installed. Where Azurite
cannot be had, the recordings that come with the program stand in for the live run.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from azml_contract.commands.azurite import provide_azurite
from azml_contract.commands.options import text_or_json
from azml_contract.commands.printing import print_json
from azml_contract.errors import (
    AzmlContractError,
    EmulatorError,
    OutputError,
    UsageError,
    say_reason,
)
from azml_contract.shipped import find_shipped, leave_out
from azml_contract.whole_file import copy_whole, write_whole

if TYPE_CHECKING:
    from rich.console import Console

    from azml_contract.cassette.cassette import Cassette
    from azml_contract.finding import Finding
    from azml_contract.report.regressed import Regressed

WORKFLOW = "train_and_sweep/asset_to_sweep"
TRAINED = "2024-04-01"
PACKAGES = ("lightgbm", "mlflow", "pandas", "sklearn")
DOCUMENTED = "documented_workflow/as_the_prose_says"
MARK = ".azml-demo"
"""A file that stands in the folder of a demo."""
_NAME_ONE = "Name a folder for the demo: --keep DIR"
_STDERR = 2
# Another story is imported by its name; nothing above the folder is asked.
_PYTEST = """\
[tool.pytest.ini_options]
addopts = "--import-mode=importlib"
pythonpath = ["scenarios"]
"""


@click.command()
@click.option(
    "--scenarios",
    type=click.Path(path_type=Path),
    help="Folder of the scenarios to run. Default: those that come with the program.",
)
@click.option(
    "--keep",
    "folder",
    type=click.Path(path_type=Path),
    default=Path(".azml") / "demo",
    show_default=True,
    help="Where the scenarios of the demo and its cassettes are written: an empty "
    "folder, or the one of an earlier demo, whose files are replaced.",
)
@text_or_json
def command(scenarios: Path | None, folder: Path, form: str) -> None:
    """Show the whole story on this machine, without an Azure account.

    With --format json the story is told on the error stream.
    """
    from rich.padding import Padding
    from rich.text import Text

    from azml_contract.regression.steps import describe_steps, find_faults
    from azml_contract.report.regressed_text import print_regressed
    from azml_contract.report.table import make_console, print_trimmed

    if scenarios is not None and not scenarios.is_dir():
        raise UsageError(f"There is no folder {scenarios}; --scenarios names one.")
    _take_folder(folder)
    if scenarios is None:
        scenarios = _unpack(folder)
    console = make_console(sys.stderr if form == "json" else None)
    out = _STDERR if form == "json" else None
    cassettes = folder / "cassettes"
    shutil.rmtree(cassettes, ignore_errors=True)

    _headline(console, 1, "Live: emulator and Azurite on this machine, recording")
    why = _explain_absence()
    if why:
        console.print(Padding(Text(f"Not here: {why}"), (0, 0, 0, 2)))
        console.print("  What follows is of the recordings that come along.")
        shutil.copytree(find_shipped("cassettes"), cassettes)
    else:
        _run_pytest(out, scenarios, cassettes, "record")
    loaded = _load(cassettes)

    _headline(console, 2, "What happened: each call of the workflow, its answer")
    _print_steps(console, [c for c in loaded if c.scenario == WORKFLOW])

    _headline(console, 3, "Servers stopped: the same scenarios, offline")
    _run_pytest(out, scenarios, cassettes, "replay")

    _headline(console, 4, "What was found in the bodies that the how-to prints")
    found = find_faults(c for c in loaded if c.scenario == DOCUMENTED)
    _print_findings(console, found, cassettes / DOCUMENTED)

    _headline(console, 5, "Which calls break when only the api-version changes")
    regressed = _compare([c for c in loaded if c.scenario == WORKFLOW])
    print_regressed(console, regressed, brief=True)

    _headline(console, 6, "Trained for real: LightGBM on iris, then a sweep of it")
    is_trained = _train(console, out, scenarios, folder / "trained", why)

    print_trimmed(
        console,
        f"\nThe cassettes are in {cassettes}, the scenarios in {scenarios}. Next, a "
        "project of your own: [bold]azml-contract init my-calls[/]",
    )
    if form == "json":
        print_json(
            cassettes=[c.scenario for c in loaded],
            not_recorded=why,
            calls=[
                {"api_version": c.api_version, "call": call, "answers": answers}
                for c in loaded
                if c.scenario == WORKFLOW
                for call, answers in describe_steps(c)
            ],
            findings=[one.to_json() for one in found],
            breaks=[
                {
                    "call": one.call,
                    "status": one.status,
                    "since": one.since,
                    "versions": one.versions,
                    "finding": one.finding.to_json(),
                }
                for scenario in regressed.scenarios
                for one in scenario.broken
            ],
            newest=dict(regressed.newest),
            trained=is_trained,
        )


def _headline(console: Console, number: int, text: str) -> None:
    console.print()
    console.rule(f"[bold]{number}/6  {text}", align="left")


def _take_folder(folder: Path) -> None:
    """Make the folder of the demo and mark it as such; what it holds may be removed.

    Raises:
        UsageError: It holds what is not of a demo, or cannot be written.
    """
    mark = folder / MARK
    try:
        if folder.exists() and not mark.is_file() and any(folder.iterdir()):
            raise UsageError(
                f"{folder} holds files, and no {MARK} says that they are of a demo, "
                "which would replace them. Name an empty folder: --keep DIR"
            )
        folder.mkdir(parents=True, exist_ok=True)
        write_whole(mark, "Made by azml-contract demo, which removes what is here.\n")
    except OutputError as error:
        raise UsageError(f"{error} {_NAME_ONE}") from error
    except OSError as error:
        raise UsageError(f"{folder}: {say_reason(error)}. {_NAME_ONE}") from error


def _unpack(folder: Path) -> Path:
    """Copy the shipped scenarios, with what pytest needs to know of them.

    Raises:
        UsageError: Nothing can be written there.
    """
    scenarios = folder / "scenarios"
    try:
        shutil.rmtree(scenarios, ignore_errors=True)
        shutil.copytree(
            find_shipped("scenarios"),
            scenarios,
            ignore=leave_out,
            copy_function=copy_whole,
        )
        write_whole(folder / "pyproject.toml", _PYTEST)
    except OutputError as error:
        raise UsageError(f"{error} {_NAME_ONE}") from error
    except OSError as error:
        raise UsageError(f"{folder}: {say_reason(error)}. {_NAME_ONE}") from error
    return scenarios


def _explain_absence() -> str:
    """Why nothing can be recorded here; empty where it can."""
    try:
        provide_azurite()
    except EmulatorError as error:
        return " ".join(str(error).split())
    return ""


def find_lacking() -> list[str]:
    """The packages of the training script that are not installed."""
    from importlib.util import find_spec

    return [name for name in PACKAGES if find_spec(name) is None]


def _train(
    console: Console, out: int | None, scenarios: Path, cassettes: Path, why: str
) -> bool:
    """Run the workflow once with jobs that really run, and show what they came to.

    Returns:
        Whether it did.
    """
    from rich.text import Text

    lacking = find_lacking()
    story = scenarios / f"test_{WORKFLOW.partition('/')[0]}.py"
    if why or lacking or sys.platform == "win32" or not story.is_file():
        lacked = f"{', '.join(lacking)} not installed" if lacking else "not possible"
        console.print(f"  Simulated only, {lacked} here: the metrics are invented.")
        if lacking:
            told = "  To train for real: pip install 'azml-contract[training]'"
            console.print(Text(told))
        return False
    shutil.rmtree(cassettes, ignore_errors=True)
    more = ("--azml-execute", "--azml-api-version", TRAINED)
    _run_pytest(out, story, cassettes, "record", *more)
    for cassette in _load(cassettes):
        _print_sweep(console, cassette)
    return True


def _print_sweep(console: Console, cassette: Cassette) -> None:
    """The trials of a recorded sweep, and the best of them."""
    from rich.text import Text

    from azml_contract.report.table import print_trimmed

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
                print_trimmed(console, Text(f"  trial {number}  {value}{mark}"))
        metric = (properties.get("objective") or {}).get("primaryMetric")
        best = f"  {metric} of the best: {told.get('score')}"
        print_trimmed(console, Text(best))
        return


def _run_pytest(
    out: int | None, scenarios: Path, cassettes: Path, mode: str, *more: str
) -> None:
    """Run the scenarios in a process of their own, which ends its servers.

    What it prints goes to the file descriptor `out`; None for the standard output.
    """
    arguments = [
        *(sys.executable, "-m", "pytest", str(scenarios), "-q", "--no-header"),
        *("-p", "no:cacheprovider", "--azml-mode", mode, "--azml-prove=memory"),
        *("--azml-cassettes", str(cassettes), *more),
    ]
    sys.stdout.flush()
    code = subprocess.run(arguments, check=False, stdout=out).returncode
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


def _print_findings(
    console: Console, found: Iterable[Finding], cassettes: Path
) -> None:
    """What was found in requests, by operation; of answers, how much."""
    from rich.padding import Padding
    from rich.text import Text

    from azml_contract.finding import Side
    from azml_contract.report.run import count
    from azml_contract.report.table import print_trimmed

    operation, answers = "", 0
    for finding in found:
        if finding.side is Side.RESPONSE:
            answers += 1
            continue
        if finding.operation != operation:
            operation = finding.operation
            print_trimmed(console, Text(f"\n{operation}", "bold"))
        colour = {"error": "red", "warning": "yellow"}.get(finding.severity, "cyan")
        line = Text(f"{finding.code} {finding.severity:<8}", colour)
        print_trimmed(console, line + Text(finding.pointer or "(body)", "bold"))
        for text in (finding.message, finding.cure and f"cure: {finding.cure}"):
            if text:
                print_trimmed(console, Padding(Text(text), (0, 0, 0, 4)))
    if answers:
        told = f"\nAnd {count(answers, 'finding')} in answers, not in what was sent"
        print_trimmed(console, Text(f"{told}:\nazml-contract check {cassettes}"))


def _compare(cassettes: Sequence[Cassette]) -> Regressed:
    """How the first of recordings fares at the versions of the others."""
    from azml_contract.commands.regressed import make_regressed
    from azml_contract.regression.matrix import build_matrix

    versions = [cassette.api_version for cassette in cassettes]
    return make_regressed(build_matrix(cassettes[:1], versions=versions))
