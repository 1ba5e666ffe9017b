"""Judge files on a Dask cluster: batches of them, each retried where a worker dies.

In: the address of a scheduler, and files. Out: what was judged, in the order of the
files, as one process would give it. Workers read the files themselves, by the same
paths or URLs; certificates of ``tls://`` are a matter of Dask's own configuration.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from importlib.metadata import version
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar
from uuid import uuid4

from azml_contract.contract.catalog import folder_in_use, forget_cached, use_folder
from azml_contract.errors import (
    AzmlContractError,
    CassetteError,
    ContractError,
    InputError,
    UsageError,
)
from azml_contract.regression.matrix import Judge
from azml_contract.regression.outcome import Outcome, Row, Shared
from azml_contract.regression.parallel import Judged, judge_file

if TYPE_CHECKING:
    from azml_contract.report.checked import Checked

T = TypeVar("T")
R = TypeVar("R")
_BATCH = 25
_AHEAD = 4
"""How many batches wait at a worker; all at once would fill the scheduler."""
_RETRIES = 3
_PACKAGE = "azml-contract"
_CERTIFICATES = {
    "ca-file": "the authority's certificate",
    "client.cert": "your own certificate",
    "client.key": "its key, unless it stands in the same file",
}
"""What Dask's configuration has to name for an address of ``tls://``."""
_busy = threading.Lock()
_judges: dict[tuple[str, ...] | None, Judge] = {}
_runs: set[str] = set()
"""The program that this worker works for; what it remembers is of that one."""


def judge_on_cluster(
    address: str,
    paths: Sequence[Path],
    *,
    versions: Sequence[str] | None = None,
    recorded: str = "",
) -> Iterator[Judged]:
    """What `judge_files` gives, judged by the workers of a cluster.

    Raises:
        UsageError: There is no such cluster, or a worker has another version.
        AzmlContractError: A batch was tried several times, and could not be judged.
    """
    shared = Shared()
    known: dict[int, Outcome] = {}
    columns = tuple(versions) if versions is not None else None
    for batch in _map(address, _judge_batch, paths, columns, recorded):
        known.clear()  # ids hold while the batch does
        for one in batch:
            rows = tuple(_share(row, shared, known) for row in one.rows)
            yield replace(one, rows=rows)


def check_on_cluster(
    address: str, files: Sequence[T], check: Callable[[T], Checked]
) -> Iterator[Checked | AzmlContractError]:
    """For each file what `check` finds in it, or why it could not be read.

    Raises:
        UsageError, AzmlContractError: As in `judge_on_cluster`.
    """
    for batch in _map(address, _check_batch, files, check):
        yield from batch


def _share(row: Row, shared: Shared, known: dict[int, Outcome]) -> Row:
    found = known.get(id(row.outcome))
    if found is None:
        found = known[id(row.outcome)] = shared.find(row.outcome)
    return replace(row, outcome=found)


# --- on the worker ----------------------------------------------------------------


@contextmanager
def _placed(
    expected: str, run: str, folder: str, contracts: Path | None
) -> Iterator[None]:
    """Work as the program does that asked: in its folder, with its contracts.

    One batch at a time: what is remembered of contracts and calls has one owner.

    Raises:
        UsageError: This worker has another version of the package.
    """
    own = version(_PACKAGE)
    if own != expected:
        raise UsageError(f"A worker has {_PACKAGE} {own}, not {expected}.")
    with _busy:
        if run not in _runs:
            _runs.clear()
            _runs.add(run)
            _judges.clear()
            forget_cached()
        before = Path.cwd()
        if Path(folder).is_dir():
            os.chdir(folder)
        try:
            use_folder(contracts)
            yield
        finally:
            os.chdir(before)


def _judge_batch(
    paths: Sequence[Path], columns: tuple[str, ...] | None, recorded: str
) -> list[Judged]:
    from azml_contract.documents.recordings import read_any

    if columns not in _judges:
        _judges.clear()
        _judges[columns] = Judge(columns)
    return [judge_file(_judges[columns], one, read_any, recorded) for one in paths]


