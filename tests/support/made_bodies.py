"""Bodies made from the contract itself, and changed at one place.

A change drops, renames, retypes or miscases a member, makes it null, or sends an
unknown enum value, an unknown discriminator, a property of another variant.
"""

from __future__ import annotations

import random
from dataclasses import dataclass
from functools import cache
from typing import Any

from azml_contract.contract.catalog import load_contract
from azml_contract.contract.contract import Contract
from azml_contract.contract.model import Definition, Property, Type, View
from azml_contract.contract.schema import write_schema
from azml_contract.contract.views import (
    Lens,
    Use,
    find_discriminator,
    is_union,
    use_of,
)
from azml_contract.validation.body import BodyCheck
from azml_contract.validation.judge import Engine, compile_judge

VERSIONS = (
    "2020-08-01",
    "2021-03-01-preview",
    "2022-05-01",
    "2023-10-01",
    "2024-04-01",
    "2024-07-01-preview",
    "2024-10-01-preview",
    "2025-06-01",
    "2026-05-01",
    "2026-05-15-preview",
)
TEXTS = {
    "duration": "PT1H",
    "date-time": "2026-01-31T12:00:00Z",
    "uuid": "12345678-1234-1234-1234-123456789abc",
}
BY_PATTERN = {
    r"\d+[bBkKmMgG]": "2g",
    r"^[0-9]+\.[0-9]+$": "3.4",
    r"^([0-9]{1,3}\.){3}[0-9]{1,3}(\/([0-9]|[1-2][0-9]|3[0-2]))?$": "10.0.0.0/16",
    r"^(?:(?:25[0-5]|2[0-4][0-9]|[01]?[0-9][0-9]?)\.){3}"
    r"(?:25[0-5]|2[0-4][0-9]|[01]?[0-9][0-9]?)$": "10.0.0.10",
}
UNLISTED = "Zzyzx"


@dataclass(frozen=True)
class Kind:
    """One kind of body: everything that judges it."""

    contract: Contract
    body: Type
    lens: Lens
    check: BodyCheck
    fast: Any
    reference: Any


@dataclass
class Site:
    """One place of a made body: the container, the key there, what is declared."""

    holder: Any
    key: Any
    path: Any
    owner: Definition | None
    prop: Property | None


@cache
def kinds_of(version: str) -> tuple[tuple[Type, Lens], ...]:
    """Every body type of every operation, requests and answers."""
    found: dict[tuple[Type, Lens], None] = {}
    for operation in load_contract(version).operations.values():
        if operation.body is not None:
            view = View.UPDATE if operation.method == "PATCH" else View.CREATE
            found[operation.body, Lens(view)] = None
        for spec in (operation.responses or {}).values():
            if spec.body is not None:
                found[spec.body, Lens(View.RESPONSE, operation.method == "POST")] = None
    return tuple(found)


@cache
def compile_kind(version: str, index: int) -> Kind:
    """Compile one kind of body for every judge."""
    contract = load_contract(version)
    body, lens = kinds_of(version)[index]
    schema = write_schema(contract.definitions, body, lens)
    return Kind(
        contract,
        body,
        lens,
        BodyCheck(contract, body, lens, is_bounded=False),
        compile_judge(schema, Engine.FAST),
        compile_judge(schema, Engine.REFERENCE),
    )


