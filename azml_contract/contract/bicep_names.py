"""Give the types of a bicep-types version the names that the swaggers use.

In: a `BicepVersion` and, for pairs of a Bicep type and a swagger type that
are known to be the same (the body of one PUT), the swagger version. Out: a
map of names. Both are walked side by side, property by property, so that
``JobBaseProperties`` is found to be the swagger's ``JobBase``.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from azml_contract.contract.bicep_types import BicepVersion
from azml_contract.contract.imported import Imported
from azml_contract.contract.model import Definition, Property, Type
from azml_contract.contract.notation import blur, blur_type

# Bicep types leave these out even at 2024-04-01, whose swagger has them; so
# that they are missing in later versions says nothing.
OMITTED = {
    "AcrDetails": ("userCreatedAcrAccount",),
    "StorageAccountDetails": ("userCreatedStorageAccount",),
}


@dataclass(frozen=True, slots=True)
class Pair:
    """A Bicep type and the swagger type that stands in the same place."""

    bicep: Type
    swagger: Type
    reference: Imported


@dataclass(frozen=True, slots=True)
class Renamed:
    """Definitions under their final names.

    `names` maps Bicep's names to the final ones; `twins` says for a final
    name in which reference, and under which name, the same definition is.
    """

    names: Mapping[str, str]
    twins: Mapping[str, tuple[Imported, str]]
    definitions: Mapping[str, Definition]
    parents: Mapping[str, tuple[str, ...]]


def rename_definitions(version: BicepVersion, pairs: Iterable[Pair]) -> Renamed:
    """Walk the pairs and name every definition.

    A definition that no pair leads to keeps Bicep's name, or takes the
    definition of that name in the first reference as its twin.
    """
    pairs = list(pairs)
    twins = _walk(version, pairs)
    references = list({id(p.reference): p.reference for p in pairs}.values())
    for name in version.definitions:
        for reference in references:
            if name not in twins and name in reference.definitions:
                twins[name] = (reference, name)
    names = _choose(version, twins)
    return _apply(version, names, twins)


def _walk(version: BicepVersion, pairs: list[Pair]) -> dict[str, tuple[Imported, str]]:
    twins: dict[str, tuple[Imported, str]] = {}
    waiting = deque((p.bicep, p.swagger, p.reference) for p in pairs)
    while waiting:
        ours, theirs, reference = waiting.popleft()
        if ours.items and theirs.items and ours.kind == theirs.kind:
            waiting.append((ours.items, theirs.items, reference))
        if ours.kind != "ref" or theirs.kind != "ref" or ours.ref in twins:
            continue
        twins[ours.ref] = (reference, theirs.ref)
        mine, other = version.definitions[ours.ref], reference.definitions[theirs.ref]
        for name, prop in mine.properties.items():
            if name in other.properties:
                waiting.append((prop.type, other.properties[name].type, reference))
        if mine.additional and other.additional:
            waiting.append((mine.additional, other.additional, reference))
        for value, variant in mine.variants.items():
            if value in other.variants:
                pair = Type("ref", ref=variant), Type("ref", ref=other.variants[value])
                waiting.append((*pair, reference))
    return twins


def _choose(
    version: BicepVersion, twins: Mapping[str, tuple[Imported, str]]
) -> dict[str, str]:
    """Final names; two Bicep types with one twin share its name if they agree."""
    names: dict[str, str] = {}
    taken: dict[str, str] = {}
    for name in sorted(version.definitions, key=lambda n: (n not in twins, n)):
        wanted = twins[name][1] if name in twins else _default_name(name)
        first = taken.get(wanted)
        if first is not None and not _same(version, first, name):
            wanted = name if name not in taken else f"{name}2"
        taken.setdefault(wanted, name)
        names[name] = wanted
    return names


def _default_name(name: str) -> str:
    """``.../workspaces/capabilityHosts`` becomes ``CapabilityHostsResource``."""
    if "/" not in name:
        return name
    last = name.rpartition("/")[2]
    return f"{last[:1].upper()}{last[1:]}Resource"


def _same(version: BicepVersion, one: str, other: str) -> bool:
    a, b = version.definitions[one], version.definitions[other]
    return a.properties.keys() == b.properties.keys()


def _apply(
    version: BicepVersion,
    names: Mapping[str, str],
    twins: Mapping[str, tuple[Imported, str]],
) -> Renamed:
    definitions: dict[str, Definition] = {}
    parents: dict[str, tuple[str, ...]] = {}
    final_twins: dict[str, tuple[Imported, str]] = {}
    unwritable = {r.body for r in version.resources if not r.writable}
    for name in sorted(version.definitions, key=lambda n: ("/" not in n, n)):
        final = names[name]
        if final in definitions:
            continue
        if name in twins:
            final_twins[final] = twins[name]
        renamed = _rename(version.definitions[name], names)
        learned = _learn(renamed, final_twins.get(final))
        definitions[final] = (
            learned
            if name not in unwritable
            else _learn_flags(learned, final_twins.get(final))
        )
        parents[final] = tuple(names[p] for p in version.parents[name])
    _learn_tags(definitions, final_twins)
    _restore_parents(definitions, parents, final_twins)
    return Renamed(names, final_twins, definitions, parents)


def _rename(definition: Definition, names: Mapping[str, str]) -> Definition:
    properties = {
        key: replace(prop, type=rename_type(prop.type, names))
        for key, prop in definition.properties.items()
    }
    extra = definition.additional
    return replace(
        definition,
        name=names[definition.name],
        properties=properties,
        additional=rename_type(extra, names) if extra else None,
        variants={value: names[name] for value, name in definition.variants.items()},
        base=names[definition.base] if definition.base else "",
    )


def rename_type(kind: Type, names: Mapping[str, str]) -> Type:
    """A type with the definitions in it renamed."""
    if kind.kind == "ref":
        return replace(kind, ref=names.get(kind.ref, kind.ref))
    if kind.items is not None:
        return replace(kind, items=rename_type(kind.items, names))
    return kind


def _learn(definition: Definition, twin: tuple[Imported, str] | None) -> Definition:
    """Take from the twin what Bicep cannot say of properties that are unchanged."""
    if twin is None:
        return definition
    known = twin[0].definitions[twin[1]].properties
    version = twin[0].api_version
    properties = {
        key: _learn_property(prop, known[key], version) if key in known else prop
        for key, prop in definition.properties.items()
    }
    for name in OMITTED.get(definition.name, ()):
        if name in known and name not in properties:
            properties[name] = _carry(known[name], version)
    return replace(definition, properties=properties)


def _learn_tags(
    definitions: dict[str, Definition], twins: Mapping[str, tuple[Imported, str]]
) -> None:
    """Complete discriminators: Bicep tells only the values that have a variant.

    A derived type that Bicep uses without its base learns which base it has.
    """
    for name, (reference, twin_name) in twins.items():
        twin, mine = reference.definitions[twin_name], definitions[name]
        if mine.discriminator and mine.discriminator in twin.properties:
            tag = mine.discriminator
            values = _tag_values(mine, twin)
            for each in (name, *mine.variants.values()):
                learned = _learn_tag(definitions[each], reference, twin, tag, values)
                definitions[each] = learned
        elif twin.base and not mine.base:
            definitions[name] = replace(
                mine, base=twin.base, discriminator_value=twin.discriminator_value
            )


def _restore_parents(
    definitions: dict[str, Definition],
    parents: dict[str, tuple[str, ...]],
    twins: Mapping[str, tuple[Imported, str]],
) -> None:
    """Bring back the ancestors that Bicep has flattened into their heirs.

    An ancestor returns where an heir agrees with everything in it; facts are
    then stored and compared once, where the swagger declares them.
    """
    waiting = [(name, *twins[name]) for name in definitions if name in twins]
    while waiting:
        name, reference, twin_name = waiting.pop(0)
        usable = []
        for parent in reference.parents.get(twin_name, ()):
            if parent not in definitions and _agrees(
                definitions[name], reference.definitions[parent]
            ):
                definitions[parent] = _restored(reference, parent, definitions)
                waiting.append((parent, reference, parent))
            if parent in definitions:
                usable.append(parent)
        base = definitions[name].base
        usable += [p for p in parents.get(name, ()) if p == base and p not in usable]
        parents[name] = tuple(usable)


def _agrees(heir: Definition, ancestor: Definition) -> bool:
    return all(
        key in heir.properties and blur(prop) == blur(heir.properties[key])
        for key, prop in ancestor.properties.items()
    )


def _restored(
    reference: Imported, name: str, known: Mapping[str, Definition]
) -> Definition:
    definition = reference.definitions[name]
    version = reference.api_version
    variants = {v: n for v, n in definition.variants.items() if n in known}
    return replace(
        definition,
        properties={k: _carry(p, version) for k, p in definition.properties.items()},
        additional=blur_type(definition.additional) if definition.additional else None,
        variants=variants,
    )


def _tag_values(mine: Definition, twin: Definition) -> tuple[str, ...]:
    """The twin's values without those whose variant is gone, then the new ones."""
    gone = twin.variants.keys() - mine.variants.keys()
    known = twin.properties[mine.discriminator].type.enum
    kept = tuple(value for value in known if value not in gone)
    return kept + tuple(value for value in mine.variants if value not in kept)


