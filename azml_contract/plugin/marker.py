"""What the `azml` marker of a test says: api-versions, expectations, its cassette.

In: tests as pytest collects them. Out: the versions to run at, the marker's
arguments, checked, and a cassette of its own for each test. What makes no sense
is refused while collecting, in one line, before anything is sent.
"""

from __future__ import annotations

import hashlib
import inspect
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pytest

from azml_contract.api_version import CLIENT

_BREADTHS = ("function", "class", "module", "package", "session")
SCOPES = ("function", "class", "module", "session")
ARGUMENTS = {
    "api_versions",
    "profile",
    "expect",
    "compute",
    "execute",
    "seed",
    "scope",
}


def choose_versions(metafunc: pytest.Metafunc) -> list[str]:
    """The api-versions that a test runs at; none where it takes none.

    Raises:
        ValueError: The marker makes no sense.
    """
    definition = metafunc.definition
    if "api_version" not in metafunc.fixturenames or _has_own_versions(definition):
        return []
    return _versions(read_marker(definition), metafunc.config)


def _versions(arguments: Mapping[str, Any], config: pytest.Config) -> list[str]:
    told = arguments.get("api_versions")
    if told == CLIENT:
        return [CLIENT]
    versions = config.getoption("azml_api_version") or told
    if not versions:
        from azml_contract.contract.catalog import newest_stable

        versions = [newest_stable()]
    for version in versions:
        require_known(version)
    return [*dict.fromkeys(versions)]


def only_version(item: pytest.Item) -> str:
    """The api-version of a test that pytest cannot run at several: of unittest.

    Raises:
        ValueError: It has several, or the marker makes no sense.
    """
    versions = _versions(read_marker(item), item.config)
    if len(versions) > 1:
        raise ValueError(
            f"{item.nodeid}: a test of unittest.TestCase runs at one api-version, not "
            f"at {', '.join(versions)}. Name one, or write it as a function."
        )
    return versions[0]


def version_of(item: Any) -> str:
    """The api-version that a test as collected runs at; "" where it has none.

    Raises:
        ValueError: The marker makes no sense.
    """
    params = item.callspec.params if hasattr(item, "callspec") else {}
    if "api_version" in params:
        return str(params["api_version"])
    return only_version(item)


def is_alone(item: Any) -> bool:
    """Whether a test has the marker, and itself asks for nothing of a scenario."""
    info = getattr(item, "_fixtureinfo", None)
    known = getattr(info, "name2fixturedefs", {}).values()
    asked = {name for found in known for one in found for name in one.argnames}
    return "azml" not in asked.union(getattr(info, "argnames", ()))


def mark_alone(collector: Any, obj: Any) -> None:
    """Let a test that has the marker be a scenario, whatever it asks for.

    Called before pytest looks at what a function or a class asks for.
    """
    above = collector.get_closest_marker("azml") is not None
    if inspect.isclass(obj):
        for name, method in inspect.getmembers(obj, inspect.isfunction):
            if name.startswith("test") and (above or _has(obj) or _has(method)):
                _use(method)
    elif inspect.isfunction(obj) and (above or _has(obj)):
        _use(obj)


def _has(obj: Any) -> bool:
    marks = getattr(obj, "pytestmark", [])
    listed = marks if isinstance(marks, list) else [marks]
    return any(getattr(mark, "name", "") == "azml" for mark in listed)


def _use(function: Any) -> None:
    pytest.mark.usefixtures("azml")(function)


@dataclass(frozen=True)
class Refused:
    """In place of an api-version: why the marker of a test makes no sense.

    Said when that test is set up: an error while collecting would stop all others.
    """

    reason: str


def require_sense(item: pytest.Item) -> None:
    """Fail a test whose marker makes no sense.

    Raises:
        pytest.fail.Exception: Says why.
    """
    callspec = getattr(item, "callspec", None)
    version = callspec.params.get("api_version") if callspec else None
    if isinstance(version, Refused):
        raise pytest.fail.Exception(f"{item.nodeid}: {version.reason}", pytrace=False)


def must_execute(item: Any) -> bool:
    """Whether a test needs an emulator whose jobs and endpoints really run."""
    return bool(read_marker(item).get("execute"))


def _has_own_versions(definition: pytest.Item) -> bool:
    """Whether the test parametrizes its api-version itself."""
    for mark in definition.iter_markers("parametrize"):
        names = mark.args[0] if mark.args else mark.kwargs.get("argnames", ())
        listed = re.split(r"\s*,\s*", names) if isinstance(names, str) else names
        if "api_version" in listed:
            return True
    return False


