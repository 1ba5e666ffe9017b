"""The pytest plugin: options, fixtures, the `azml` marker and a summary. Wiring only.

A scenario asks for the `azml` fixture. What happens around it (recording,
replay, validation) is in `azml_contract.scenario`; nothing of it is imported
until a test uses a fixture, so other test runs pay for nothing.
"""

from __future__ import annotations

import contextlib
import os
import unittest
from collections.abc import Generator, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from azml_contract.plugin.discreet import DISCREET_KEY, Discreet
from azml_contract.plugin.marker import (
    Refused,
    choose_versions,
    mark_alone,
    must_execute,
    only_version,
    require_sense,
    set_up_first,
)
from azml_contract.plugin.options import MARKER, add_options, age_limit, check_options
from azml_contract.plugin.scopes import require_own_cassettes, widest_scope
from azml_contract.plugin.shared import (
    WIDE_KEY,
    SharedRuns,
    azml_of_class,
    azml_of_module,
    azml_of_session,
    give_shared,
)

if TYPE_CHECKING:
    from azml_contract.client import Workspace
    from azml_contract.emulator.faults import Faults
    from azml_contract.emulator.seed import Seed
    from azml_contract.emulator.server import Emulator
    from azml_contract.plugin.versions import Broken
    from azml_contract.scenario import ScenarioRun
    from azml_contract.settings import Settings

__all__ = ["azml_of_class", "azml_of_module", "azml_of_session"]

_run_key = pytest.StashKey[Any]()
_orphans_key = pytest.StashKey[list[Path]]()
_stale_key = pytest.StashKey[list[str]]()
_unwritten_key = pytest.StashKey[str]()
_waiting_key = pytest.StashKey[list[str]]()
_breaks_key = pytest.StashKey[list["Broken"]]()


def pytest_addoption(parser: pytest.Parser) -> None:
    add_options(parser)


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", MARKER)
    check_options(config)
    config.stash[DISCREET_KEY] = Discreet(config)
    config.pluginmanager.register(config.stash[DISCREET_KEY], "azml_contract_discreet")


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
        scope: Any = widest_scope(metafunc.definition)
        metafunc.parametrize("api_version", versions, ids=names, scope=scope)


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(
    session: pytest.Session, items: list[pytest.Item]
) -> None:
    require_own_cassettes(items)
    session.stash[WIDE_KEY] = SharedRuns(session, items)
    for item in items:
        if "azml" in getattr(item, "fixturenames", ()):
            set_up_first(item)
            give_shared(item)


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup(item: pytest.Item) -> None:
    """Say what is wrong with a test's marker before anything is set up for it."""
    require_sense(item)
    item.session.stash[WIDE_KEY].begin(item)


@pytest.hookimpl(optionalhook=True)
def pytest_configure_node(node: Any) -> None:
    """Let a worker of pytest-xdist know how tests are distributed."""
    node.workerinput["azml_dist"] = node.config.getoption("dist")


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
    yield from _start_emulator(request)


@pytest.fixture(scope="session")
def _azml_second_emulator(request: pytest.FixtureRequest) -> Iterator[Emulator]:
    """For recordings that tests share: what others record leaves its state alone.

    It has the names and secrets of the first, which `azml_settings` tells.
    """
    first: Emulator = request.getfixturevalue("_azml_emulator")
    yield from _start_emulator(request, seed=first.seed)


@pytest.fixture(scope="session")
def _azml_executing_emulator(request: pytest.FixtureRequest) -> Iterator[Emulator]:
    """For scenarios that say ``execute=True``, whatever the others do."""
    first: Emulator = request.getfixturevalue("_azml_emulator")
    yield from _start_emulator(request, seed=first.seed, executes=True)


def _start_emulator(
    request: pytest.FixtureRequest, seed: Seed | None = None, *, executes: bool = False
) -> Iterator[Emulator]:
    from azml_contract.emulator.azurite import is_installed
    from azml_contract.emulator.execution.keeping import Limits
    from azml_contract.emulator.server import Emulator
    from azml_contract.errors import EmulatorError

    try:
        # Without Azurite, what uploads nothing can be recorded all the same.
        executes = executes or request.config.getoption("azml_execute")
        emulator = Emulator(
            azurite=is_installed(),
            execute=Limits() if executes else None,
            seed=seed,
        )
        emulator.start()
    except EmulatorError as error:
        raise pytest.fail.Exception(str(error), pytrace=False) from None
    with contextlib.closing(emulator):
        yield emulator


@pytest.fixture(scope="session")
def _azml_doors(tmp_path_factory: pytest.TempPathFactory) -> Any:
    """What programs of scenarios are led through."""
    from azml_contract.gateway.shared_doors import open_shared_doors
    from azml_contract.plugin.programs import own_roots

    return open_shared_doors(tmp_path_factory.mktemp("azml-gateway"), own_roots())


@pytest.fixture
def emulator(request: pytest.FixtureRequest) -> Emulator:
    """A running emulator, as it was when it started, or as tests before left it."""
    for one in request.session.stash[WIDE_KEY].of(request.node):
        if one.emulator is not None:
            return one.emulator
    executes = must_execute(request.node) and not request.config.getoption(
        "azml_execute"
    )
    name = "_azml_executing_emulator" if executes else "_azml_emulator"
    fresh: Emulator = request.getfixturevalue(name)
    fresh.reset()
    return fresh


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
    yield from _open_own(request)


