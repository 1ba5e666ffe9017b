"""The pytest plugin: options, fixtures, the `azml` marker and a summary. Wiring only.

A scenario asks for the `azml` fixture. What happens around it (recording,
replay, validation) is in `azml_contract.scenario`; nothing of it is imported
until a test uses a fixture, so other test runs pay for nothing.
"""

from __future__ import annotations

import os
import re
import traceback
from collections.abc import Generator, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from azml_contract.client import Workspace
    from azml_contract.emulator.faults import Faults
    from azml_contract.emulator.server import Emulator
    from azml_contract.scenario import ScenarioRun
    from azml_contract.settings import Settings

MODES = ("replay", "record", "extend", "live", "verify")
TARGETS = ("emulator", "azure")
PROFILES = ("service", "strict")
MARKER_ARGUMENTS = {"api_versions", "profile", "expect", "compute", "seed"}

_run_key = pytest.StashKey["ScenarioRun"]()
_orphans_key = pytest.StashKey[list[Path]]()
_stale_key = pytest.StashKey[list[str]]()
_breaks_key = pytest.StashKey[list[str]]()


def pytest_addoption(parser: pytest.Parser) -> None:
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
        "--azml-profile",
        choices=PROFILES,
        help="service: what the live service is known to accept (default); "
        "strict: the written contract",
    )
    group.addoption(
        "--azml-cassettes",
        metavar="DIR",
        help="where the cassettes are (default: cassettes/ in the root folder)",
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
        "--azml-keep",
        action="store_true",
        help="azure: leave behind what a scenario created",
    )
    group.addoption(
        "--azml-allow-compute",
        action="store_true",
        help="azure: run the scenarios that cost money too",
    )


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line(
        "markers",
        "azml(api_versions=[...], profile='service'|'strict', expect=[(code, pointer), "
        "...], compute=False, seed=False): a scenario of azml-contract",
    )
    _age_limit(config)
    if config.getoption("azml_from"):
        _require_known(config.getoption("azml_from"))
    if config.getoption("azml_baseline") and not config.getoption("azml_regress"):
        raise pytest.UsageError("--azml-baseline needs --azml-regress.")


# --- which api-versions a test runs at ------------------------------------------


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    if "api_version" not in metafunc.fixturenames or _has_own_versions(metafunc):
        return
    marker = metafunc.definition.get_closest_marker("azml")
    versions = (
        metafunc.config.getoption("azml_api_version")
        or _marker_arguments(marker, metafunc.definition.nodeid).get("api_versions")
        or [_newest_stable()]
    )
    for version in versions:
        _require_known(version)
    metafunc.parametrize("api_version", versions, scope="function")


def _has_own_versions(metafunc: pytest.Metafunc) -> bool:
    """Whether the test parametrizes its api-version itself."""
    return any(
        "api_version" in re.split(r"\s*,\s*", names)
        if isinstance(names, str)
        else names
        for mark in metafunc.definition.iter_markers("parametrize")
        for names in mark.args[:1]
    )


def _marker_arguments(marker: pytest.Mark | None, test: str) -> dict[str, Any]:
    if marker is None:
        return {}
    unknown = set(marker.kwargs) - MARKER_ARGUMENTS
    if unknown or marker.args:
        given = sorted(unknown) or list(marker.args)
        raise pytest.UsageError(
            f"{test}: the azml marker does not know {given}; it takes "
            f"{', '.join(sorted(MARKER_ARGUMENTS))}, by name."
        )
    return dict(marker.kwargs)


def _require_known(version: str) -> None:
    from azml_contract.contract.catalog import known_versions
    from azml_contract.errors import UnknownApiVersion

    if version not in known_versions():
        raise pytest.UsageError(str(UnknownApiVersion(version, nearest=_near(version))))


def _near(version: str) -> list[str]:
    from difflib import get_close_matches

    from azml_contract.contract.catalog import known_versions

    return get_close_matches(version, known_versions(), n=3)


def _newest_stable() -> str:
    from azml_contract.contract.catalog import known_versions

    return [v for v in known_versions() if "-preview" not in v][-1]


# --- fixtures -------------------------------------------------------------------


@pytest.fixture(scope="session")
def azml_settings(request: pytest.FixtureRequest) -> Settings:
    """Which workspace; override it to bring your own. Placeholders in replay."""
    from azml_contract.settings import PLACEHOLDERS, load_settings

    config = request.config
    if config.getoption("azml_mode") == "replay":
        return PLACEHOLDERS
    if config.getoption("azml_target") == "emulator":
        emulator: Emulator = request.getfixturevalue("_azml_emulator")
        return emulator.settings
    root = config.rootpath
    return load_settings(
        os.environ, dotenv=root / ".env", pyproject=root / "pyproject.toml"
    )


