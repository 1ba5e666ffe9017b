"""The options of the plugin, and what pytest is told when they make no sense.

In: pytest's parser and configuration. Out: options, or one clear usage error
before anything is collected.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from azml_contract.plugin.marker import require_known

MODES = ("replay", "record", "extend", "live", "verify")
TARGETS = ("emulator", "azure")
PROFILES = ("service", "strict")
_MOST_DAYS = 100_000
MARKER = (
    "azml(api_versions=[...]|'client', scope='function'|'class'|'module'|'session', "
    "profile='service'|'strict', expect=[(code, pointer), ...], compute=False, "
    "execute=False, seed=False): a scenario of azml-contract"
)


_PROOFS = ("memory", "rerun")


def add_options(parser: pytest.Parser) -> None:
    """Register the options and ini values that `--help` lists."""
    group = parser.getgroup("azml-contract", "Azure ML REST scenarios")
    group.addoption(
        "--azml-mode",
        choices=MODES,
        default="replay",
        help="replay: from cassettes, no network (default); record: live, and write "
        "the cassettes anew; extend: from cassettes, and what they lack live, added "
        "to them; live: live, and write nothing; verify: live, compared with the "
        "cassettes, and write nothing",
    )
    group.addoption(
        "--azml-target",
        choices=TARGETS,
        default="emulator",
        help="what all modes but replay talk to: the local emulator (default) or azure",
    )
    group.addoption(
        "--azml-api-version",
        action="append",
        metavar="V",
        help="run at this api-version in place of those of the marker; repeatable",
    )
    group.addoption(
        "--azml-from",
        metavar="V",
        default="",
        help="with --azml-api-version: replay the cassette of this recorded version "
        "(default: the newest not newer)",
    )
    group.addoption(
        "--azml-regress",
        action="store_true",
        help="fail when a newer api-version breaks what the scenarios recorded",
    )
    group.addoption(
        "--azml-baseline",
        metavar="FILE",
        help="with --azml-regress: breaks that are known, as `azml-contract regress "
        "--baseline FILE --write-baseline` writes them",
    )
    group.addoption(
        "--azml-report",
        metavar="FILE.html",
        help="write the version matrix of what was played or recorded as one page",
    )
    group.addoption(
        "--azml-contracts",
        metavar="DIR",
        help="a folder that `azml-contract contract import` filled, looked at as well "
        "(default: contracts of [tool.azml-contract] in pyproject.toml)",
    )
    group.addoption(
        "--azml-profile",
        choices=PROFILES,
        help="service: what the live service is known to accept (default); "
        "strict: the written contract",
    )
    group.addoption(
        "--azml-cassettes",
        metavar="DIR",
        help="where the cassettes are (default: cassettes/ in the project of the test)",
    )
    group.addoption(
        "--azml-max-age",
        type=float,
        metavar="DAYS",
        help="name cassettes that were recorded longer ago (ini: azml_max_age)",
    )
    group.addoption(
        "--azml-max-age-action",
        choices=("warn", "fail"),
        help="warn: name them in the summary (default); fail: fail the run too "
        "(ini: azml_max_age_action)",
    )
    parser.addini("azml_max_age", "days after which a cassette is stale", default="")
    parser.addini("azml_max_age_action", "warn or fail", default="warn")
    group.addoption(
        "--azml-prove",
        choices=_PROOFS,
        help="how a recording is proven before it is written: played in memory against "
        "what was sent (default); rerun: the test itself is replayed, too, in a "
        "process of its own without network",
    )
    parser.addini("azml_prove", "memory or rerun, as the option", default="memory")
    group.addoption(
        "--azml-review",
        action="store_true",
        help="record, extend, verify: leave what would change a cassette beside it as "
        "NAME.new.json, for `azml-contract cassette review`",
    )
    group.addoption(
        "--azml-execute",
        action="store_true",
        help="emulator: jobs really run, with the Python that runs pytest",
    )
    group.addoption(
        "--azml-keep",
        action="store_true",
        help="azure: leave behind what a scenario created",
    )
    group.addoption(
        "--azml-allow-compute",
        action="store_true",
        help="azure: run the scenarios that cost money too",
    )


def check_options(config: pytest.Config) -> None:
    """Refuse options that contradict each other or name what does not exist.

    Raises:
        pytest.UsageError: Which option, and what it takes.
    """
    age_limit(config)
    _use_contracts(config)
    try:
        for version in config.getoption("azml_api_version") or ():
            require_known(version)
        if config.getoption("azml_from"):
            require_known(config.getoption("azml_from"))
    except ValueError as error:
        raise pytest.UsageError(str(error)) from None
    _check_baseline(config)
    if proof(config) not in _PROOFS:
        raise pytest.UsageError(f"azml_prove is memory or rerun, not {proof(config)}.")
    report = config.getoption("azml_report")
    if report and not report.endswith(".html"):
        raise pytest.UsageError(f"--azml-report writes HTML; name it so, not {report}.")
    if report and (config.invocation_params.dir / report).is_dir():
        raise pytest.UsageError(f"--azml-report writes a file; {report} is a folder.")


def _use_contracts(config: pytest.Config) -> None:
    """Have the project's own contracts looked at, for this session."""
    chosen = config.getoption("azml_contracts")
    pyproject = config.rootpath / "pyproject.toml"
    # Sessions that name no contracts import nothing for them.
    if not chosen and b"contracts" not in _read_bytes(pyproject):
        return
    from azml_contract.contract.catalog import use_folder
    from azml_contract.errors import AzmlContractError
    from azml_contract.settings import find_contracts_folder

    try:
        if chosen:
            use_folder(config.invocation_params.dir / chosen)
        else:
            use_folder(find_contracts_folder(pyproject))
    except AzmlContractError as error:
        raise pytest.UsageError(str(error)) from None
    config.add_cleanup(lambda: use_folder(None))