def _check_batch(
    files: Sequence[T], check: Callable[[T], Checked]
) -> list[Checked | AzmlContractError]:
    found: list[Checked | AzmlContractError] = []
    for file in files:
        try:
            found.append(check(file))
        except (CassetteError, ContractError, InputError) as error:
            found.append(InputError(str(error)))  # others cannot all be sent
        except AzmlContractError as error:
            found.append(AzmlContractError(str(error)))
    return found


def _work(
    act: Callable[..., list[R]], batch: Sequence[T], rest: Sequence[Any], place: Any
) -> list[R]:
    with _placed(*place):
        return act(batch, *rest)


# --- here -------------------------------------------------------------------------


def _map(
    address: str, act: Callable[..., list[R]], items: Sequence[T], *rest: Any
) -> Iterator[list[R]]:
    """What an act gives for each batch of items, in their order."""
    place = version(_PACKAGE), uuid4().hex, str(Path.cwd()), folder_in_use()
    batches = (items[i : i + _BATCH] for i in range(0, len(items), _BATCH))
    with _connect(address) as client:
        workers = _require_alike(client, address)

        def submit(batch: Sequence[T]) -> Any:
            return client.submit(
                _work, act, batch, rest, place, pure=False, retries=_RETRIES
            )

        waiting = [submit(one) for one in islice(batches, _AHEAD * workers)]
        while waiting:
            yield _result(waiting.pop(0), address)
            waiting += [submit(one) for one in islice(batches, 1)]


def _result(future: Any, address: str) -> Any:
    try:
        return future.result()
    except AzmlContractError:
        raise
    except Exception as error:  # whatever a worker met, or that none is left
        reason = " ".join(str(error).split()) or type(error).__name__
        raise AzmlContractError(
            f"The cluster at {address} could not judge a batch of files, tried "
            f"{_RETRIES + 1} times: {reason}"
        ) from error


@contextmanager
def _connect(address: str) -> Iterator[Any]:
    try:
        from distributed import Client
    except ImportError as error:
        raise UsageError(
            "--cluster needs Dask: pip install 'azml-contract[cluster]'"
        ) from error
    if address.startswith("tls:"):
        _require_certificates(address)
    try:
        client = Client(address, timeout=10, set_as_default=False)
    except Exception as error:  # of sockets, TLS and names, with no common root
        reason = " ".join(str(error).split()) or type(error).__name__
        raise UsageError(f"--cluster {address}: nobody answers ({reason}).") from error
    try:
        yield client
    finally:
        client.close()


def _require_certificates(address: str) -> None:
    """Refuse what Dask would fail at with a traceback, or without a file's name.

    Raises:
        UsageError: Its configuration names no certificate, or no file.
    """
    from dask import config

    for name, what in _CERTIFICATES.items():
        file = str(config.get(f"distributed.comm.tls.{name}", None) or "")
        setting = f"DASK_DISTRIBUTED__COMM__TLS__{name}".upper()
        setting = setting.replace(".", "__").replace("-", "_")
        if not file and name != "client.key":
            raise UsageError(
                f"--cluster {address} needs {what}: set {setting} to its file."
            )
        # A certificate may also stand there itself, with its lines.
        if file and "\n" not in file and not Path(file).is_file():
            raise UsageError(
                f"--cluster {address}: {setting} is {file}, and there is no such file."
            )


def _require_alike(client: Any, address: str) -> int:
    """The number of workers; each must have the version that asks.

    Raises:
        UsageError: There is none, or one has another version, or none at all.
    """
    own = version(_PACKAGE)
    found = client.run(version, _PACKAGE, on_error="return")
    if not found:
        raise UsageError(f"--cluster {address}: it has no worker.")
    for worker, told in sorted(found.items()):
        if told != own:
            has = f"{_PACKAGE} {told}" if isinstance(told, str) else f"no {_PACKAGE}"
            raise UsageError(
                f"--cluster {address}: worker {worker} has {has}; this is {own}. "
                "Give all of them the same."
            )
    return len(found)
