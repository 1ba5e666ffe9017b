"""One run of programs that know nothing of us: recorded, or played to.

In: what lies behind the gateway, recorder settings. Out: the environment that leads
clients through a gateway of the recorder's own, and after the run a report: what was
called, found, missed, refused. Wiring, without click; `commands/` drives it.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple, Self

from azml_contract.complaints import Tally
from azml_contract.emulator.state_folder import hold_folder
from azml_contract.errors import show_path
from azml_contract.exchange import CLIENT_LEFT, Response
from azml_contract.finding import Severity
from azml_contract.gateway.certificates import Authority
from azml_contract.gateway.environment import (
    make_environment,
    open_doors,
)
from azml_contract.gateway.hosts import matches
from azml_contract.recording.engine import Recorder, RecorderSettings
from azml_contract.recording.identity import is_identity
from azml_contract.recording.miss import say_call
from azml_contract.recording.outside import Outside
from azml_contract.report.run import (
    count,
    describe_findings,
    describe_validated,
)

if TYPE_CHECKING:
    from azml_contract.cassette.interaction import Interaction
    from azml_contract.exchange import Exchange, Request
    from azml_contract.gateway.far_side import FarSide
    from azml_contract.validation.validator import Validator

_SHOWN = 10
_KEPT_AUTHORITY = "authority.pem"


class Alone(NamedTuple):
    """A program's own recording among others, and the command that plays it alone."""

    path: Path
    command: str


@dataclass(frozen=True, slots=True)
class CommandPlan:
    """What a run is to do.

    Args:
        recorder: Mode, cassette, rules.
        far: What lies behind the gateway.
        domains: What its certificates may speak for.
        own: Variables of the service for clients: identity, workspace.
        profile: How calls are judged.
        state: A folder that keeps authority and files for the next run.
        port: Of the gateway; 0 picks a free one.
        guard: Raises for a live request that must not be sent.
        forgives: Patterns of hosts whose refusal is no fault.
        roots: Certificates that clients trust besides, PEM.
        observe: Called with each live call and the seconds it took.
        names: The file and number of each interaction that is played.
        alone: The program's own of several recordings that are played.
    """

    recorder: RecorderSettings
    far: FarSide
    domains: Sequence[str]
    own: Mapping[str, str] = field(default_factory=dict)
    profile: str = "service"
    state: Path | None = None
    port: int = 0
    guard: Callable[[Request], None] | None = None
    forgives: Sequence[str] = ()
    roots: bytes = b""
    observe: Callable[[Exchange, float], None] | None = None
    names: Sequence[tuple[Path, int]] = ()
    alone: Alone | None = None


@dataclass(slots=True)
class Report(Tally):
    """What came of a run: lines to be printed, and whether anything is wrong.

    `interactions` went through; of their `calls`, as many `requests` and `responses`
    were validated.
    """

    interactions: int = 0
    lines: list[str] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)

    def is_wrong(self, least: Severity | None) -> bool:
        """Whether something was found; `least` is the mildest finding that counts."""
        from azml_contract.report.checked import is_at_least

        return bool(self.problems) or (
            least is not None and any(is_at_least(f, least) for f in self.findings)
        )

    def to_json(self) -> dict[str, Any]:
        """For programs: the account of calls, and what was found."""
        return {
            "interactions": self.interactions,
            "validated": {"requests": self.requests, "responses": self.responses},
            "calls": self.calls.to_json(),
            "findings": [one.to_json() for one in self.findings],
            "notes": self.lines,
            "problems": self.problems,
        }


