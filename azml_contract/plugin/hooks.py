"""The pytest plugin: options, fixtures, the `azml` marker and a summary. Wiring only.

A scenario asks for the `azml` fixture. What happens around it (recording,
replay, validation) is in `azml_contract.scenario`; nothing of it is imported
until a test uses a fixture, so other test runs pay for nothing.
"""

from __future__ import annotations

import contextlib
import os
import shlex
import unittest
from collections.abc import Callable, Generator, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from azml_contract.plugin.discreet import Discreet
from azml_contract.plugin.marker import (
    CLIENT,
    Refused,
    choose_versions,
    is_alone,
    mark_alone,
    only_version,
    read_marker,
    require_own_cassettes,
    require_sense,
    set_up_first,
    story_of,
)
from azml_contract.plugin.options import (
    MARKER,
    add_options,
    age_limit,
    cassette_folder,
    check_options,
    proof,
)

if TYPE_CHECKING:
    from azml_contract.client import Workspace
    from azml_contract.emulator.faults import Faults
    from azml_contract.emulator.server import Emulator
    from azml_contract.scenario import ScenarioRun
    from azml_contract.settings import Settings

_run_key = pytest.StashKey[Any]()
_discreet_key = pytest.StashKey[Discreet]()
_orphans_key = pytest.StashKey[list[Path]]()
_stale_key = pytest.StashKey[list[str]]()
_unwritten_key = pytest.StashKey[str]()
_breaks_key = pytest.StashKey[list[str]]()


def pytest_addoption(parser: pytest.Parser) -> None:
    add_options(parser)


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", MARKER)
    check_options(config)
    config.stash[_discreet_key] = Discreet(config)
    config.pluginmanager.register(config.stash[_discreet_key], "azml_contract_discreet")


@pytest.hookimpl(tryfirst=True)
def pytest_pycollect_makeitem(collector: Any, obj: object) -> None:
    """Let the marker be enough: a test that has it is a scenario."""
    mark_alone(collector, obj)


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    try:
        versions: list[Any] = list(choose_versions(metafunc))
        names = None
    except ValueError as error:
        versions, names = [Refused(str(error))], ["refused"]
    if versions:
        metafunc.parametrize("api_version", versions, ids=names, scope="function")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    require_own_cassettes(items)
    for item in items:
        if "azml" in getattr(item, "fixturenames", ()):
            set_up_first(item)


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup(item: pytest.Item) -> None:
    """Say what is wrong with a test's marker before anything is set up for it."""
    require_sense(item)


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
def _azml_emulator(request: pytest.FixtureRequest) -> Iterator[Emulator]:
    from azml_contract.emulator.execution.keeping import Limits
    from azml_contract.emulator.server import Emulator
    from azml_contract.errors import EmulatorError

    try:
        # Without Azurite, what uploads nothing can be recorded all the same.
        executes = request.config.getoption("azml_execute")
        emulator = Emulator(
            azurite=_has_azurite(), execute=Limits() if executes else None
        )
        emulator.start()
    except EmulatorError as error:
        raise pytest.fail.Exception(str(error), pytrace=False) from None
    with contextlib.closing(emulator):
        yield emulator


def _has_azurite() -> bool:
    from azml_contract.emulator.azurite import find_azurite
    from azml_contract.errors import EmulatorError

    try:
        find_azurite()
    except EmulatorError:
        return False
    return True


@pytest.fixture(scope="session")
def _azml_doors(tmp_path_factory: pytest.TempPathFactory) -> Any:
    """What programs of scenarios are led through."""
    from azml_contract.plugin.programs import own_roots
    from azml_contract.scenario import open_shared_doors

    return open_shared_doors(tmp_path_factory.mktemp("azml-gateway"), own_roots())


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
def api_version(request: pytest.FixtureRequest) -> str:
    """The api-version of this run of the test."""
    try:
        return only_version(request.node)
    except ValueError as error:
        raise pytest.fail.Exception(str(error), pytrace=False) from None


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
    with (
        run,
        _leading_programs(request, run),
    ):
        request.node.stash[_run_key] = run
        replayed = run.plan.mode == "replay"
        config.stash[_discreet_key].also(run.redact, replayed=replayed)
        if isinstance(request.instance, unittest.TestCase):
            request.instance.azml = run.workspace  # type: ignore[attr-defined]
        yield run.workspace
        keep = config.getoption("azml_keep")
        if live and config.getoption("azml_target") == "azure" and not keep:
            run.remove_created()


@contextlib.contextmanager
def _leading_programs(
    request: pytest.FixtureRequest, run: ScenarioRun
) -> Iterator[None]:
    """Lead the programs of a scenario through the gateway of its recorder."""
    from azml_contract.gateway.environment import add_to
    from azml_contract.plugin.programs import behind

    doors = request.getfixturevalue("_azml_doors")
    far, own = behind(run.plan, request)
    with (
        run.leading_programs(doors, far, own) as environ,
        pytest.MonkeyPatch.context() as patch,
    ):
        for name, value in add_to(environ, os.environ).items():
            patch.setenv(name, value)
        yield


