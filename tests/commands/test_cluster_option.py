"""`--cluster`, as far as it goes without a cluster; tests/clients has the rest."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from azml_contract.commands import cluster

STORY = Path(__file__).parents[2] / "cassettes" / "failures" / "cancel"
AT = ("--cluster", "tls://nowhere:8786")


@pytest.mark.parametrize("command", ["regress", "check"])
def test_without_dask_the_extra_is_named(
    run: Callable[..., Any], monkeypatch: pytest.MonkeyPatch, command: str
) -> None:
    monkeypatch.setitem(sys.modules, "distributed", None)
    done = run(command, STORY, *AT)
    assert done.code == 2
    assert done.err == (
        "Error: --cluster needs Dask: pip install 'azml-contract[cluster]'\n"
    )


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("check", "-", *AT), "the standard input is here alone"),
        (("regress", "--merge", "a.json", *AT), "leave --cluster out"),
    ],
)
def test_what_no_cluster_can_do_is_refused(
    run: Callable[..., Any], words: tuple[str, ...], message: str
) -> None:
    done = run(*words)
    assert done.code == 2
    assert message in done.err


class Answers:
    """A client of Dask whose one worker is this process."""

    def __init__(self, told: dict[str, Any]) -> None:
        self._told = told

    def run(self, *_: Any, **__: Any) -> dict[str, Any]:
        return self._told

    def submit(self, act: Any, *words: Any, **_: Any) -> Any:
        made: list[Any] = []
        try:
            made.append(act(*words))
        except Exception as error:  # noqa: BLE001 - as a worker hands it on
            made.append(error)

        class Future:
            @staticmethod
            def result() -> Any:
                if isinstance(made[0], Exception):
                    raise made[0]
                return made[0]

        return Future

    def __enter__(self) -> Answers:
        return self

    def __exit__(self, *_: object) -> None:
        pass


@pytest.fixture
def connect(monkeypatch: pytest.MonkeyPatch) -> Callable[[dict[str, Any]], None]:
    def use(told: dict[str, Any]) -> None:
        monkeypatch.setattr(cluster, "_connect", lambda _: Answers(told))

    return use


@pytest.mark.parametrize("command", ["regress", "check"])
def test_batches_come_to_the_same_report(
    run: Callable[..., Any],
    connect: Callable[[dict[str, Any]], None],
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    command: str,
) -> None:
    monkeypatch.setattr(cluster, "_BATCH", 2)
    connect({"tcp://w": cluster.version("azml-contract")})
    broken = tmp_path / "broken.json"
    broken.write_text('{"format": 2', "utf-8")
    asked = (command, STORY, broken, "--format", "json")
    there, here = run(*asked, *AT), run(*asked)
    assert (there.code, there.out) == (here.code, here.out)
    assert "broken.json" in there.out


@pytest.mark.parametrize(
    ("told", "message"),
    [
        ({}, "it has no worker."),
        ({"tcp://w": "0.0.1"}, "worker tcp://w has azml-contract 0.0.1; this is"),
        ({"tcp://w": ImportError()}, "worker tcp://w has no azml-contract; this is"),
    ],
)
def test_workers_that_cannot_help_are_refused(
    run: Callable[..., Any],
    connect: Callable[[dict[str, Any]], None],
    told: dict[str, Any],
    message: str,
) -> None:
    connect(told)
    done = run("regress", STORY, *AT)
    assert done.code == 2
    assert message in done.err


def test_a_worker_that_came_later_is_asked_again(
    run: Callable[..., Any],
    connect: Callable[[dict[str, Any]], None],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    own = cluster.version("azml-contract")
    connect({"tcp://w": own})
    versions = iter([own, own, "0.0.1"])
    monkeypatch.setattr(cluster, "version", lambda _: next(versions))
    done = run("regress", STORY, *AT)
    assert done.code == 2
    assert f"A worker has azml-contract 0.0.1, not {own}." in done.err


def test_what_a_worker_met_is_one_line(
    run: Callable[..., Any],
    connect: Callable[[dict[str, Any]], None],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def fail(*_: Any) -> None:
        raise MemoryError("no room")

    connect({"tcp://w": cluster.version("azml-contract")})
    monkeypatch.setattr(cluster, "_judge_batch", fail)
    done = run("regress", STORY, *AT)
    assert done.code == 2
    assert done.err == (
        "Error: The cluster at tls://nowhere:8786 could not judge a batch of files, "
        "tried 4 times: no room\n"
    )


def test_a_worker_remembers_nothing_of_another_program(
    run: Callable[..., Any], connect: Callable[[dict[str, Any]], None]
) -> None:
    """Its contracts may be others, by the same names."""
    connect({"tcp://w": cluster.version("azml-contract")})
    columns = ("2024-04-01",)
    run("regress", STORY, *AT, "--to", *columns)
    before = cluster._judges[columns]
    run("regress", STORY, *AT, "--to", *columns)
    assert cluster._judges[columns] is not before