def _learn_tag(
    definition: Definition,
    reference: Imported,
    twin: Definition,
    tag: str,
    values: tuple[str, ...],
) -> Definition:
    prop = definition.properties[tag]
    changed = replace(prop, type=replace(prop.type, enum=values))
    learned = _learn_property(changed, twin.properties[tag], reference.api_version)
    return replace(definition, properties={**definition.properties, tag: learned})


def _learn_flags(
    definition: Definition, twin: tuple[Imported, str] | None
) -> Definition:
    """Of what cannot be written, Bicep calls everything read-only and optional."""
    if twin is None:
        return definition
    known = twin[0].definitions[twin[1]].properties
    properties = {
        key: replace(prop, required=known[key].required, read_only=known[key].read_only)
        if key in known
        else prop
        for key, prop in definition.properties.items()
    }
    return replace(definition, properties=properties)


def _learn_property(prop: Property, known: Property, version: str) -> Property:
    """All that the swagger says where it is the same property, else what is sure."""
    learned = replace(
        prop,
        type=_learn_type(prop.type, known.type),
        secret=prop.secret or known.secret,
    )
    return _carry(known, version) if blur(known) == learned else learned


def _carry(known: Property, version: str) -> Property:
    return replace(known, carried_from=known.carried_from or version)


def _learn_type(kind: Type, known: Type) -> Type:
    if kind.kind == "integer" and known.kind == "number":
        return replace(kind, kind="number")
    if kind.items and known.items and kind.kind == known.kind:
        return replace(kind, items=_learn_type(kind.items, known.items))
    return kind