def _open_own(request: pytest.FixtureRequest) -> Iterator[Workspace]:
    from azml_contract.errors import AzmlContractError
    from azml_contract.gateway.environment import add_to
    from azml_contract.plugin.opening import opening, remove_created
    from azml_contract.plugin.plan import plan_test

    with contextlib.ExitStack() as entered:
        try:
            plan = plan_test(request)
            emulator = None
            if plan.reaches_emulator:
                emulator = request.getfixturevalue("emulator")
            opened = opening(request, plan, emulator)
            run, variables = entered.enter_context(opened)
        except AzmlContractError as error:
            raise pytest.fail.Exception(str(error), pytrace=False) from None
        patch = entered.enter_context(pytest.MonkeyPatch.context())
        for name, value in add_to(variables, os.environ).items():
            patch.setenv(name, value)
        request.node.stash[_run_key] = run
        if isinstance(request.instance, unittest.TestCase):
            request.instance.azml = run.workspace  # type: ignore[attr-defined]
        yield run.workspace
        remove_created(run, request.config)


# --- after a scenario -----------------------------------------------------------


def _runs_of(item: pytest.Item) -> list[ScenarioRun]:
    """The recordings that a test is within, the widest first."""
    shared = [one.run for one in item.session.stash[WIDE_KEY].of(item)]
    own = item.stash.get(_run_key, None)
    return shared if own is None else [*shared, own]


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call(item: pytest.Item) -> Generator[None, Any, Any]:
    """Judge a scenario in its call phase, so that what it finds is a failure."""
    runs = _runs_of(item)
    if not runs:
        return (yield)
    from azml_contract.plugin.ending import after_call

    arguments = getattr(item, "funcargs", {})
    if len(runs) > 1 and "azml" in arguments:
        arguments["azml"] = runs[-1].workspace
    with after_call(item, runs):
        return (yield)


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_runtest_teardown(
    item: pytest.Item, nextitem: pytest.Item | None
) -> Generator[None, Any, Any]:
    """Conclude a scenario whose fixtures called until the end."""
    shared = item.session.stash[WIDE_KEY]
    shared.before_teardown(item, nextitem)
    try:
        outcome = yield
        run = item.stash.get(_run_key, None)
        if run is not None:
            from azml_contract.plugin.ending import after_teardown

            after_teardown(item, run)
        shared.after_teardown(item, nextitem)
    finally:
        shared.forget_ended()
        shared.rest()
    return outcome


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, Any, Any]:
    """Note how a scenario ended; `Discreet` takes secrets out of what is said."""
    runs = _runs_of(item)
    if runs:
        from azml_contract.plugin.ending import tell_absent

        tell_absent(call, runs[-1])
    report = yield
    own = item.stash.get(_run_key, None)
    if own is not None:
        from azml_contract.plugin.ending import note_outcome

        note_outcome(own, report)
    item.session.stash[WIDE_KEY].note_outcome(item, report)
    return report


# --- the summary ----------------------------------------------------------------


# First: what fails the run belongs into the reports that others write then.
@pytest.hookimpl(tryfirst=True)
def pytest_sessionfinish(session: pytest.Session) -> None:
    """Fail a whole, otherwise good run that leaves cassettes which no test plays."""
    from azml_contract.plugin.summary import find_orphans, find_waiting

    config = session.config
    orphans = find_orphans(session)
    config.stash[_orphans_key] = orphans
    breaks = _find_breaks(session) if config.getoption("azml_regress") else []
    config.stash[_breaks_key] = breaks
    unwritten = _write_report(config)
    config.stash[_unwritten_key] = unwritten
    stale = _find_stale(config)
    config.stash[_stale_key] = stale
    waiting = find_waiting(config)
    config.stash[_waiting_key] = waiting
    failures = {
        "orphaned cassettes": "\n".join(map(str, orphans)),
        "--azml-report": unwritten,
        "stale cassettes": "\n".join(stale) if age_limit(config)[1] == "fail" else "",
        "waiting for review": "\n".join(waiting) if _refuses_waiting(config) else "",
    }
    for one in breaks:
        told = failures.get(one.case)
        failures[one.case] = f"{told}\n{one.told}" if told else one.told
    failures = {name: text for name, text in failures.items() if text}
    if failures and session.exitstatus == pytest.ExitCode.OK:
        session.exitstatus = pytest.ExitCode.TESTS_FAILED
    if failures and config.getoption("xmlpath", None):
        from azml_contract.plugin.junit import add_failures

        add_failures(config, failures)


def _refuses_waiting(config: pytest.Config) -> bool:
    """Whether recordings that wait for review fail the run: a replay in CI."""
    return config.getoption("azml_mode") == "replay" and bool(os.environ.get("CI"))


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


def _find_breaks(session: pytest.Session) -> list[Broken]:
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
    mark = "ERROR " if _refuses_waiting(config) else ""
    notes += [f"{mark}{line}" for line in config.stash.get(_waiting_key, [])]
    breaks = config.stash.get(_breaks_key, [])
    if breaks:
        from azml_contract.plugin.versions import describe_breaks

        notes += describe_breaks(breaks)
    unwritten = config.stash.get(_unwritten_key, "")
    notes += [unwritten] if unwritten else []
    write_summary(terminalreporter, mode, orphans, notes)
