"""Explain a body: walk it, and say everything that is wrong in one pass.

In: the definitions of one api-version and a lens. Out: a `PlanBook` that hands
out plans, each definition planned once and only when a body first reaches it.
Nodes of single values are in `plan`; objects, strays, what is missing and
variants are here.
Knows neither severities nor sentences.
"""

from __future__ import annotations

from collections.abc import Callable, Container, Mapping
from functools import partial
from typing import Any

from azml_contract.contract.model import Definition, Property, Type
from azml_contract.contract.views import (
    Lens,
    Use,
    bare_values,
    find_discriminator,
    is_union,
    required_names,
    use_of,
)
from azml_contract.validation.deviation import Deviation, Guess, Path, Rule
from azml_contract.validation.history import Elsewhere, find_elsewhere, find_variant
from azml_contract.validation.migrations import Migration, find_migration
from azml_contract.validation.nearest import find_nearest
from azml_contract.validation.plan import (
    AnyPlan,
    ArrayPlan,
    BarredPlan,
    BooleanPlan,
    Found,
    FreePlan,
    Known,
    MapPlan,
    NumberPlan,
    Plan,
    RefPlan,
    Site,
    StringPlan,
    TagPlan,
    find_twin,
)

_MANY = 300
# To look a member up takes Python 3.11 as long as to make a tuple.
_MISSING, _CASE = Rule.MISSING, Rule.CASE
Walk = Callable[[Any, Path, Found], None]


class PlanBook:
    """Plans of one api-version under one lens."""

    def __init__(
        self, definitions: Mapping[str, Definition], lens: Lens, api_version: str
    ) -> None:
        self.definitions = definitions
        self.lens = lens
        self._api_version = api_version
        self._plans: dict[str, Plan] = {}
        self._variants: dict[str, ObjectPlan] = {}

    def plan_body(self, body: Type) -> Plan:
        """The plan of a whole body; null is no body."""
        return self.plan_type(body, False, "", "")

    def plan_type(
        self,
        kind: Type,
        nullable: bool | None,
        owner: str,
        name: str,
        required: bool = False,
    ) -> Plan:
        """The plan of a type, for the property `name` of `owner`."""
        site = Site(owner, name, kind, nullable is not False, required)
        if kind.kind == "ref":
            return RefPlan(site, self.plan_definition)
        if kind.kind in ("array", "map"):
            item: Plan = AnyPlan()
            if kind.items is not None:
                item = self.plan_type(kind.items, kind.items_nullable, owner, name)
            return (ArrayPlan if kind.kind == "array" else MapPlan)(site, item)
        if kind.kind == "string":
            return StringPlan(site)
        if kind.kind in ("integer", "number"):
            return NumberPlan(site)
        if kind.kind == "boolean":
            return BooleanPlan(site)
        return FreePlan(site) if kind.kind == "object" else AnyPlan()

    def plan_property(self, owner: Definition, prop: Property) -> Plan:
        """The plan of one property under this lens."""
        use = use_of(prop, self.lens)
        if use is not Use.FREE:
            return BarredPlan(Site(owner.name, prop.name, prop.type, True), use)
        return self.plan_type(
            prop.type, prop.nullable, owner.name, prop.name, prop.required
        )

    def plan_definition(self, name: str) -> Plan:
        """The plan of a definition; of any object where the name is unknown."""
        plan = self._plans.get(name)
        if plan is None:
            plan = self._plans[name] = self._plan_definition(name)
        return plan

    def plan_variant(self, name: str) -> ObjectPlan:
        """The plan of a definition's own properties, its variants left aside."""
        plan = self._variants.get(name)
        if plan is None:
            plan = self._variants[name] = ObjectPlan(self, self.definitions[name])
        return plan

    def _plan_definition(self, name: str) -> Plan:
        definition = self.definitions.get(name)
        if definition is None:
            return AnyPlan()
        if is_union(definition):
            return UnionPlan(self, definition)
        return self.plan_variant(name)

    def find_migration(self, owner: str, key: str) -> Migration | None:
        """How `key` is called in this api-version, when another knows it."""
        version = self._api_version
        return find_migration(version, owner, key) or find_elsewhere(
            version, owner, key
        )

    def find_variant_elsewhere(self, base: str, value: Any) -> Elsewhere | None:
        """The other api-versions in which `base` has a variant `value`."""
        known = isinstance(value, str)
        return find_variant(self._api_version, base, value) if known else None

    def siblings_with(self, definition: Definition, key: str) -> tuple[str, ...]:
        """Discriminator values of `definition`'s siblings that declare `key`."""
        base = self.definitions.get(definition.base)
        if base is None:
            return ()
        return tuple(
            value
            for value, name in base.variants.items()
            if name in self.definitions and key in self.definitions[name].properties
        )