def _read_bytes(file: Path) -> bytes:
    return file.read_bytes() if file.is_file() else b""


def _check_baseline(config: pytest.Config) -> None:
    """Before the tests run: a baseline that cannot be read would be all in vain."""
    file = config.getoption("azml_baseline")
    if not file:
        return
    if not config.getoption("azml_regress"):
        raise pytest.UsageError("--azml-baseline needs --azml-regress.")
    from azml_contract.errors import InputError
    from azml_contract.regression.baseline import load_baseline

    try:
        load_baseline(config.invocation_params.dir / file)
    except InputError as error:
        raise pytest.UsageError(str(error)) from None


_PROJECT_FILES = ("pyproject.toml", "pytest.ini", "tox.ini", "setup.cfg", "setup.py")


def project_of(config: pytest.Config, path: Path) -> Path:
    """The folder of the project that a test belongs to.

    The nearest above it that holds cassettes or a project's own file, so that two
    projects in one run stay apart; else pytest's root.
    """
    root = config.rootpath
    for folder in path.parents:
        if folder == root:
            break
        if (folder / "cassettes").is_dir() or any(
            (folder / name).is_file() for name in _PROJECT_FILES
        ):
            return folder
    return root


def cassette_folder(config: pytest.Config, path: Path) -> Path:
    """Where the cassettes of a test are: as asked for, else in its project."""
    chosen = config.getoption("azml_cassettes")
    if chosen:
        return config.invocation_params.dir / str(chosen)
    return project_of(config, path) / "cassettes"


def proof(config: pytest.Config) -> str:
    """How a recording is proven: as asked for, else as the project says."""
    return str(config.getoption("azml_prove") or config.getini("azml_prove"))


def age_limit(config: pytest.Config) -> tuple[float | None, str]:
    """Days that a cassette may be old, None for ever; and ``warn`` or ``fail``."""
    days = config.getoption("azml_max_age")
    written = config.getini("azml_max_age")
    try:
        limit = float(written) if days is None and written else days
    except ValueError:
        message = f"azml_max_age is a number of days, not {written!r}."
        raise pytest.UsageError(message) from None
    if limit is not None and not 0 <= limit <= _MOST_DAYS:
        raise pytest.UsageError(
            f"--azml-max-age is a number of days from 0 to {_MOST_DAYS}, not {limit:g}."
        )
    action = config.getoption("azml_max_age_action")
    action = action or config.getini("azml_max_age_action")
    if action not in ("warn", "fail"):
        raise pytest.UsageError(f"azml_max_age_action is warn or fail, not {action!r}.")
    return limit, action