class CommandRun:
    """Context manager around one run."""

    def __init__(self, plan: CommandPlan) -> None:
        self.plan = plan
        self.recorder = Recorder(plan.recorder)
        self._entered = ExitStack()
        self._outside: Outside | None = None
        self._played: list[int] = []
        self.environ: dict[str, str] = {}

    def __enter__(self) -> Self:
        plan = self.plan
        with ExitStack() as entered:
            entered.enter_context(self.recorder)
            folder = plan.state or entered.enter_context(hold_folder())
            folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            kept = folder / _KEPT_AUTHORITY if plan.state else None
            authority = Authority(plan.domains, kept=kept)
            self._outside = Outside(
                self.recorder,
                plan.far,
                authority,
                guard=plan.guard,
                port=plan.port,
                observe=plan.observe,
                control=self._control if self.recorder.replaying else None,
            )
            entered.callback(self._outside.close)
            bundle = folder / "bundle.pem"
            authority.write_bundle(bundle, plan.roots)
            doors = open_doors(folder, self._outside.url, bundle)
            self.environ = make_environment(doors, plan.own)
            self._outside.start()
            self._entered = entered.pop_all()
        return self

    def __exit__(self, *failure: Any) -> None:
        self._entered.__exit__(*failure)

    @property
    def url(self) -> str:
        """What goes into ``HTTPS_PROXY``."""
        assert self._outside is not None
        return self._outside.url

    def report(self) -> Report:
        """Judge what went through so far."""
        assert self._outside is not None
        self._outside.settle()
        report = Report()
        replaying = self.recorder.replaying
        self._judge(report)
        figures = report.figures(report.interactions)
        source = "recorded from" if replaying else "target"
        report.lines.append(
            f"{source} {self.recorder.target}: "
            f"{count(report.interactions, 'interaction')}{self._say_programs()}"
        )
        report.lines += describe_validated([figures])
        report.lines += describe_findings([figures])
        if replaying:
            self._tell_played(report)
        elif not report.interactions:
            report.problems += self._say_nothing_came()
        elif not report.calls.judged and not report.requests:
            calls = report.calls
            told = [
                f"{name}: {', '.join(counts)}."
                for name, counts in (
                    ("What was called", calls.skipped),
                    ("Not judged", calls.not_judged),
                )
                if counts
            ]
            none = "No call was validated; a check of nothing is not a pass."
            report.problems.append(" ".join([none, *told]))
        self._tell_seen(report)
        return report

    def _say_nothing_came(self) -> list[str]:
        """Why nothing was recorded; nothing where `_tell_seen` says it."""
        assert self._outside is not None
        seen = self._outside.seen
        if seen.distrusting:
            return []
        if seen.refused or seen.unasked or seen.passed:
            return ["Nothing to record: the command called no host that is recorded."]
        why = (
            "No call came through the gateway: the command called nothing, or a client"
        )
        return [f"{why} that looks neither at HTTPS_PROXY nor at the other variables."]

    def say_created(self) -> list[str]:
        """What calls created and nobody deleted, one line for each."""
        left: dict[str, str] = {}
        for exchange in self.recorder.taken():
            request, failure = exchange.request, exchange.failure
            status = exchange.response.status
            key = request.path.lower().rstrip("/")
            if request.method == "PUT" and "/providers/" in key:
                if status == 201:
                    left[key] = f"created, and still there: {request.path}"
                elif failure and not failure.is_of_connecting and key not in left:
                    left[key] = f"perhaps created, as no answer came: {request.path}"
            elif request.method == "DELETE" and 200 <= status < 300:
                left = {
                    k: v for k, v in left.items() if not f"{k}/".startswith(f"{key}/")
                }
        return list(left.values())

    def _plays(self) -> list[int]:
        """How often each interaction was played, since the start."""
        now = self.recorder.plays
        before = self._played or [0] * len(now)
        return [one + other for one, other in zip(before, now, strict=True)]

    def _control(self, request: Request) -> Response | None:
        """What a test suite asks of the gateway itself: how it stands, and again.

        ``GET /`` tells what was played and missed; ``POST /rewind`` plays from the
        beginning, for the next test.
        """
        assert self._outside is not None
        if (request.method, request.path) == ("POST", "/rewind"):
            self._played = self._plays()
            self.recorder.rewind()
        elif (request.method, request.path) != ("GET", "/"):
            return None
        misses = self._outside.seen.misses
        told = {
            "interactions": len(self.recorder.plays),
            "played": sum(1 for times in self.recorder.plays if times),
            "misses": [str(error) for _, error in misses],
            "refused": dict(self._outside.seen.refused),
        }
        headers = (("Content-Type", "application/json"),)
        return Response(200, headers, json.dumps(told, indent=2).encode() + b"\n")

    def _say_programs(self) -> str:
        assert self._outside is not None
        names = sorted(self._outside.seen.programs)
        if not names:
            return ""
        more = f" and {len(names) - 5} more" if len(names) > 5 else ""
        return f" of {', '.join(names[:5])}{more}"

    def _judge(self, report: Report) -> None:
        validator = _make_validator(self.plan.profile)
        for exchange, times in self._seen_exchanges():
            report.add(validator.check(exchange), times)
            report.interactions += times

    def _seen_exchanges(self) -> list[tuple[Exchange, int]]:
        played = self.recorder.played
        if played is None:
            return [(one, 1) for one in self.recorder.taken()]
        pairs = zip(played.interactions, self._plays(), strict=True)
        return [(one.exchange, times) for one, times in pairs if times]

    def _tell_played(self, report: Report) -> None:
        assert self._outside is not None
        misses = self._outside.seen.misses
        report.problems += [str(error) for _, error in misses[:_SHOWN]]
        if len(misses) > _SHOWN:
            report.problems.append(f"And {len(misses) - _SHOWN} more misses.")
        if misses:
            report.lines.append(
                "If the program itself draws a name in what was missed, tell its form: "
                "--draws REGEX"
            )
        unused = self._unused()
        if unused:
            alone = self.plan.alone
            if alone and any(path != alone.path for path, _, _ in unused):
                counts = Counter(show_path(path) for path, _, _ in unused)
                lines = [
                    f"  {path}: {number} of them" for path, number in counts.items()
                ]
                lines += ["To play the recording of this program alone:"]
                lines += [f"  {alone.command}"]
            else:
                lines = [*_list_unused(unused), "If it is to do less:"]
                lines += [f"  {self.plan.recorder.record_command}"]
            made = count(len(unused), "recorded interaction")
            report.problems.append("\n".join([f"{made} nobody made:", *lines]))

    def _unused(self) -> list[tuple[Path, int, Interaction]]:
        """What was recorded and not played, but logins; each with its place."""
        played = self.recorder.played
        assert played is not None
        places = zip(self.plan.names, played.interactions, self._plays(), strict=True)
        return [
            (path, number, one)
            for (path, number), one, times in places
            if not times and not is_identity(one.request)
        ]

    def _tell_seen(self, report: Report) -> None:
        assert self._outside is not None
        seen = self._outside.seen
        for host, times in sorted(seen.refused.items()):
            line = f"refused {times} times: {host}" if times > 1 else f"refused: {host}"
            name = host.partition(" ")[0]
            if matches(name, self.plan.forgives):
                report.lines.append(line)
            else:
                report.problems.append(f"{line}. If it does not matter: --forgive HOST")
        if seen.unasked:
            hosts = ", ".join(sorted(seen.unasked))
            report.lines.append(f"refused, as no client needs them: {hosts}")
        lost = [
            f"{one.request.method} {one.request.host}{one.request.path}"
            for one, times in self._seen_exchanges()
            if one.failure is not None and one.failure.raised == CLIENT_LEFT
            for _ in range(times)
        ]
        if lost:
            more = f" and {len(lost) - _SHOWN} more" if len(lost) > _SHOWN else ""
            report.lines.append(
                f"{count(len(lost), 'call')} the program gave up before the answer "
                f"came: {', '.join(lost[:_SHOWN])}{more}"
            )
        if seen.passed:
            hosts = ", ".join(f"{h} x{n}" for h, n in sorted(seen.passed.items()))
            report.lines.append(f"passed on, unread and not recorded: {hosts}")
        for host, times in sorted(seen.distrusting.items()):
            report.problems.append(
                f"{count(times, 'connection')} to {host} ended in the handshake: the "
                "client does not trust the gateway. docs/any-client.md says which "
                "variable it looks at."
            )
        report.problems += [*seen.guarded, *seen.defects]


def _list_unused(unused: Sequence[tuple[Path, int, Interaction]]) -> list[str]:
    """The first calls of all, below their files."""
    lines = []
    for path, group in groupby(unused[:_SHOWN], key=lambda each: each[0]):
        lines.append(f"  {show_path(path)}:")
        lines += [
            f"    {number}: {say_call(one.method, one.url)} -> {one.status}"
            for _, number, one in group
        ]
    more = len(unused) - _SHOWN
    return [*lines, *([f"  and {more} more"] if more > 0 else [])]


def _make_validator(profile: str) -> Validator:
    from azml_contract.validation.validator import Profile, Validator

    return Validator(profile=Profile(profile))