def read_marker(node: Any) -> dict[str, Any]:
    """What the `azml` markers of a test, its class and its module say together.

    What stands closer to the test counts; none where there is no marker.

    Raises:
        ValueError: An argument is unknown, or not what it must be.
    """
    arguments: dict[str, Any] = {}
    for marker in reversed([*node.iter_markers("azml")]):
        arguments |= _read_one(marker)
    if arguments.get("seed") and arguments.get("scope", SCOPES[0]) != SCOPES[0]:
        raise ValueError(
            "seed=True is for a recording of one test, not for scope="
            f"{arguments['scope']!r}: what a client draws would depend on the tests "
            "before. Leave it out; drawn names are recognised at first sight."
        )
    if arguments.get("execute") and arguments.get("scope", SCOPES[0]) != SCOPES[0]:
        raise ValueError(
            f"execute=True is for a recording of one test, not for scope="
            f"{arguments['scope']!r}; --azml-execute is for all that is recorded."
        )
    return arguments


def _read_one(marker: pytest.Mark) -> dict[str, Any]:
    unknown = sorted(set(marker.kwargs) - ARGUMENTS) or list(marker.args)
    if unknown:
        raise ValueError(
            f"the azml marker does not know {unknown}; it takes "
            f"{', '.join(sorted(ARGUMENTS))}, by name."
        )
    _check_versions(marker.kwargs.get("api_versions"))
    profile = marker.kwargs.get("profile", "service")
    if profile not in ("service", "strict"):
        raise ValueError(f"profile is 'service' or 'strict', not {profile!r}.")
    scope = marker.kwargs.get("scope", SCOPES[0])
    if scope not in SCOPES:
        raise ValueError(f"scope is one of {', '.join(SCOPES)}, not {scope!r}.")
    for one in marker.kwargs.get("expect", ()):
        _check_expectation(one)
    return dict(marker.kwargs)


def _check_versions(versions: object) -> None:
    if versions is None or versions == CLIENT:
        return
    is_list = isinstance(versions, Sequence) and not isinstance(versions, str)
    if not is_list or not versions:
        raise ValueError(
            'api_versions is a list such as ["2024-04-01"], or "client", '
            f"not {versions!r}."
        )


def _check_expectation(one: object) -> None:
    from azml_contract.validation.codes import CODES

    if not isinstance(one, tuple) or [type(part) for part in one] != [str, str]:
        raise ValueError(
            f'expect holds pairs such as ("AZC102", "/properties/colour"), not {one!r}.'
        )
    if one[0] not in CODES:
        raise ValueError(
            f"expect names {one[0]}, which is no finding; docs/findings.md lists them."
        )


def require_known(version: str) -> None:
    """Refuse an api-version that there is no contract for.

    Raises:
        ValueError: Names the nearest ones.
    """
    from azml_contract.contract import catalog
    from azml_contract.errors import UnknownApiVersion

    try:
        catalog.require_known(version)
    except UnknownApiVersion as error:
        raise ValueError(str(error)) from None


def story_of(node: Any) -> tuple[str, str]:
    """Folder and file name of a test's cassette.

    The module's name is the story; the function's, with that of its class and
    with the values of other parameters, the test's.
    """
    story = node.path.stem.removeprefix("test_")
    name = (getattr(node, "originalname", None) or node.name).removeprefix("test_")
    if getattr(node, "cls", None) is not None:
        name = f"{node.cls.__name__}.{name}"
    params = node.callspec.params if hasattr(node, "callspec") else {}
    others = [value for key, value in params.items() if key != "api_version"]
    return story, name + "".join(f"-{_as_file_name(value)}" for value in others)


def _as_file_name(value: object) -> str:
    """A value as a part of a file name; told apart where characters had to go."""
    text = str(value)
    safe = "".join(c if c.isalnum() or c in "-_." else "_" for c in text)[:60]
    if safe == text:
        return safe
    return f"{safe}-{hashlib.sha256(text.encode()).hexdigest()[:6]}"


def set_up_first(item: Any, name: str = "azml") -> None:
    """Let a fixture come before the others of its scope, and so go after them.

    What they send while they are set up and torn down is a part of the scenario.
    Fixtures of a wider scope stay in front: they serve other tests too.
    """
    names: list[str] = item.fixturenames
    known = item._fixtureinfo.name2fixturedefs

    def breadth(one: str) -> int:
        found = known.get(one) or item.session._fixturemanager.getfixturedefs(one, item)
        scope = found[-1].scope if found else "session"
        return -_BREADTHS.index(scope)

    if name in names:
        names.remove(name)
    own = breadth(name)
    first = (index for index, one in enumerate(names) if breadth(one) >= own)
    names.insert(next(first, len(names)), name)
