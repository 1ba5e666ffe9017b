"""One run of one scenario: recorder, validator and client, opened and concluded.

In: where the cassette is, which mode, which settings. Out: a `Workspace` for
the test to use, and after it a verdict: what was found, what must fail the
scenario, and a cassette written or left alone. It does not know pytest.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Any

from azml_contract.api_version import CLIENT
from azml_contract.complaints import (
    Expectation,
    Tally,
    missing,
    render_finding,
    unacknowledged,
    unexpected,
)
from azml_contract.errors import AzmlContractError
from azml_contract.exchange import Exchange, Request
from azml_contract.finding import Finding, Location, Severity
from azml_contract.redaction.user_rules import NO_RULES, UserRules
from azml_contract.settings import PLACEHOLDERS, Settings

if TYPE_CHECKING:
    import requests

    from azml_contract.client import Workspace
    from azml_contract.gateway.far_side import FarSide
    from azml_contract.gateway.shared_doors import SharedDoors
    from azml_contract.recording.engine import Recorder
    from azml_contract.recording.outside import Outside
    from azml_contract.recording.scrub import RedactionRules


class ScenarioFailed(AzmlContractError):
    """The scenario ran, and what it sent or received is not acceptable."""


@dataclass(frozen=True, slots=True)
class Plan:
    """What a run is to do; all of it is known before the scenario starts."""

    scenario: str
    api_version: str
    cassette: Path
    mode: str
    target: str
    settings: Settings
    profile: str = "service"
    expect: tuple[Expectation, ...] = ()
    bodies: Path | None = None
    record_command: str = "pytest --azml-mode=record"
    sanitizers: tuple[Any, ...] = ()
    matchers: tuple[Any, ...] = ()
    user_rules: UserRules = NO_RULES
    seed: bool = False
    rerun: Callable[[Path], str] | None = None
    spends: bool = True
    source_root: Path | None = None
    may_do_nothing: bool = False
    tests: tuple[str, ...] = ()
    reviews: bool = False

    @property
    def is_shared(self) -> bool:
        """Whether more tests than one make the recording; `tests` are their names."""
        return bool(self.tests)

    @property
    def configured_version(self) -> str:
        """The api-version that calls are to be made at; "" leaves it to each client."""
        return "" if self.api_version == CLIENT else self.api_version

    @property
    def reaches_emulator(self) -> bool:
        """Whether calls go out, to the emulator."""
        return self.mode != "replay" and self.target == "emulator"

    @property
    def sleeps(self) -> bool:
        """Whether waiting takes real time: only Azure itself makes us wait."""
        return self.mode != "replay" and self.target == "azure"


class Ending(StrEnum):
    """How a scenario ended; one that skipped itself, or was to fail, ended early."""

    PASSED = "passed"
    EARLY = "early"
    FAILED = "failed"


class ScenarioRun:
    """Context manager around one scenario; `workspace` is the `azml` fixture.

    `open` it, enter it, and call `conclude` once the scenario has passed: it
    raises where findings, unplanned or missing calls say otherwise, and only
    then is a cassette written. Leaving the context without it writes nothing.
    """

    def __init__(self, plan: Plan) -> None:
        from azml_contract.recording.call_site import CallSites
        from azml_contract.recording.engine import Mode, Recorder, RecorderSettings
        from azml_contract.validation.validator import Profile, Scope, Validator

        self.plan = plan
        self._sites = CallSites(plan.source_root)
        self.tally = Tally()
        self.ending: Ending | None = None
        self._earlier: list[Tally] = []
        self._exchanges_before = 0
        self._told: set[int] = set()
        self._unjudged: list[Finding] = []
        self._missed = 0
        self._is_concluded = False
        self._outside: Outside | None = None
        place = plan.settings
        self._validator = Validator(
            profile=Profile(plan.profile),
            scope=Scope(
                plan.configured_version,
                place.subscription,
                place.resource_group,
                place.workspace,
            ),
        )
        settings = RecorderSettings(
            path=plan.cassette,
            mode=Mode(plan.mode),
            scenario=plan.scenario,
            api_version=plan.api_version,
            target=plan.target,
            rules=redaction_rules(plan.settings, plan.user_rules),
            replay_rules=redaction_rules(PLACEHOLDERS, plan.user_rules),
            sanitizers=plan.sanitizers,
            canonicalisers=(*plan.matchers, *_as_recorded(plan.user_rules)),
            record_command=plan.record_command,
            keep_variables=plan.target == "emulator",
            enum_values=_enum_values(plan),
            seed_random=plan.seed,
            keep_headers=plan.user_rules.headers,
            rerun=plan.rerun,
            source_root=plan.source_root,
            tests=plan.tests,
            hurries=not plan.sleeps,
            reviews=plan.reviews,
        )
        self._recorder: Recorder = Recorder(settings, self._observe)
        self.workspace: Workspace = _open_workspace(plan, self._recorder)

    def open(self) -> None:
        """Start to record or replay.

        Raises:
            CassetteError: Replay has no cassette, or one that cannot be read.
        """
        self._recorder.__enter__()

    def __enter__(self) -> ScenarioRun:
        return self

    def __exit__(self, *failure: Any) -> None:
        self._recorder.__exit__(*failure)
        self.workspace.close()

    def wake(self) -> None:
        """Take the calls of this process, until `rest`."""
        self._recorder.wake()

    def rest(self) -> None:
        """Leave the calls of this process alone: they are of another scenario."""
        self._recorder.rest()

    def begin_part(self, bodies: Path | None) -> None:
        """The next of the tests that share this recording begins.

        Args:
            bodies: Where its bodies are.
        """
        self._earlier.append(self.tally)
        self.tally = Tally()
        self._exchanges_before = self._recorder.exchanges
        self._missed = len(self._recorder.misses())
        self.workspace.use_bodies(bodies)

    def judge_part(self) -> None:
        """Judge one of the tests that share this recording, at its end.

        Raises:
            ScenarioFailed: As `conclude`, but for what another test may still do.
            CassetteError: Replay lacked something that it asked for.
        """
        misses = self._recorder.misses()
        known, self._missed = self._missed, len(misses)
        if misses[known:]:
            raise misses[known]
        complaints = self._complaints()
        if complaints:
            raise ScenarioFailed("\n".join(complaints))

    def _complaints(self) -> list[str]:
        """Answers nobody looked at and findings nobody expected, each told once."""
        answers = [a for a in self.workspace.unacknowledged if id(a) not in self._told]
        self._told |= set(map(id, answers))
        found, self._unjudged = self._unjudged, []
        return [*unacknowledged(answers), *unexpected(found, self.plan.expect)]

    def note_ending(self, ending: Ending) -> None:
        """One of its tests ended so; the worst of all counts."""
        order = [None, Ending.PASSED, Ending.EARLY, Ending.FAILED]
        self.ending = max(self.ending, ending, key=order.index)

    def conclude(self, *, more_may_come: bool = False, partly: bool = False) -> None:
        """Judge a scenario that passed, and write its cassette in record and extend.

        Args:
            more_may_come: The test function is at its end, and code that may call
                is still to run: judge only what is wrong already.
            partly: Not every test that shares the recording ran: what these would
                have called is not missed.

        Raises:
            ScenarioFailed: An error finding nobody expected, an expected one
                that did not occur, an error answer nobody looked at, or no
                validated call at all.
            CassetteError: Interactions were left unplayed, a secret was about
                to be written, it would not replay, or verify found a difference.
        """
        if self._is_concluded:
            return
        self._settle_programs()
        tallies = [*self._earlier, self.tally]
        waits = more_may_come or partly
        complaints = [
            *self._complaints(),
            *([] if waits else missing(tallies, self.plan.expect)),
        ]
        self._is_concluded = bool(complaints) or not more_may_come
        if complaints:
            raise ScenarioFailed("\n".join(complaints))
        if more_may_come:
            return
        if self.plan.may_do_nothing and not self._recorder.exchanges:
            self._recorder.finish(partly=True)
            return
        validated = sum(tally.requests for tally in tallies)
        if validated == 0 and not self.plan.may_do_nothing:
            self._recorder.finish(partly=True)
            raise ScenarioFailed(
                "No call of this scenario was validated; a check of nothing is not "
                "a pass. Let it call the service through azml."
            )
        self._recorder.finish(partly=partly)
        self._recorder.save()

    def _settle_programs(self) -> None:
        if self._outside is not None:
            self._outside.settle()

    def end_early(self) -> None:
        """Keep what a scenario did that skipped itself, or failed as it was to.

        A cassette that is there stays: it may hold more.

        Raises:
            CassetteError: Replay missed a call; or what was recorded would not
                replay, or holds a secret.
        """
        if self._is_concluded:
            return
        self._settle_programs()
        self._is_concluded = True
        self._recorder.finish(partly=True)
        self._recorder.save(only_new=True)

    def remove_created(self) -> list[str]:
        """Delete what this run created at the service; see `cleanup`.

        What a recorded answer only says was created is not touched.
        """
        from azml_contract.cleanup import remove_created

        return remove_created(self.workspace, spare=self._recorder.stop())

    @contextmanager
    def leading_programs(
        self,
        doors: SharedDoors,
        far: FarSide | None,
        own: Mapping[str, str],
        before: Callable[[], object] | None = None,
    ) -> Iterator[dict[str, str]]:
        """Lead the programs of the scenario through a gateway of its recorder.

        Args:
            doors: The authority of the session, and its files.
            far: What lies behind; None for nothing: replay.
            own: Variables of the service: identity, workspace.
            before: Called before a program starts: what it may ask for is there then.

        Returns:
            The variables that lead a program there.
        """
        from azml_contract.gateway.environment import make_environment
        from azml_contract.recording.door import Door
        from azml_contract.recording.outside import Outside, PlayedHosts
        from azml_contract.recording.own import noting_own

        outside = Outside(
            self._recorder,
            far or PlayedHosts(self._recorder.hosts()),
            doors.authority,
            refused=self._refuse_program if far is None else None,
        )
        self._recorder.door = Door(outside.port)
        self._outside = outside
        self._recorder.before_program = before
        with noting_own(outside.port) as is_own:
            outside.is_own = is_own
            outside.start()
            try:
                led = make_environment(replace(doors.doors, proxy=outside.url), own)
                # In replay nothing of this machine is reached either.
                yield led | ({"NO_PROXY": "", "no_proxy": ""} if far is None else {})
            finally:
                outside.close()

    def _refuse_program(self, host: str) -> None:
        """Replay: note what a program that the scenario started asked for."""
        self._recorder.refuse(f"{host} in a program of its own,")

    @property
    def absent(self) -> AzmlContractError | None:
        """Replay: that there is no cassette; every other failure follows from it."""
        return self._recorder.absent

    def describe_faults(self, error: Exception) -> str:
        """For a request that the cassette lacks: what is wrong with it, if anything."""
        from azml_contract.recording.miss import NoMatchingInteraction

        if not isinstance(error, NoMatchingInteraction):
            return ""
        found = self._validator.check_request(error.request).findings
        told = [one for one in found if one.severity is not Severity.INFO]
        if not told:
            return ""
        lines = "\n".join(render_finding(one) for one in told)
        return f"What was sent breaks its contract:\n{lines}"

    def describe_differences(self) -> str:
        """For a scenario that failed: what differed from the cassette up to there."""
        return self._recorder.describe_differences()

    def redact(self, text: str) -> str:
        """A text about this run without the secrets that the run has seen."""
        return self._recorder.redact(text)

    @property
    def exchanges(self) -> int:
        """How many calls went through, repeated polls included; of this part."""
        return self._recorder.exchanges - self._exchanges_before

    @property
    def target(self) -> str:
        """What answered: in replay, what the cassette was recorded from."""
        return self._recorder.target

    @property
    def unseen(self) -> tuple[str, ...]:
        """What it did while recording that no cassette can hold, in words."""
        return self._recorder.unseen

    @property
    def programs(self) -> tuple[str, ...]:
        """Programs that it started while recording, where no call of any was seen."""
        return self._recorder.programs

    @property
    def recorded_at(self) -> str:
        """When what was played was recorded; ``""`` where nothing was played."""
        return self._recorder.recorded_at

    def _observe(self, exchange: Exchange) -> None:
        verdict = self._validator.check(exchange)
        if not self.workspace.is_sending:
            found = tuple(map(_of_another_client, verdict.findings))
            verdict = replace(verdict, findings=found)
        self.tally.add(verdict)
        self._unjudged += map(self._locate, verdict.findings)

    def _locate(self, finding: Finding) -> Finding:
        """An error with the line of the project that made the call, if one did."""
        site = self._sites.find() if finding.severity is Severity.ERROR else ""
        file, _, line = site.rpartition(":")
        return (
            finding._replace(location=Location(file, int(line), 1)) if file else finding
        )


def _of_another_client(finding: Finding) -> Finding:
    """A client of somebody else's chooses its api-version: that is no fault."""
    if finding.code != "AZC142":
        return finding
    return finding._replace(severity=Severity.INFO)


