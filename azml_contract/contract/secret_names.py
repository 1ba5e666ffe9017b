"""Which property names hold secrets, in any api-version.

In: `Imported` versions. Out: names for those who must blank secrets out
without loading every contract. Knows contracts only; who blanks what, and how,
is the recording's business.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from azml_contract.api_version import sort_key
from azml_contract.contract.imported import Imported
from azml_contract.contract.model import Definition, Type

# Specifications before this one hardly mark any secret.
MARKING = "2021-03-01-preview"

# Read through by hand: everything that the specifications call so is a secret,
# but in some definition, or in all, they forget to mark it.
UNMARKED = (
    "adminkubeconfig",
    "clientsecret",
    "databricksaccesstoken",
    "keyvalue",
    "password",
    "pat",
    "primarykey",
    "sas",
    "sasuri",
    "secondarykey",
    "userkubeconfig",
)


@dataclass(frozen=True, slots=True)
class SecretNames:
    """Lower-case names of properties.

    `always`: wherever the name occurs it holds a secret. `sometimes`: it does
    so only in the definitions listed, so a name such as ``key`` or ``value``
    cannot be blanked out without knowing where it stands. What is one of
    `UNMARKED` counts as `always`.
    """

    always: tuple[str, ...]
    sometimes: Mapping[str, tuple[str, ...]]


def find_secret_names(versions: Iterable[Imported]) -> SecretNames:
    """Collect what is marked secret or write-only in at least one version.

    What lies inside a secret is a secret too: ``listSecrets`` answers with
    ``{"secretsType": ..., "key": ...}``, an object that elsewhere is the value
    of a property marked secret. The same property of the same definition is
    taken for a secret in every version, as some versions forget the mark. Of
    versions before `MARKING` only the marks count, unless no later one has the
    name.
    """
    early: dict[str, set[str]] = {}
    owners: dict[str, set[str]] = {}
    secret: dict[str, set[str]] = {}
    for version in versions:
        marks = sort_key(version.api_version) >= sort_key(MARKING)
        for definition in version.definitions.values():
            for prop in definition.properties.values():
                having = (owners if marks else early).setdefault(
                    prop.name.lower(), set()
                )
                having.add(definition.name)
        for owner, name in _secrets(version.definitions):
            secret.setdefault(name.lower(), set()).add(owner)
    owners = early | owners
    always = {name for name in secret if secret[name] >= owners[name]}
    always |= {name for name in UNMARKED if name in owners}
    return SecretNames(
        always=tuple(sorted(always)),
        sometimes={n: tuple(sorted(secret[n])) for n in sorted(secret.keys() - always)},
    )


def _secrets(definitions: Mapping[str, Definition]) -> Iterator[tuple[str, str]]:
    inside: list[str] = []
    for definition in definitions.values():
        for prop in definition.properties.values():
            if prop.secret or prop.write_only:
                yield definition.name, prop.name
                inside += _names_in(prop.type)
    seen: set[str] = set()
    while inside:
        name = inside.pop()
        if name in seen or name not in definitions:
            continue
        seen.add(name)
        definition = definitions[name]
        inside += definition.variants.values()
        base = definitions.get(definition.base, definition)
        for prop in definition.properties.values():
            inside += _names_in(prop.type)
            if prop.type.kind == "string" and prop.name != base.discriminator:
                yield name, prop.name


def _names_in(kind: Type) -> Iterator[str]:
    if kind.kind == "ref":
        yield kind.ref
    if kind.items is not None:
        yield from _names_in(kind.items)
