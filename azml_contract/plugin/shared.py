"""Recordings that several tests share: opened, handed on from test to test, concluded.

In: the tests of a session, in their order. Out: the `azml` fixture at a wider scope,
and a cassette when the last test of that scope is over. Between its tests a recording
rests, so that tests of others are left alone.
"""

from __future__ import annotations

import os
import unittest
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from typing import TYPE_CHECKING, Any

import pytest

from azml_contract.plugin.discreet import DISCREET_KEY
from azml_contract.plugin.marker import set_up_first
from azml_contract.plugin.scopes import (
    Extent,
    extents_of,
    may_lack_tests,
    name_in,
    names_by_extent,
    own_scope,
    say_spread,
    span_of,
)

if TYPE_CHECKING:
    from azml_contract.client import Workspace
    from azml_contract.emulator.server import Emulator
    from azml_contract.scenario import ScenarioRun

OWN = "_azml_own"
"""The fixture of a test's own recording, where it shares another one besides."""
WIDE_KEY = pytest.StashKey["SharedRuns"]()


class Shared:
    """One recording, from the first of its tests to the last."""

    def __init__(
        self, extent: Extent, run: ScenarioRun, emulator: Emulator | None
    ) -> None:
        self.extent = extent
        self.run = run
        self.emulator = emulator
        self.ran: set[str] = set()
        self._variables: dict[str, str] = {}
        self._patch: pytest.MonkeyPatch | None = None

    def lead(self, variables: dict[str, str]) -> None:
        """Begin, with these variables in the environment whenever it is awake."""
        self._variables = variables
        self._set_variables()

    def wake(self) -> None:
        """Take the calls of a test."""
        if self._patch is None:
            self.run.wake()
            self._set_variables()

    def rest(self) -> None:
        """Leave what comes alone, until `wake`."""
        if self._patch is not None:
            self._patch.undo()
            self._patch = None
            self.run.rest()

    def _set_variables(self) -> None:
        from azml_contract.gateway.environment import add_to

        self._patch = pytest.MonkeyPatch()
        for name, value in add_to(self._variables, os.environ).items():
            self._patch.setenv(name, value)