@pytest.fixture(scope="session")
def azml_sanitizers() -> list[Any]:
    """Functions from exchange to exchange, applied before one is kept."""
    return []


@pytest.fixture(scope="session")
def azml_matchers() -> list[Any]:
    """Functions from request to request, applied before two are compared."""
    return []


@pytest.fixture(scope="session")
def _azml_emulator() -> Iterator[Emulator]:
    from azml_contract.emulator.server import Emulator

    with Emulator() as emulator:
        yield emulator


@pytest.fixture
def emulator(_azml_emulator: Emulator) -> Emulator:
    """A running emulator, as it was when it started."""
    _azml_emulator.reset()
    return _azml_emulator


@pytest.fixture
def azml_faults(request: pytest.FixtureRequest) -> Faults:
    """Faults to inject into the emulator; in replay they are in the cassette."""
    from azml_contract.emulator.faults import Faults

    config = request.config
    if config.getoption("azml_mode") == "replay":
        return Faults()
    if config.getoption("azml_target") == "azure":
        pytest.skip("faults cannot be injected into Azure, only into the emulator")
    emulator: Emulator = request.getfixturevalue("emulator")
    return emulator.faults


@pytest.fixture
def azml(request: pytest.FixtureRequest, api_version: str) -> Iterator[Workspace]:
    """The workspace of a scenario, at one api-version, recorded or replayed."""
    from azml_contract.errors import AzmlContractError
    from azml_contract.scenario import ScenarioRun

    config = request.config
    live = config.getoption("azml_mode") != "replay"
    if live and config.getoption("azml_target") == "emulator":
        request.getfixturevalue("emulator")
    try:
        run = ScenarioRun(_plan(request, api_version))
        run.open()
    except AzmlContractError as error:
        raise pytest.fail.Exception(str(error), pytrace=False) from None
    with run:
        request.node.stash[_run_key] = run
        yield run.workspace
        keep = config.getoption("azml_keep")
        if live and config.getoption("azml_target") == "azure" and not keep:
            run.remove_created()


def _plan(request: pytest.FixtureRequest, api_version: str) -> Any:
    from azml_contract.redaction import load_user_rules
    from azml_contract.scenario import Plan
    from azml_contract.settings import PLACEHOLDERS

    config, node = request.config, request.node
    arguments = _marker_arguments(node.get_closest_marker("azml"), node.nodeid)
    mode, target = config.getoption("azml_mode"), config.getoption("azml_target")
    if mode != "replay" and target == "azure":
        _refuse_cost(arguments, config)
    story, test = story_of(node)
    replay = mode == "replay"
    cassette = _cassettes(config) / story / test / f"{api_version}.json"
    record_command = f"pytest {node.nodeid.partition('[')[0]} --azml-mode=record"
    if replay and config.getoption("azml_api_version"):
        from azml_contract.pytest_versions import stand_in

        cassette = stand_in(
            cassette,
            api_version,
            source=config.getoption("azml_from"),
            folder=request.getfixturevalue("tmp_path_factory").mktemp("azml"),
            record_command=record_command,
        )
    return Plan(
        scenario=f"{story}/{test}",
        api_version=api_version,
        cassette=cassette,
        mode=mode,
        target=target,
        settings=PLACEHOLDERS if replay else request.getfixturevalue("azml_settings"),
        profile=config.getoption("azml_profile") or arguments.get("profile", "service"),
        expect=tuple((c, p) for c, p in arguments.get("expect", ())),
        bodies=node.path.parent / "bodies",
        record_command=record_command,
        sanitizers=tuple(request.getfixturevalue("azml_sanitizers")),
        matchers=tuple(request.getfixturevalue("azml_matchers")),
        user_rules=load_user_rules(os.environ, config.rootpath / "pyproject.toml"),
        seed=bool(arguments.get("seed")),
    )


def _refuse_cost(arguments: dict[str, Any], config: pytest.Config) -> None:
    if arguments.get("compute") and not config.getoption("azml_allow_compute"):
        pytest.skip("runs on a cluster and costs money: allow it, --azml-allow-compute")


def _cassettes(config: pytest.Config) -> Path:
    chosen = config.getoption("azml_cassettes")
    return (
        config.invocation_params.dir / chosen
        if chosen
        else config.rootpath / "cassettes"
    )


def story_of(node: Any) -> tuple[str, str]:
    """Folder and file name of a test's cassette; other parameters join the name."""
    story = node.path.stem.removeprefix("test_")
    name = (getattr(node, "originalname", None) or node.name).removeprefix("test_")
    others = {
        key: value
        for key, value in node.callspec.params.items()
        if key != "api_version"
    }
    suffix = "".join(f"-{_as_file_name(value)}" for value in others.values())
    return story, name + suffix