class Maker:
    """Makes a valid body, and remembers every place of it."""

    def __init__(self, kind: Kind, rng: random.Random) -> None:
        self.known = kind.contract.definitions
        self.lens = kind.lens
        self.rng = rng
        self.sites: list[Site] = []

    def make(self, kind: Type, path: Any, depth: int) -> Any:
        """A value of a type, smaller the deeper it stands."""
        if kind.kind == "ref":
            return self.make_object(kind.ref, path, depth)
        if kind.kind == "array":
            return self.make_items(kind, path, depth)
        if kind.kind == "map":
            made: dict[str, Any] = {}
            for key in ("one", "two")[: self.rng.randrange(3)] if kind.items else ():
                made[key] = self.make(kind.items, (path, key), depth + 1)
                self.sites.append(Site(made, key, (path, key), None, None))
            return made
        if kind.kind == "string":
            return self.make_text(kind)
        if kind.kind in ("integer", "number"):
            low = 1 if kind.minimum is None else kind.minimum
            return low if kind.maximum is None else min(low, kind.maximum)
        return {"boolean": True, "object": {}}.get(kind.kind, "anything")

    def make_text(self, kind: Type) -> str:
        if kind.enum:
            return self.rng.choice(kind.enum)
        text = TEXTS.get(kind.format) or BY_PATTERN.get(kind.pattern, "abc")
        return text.ljust(kind.min_length or 0, "a")[: kind.max_length]

    def make_items(self, kind: Type, path: Any, depth: int) -> list[Any]:
        made: list[Any] = []
        least = kind.min_items or 0
        count = least + (self.rng.randrange(2) if depth < 6 else 0)
        for index in range(min(count, kind.max_items or count)):
            made.append(self.make(kind.items, (path, index), depth + 1))
            self.sites.append(Site(made, index, (path, index), None, None))
        return made

    def make_object(self, name: str, path: Any, depth: int) -> dict[str, Any]:
        definition = self.known[name]
        if is_union(definition):
            variants = sorted(set(definition.variants.values()) & set(self.known))
            definition = self.known[self.rng.choice(variants)]
        made: dict[str, Any] = {}
        tag = find_discriminator(self.known, definition)
        for prop in definition.properties.values():
            if prop.name == tag and definition.discriminator_value:
                made[tag] = definition.discriminator_value
            elif use_of(prop, self.lens) is not Use.FREE:
                continue
            elif prop.required or (depth < 5 and self.rng.random() < 0.4):
                made[prop.name] = self.make(prop.type, (path, prop.name), depth + 1)
            if prop.name in made:
                place = (path, prop.name)
                self.sites.append(Site(made, prop.name, place, definition, prop))
        return made


Places = list[Any]


def drop(site: Site, rng: random.Random, known: Any) -> Places:
    del site.holder[site.key]
    return [site.path]


def rename(site: Site, rng: random.Random, known: Any) -> Places:
    parent = site.path[0]
    site.holder[f"{site.key}Zz"] = site.holder.pop(site.key)
    return [site.path, (parent, f"{site.key}Zz")]


def miscase(site: Site, rng: random.Random, known: Any) -> Places:
    other = site.key.upper() if site.key != site.key.upper() else site.key.lower()
    site.holder[other] = site.holder.pop(site.key)
    return [site.path, (site.path[0], other)]


def retype(site: Site, rng: random.Random, known: Any) -> Places:
    site.holder[site.key] = rng.choice(["text", 7, 0.5, True, {"k": 1}, [1]])
    return [site.path]


def nullify(site: Site, rng: random.Random, known: Any) -> Places:
    site.holder[site.key] = None
    return [site.path]


def change_text(site: Site, rng: random.Random, known: Any) -> Places:
    swapped = site.holder[site.key].swapcase()
    site.holder[site.key] = rng.choice([UNLISTED, swapped, "", "-"])
    return [site.path]


def send_foreign_property(site: Site, rng: random.Random, known: Any) -> Places:
    base = known[site.owner.base]
    siblings = [known[name] for name in base.variants.values() if name in known]
    strange = {key for one in siblings for key in one.properties}
    key = rng.choice(sorted(strange - set(site.owner.properties)) or [UNLISTED])
    site.holder[key] = 1
    return [(site.path[0], key)]


def send_foreign_variant(site: Site, rng: random.Random, known: Any) -> Places:
    base = known[site.owner.base]
    site.holder[base.discriminator] = rng.choice(sorted(base.variants))
    return [site.path[0]]  # whatever the other variant wants, or does not know


def _has_name(site: Site) -> bool:
    return isinstance(site.key, str)


def _is_text(site: Site) -> bool:
    return isinstance(site.holder[site.key], str)


def _is_enum(site: Site) -> bool:
    return site.prop is not None and bool(site.prop.type.enum)


def _is_variant(site: Site) -> bool:
    return site.owner is not None and bool(site.owner.discriminator_value)


MUTATIONS = (
    (drop, _has_name),
    (rename, _has_name),
    (miscase, _has_name),
    (retype, lambda site: True),
    (nullify, lambda site: True),
    (change_text, _is_text),
    (change_text, _is_enum),
    (send_foreign_property, _is_variant),
    (send_foreign_variant, _is_variant),
)


def mutate(maker: Maker, rng: random.Random) -> Places:
    """Change the made body at one place; the places where that may be told."""
    mutation, fits = rng.choice(MUTATIONS)
    sites = [site for site in maker.sites if fits(site)]
    return mutation(rng.choice(sites), rng, maker.known) if sites else []