def redaction_rules(settings: Settings, user: UserRules = NO_RULES) -> RedactionRules:
    """What must not reach a cassette: by the settings, the contract, the project."""
    from azml_contract.contract.catalog import secret_property_names
    from azml_contract.contract.secret_places import find_secret_places
    from azml_contract.recording.scrub import Identifier, RedactionRules

    kinds = {
        "subscription": "subscription",
        "tenant": "tenant",
        "client_id": "client",
        "resource_group": "resource_group",
        "workspace": "workspace",
        "storage_account": "storage_account",
    }
    identifiers = [
        Identifier(kind, value, getattr(PLACEHOLDERS, name))
        for name, kind in kinds.items()
        if (value := getattr(settings, name)) and settings is not PLACEHOLDERS
    ]
    secret = settings.client_secret
    return RedactionRules(
        identifiers=(
            *identifiers,
            *(Identifier("name", *pair) for pair in user.identifiers),
        ),
        secrets=(
            *((secret,) if secret and settings is not PLACEHOLDERS else ()),
            *user.secrets,
        ),
        secret_properties=secret_property_names() | user.properties,
        secret_places=find_secret_places,
    )


def _enum_values(plan: Plan) -> dict[str, frozenset[str]]:
    if plan.mode != "verify" or not plan.configured_version:
        return {}
    from azml_contract.contract.catalog import enum_values

    return enum_values(plan.api_version)