class SharedRuns:
    """The shared recordings of a session; at most one of each scope is open."""

    def __init__(self, session: pytest.Session, collected: Sequence[Any]) -> None:
        self._session: Any = session
        self._open: dict[str, Shared] = {}
        self._ended: list[Shared] = []
        self._over: set[Extent] = set()
        self._collected = names_by_extent(collected)

    def of(self, item: pytest.Item) -> list[Shared]:
        """Those that are open and that a test is within, the widest first."""
        extents = extents_of(item)
        return [one for one in self._open.values() if one.extent in extents]

    def begin(self, item: Any) -> None:
        """Before anything is set up for a test."""
        self._finish_others(item, item)
        for one in self.of(item):
            one.wake()
            one.run.begin_part(item.path.parent / "bodies")
            if one.run.plan.mode == "replay":
                discreet = item.config.stash[DISCREET_KEY]
                discreet.also(one.run.redact, replayed=True)
            hand_to_case(item.cls, one.run.workspace)

    def _finish_others(self, item: Any, following: Any) -> None:
        """Tear down what does not go on with the following test, though its node does.

        pytest ends a fixture with its node; an api-version ends before that.
        """
        for extent in extents_of(following):
            one = self._open.get(extent.scope)
            if one is not None and one.extent != extent:
                manager = self._session._fixturemanager
                found = manager.getfixturedefs(f"_azml_{extent.scope}", item)
                one.wake()
                found[-1].finish(item._request)
        self._conclude(item)

    def before_teardown(self, item: Any, following: Any) -> None:
        """Wake what ends with this test: fixtures that use it are torn down first."""
        stays = {id(node) for node in following.listchain()} if following else set()
        for one in self._open.values():
            if id(span_of(item, one.extent.scope)) not in stays:
                one.wake()

    def after_teardown(self, item: Any, following: Any) -> None:
        """Conclude what has ended."""
        if following is not None:
            self._finish_others(item, following)
        self._conclude(item)

    def forget_ended(self) -> None:
        """A teardown failed: what ended with it is not kept."""
        self._ended.clear()

    def rest(self) -> None:
        """Leave the calls of this process alone until the next test begins."""
        for one in reversed(self._open.values()):
            one.rest()

    def open(self, request: Any, scope: str) -> Iterator[Workspace]:
        """The fixture: a workspace whose calls are recorded or played for all tests."""
        from azml_contract.errors import AzmlContractError
        from azml_contract.plugin.opening import opening, remove_created
        from azml_contract.plugin.plan import plan_shared

        item = request._pyfuncitem
        extent = next(one for one in extents_of(item) if one.scope == scope)
        items = [one for one in self._session.items if extent in extents_of(one)]
        reason = say_spread(extent, items, request.config) or self._say_over(extent)
        if reason:
            raise pytest.fail.Exception(reason, pytrace=False)
        with ExitStack() as entered:
            try:
                partly = not self._has_all(extent, {name_in(i, scope) for i in items})
                plan = plan_shared(request, extent, items, partly=partly)
                emulator = None
                if plan.reaches_emulator:
                    emulator = request.getfixturevalue("_azml_second_emulator")
                    if not self._open:
                        emulator.reset()
                opened = opening(request, plan, emulator)
                run, variables = entered.enter_context(opened)
            except (AzmlContractError, ValueError) as error:
                raise pytest.fail.Exception(str(error), pytrace=False) from None
            one = self._open[scope] = Shared(extent, run, emulator)
            one.lead(variables)
            hand_to_case(item.cls, run.workspace)
            try:
                yield run.workspace
                remove_created(run, request.config)
            finally:
                self._end(one)

    def note_outcome(self, item: Any, report: pytest.TestReport) -> None:
        """Remember how a test ended, for each recording that it is within."""
        from azml_contract.scenario import Ending

        for one in self.of(item):
            if report.failed:
                one.run.note_ending(Ending.FAILED)
            elif report.when == "call" and report.skipped and not _as_meant(report):
                one.run.note_ending(Ending.EARLY)
            elif report.when == "call":
                one.run.note_ending(Ending.PASSED)
                one.ran.add(name_in(item, one.extent.scope))

    def _end(self, one: Shared) -> None:
        one.rest()
        del self._open[one.extent.scope]
        self._ended.append(one)
        self._over.add(one.extent)

    def _say_over(self, extent: Extent) -> str:
        if extent not in self._over:
            return ""
        return (
            f"The recording of {extent} at {extent.place.version} is over, and one of "
            "its tests comes after it. Run them in a row, not in random order."
        )

    def _has_all(self, extent: Extent, names: set[str]) -> bool:
        """Whether these are all tests of a recording, as far as can be known."""
        expected = set(self._collected.get(extent, ()))
        if may_lack_tests(extent, self._session.config):
            expected |= set(_recorded_tests(extent))
        return names >= expected

    def _conclude(self, item: Any) -> None:
        """Judge and keep what has ended.

        Raises:
            pytest.fail.Exception: It is not acceptable.
        """
        from azml_contract.plugin.ending import conclude_shared

        ended, self._ended = self._ended, []
        with ExitStack() as concluding:  # each of them, whatever one of them raises
            for one in reversed(ended):
                partly = not self._has_all(one.extent, one.ran)
                concluding.callback(conclude_shared, item, one.run, partly=partly)


def _recorded_tests(extent: Extent) -> Sequence[str]:
    from azml_contract.cassette.cassette import load_cassette
    from azml_contract.errors import CassetteError

    try:
        return load_cassette(extent.place.path).tests
    except CassetteError:
        return ()


def _as_meant(report: pytest.TestReport) -> bool:
    """Whether a test failed as it was to."""
    return hasattr(report, "wasxfail")


def hand_to_case(cls: type | None, workspace: Workspace) -> None:
    """Let a `unittest.TestCase` find the workspace in `self.azml`."""
    if cls is not None and issubclass(cls, unittest.TestCase):
        cls.azml = workspace  # type: ignore[attr-defined]


def _make_fixture(scope: Any) -> Callable[..., Any]:
    @pytest.fixture(scope=scope, name=f"_azml_{scope}")
    def shared(request: pytest.FixtureRequest) -> Iterator[Workspace]:
        yield from request.session.stash[WIDE_KEY].open(request, scope)

    return shared


azml_of_class = _make_fixture("class")
azml_of_module = _make_fixture("module")
azml_of_session = _make_fixture("session")


def give_shared(item: Any) -> None:
    """Let the recordings that a test shares be opened for it, the widest first.

    `azml` is the widest, so that fixtures of any scope may ask for it; whichever
    workspace they use, the innermost recording takes the call.
    """
    extents = extents_of(item)
    if not extents:
        return
    known = item._fixtureinfo.name2fixturedefs
    manager = item.session._fixturemanager
    names = [f"_azml_{one.scope}" for one in extents]
    widest = manager.getfixturedefs(names[0], item)[-1]
    own, *overriding = known["azml"]
    if own is widest:  # of the same test at another api-version
        return
    known["azml"] = (widest, *overriding)
    if own_scope(item) == "function":
        known[OWN] = (own,)
        names.append(OWN)
    for name in ["azml", *names[1:]]:
        set_up_first(item, name)
