"""Which tests share one recording, and where the cassette of each lies.

In: tests as pytest collects them. Out: the extents of shared recordings that a test is
within, the file of its cassette, and whether a selection has all tests of an extent.
It opens nothing.
"""

from __future__ import annotations

import unittest
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from inspect import isclass
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from azml_contract.plugin.marker import SCOPES, Refused, read_marker, story_of
from azml_contract.plugin.options import cassette_folder

_WORKER_OF_A_TEST: dict[str, Callable[[str], str]] = {
    "loadscope": lambda nodeid: nodeid.rpartition("::")[0],
    "loadfile": lambda nodeid: nodeid.partition("::")[0],
    "loadgroup": lambda nodeid: nodeid.rpartition("@")[2],
}
"""What tests of one worker have in common, by the distribution of pytest-xdist."""


class Place(NamedTuple):
    """Where a cassette lies: ``folder/story/test/version.json``."""

    folder: Path
    story: str
    test: str
    version: str

    @property
    def path(self) -> Path:
        """The file."""
        return self.folder / self.story / self.test / f"{self.version}.json"


@dataclass(frozen=True, slots=True)
class Extent:
    """What one shared recording spans: a class, a module or a session at a version.

    `node` is pytest's id of it, empty for the session.
    """

    scope: str
    node: str
    place: Place

    def __str__(self) -> str:
        return f"{self.scope} {self.node}".strip()


def version_in(item: Any) -> str:
    """The api-version of a test as collected; "" where its marker makes no sense."""
    from azml_contract.plugin.marker import version_of

    params = item.callspec.params if hasattr(item, "callspec") else {}
    if isinstance(params.get("api_version"), Refused):
        return ""
    try:
        return version_of(item)
    except ValueError:
        return ""


def wide_scopes(node: Any) -> list[str]:
    """The scopes of the shared recordings that a test is within, widest first."""
    own = own_scope(node)
    named = {one.kwargs.get("scope") for one in node.iter_markers("azml")}
    wider = SCOPES[max(1, SCOPES.index(own)) :]
    return [one for one in reversed(wider) if one in named and span_of(node, one)]


def widest_scope(node: Any) -> str:
    """How far an api-version of a test reaches: as far as its widest recording."""
    try:
        return next(iter(wide_scopes(node)), SCOPES[0])
    except ValueError:  # told when the test is set up
        return SCOPES[0]


def own_scope(node: Any) -> str:
    """The scope of the recording that takes the calls of a test itself."""
    scope: str = read_marker(node).get("scope", SCOPES[0])
    return scope if scope == SCOPES[0] or span_of(node, scope) else SCOPES[0]


def span_of(node: Any, scope: str) -> Any:
    """The class, module or session of a test; None where it has no class."""
    kinds = {"class": pytest.Class, "module": pytest.Module, "session": pytest.Session}
    return node.getparent(kinds[scope])


_extents_key = pytest.StashKey[list[Extent]]()


def extents_of(item: Any) -> list[Extent]:
    """The shared recordings that a test is within, the widest first."""
    if "azml" not in getattr(item, "fixturenames", ()):
        return []
    found: list[Extent] | None = item.stash.get(_extents_key, None)
    if found is None:
        found = item.stash[_extents_key] = [*_find_extents(item)]
    return found


def _find_extents(item: Any) -> Iterator[Extent]:
    version = version_in(item)
    folder = cassette_folder(item.config, item.path)
    for scope in wide_scopes(item) if version else ():
        node = span_of(item, scope).nodeid if scope != "session" else ""
        yield Extent(scope, node, Place(folder, *_names_of(item, scope), version))


def place_of(item: Any) -> Place:
    """Where the cassette of a test lies: its own, or the one that it shares."""
    extents = extents_of(item)
    if extents and extents[-1].scope == own_scope(item):
        return extents[-1].place
    folder = cassette_folder(item.config, item.path)
    return Place(folder, *story_of(item), version_in(item))


def _names_of(item: Any, scope: str) -> tuple[str, str]:
    story, _ = story_of(item)
    if scope == "session":
        return scope, scope
    if scope == "class" and len(_classes_like(item)) > 1:
        return story, f"class.{item.cls.__qualname__}"
    return story, scope


def _classes_like(item: Any) -> list[type]:
    """The classes of a module that have a recording each."""
    module_wide = [one.kwargs.get("scope") for one in _marks(item.module)]
    return [
        one
        for name, one in vars(item.module).items()
        if isclass(one)
        and one.__module__ == item.module.__name__
        and (name.startswith("Test") or issubclass(one, unittest.TestCase))
        and "class" in [*module_wide, *(m.kwargs.get("scope") for m in _marks(one))]
    ]


def _marks(obj: Any) -> list[Any]:
    marks = getattr(obj, "pytestmark", [])
    listed = marks if isinstance(marks, list) else [marks]
    return [one for one in listed if getattr(one, "name", "") == "azml"]


def _itself(nodeid: str) -> str:
    return nodeid


def name_in(item: Any, scope: str) -> str:
    """The name of a test among those that share a recording."""
    story, test = story_of(item)
    return f"{story}/{test}" if scope == "session" else test


def names_by_extent(items: Iterable[Any]) -> dict[Extent, set[str]]:
    """The names of the tests that share each recording."""
    found: dict[Extent, set[str]] = {}
    for item in items:
        for extent in extents_of(item):
            found.setdefault(extent, set()).add(name_in(item, extent.scope))
    return found


def may_lack_tests(extent: Extent, config: pytest.Config) -> bool:
    """Whether the command line kept tests of an extent from being collected at all."""
    if getattr(config.option, "lf", False):
        return True
    if extent.scope == "session":
        return config.args_source is config.ArgsSource.ARGS
    ids = [one.partition("[")[0] for one in config.args if "::" in one]
    node = extent.node.partition("::")
    for one in ids:
        path, _, below = one.partition("::")
        same = Path(path).name == Path(node[0]).name
        if same and not (f"{node[2]}::".startswith(f"{below}::") and node[2]):
            return True
    return False


def say_spread(extent: Extent, items: Sequence[Any], config: Any) -> str:
    """Why tests of one recording may run on several workers of pytest-xdist; or ""."""
    worker: Mapping[str, Any] = getattr(config, "workerinput", {})
    if worker.get("workercount", 1) == 1:
        return ""
    common = _WORKER_OF_A_TEST.get(worker.get("azml_dist", ""), _itself)
    ids = {common(one.nodeid) for one in items if extent in extents_of(one)}
    if len(ids) <= 1:
        return ""
    how = {"class": "--dist loadscope", "module": "--dist loadfile"}
    return (
        f"The tests of {extent} share one recording (scope={extent.scope!r}), and "
        "pytest-xdist may run them on several workers. Let one worker have them all: "
        f"{how.get(extent.scope, '-n 1')}; or, with --dist loadgroup, mark them "
        "xdist_group."
    )


def require_own_cassettes(items: Sequence[pytest.Item]) -> None:
    """Refuse two tests, or two extents, that would share a cassette by their names.

    Raises:
        pytest.UsageError: Names both.
    """
    owners: dict[Place, str] = {}
    for item in items:
        if "azml" not in getattr(item, "fixturenames", ()):
            continue
        shared = {one.place: str(one) for one in extents_of(item)}
        for place, owner in {place_of(item): item.nodeid, **shared}.items():
            other = owners.setdefault(place, owner)
            if other != owner:
                raise pytest.UsageError(
                    f"{other} and {owner} would both be recorded as "
                    f"{'/'.join(place[1:])}.json. Rename a module or a test."
                )