def _as_recorded(user: UserRules) -> list[Callable[[Request], Request]]:
    """What lets replay find a request that names what the project has replaced."""
    if not (user.identifiers or user.secrets):
        return []
    from azml_contract.recording.scrub import Identifier, RedactionRules
    from azml_contract.redaction.redact import Redactor

    names = tuple(Identifier("name", *pair) for pair in user.identifiers)
    redactor = Redactor(RedactionRules(identifiers=names, secrets=user.secrets))

    def rewrite(request: Request) -> Request:
        url = redactor.url(request.url)
        try:
            body = redactor.text(request.body.decode()).encode()
        except UnicodeDecodeError:
            body = redactor.binary(request.body)
        return replace(request, url=url, body=body)

    return [rewrite]


def _open_workspace(plan: Plan, recorder: Recorder) -> Workspace:
    from azml_contract.client import Workspace
    from azml_contract.contract.catalog import newest_stable
    from azml_contract.lro import InstantClock, SystemClock
    from azml_contract.regression.reads import track
    from azml_contract.rest.cost import refuse_cost

    def taker() -> Recorder:
        return recorder.innermost() or recorder

    def draw(name: str, value: Callable[[], Any]) -> Any:
        return taker().var(name, value)

    def wrap(value: Any, response: requests.Response) -> Any:
        taken_by = taker()
        return track(value, lambda pointer: taken_by.note_read(response, pointer))

    return Workspace(
        plan.settings,
        api_version=plan.configured_version or newest_stable(),
        clock=SystemClock() if plan.sleeps else InstantClock(),
        draw=draw,
        wrap=wrap,
        bodies=plan.bodies,
        progress=_print_progress if plan.sleeps else None,
        guard=None if plan.spends else refuse_cost,
    )


def _print_progress(line: str) -> None:
    print(line, file=sys.stderr, flush=True)  # noqa: T201
