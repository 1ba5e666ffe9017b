"""One kind of body, compiled: judge it, and explain it where the verdict is no.

In: a contract, a type and a lens. Out: a `BodyCheck`, compiled once and kept
in a bounded cache that all validators share. Knows neither profiles nor HTTP.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Mapping
from typing import Any, NamedTuple

from azml_contract.contract.contract import Contract
from azml_contract.contract.model import Definition, Type
from azml_contract.contract.schema import Choice, Texts, write_schema
from azml_contract.contract.views import Lens, is_union
from azml_contract.finding import Finding
from azml_contract.validation.arm_ids import write_plain_texts
from azml_contract.validation.bounds import Bound, Tightened, find_bound
from azml_contract.validation.deviation import Deviation, Rule
from azml_contract.validation.explain import PlanBook
from azml_contract.validation.grade import Background, Grader, Weight
from azml_contract.validation.homes import Homes
from azml_contract.validation.judge import (
    Accept,
    Engine,
    choose_engine,
    compile_judge,
    compile_quick_judge,
)
from azml_contract.validation.judges_of_homes import JudgesOfHomes, accept_nothing

_CAPACITY = 1024
_WALKED = 4
"""So many bodies are explained before one is judged."""
_ENOUGH = 500
"""A judge for one workspace takes as long to compile as it saves on so many bodies."""
_MOST_WEIGHTS, _MOST_FINDINGS = 1024, 256

Key = tuple[int, int, Lens, bool]
_BOUNDED = frozenset((Rule.PATTERN, Rule.RANGE, Rule.LENGTH))
_MISSING, _UNKNOWN, _CASE = Rule.MISSING, Rule.UNKNOWN, Rule.CASE
_TOLD_BY_VALUE = _BOUNDED | {Rule.FORMAT}
_ABOUT_NAMES = frozenset((Rule.MISSING, Rule.UNKNOWN, Rule.RENAMED, Rule.FOREIGN))


class BodyCheck:
    """Judges and explains bodies of one type under one lens.

    `accepts` says yes or no; `explain` gives the deviations in document order, and is
    meant to give none exactly where `accepts` says yes, which tests hold for the bodies
    that they have. With `is_bounded` it also knows the bounds
    that the specification lacks. Where a body holds a union, as the
    ``properties`` of a job do, each variant is compiled when it first comes.
    """

    __slots__ = (
        "_body",
        "_contract",
        "_definitions",
        "_findings",
        "_holder",
        "_is_bounded",
        "_judges",
        "_lens",
        "_plain",
        "_plan",
        "_tag",
        "_union",
        "_variants",
        "_walked",
        "_weights",
    )

    def __init__(
        self, contract: Contract, body: Type, lens: Lens, *, is_bounded: bool
    ) -> None:
        # Holding both keeps their ids, parts of the cache's key, their own.
        self._contract = contract
        self._body = body
        self._lens = lens
        self._is_bounded = is_bounded
        self._definitions: Mapping[str, Definition] = contract.definitions
        if is_bounded:
            self._definitions = Tightened(contract.definitions, contract.api_version)
        book = PlanBook(self._definitions, lens, contract.api_version)
        self._plan = book.plan_body(body)
        self._union = _find_union(contract.definitions, body)
        self._holder = self._union.name if self._union else ""
        self._tag = self._union.base.discriminator if self._union else ""
        self._variants = self._union.base.variants if self._union else {}
        self._judges: dict[str, Accept] = {}
        self._walked = 0
        self._plain = JudgesOfHomes(_ENOUGH, self._compile_plain)
        self._weights: dict[tuple[Any, ...], Weight] = {}
        self._findings: dict[tuple[Any, ...], Finding] = {}

    def is_plain(self, value: Any, home: str) -> bool | None:
        """Whether a body keeps its contract, its ids written as is usual here.

        Args:
            value: A parsed body.
            home: What ids of the workspace start with.

        Returns:
            None where there is no judge: it is compiled for a workspace only when as
            many bodies have come as make it pay.
        """
        judge = self._plain[self._find_variant(value), home]
        if judge is accept_nothing:
            return None
        try:
            return judge(value)
        except ValueError:
            return False  # which a text is that nobody can encode

    def _compile_plain(self, key: tuple[str, str]) -> Accept:
        variant, home = key
        return self._compile(variant, write_plain_texts(home))

    def accepts(self, value: Any) -> bool:
        """Whether a parsed body keeps its contract."""
        variant = self._find_variant(value)
        judge = self._judges.get(variant)
        if judge is None:
            judge = self._judges[variant] = self._compile(variant)
        return judge(value)

    def _find_variant(self, value: Any) -> str:
        """The discriminator's value; "" where every variant has to be tried."""
        if not self._tag:
            return ""
        try:
            holder = value[self._holder] if self._holder else value
            tag: str = holder[self._tag]
            return tag if tag in self._variants else ""
        except (TypeError, LookupError):  # no object, or nothing that can be looked up
            return ""

    def _compile(self, variant: str, texts: Texts | None = None) -> Accept:
        """A judge; without the fast engine bodies are walked, which says the same.

        The reference says what either has to say, and takes twenty times as long.
        """
        if choose_engine() is Engine.REFERENCE:
            return self._is_silent if texts is None else accept_nothing
        union, choice = self._union, None
        if union is not None and variant:
            choice = Choice(union.owner, union.name, union.base.variants[variant])
        schema = write_schema(self._definitions, self._body, self._lens, choice, texts)
        return compile_judge(schema) if texts is None else compile_quick_judge(schema)

    def _is_silent(self, value: Any) -> bool:
        found: list[Deviation] = []
        self._plan.walk(value, None, found)
        return not found

    def grade(self, grader: Grader, deviation: Deviation) -> Finding:
        """The finding of a deviation.

        What it weighs is the same for every body that has it at that place, and where
        it tells of names and of no value, so are its words: what one client does wrong,
        it does in each of its calls.
        """
        rule, path, _, expected, owner, name, hint, is_null = deviation
        if rule in _TOLD_BY_VALUE:
            return grader.grade(deviation, self._find_background(deviation))
        if rule in _ABOUT_NAMES:
            told = hint[1] if rule is _MISSING else hint
            key = (grader, rule, path, owner, name, expected, told, is_null)
            known = self._findings.get(key)
            if known is None:
                known = grader.grade(deviation, self._find_background(deviation))
                _keep(self._findings, key, known, _MOST_FINDINGS)
            return known
        # A name in a wrong case is none that the contract has: it may never come again.
        if rule is _CASE:
            path, name = None, ""
        about = (grader, rule, path, owner, name, is_null)
        weight = self._weights.get(about)
        if weight is None:
            weight = grader.weigh(deviation, self._find_background(deviation))
            _keep(self._weights, about, weight, _MOST_WEIGHTS)
        return grader.tell(deviation, weight)

    def _find_background(self, deviation: Deviation) -> Background:
        return Background(
            self._find_origin(deviation),
            self._find_bound(deviation),
            deviation.rule is _MISSING and self._is_common(deviation),
        )

    def _is_common(self, deviation: Deviation) -> bool:
        """Whether every variant has the property, or there are none."""
        known = self._contract.definitions
        owner = known.get(deviation.owner)
        if owner is None or not owner.discriminator_value:
            return owner is not None
        base = known.get(owner.base)
        return base is not None and deviation.name in base.properties

    def _find_origin(self, deviation: Deviation) -> str:
        definition = self._contract.definitions.get(deviation.owner)
        if definition is None:
            return ""
        prop = definition.properties.get(deviation.name)
        if prop is None or definition.carried_from or not _is_carried(deviation):
            return definition.carried_from
        return prop.carried_from

    def _find_bound(self, deviation: Deviation) -> Bound | None:
        if deviation.rule not in _BOUNDED or not self._is_bounded:
            return None
        written = self._contract.definitions
        owner, name = deviation.owner, deviation.name
        bound = find_bound(self._contract.api_version, owner, name)
        if bound is None:
            return None
        book = PlanBook(written, self._lens, self._contract.api_version)
        found: list[Deviation] = []
        plan = book.plan_type(written[owner].properties[name].type, True, owner, name)
        plan.walk(deviation.seen, deviation.path, found)
        return None if any(one.rule is deviation.rule for one in found) else bound

    def explain(self, value: Any) -> list[Deviation]:
        """The deviations of a parsed body."""
        found: list[Deviation] = []
        self._plan.walk(value, None, found)
        for one in found:
            if one[0] is _UNKNOWN:
                break
        else:
            return found
        homes = Homes(self._contract.definitions, self._lens, self._body, value)
        return [homes.rehome(deviation) for deviation in found]

    def check(self, value: Any, *, compiles: bool = True) -> list[Deviation]:
        """The deviations; nothing is walked where the judge says yes.

        The first bodies are walked and not judged, which is meant to say the same: to
        load and to compile the judge takes longer. With `compiles` off all are, and
        without the fast engine, where to judge is to walk.
        """
        walks = not compiles or self._walked < _WALKED
        if walks or choose_engine() is Engine.REFERENCE:
            self._walked += 1
            return self.explain(value)
        if self.accepts(value):
            return []
        found = self.explain(value)
        if not found:
            # The two disagree, which a test forbids; a finding beats silence.
            hint = Type("any")
            found.append(Deviation(Rule.TYPE, None, value, (), "", "", hint))
        return found


