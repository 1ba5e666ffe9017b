"""The command line: finds the module of a command, and turns errors into a line.

Exit codes: 0 clean, 1 a finding, 2 wrong usage or nothing judged. The commands
themselves are in `azml_contract.commands`.
"""

from __future__ import annotations

import contextlib
import io
import os
import sys
from typing import NoReturn

import click

from azml_contract.commands.lazy import LazyGroup
from azml_contract.errors import AzmlContractError, ContractError, InputError
from azml_contract.printable import PrintableStream

COMMANDS = {
    "cassette": "Look at recordings, compare, clean and convert them.",
    "check": "Check bodies, scripts and recordings against their contract.",
    "contract": "Look at the official contracts, compare and import them.",
    "demo": "Show the whole story on this machine, without an Azure account.",
    "doctor": "Say what is set, what is missing, and how to mend it.",
    "emulator": "Run a local Azure ML service, and print how a client finds it.",
    "explain": "Say what a finding means, what it rests on, and what to do.",
    "generate": "Make scenarios out of scripts and recordings.",
    "init": "Begin a project: a scenario, its recording, and what CI needs.",
    "record": "Run a program, and record what it calls.",
    "regress": "Judge calls of recordings and scripts under all other versions.",
    "replay": "Run a program, its calls answered from cassettes.",
    "schema": "Print the JSON Schema of what this program writes.",
    "serve": "Answer clients from cassettes, as a service.",
    "skill": "Print a guide for coding agents, as a skill file.",
    "upgrade": "Print the edits that take scripts and bodies to another version.",
}


# The reader of a pipe closed it: nothing went wrong.
_SEEN_ENOUGH = 0


@click.group(
    cls=LazyGroup,
    package="azml_contract.commands",
    helps=COMMANDS,
    context_settings={"help_option_names": ["-h", "--help"]},
)
@click.version_option(package_name="azml-contract")
def cli() -> None:
    """Record, replay and check calls of the Azure Machine Learning REST API."""


def main() -> NoReturn:
    """Run the command line and exit; the only place that catches everything."""
    if isinstance(sys.stdout, io.TextIOWrapper):  # what was recorded may hold anything
        sys.stdout.reconfigure(errors="backslashreplace")
    streams = sys.stdout, sys.stderr
    words = " ".join(sys.argv).replace("=", " ")
    commands = "--format github" in words  # lines that begin with :: are meant
    sys.stdout = out = PrintableStream(sys.stdout, commands=commands)
    sys.stderr = PrintableStream(sys.stderr)
    try:
        code = _run()
    except SystemExit:  # click has met the closed pipe before
        if not out.reader_is_gone:
            raise
        _drop_output()
        code = _SEEN_ENOUGH
    finally:
        sys.stdout, sys.stderr = streams
    sys.exit(code)


def _run() -> int:
    try:
        color = False if os.environ.get("NO_COLOR") else None
        code = cli.main(standalone_mode=False, color=color)
        sys.stdout.flush()
    except click.ClickException as error:
        error.show()
        code = 2
    except (click.Abort, KeyboardInterrupt):
        click.echo("Interrupted.", err=True)
        code = 130
    except (InputError, ContractError) as error:
        click.echo(f"Error: {' '.join(str(error).split())}", err=True)
        code = 2
    except AzmlContractError as error:
        click.echo(f"Error: {error}", err=True)
        code = 2
    except RecursionError:
        click.echo("Error: an input is nested too deep to be looked through.", err=True)
        code = 2
    except BrokenPipeError:
        _drop_output()
        code = _SEEN_ENOUGH
    except OSError as error:
        _drop_output()
        click.echo(f"Error: {_explain(error)}", err=True)
        code = 2
    return code if isinstance(code, int) else 0


def _explain(error: OSError) -> str:
    reason = error.strerror or str(error)
    return f"{error.filename}: {reason}" if error.filename else reason


def _drop_output() -> None:
    """Lead what is still to be printed nowhere; else Python fails at its end."""
    with contextlib.suppress(OSError, ValueError):
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, sys.stdout.fileno())
        os.close(nowhere)
