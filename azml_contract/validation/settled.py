"""What is known of a request before its body and the last name of its path are read.

In: a request whose operation was found, and about which nothing was to be said but for
its body. Out: a `Settled`, which judges the next request that differs from it in these
two alone: most do, and need not be routed again. Knows no contracts but that one.
"""

from __future__ import annotations

import re
from typing import NamedTuple

from azml_contract.contract.contract import Route
from azml_contract.contract.patterns import Matcher
from azml_contract.exchange import Request
from azml_contract.validation.arm_ids import Place
from azml_contract.validation.body import BodyCheck
from azml_contract.validation.destination import MANAGEMENT_HOSTS
from azml_contract.validation.grade import Grader
from azml_contract.validation.verdict import Verdict

_NAME = re.compile(r"[\w.-]+", re.ASCII)
_SCOPE = frozenset(("subscriptionId", "resourceGroupName", "workspaceName"))

Key = tuple[str, str, str]


class Settled(NamedTuple):
    """A request but for its body and its last name, which `pattern` restricts."""

    grader: Grader
    check: BodyCheck
    place: Place | None
    words: frozenset[str]
    pattern: Matcher | None
    verdict: Verdict
    """That of a request in whose body nothing is found."""

    def takes(self, name: str) -> bool:
        """Whether nothing is to be said of a request with that name."""
        if name.lower() in self.words:
            return False  # another operation may have it in its path
        return self.pattern is None or self.pattern.search(name)


def split(request: Request) -> tuple[Key, str] | None:
    """What a request shares with others, and its last name; None for an odd one."""
    head, _, tail = request.url.rpartition("/")
    name, _, query = tail.partition("?")
    if _NAME.fullmatch(name) is None:
        return None
    if request.headers and request.header("access-control-request-method"):
        return None
    return (request.method, head, query), name


def is_settled(request: Request, route: Route, name: str) -> bool:
    """Whether a request whose last name is another one goes where this one goes."""
    parameter = route.operation.path.rpartition("/")[2].strip("{}")
    return (
        request.host in MANAGEMENT_HOSTS
        and request.path.rpartition("/")[2] == name
        and route.operation.path.endswith(f"/{{{parameter}}}")
        and parameter not in _SCOPE
        and route.values.get(parameter) == name
    )


def find_pattern(route: Route) -> Matcher | None:
    """What the last name of a call that creates has to match."""
    operation = route.operation
    if operation.method != "PUT":
        return None
    last = operation.path.rpartition("/")[2].strip("{}")
    patterns = (
        one.type.pattern
        for one in operation.parameters
        if (one.place, one.name) == ("path", last)
    )
    found = next(filter(None, patterns), "")
    return Matcher(found) if found else None