def _plan(request: pytest.FixtureRequest, api_version: str) -> Any:
    from azml_contract.redaction.user_rules import load_user_rules
    from azml_contract.scenario import Plan
    from azml_contract.settings import PLACEHOLDERS

    config, node = request.config, request.node
    arguments = read_marker(node.get_closest_marker("azml"))
    mode, target = config.getoption("azml_mode"), config.getoption("azml_target")
    if mode != "replay" and target == "azure":
        _refuse_cost(arguments, config)
    story, test = story_of(node)
    replay = mode == "replay"
    cassette = cassette_folder(config) / story / test / f"{api_version}.json"
    record_command = _record_command(node)
    if replay and config.getoption("azml_api_version") and api_version != CLIENT:
        from azml_contract.plugin.versions import stand_in

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
        rerun=_rerun(node),
        source_root=config.rootpath,
        may_do_nothing=is_alone(node),
        spends=replay
        or target != "azure"
        or config.getoption("azml_allow_compute")
        or "compute" in arguments,
    )


def _rerun(node: pytest.Item) -> Callable[[Path], str] | None:
    if proof(node.config) != "rerun":
        return None
    from azml_contract.plugin.rerun import make_rerun

    return make_rerun(node)


def _record_command(node: pytest.Item) -> str:
    """What records this one test anew, at this version and in this place."""
    config = node.config
    words = ["pytest", node.nodeid, "--azml-mode=record"]
    for version in config.getoption("azml_api_version") or ():
        words += ["--azml-api-version", version]
    if config.getoption("azml_cassettes"):
        words += ["--azml-cassettes", config.getoption("azml_cassettes")]
    return shlex.join(words)


def _refuse_cost(arguments: dict[str, Any], config: pytest.Config) -> None:
    if arguments.get("compute") and not config.getoption("azml_allow_compute"):
        pytest.skip("runs on a cluster and costs money: allow it, --azml-allow-compute")


# --- after a scenario -----------------------------------------------------------


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call(item: pytest.Item) -> Generator[None, Any, Any]:
    """Judge a scenario in its call phase, so that what it finds is a failure."""
    run = item.stash.get(_run_key, None)
    if run is None:
        return (yield)
    from azml_contract.plugin.ending import after_call

    with after_call(item, run):
        return (yield)


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_runtest_teardown(item: pytest.Item) -> Generator[None, Any, Any]:
    """Conclude a scenario whose fixtures called until the end."""
    outcome = yield
    run = item.stash.get(_run_key, None)
    if run is not None:
        from azml_contract.plugin.ending import after_teardown

        after_teardown(item, run)
    return outcome


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, Any, Any]:
    """Note how a scenario ended; `Discreet` takes secrets out of what is said."""
    report = yield
    run = item.stash.get(_run_key, None)
    if run is not None:
        from azml_contract.plugin.ending import note_outcome

        note_outcome(run, report)
    return report


# --- the summary ----------------------------------------------------------------


def pytest_sessionfinish(session: pytest.Session) -> None:
    """Fail a whole, otherwise good run that leaves cassettes which no test plays."""
    from azml_contract.plugin.summary import find_orphans

    config = session.config
    orphans = find_orphans(session, cassette_folder(config))
    config.stash[_orphans_key] = orphans
    breaks = _find_breaks(session) if config.getoption("azml_regress") else []
    config.stash[_breaks_key] = breaks
    unwritten = _write_report(config)
    config.stash[_unwritten_key] = unwritten
    stale = _find_stale(config)
    config.stash[_stale_key] = stale
    failing = unwritten or (stale and age_limit(config)[1] == "fail")
    if (orphans or breaks or failing) and session.exitstatus == pytest.ExitCode.OK:
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


def _write_report(config: pytest.Config) -> str:
    """Write the page of `--azml-report`, or say why not; on xdist's controller."""
    from azml_contract.plugin.summary import played_cassettes

    file = config.getoption("azml_report")
    if file and not hasattr(config, "workerinput"):
        from azml_contract.plugin.versions import write_page

        path = config.invocation_params.dir / file
        return write_page(path, played_cassettes(config))
    return ""


def _find_stale(config: pytest.Config) -> list[str]:
    from azml_contract.plugin.summary import find_stale

    limit, _ = age_limit(config)
    if limit is None or hasattr(config, "workerinput"):
        return []
    return find_stale(config, limit)


def _find_breaks(session: pytest.Session) -> list[str]:
    """Calls that a newer api-version breaks; on xdist's controller alone."""
    from azml_contract.plugin.summary import played_cassettes
    from azml_contract.plugin.versions import find_new_breaks

    if hasattr(session.config, "workerinput"):
        return []
    return find_new_breaks(session.config, played_cassettes(session.config))


def pytest_terminal_summary(terminalreporter: Any, config: pytest.Config) -> None:
    from azml_contract.plugin.summary import write_summary

    orphans = config.stash.get(_orphans_key, [])
    stale = config.stash.get(_stale_key, [])
    mode, target = config.getoption("azml_mode"), config.getoption("azml_target")
    notes = [*stale]
    if stale and age_limit(config)[1] == "fail":
        notes.append("ERROR stale cassettes fail this run (--azml-max-age-action).")
    if mode == "replay" and target == "azure":
        notes.append(
            "Note: replay asks nobody: --azml-target azure needs --azml-mode live, "
            "record, extend or verify."
        )
    breaks: list[str] = config.stash.get(_breaks_key, [])
    unwritten = config.stash.get(_unwritten_key, "")
    notes += [*breaks, *([unwritten] if unwritten else [])]
    write_summary(terminalreporter, mode, orphans, notes)