class ObjectPlan(Plan):
    """The properties of one definition, closed unless it declares others."""

    __slots__ = (
        "_book",
        "_extra",
        "_folded",
        "_known",
        "_objects",
        "_plains",
        "_required",
        "_walks",
        "definition",
    )

    def __init__(self, book: PlanBook, definition: Definition) -> None:
        self._book = book
        self.definition = definition
        # What is right by its type alone, or is a value that is known, is not walked.
        self._plains: dict[str, type | None] = {}
        self._known: dict[str, Known | None] = {}
        self._walks: dict[str, Walk] = {}
        self._objects: dict[str, Walk] = {}
        for name, prop in definition.properties.items():
            plan = book.plan_property(definition, prop)
            self._add(name, plan)
            if isinstance(plan, RefPlan):
                plan.settle = partial(self._objects.__setitem__, name)
        self._set_tag()
        self._required = required_names(definition, book.lens)
        self._folded = {name.casefold(): name for name in definition.properties}
        self._extra: Plan | None = None
        if definition.additional is not None:
            extra = definition.additional
            self._extra = book.plan_type(extra, None, definition.name, "")

    def _add(self, name: str, plan: Plan) -> None:
        self._plains[name], self._known[name] = plan.plain, plan.known
        self._walks[name] = plan.walk

    def _set_tag(self) -> None:
        definition, known = self.definition, self._book.definitions
        if not definition.discriminator_value:
            return
        tag = find_discriminator(known, definition)
        if not tag:
            return
        base = known.get(definition.base)
        others = base.variants if base is not None else {}
        site = Site(definition.name, tag, Type("string"), False)
        self._add(tag, TagPlan(site, definition.discriminator_value, others))

    def walk(self, value: Any, path: Path, found: Found) -> None:
        plains = self._plains
        meant: dict[str, str] | None = None
        for key, item in value.items():
            kind = type(item)
            if plains.get(key) is kind:
                continue
            if kind is dict:
                walk = self._objects.get(key) or self._walks.get(key)
            else:
                known = self._known.get(key)
                if known is not None and kind is known[0] and item in known[1]:
                    continue
                walk = self._walks.get(key)
            if walk is not None:
                walk(item, (path, key), found)
            else:
                meant = {} if meant is None else meant
                self._meet_stray(key, value, path, found, meant)
        for name in self._required:
            if name not in value:
                self._note_missing(name, path, found, meant or {})

    def walk_untagged(
        self,
        value: Any,
        path: Path,
        found: Found,
        *,
        skip: tuple[str, ...],
        variants: Container[str],
    ) -> None:
        """Check what can be checked while the variant is unknown.

        Args:
            value: An object.
            path: Where it stands.
            found: Receives the deviations.
            skip: Names left aside: the discriminator, as sent and as declared.
            variants: Names that some variant declares, folded; they may be right.
        """
        meant: dict[str, str] = {}
        for key, item in value.items():
            walk = self._walks.get(key)
            if key in skip:
                continue
            if walk is not None:
                walk(item, (path, key), found)
            elif key.casefold() not in variants:
                self._meet_stray(key, value, path, found, meant)
        for name in self._required:
            if name not in value and name not in skip:
                self._note_missing(name, path, found, meant)

    def _note(
        self, rule: Rule, place: Path, name: str, expected: tuple[str, ...], hint: Any
    ) -> Deviation:
        about = (rule, place, name, expected, self.definition.name, name, hint, False)
        return tuple.__new__(Deviation, about)

    def _note_missing(
        self, name: str, path: Path, found: Found, meant: dict[str, str]
    ) -> None:
        twin = meant.get(name)
        if twin is not None and twin.casefold() == name.casefold():
            return
        prop = self.definition.properties.get(name)
        hint = (prop.type if prop else Type("any"), twin)
        place, owner = (path, name), self.definition.name
        about = (_MISSING, place, None, (name,), owner, name, hint, False)
        found.append(tuple.__new__(Deviation, about))

    def _meet_stray(
        self,
        key: str,
        holder: Mapping[str, Any],
        path: Path,
        found: Found,
        meant: dict[str, str],
    ) -> None:
        place, item = (path, key), holder[key]
        if self._extra is not None:
            self._extra.walk(item, place, found)
            return
        twin = self._folded.get(key.casefold())
        if twin is not None:
            meant[twin] = key
            found.append(self._note(_CASE, place, key, (twin,), twin in holder))
            self._walks[twin](item, place, found)
            return
        if len(found) > _MANY:
            found.append(self._note(Rule.UNKNOWN, place, key, (), None))
            return  # of so many, none is a slip that a name could mend
        stray = self._explain_stray(key, place, meant)._replace(is_null=item is None)
        free = [name for name in stray.expected if name not in holder]
        inside = self._walk_as(free[0], item, place) if free else []
        if stray.rule is not Rule.UNKNOWN:
            same = free == list(stray.expected) and not inside
            found.append(stray if same else _tell_changed(stray))
            return
        stray = stray._replace(expected=tuple(free))
        if _is_misfit(inside, place):
            meant.pop(free[0], None)  # a name alike, for something else
            found.append(stray._replace(expected=()))
        else:
            found += [stray, *inside]

    def _walk_as(self, name: str, item: Any, place: Path) -> Found:
        """What is wrong below a stray, if it stands for the property `name`."""
        inside: Found = []
        walk = self._walks.get(name)
        if walk is not None:
            walk(item, place, inside)
        return inside

    def _explain_stray(self, key: str, place: Path, meant: dict[str, str]) -> Deviation:
        migration = self._book.find_migration(self.definition.name, key)
        if migration is not None:
            meant.update(dict.fromkeys(migration.now, key))
            return self._note(Rule.RENAMED, place, key, migration.now, migration)
        variants = self._book.siblings_with(self.definition, key)
        if variants:
            return self._note(Rule.FOREIGN, place, key, (), variants)
        near = find_nearest(key, self.definition.properties)
        if near:
            meant.setdefault(near[0], key)
        return self._note(Rule.UNKNOWN, place, key, near, None)