def _as_file_name(value: object) -> str:
    return "".join(c if c.isalnum() or c in "-_." else "_" for c in str(value))


# --- after a scenario -----------------------------------------------------------


@pytest.hookimpl(wrapper=True)
def pytest_pyfunc_call(pyfuncitem: pytest.Function) -> Generator[None, Any, Any]:
    """Conclude a scenario in its call phase, so that what it finds is a failure."""
    from azml_contract.errors import AzmlContractError

    if "azml" not in pyfuncitem.fixturenames:
        return (yield)
    run = pyfuncitem.stash.get(_run_key, None)
    try:
        outcome = yield
        if run is not None:
            run.conclude()
    except AzmlContractError as error:
        message = _explain(error, pyfuncitem)
        _report_differences(pyfuncitem, run, message)
        raise pytest.fail.Exception(message, pytrace=False) from None
    except Exception:
        _report_differences(pyfuncitem, run, "")
        raise
    finally:
        if run is not None:
            _publish(pyfuncitem, run)
    return outcome


def _report_differences(
    item: pytest.Item, run: ScenarioRun | None, message: str
) -> None:
    """Verify: why a scenario failed is often a difference before that."""
    text = run.describe_differences() if run is not None else ""
    if text and text.partition("\n")[0] not in message:
        item.add_report_section("call", "azml-contract verify", text)


def _explain(error: Exception, item: pytest.Function) -> str:
    """The error's message, and the line of the scenario that led to it."""
    frames = traceback.extract_tb(error.__traceback__)
    here = [frame for frame in frames if Path(frame.filename) == item.path]
    if not here:
        return str(error)
    last = here[-1]
    return f"{error}\n\nat {item.path.name}:{last.lineno}: {last.line}"


def _publish(item: pytest.Item, run: ScenarioRun) -> None:
    """Hand the figures to the report, which reaches the controller under xdist."""
    tally = run.tally
    figures = {
        "cassette": str(run.plan.cassette),
        "exchanges": run.exchanges,
        "requests": tally.requests,
        "responses": tally.responses,
        "findings": [
            [str(f.severity), f.code, f.message, (f.code, f.pointer) in run.plan.expect]
            for f in tally.findings
        ],
        "target": run.target,
        "recorded_at": run.recorded_at,
        "record_command": run.plan.record_command,
    }
    item.user_properties.append(("azml", figures))


# --- the summary ----------------------------------------------------------------


def pytest_sessionfinish(session: pytest.Session) -> None:
    """Fail a whole, otherwise good run that leaves cassettes which no test plays."""
    from azml_contract.pytest_summary import find_orphans

    config = session.config
    orphans = find_orphans(session, _cassettes(config))
    config.stash[_orphans_key] = orphans
    breaks = _find_breaks(session) if config.getoption("azml_regress") else []
    config.stash[_breaks_key] = breaks
    stale = _find_stale(config)
    config.stash[_stale_key] = stale
    failing = stale and _age_limit(config)[1] == "fail"
    if (orphans or breaks or failing) and session.exitstatus == pytest.ExitCode.OK:
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


def _age_limit(config: pytest.Config) -> tuple[float | None, str]:
    """Days that a cassette may be old, None for ever; and ``warn`` or ``fail``."""
    days = config.getoption("azml_max_age")
    written = config.getini("azml_max_age")
    try:
        limit = float(written) if days is None and written else days
    except ValueError:
        message = f"azml_max_age is a number of days, not {written!r}."
        raise pytest.UsageError(message) from None
    action = config.getoption("azml_max_age_action")
    action = action or config.getini("azml_max_age_action")
    if action not in ("warn", "fail"):
        raise pytest.UsageError(f"azml_max_age_action is warn or fail, not {action!r}.")
    return limit, action


def _find_stale(config: pytest.Config) -> list[str]:
    from azml_contract.pytest_summary import find_stale

    limit, _ = _age_limit(config)
    if limit is None or hasattr(config, "workerinput"):
        return []
    return find_stale(config, limit)


def _find_breaks(session: pytest.Session) -> list[str]:
    """Calls that a newer api-version breaks; on xdist's controller alone."""
    from azml_contract.pytest_summary import played_cassettes
    from azml_contract.pytest_versions import find_new_breaks

    if hasattr(session.config, "workerinput"):
        return []
    return find_new_breaks(session.config, played_cassettes(session.config))


def pytest_terminal_summary(terminalreporter: Any, config: pytest.Config) -> None:
    from azml_contract.pytest_summary import write_summary

    orphans = config.stash.get(_orphans_key, [])
    notes = [
        *config.stash.get(_stale_key, []),
        *(f"breaks: {line}" for line in config.stash.get(_breaks_key, [])),
    ]
    write_summary(terminalreporter, config.getoption("azml_mode"), orphans, notes)