def _keep(
    kept: dict[tuple[Any, ...], Any], key: tuple[Any, ...], one: Any, most: int
) -> None:
    """Keep one more; where they are many, none of the others."""
    if len(kept) >= most:
        kept.clear()
    kept[key] = one


def _is_carried(deviation: Deviation) -> bool:
    """Whether bicep types can never tell the rule that was broken."""
    if deviation.rule is Rule.LENGTH:
        return str(deviation.hint) == "unique"
    if deviation.rule is Rule.FORMAT:
        return deviation.expected != ("uuid",)
    return deviation.rule in (Rule.NULL, Rule.DURATION, Rule.FIXED)


class _Union(NamedTuple):
    """The union that a body holds at a fixed place."""

    owner: str
    name: str
    base: Definition


def _find_union(definitions: Mapping[str, Definition], body: Type) -> _Union | None:
    definition = definitions.get(body.ref) if body.kind == "ref" else None
    if definition is None:
        return None
    if is_union(definition):
        return _Union("", "", definition)
    prop = definition.properties.get("properties")
    base = definitions.get(prop.type.ref) if prop and prop.type.kind == "ref" else None
    if base is None or not is_union(base):
        return None
    return _Union(definition.name, "properties", base)


_cache: OrderedDict[Key, BodyCheck] = OrderedDict()
_lock = threading.Lock()


def compile_body(
    contract: Contract, body: Type, lens: Lens, *, is_bounded: bool = False
) -> BodyCheck:
    """The check of a body, from the cache where it was compiled before."""
    key = (id(contract), id(body), lens, is_bounded)
    with _lock:
        found = _cache.get(key)
        if found is not None:
            _cache.move_to_end(key)
            return found
    made = BodyCheck(contract, body, lens, is_bounded=is_bounded)
    with _lock:
        _cache[key] = made
        while len(_cache) > _CAPACITY:
            _cache.popitem(last=False)
    return made