def _tell_changed(stray: Deviation) -> Deviation:
    """A renamed property whose value is none for the new name: not only a name."""
    move = stray.hint
    if not isinstance(move, Migration) or move.cure:
        return stray
    now = " and ".join(f"`{name}`" for name in move.now)
    cure = f"Send {now} instead; the value is written differently there."
    return stray._replace(hint=move._replace(cure=cure))


def _is_misfit(inside: Found, place: Path) -> bool:
    return any(
        one.path == place and one.rule in (Rule.TYPE, Rule.NULL, Rule.USE, Rule.FIXED)
        for one in inside
    )


class _Everything:
    """Holds every name."""

    def __contains__(self, name: object) -> bool:
        return True


class UnionPlan(Plan):
    """A base whose discriminator says which variant a value is."""

    __slots__ = ("_bare", "_base", "_book", "_tag", "_variants", "_walks")

    def __init__(self, book: PlanBook, base: Definition) -> None:
        self._book = book
        self._base = base
        self._tag = base.discriminator
        self._bare = bare_values(base)
        self._variants = {
            value: name
            for value, name in base.variants.items()
            if name in book.definitions
        }
        self._walks: dict[str, Walk] = {}

    def walk(self, value: Any, path: Path, found: Found) -> None:
        tag = value.get(self._tag)
        if isinstance(tag, str):
            walk = self._walks.get(tag)
            if walk is None and tag in self._variants:
                plan = self._book.plan_variant(self._variants[tag])
                walk = self._walks[tag] = plan.walk
            if walk is not None:
                walk(value, path, found)
                return
        self._walk_untagged(value, path, found)

    def _walk_untagged(self, value: Any, path: Path, found: Found) -> None:
        key = find_twin(self._tag, value)
        if key is None:
            self._walk_without_tag(value, path, found)
            return
        tag = value[key]
        twin = self._find_value(tag)
        if twin is not None:
            if twin != tag:
                self._note(Rule.ENUM_CASE, (path, key), tag, (twin,), None, found)
            self._continue(value, path, found, twin, key)
            return
        guess = self._guess(value, tag)
        if guess.by != "name":
            elsewhere = self._book.find_variant_elsewhere(self._base.name, tag)
            if elsewhere is not None and not self._declares_all(guess.value, value):
                guess = Guess()
            guess = guess._replace(elsewhere=elsewhere)
        values = tuple(self._variants)
        self._note(Rule.VARIANT_UNKNOWN, (path, key), tag, values, guess, found)
        known = guess.elsewhere is not None
        self._continue(value, path, found, guess.value, key, known=known)

    def _walk_without_tag(self, value: Any, path: Path, found: Found) -> None:
        if self._is_optional():
            self._book.plan_variant(self._base.name).walk(value, path, found)
            return
        guess = self._find_stand_in(value) or self._guess(value, None)
        values, place = tuple(self._variants), (path, self._tag)
        self._note(Rule.VARIANT_MISSING, place, None, values, guess, found)
        if guess.by == "twin":
            value = {key: item for key, item in value.items() if key != guess.twin}
        self._continue(value, path, found, guess.value, self._tag)

    def _find_stand_in(self, value: Mapping[str, Any]) -> Guess | None:
        """A property that nobody declares, and that holds a variant's very value."""
        declared = self._declared() | {key.casefold() for key in self._base.properties}
        twins = [
            Guess(twin, "twin", key)
            for key, item in value.items()
            if key.casefold() not in declared
            and (twin := self._find_value(item)) in self._variants
        ]
        return twins[0] if len(twins) == 1 else None

    def _declares_all(self, guess: str, value: Mapping[str, Any]) -> bool:
        if guess not in self._variants:
            return False
        declared = self._folded_names(self._variants[guess])
        return all(key.casefold() in declared for key in value)

    def _is_optional(self) -> bool:
        prop = self._base.properties.get(self._tag)
        return prop is not None and not prop.required

    def _find_value(self, tag: Any) -> str | None:
        if not isinstance(tag, str):
            return None
        return find_twin(tag, (*self._variants, *self._bare))

    def _note(
        self,
        rule: Rule,
        place: Path,
        seen: Any,
        expected: tuple[str, ...],
        hint: Any,
        found: Found,
    ) -> None:
        base, tag = self._base.name, self._tag
        found.append(Deviation(rule, place, seen, expected, base, tag, hint))

    def _continue(
        self,
        value: Any,
        path: Path,
        found: Found,
        guess: str,
        key: str,
        *,
        known: bool = False,
    ) -> None:
        """Check the rest as the variant `guess`, or as far as the base knows it.

        `known` is the variant to some api-version: then its properties are no
        typing errors.
        """
        if guess in self._variants:
            mended = {**value, key: guess}
            self._book.plan_variant(self._variants[guess]).walk(mended, path, found)
            return
        if key != self._tag:
            self._note(Rule.CASE, (path, key), key, (self._tag,), None, found)
        base = self._book.plan_variant(self._base.name)
        # A value that no definition here describes may come with any name.
        names = _Everything() if guess or known else self._declared()
        base.walk_untagged(value, path, found, skip=(key, self._tag), variants=names)

    def _declared(self) -> set[str]:
        names = self._variants.values()
        return set().union(*(self._folded_names(name) for name in names))

    def _guess(self, value: Mapping[str, Any], tag: Any) -> Guess:
        """The variant meant, and whether its ``name`` or its ``properties`` say so."""
        if isinstance(tag, str):
            near = find_nearest(tag, self._variants)
            if near:
                return Guess(near[0], "name")
        if len(self._variants) == 1:
            return Guess(next(iter(self._variants)), "only")
        common = {name.casefold() for name in self._base.properties}
        keys = {key.casefold() for key in value} - common
        scores = {
            variant: len(keys & self._folded_names(name))
            for variant, name in self._variants.items()
        }
        best = max(scores.values(), default=0)
        winners = [variant for variant, score in scores.items() if score == best]
        decided = best > 0 and len(winners) == 1
        return Guess(winners[0], "properties") if decided else Guess()

    def _folded_names(self, name: str) -> set[str]:
        return {key.casefold() for key in self._book.definitions[name].properties}
