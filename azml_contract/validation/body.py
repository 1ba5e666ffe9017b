"""One kind of body, compiled: judge it, and explain it where the verdict is no.

In: a contract, a type and a lens. Out: a `BodyCheck`, compiled once and kept
in a bounded cache that all validators share. Knows neither profiles nor HTTP.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from typing import Any

from azml_contract.contract.contract import Contract
from azml_contract.contract.model import Type
from azml_contract.contract.schema import write_schema
from azml_contract.contract.views import Lens
from azml_contract.validation.deviation import Deviation, Rule
from azml_contract.validation.judge import compile_judge
from azml_contract.validation.objects import PlanBook

_CAPACITY = 256

Key = tuple[int, Type, Lens]


class BodyCheck:
    """Judges and explains bodies of one type under one lens.

    `accepts` says yes or no; `explain` gives every deviation in document order,
    none exactly where `accepts` says yes.
    """

    __slots__ = ("_book", "_contract", "_plan", "accepts")

    def __init__(self, contract: Contract, body: Type, lens: Lens) -> None:
        # Holding the contract keeps its id, a part of the cache's key, its own.
        self._contract = contract
        self.accepts = compile_judge(write_schema(contract.definitions, body, lens))
        self._book = PlanBook(contract.definitions, lens, contract.api_version)
        self._plan = self._book.plan_body(body)

    def explain(self, value: Any) -> list[Deviation]:
        """Every deviation of a parsed body."""
        found: list[Deviation] = []
        self._plan.walk(value, None, found)
        return found

    def check(self, value: Any) -> list[Deviation]:
        """Every deviation, nothing walked where the judge says yes."""
        if self.accepts(value):
            return []
        found = self.explain(value)
        if not found:
            # The two disagree, which a test forbids; a finding beats silence.
            hint = Type("any")
            found.append(Deviation(Rule.TYPE, None, value, (), "", "", hint))
        return found


_cache: OrderedDict[Key, BodyCheck] = OrderedDict()
_lock = threading.Lock()


def compile_body(contract: Contract, body: Type, lens: Lens) -> BodyCheck:
    """The check of a body, from the cache where it was compiled before."""
    key = (id(contract), body, lens)
    with _lock:
        found = _cache.get(key)
        if found is not None:
            _cache.move_to_end(key)
            return found
    made = BodyCheck(contract, body, lens)
    with _lock:
        _cache[key] = made
        while len(_cache) > _CAPACITY:
            _cache.popitem(last=False)
    return made
