"""The end of a scenario under pytest: judged, concluded and published.

In: a test and its run. Out: a failure of the test where the run is not acceptable,
and its figures for the summary. A scenario ends with its last teardown; one that
has none is concluded with its test function, so that what is wrong is a failure
and not an error of the teardown.
"""

from __future__ import annotations

import inspect
import traceback
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from unittest import SkipTest

import pytest

from azml_contract.errors import AzmlContractError
from azml_contract.printable import make_printable
from azml_contract.scenario import Ending, ScenarioRun

_SILENT = ("azml_contract.", "_pytest.")
_CALLING = ("_pytest.python", "_pytest.unittest")
"""Where pytest keeps the fixtures that run setup_method, teardown_method and alike."""


@contextmanager
def after_call(item: pytest.Item, runs: Sequence[ScenarioRun]) -> Iterator[None]:
    """Around a test function: judge it, and conclude it if nothing can follow.

    Args:
        item: The test.
        runs: Its recordings; the last takes its calls, the others are shared.
    """
    run = runs[-1]
    try:
        yield
        kept = getattr(item, "_excinfo", None)
        if kept:  # unittest lets nothing through that a test raises
            raise kept.pop(0).value
        for one in runs:
            if one.plan.is_shared:
                one.judge_part()
            else:
                one.conclude(more_may_come=may_still_call(item))
    except AzmlContractError as error:
        message = _explain(error, run.describe_faults(error), item)
        _report_differences(item, run, message)
        if _expects_an_exception(item):
            raise
        raise pytest.fail.Exception(message, pytrace=False) from None
    except Exception:
        _report_differences(item, run, "")
        raise
    finally:
        _publish(item, runs)


def after_teardown(item: pytest.Item, run: ScenarioRun) -> None:
    """After the last teardown, none of which failed: conclude what is not yet."""
    try:
        with _failing(item, run):
            if run.ending is Ending.PASSED:
                run.conclude()
            elif run.ending is Ending.EARLY:
                run.end_early()
    finally:
        _publish(item, [run])


def conclude_shared(item: pytest.Item, run: ScenarioRun, *, partly: bool) -> None:
    """After the last teardown of all tests that share a recording: conclude it.

    One test that failed keeps it from being written. Where one skipped itself, a
    recording that is there is left alone, as it may hold more.
    """
    if run.ending not in (Ending.PASSED, Ending.EARLY):
        return
    with _failing(item, run):
        if run.ending is Ending.EARLY and run.plan.mode == "record":
            run.end_early()
        else:
            run.conclude(partly=partly)


@contextmanager
def _failing(item: pytest.Item, run: ScenarioRun) -> Iterator[None]:
    """Fail a test by what its run says, without a traceback."""
    try:
        yield
    except AzmlContractError as error:
        message = _explain(error, run.describe_faults(error), item)
        raise pytest.fail.Exception(message, pytrace=False) from None


def tell_absent(call: pytest.CallInfo[None], run: ScenarioRun) -> None:
    """Without a cassette every failure says so, whatever a client made of it."""
    found = call.excinfo
    if run.absent is None or found is None:
        return
    if isinstance(found.value, Exception) and not isinstance(found.value, SkipTest):
        told = pytest.fail.Exception(str(run.absent), pytrace=False)
        told.__traceback__ = found.value.__traceback__
        call.excinfo = pytest.ExceptionInfo.from_exception(told)


def note_outcome(run: ScenarioRun, report: pytest.TestReport) -> None:
    """Remember how a scenario ended, as pytest sees it: an expected failure is none."""
    if report.when == "teardown" or (report.when == "setup" and report.passed):
        return
    endings = {"passed": Ending.PASSED, "skipped": Ending.EARLY}
    run.ending = endings.get(report.outcome, Ending.FAILED)


def may_still_call(item: pytest.Item) -> bool:
    """Whether code of the project runs after the test function."""
    state = getattr(item.session, "_setupstate", None)
    try:
        finalizers: list[Any] = state.stack[item][0][1:]  # type: ignore[union-attr]
    except (AttributeError, KeyError, TypeError):
        return True
    return any(map(_is_foreign, finalizers))


def _is_foreign(finalizer: Any) -> bool:
    fixture = getattr(getattr(finalizer, "func", finalizer), "__self__", None)
    if not isinstance(fixture, pytest.FixtureDef):
        return True
    place = fixture.func.__module__
    if place.startswith(_SILENT) and place not in _CALLING:
        return False
    own = (one for one in getattr(fixture, "_finalizers", ()) if not _is_chained(one))
    generates = inspect.isgeneratorfunction(fixture.func)
    return generates or inspect.isasyncgenfunction(fixture.func) or any(own)


def _is_chained(finalizer: Any) -> bool:
    """Whether a finalizer is pytest's own, such as the end of another fixture."""
    function = getattr(finalizer, "func", finalizer)
    holder = getattr(function, "__self__", None)
    own = getattr(function, "__module__", "").startswith("_pytest.")
    return own or isinstance(holder, pytest.FixtureDef)


def _expects_an_exception(item: pytest.Item) -> bool:
    """Whether the test is marked to fail by an exception of its choice."""
    marks: Iterable[pytest.Mark] = item.iter_markers("xfail")
    return any("raises" in mark.kwargs for mark in marks)


def _report_differences(item: pytest.Item, run: ScenarioRun, message: str) -> None:
    """Why a scenario failed is often a difference, or a miss, before that."""
    text = "" if run.absent else run.describe_differences()
    if text and text.partition("\n")[0] not in message:
        item.add_report_section("call", f"azml-contract {run.plan.mode}", text)


def _explain(error: Exception, faults: str, item: pytest.Item) -> str:
    """The error's message, and the line of the scenario that led to it."""
    text = make_printable(f"{error}\n{faults}" if faults else str(error))
    frames = traceback.extract_tb(error.__traceback__)
    here = [frame for frame in frames if Path(frame.filename) == item.path]
    if not here:
        return text
    last = here[-1]
    return f"{text}\n\nat {item.path.name}:{last.lineno}: {last.line}"


def _publish(item: pytest.Item, runs: Sequence[ScenarioRun]) -> None:
    """Hand the figures to the report, which reaches the controller under xdist."""
    named = {"azml": runs[-1]}
    named |= {f"azml {one.plan.scenario}": one for one in runs[:-1]}
    others = [one for one in item.user_properties if one[0] not in named]
    figures = [(name, _figures(one)) for name, one in named.items()]
    item.user_properties[:] = [*others, *figures]


def _figures(run: ScenarioRun) -> dict[str, Any]:
    return {
        **run.tally.figures(run.exchanges, run.plan.expect),
        "cassette": str(run.plan.cassette),
        "absent": run.absent is not None,
        "target": run.target,
        "recorded_at": run.recorded_at,
        "record_command": run.plan.record_command,
        "scenario": run.plan.scenario,
        "unseen": list(run.unseen),
        "programs": list(run.programs),
    }
