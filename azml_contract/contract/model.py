"""What a contract is: types, properties, definitions, operations.

In: nothing; these are values, made by the importers and by the loader of the
compiled data. Out: what validation, regression and the emulator read. No
prose of the specifications is kept.

Three-valued facts are ``True``, ``False`` or ``None``; ``None`` means that the
source of this api-version cannot say (bicep types tell neither nullability nor
status codes), never "no".
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any


class View(StrEnum):
    """Which use of a definition a schema describes."""

    CREATE = "create"
    UPDATE = "update"
    RESPONSE = "response"


class SourceKind(StrEnum):
    """What an api-version was compiled from."""

    SWAGGER = "swagger"
    BICEP_TYPES = "bicep-types"


@dataclass(frozen=True, slots=True)
class Type:
    """The type of one value.

    `kind` is one of ``string integer number boolean array map object any
    ref``. ``ref`` names an object definition in `ref`; ``array`` and ``map``
    hold their element type in `items`; ``object`` is a free-form object.
    `enum_open` is set where the specification marks an enum as extensible
    (``modelAsString``, or a union with a plain string). `items_nullable` is
    three-valued like every nullability.
    """

    kind: str
    ref: str = ""
    items: Type | None = None
    items_nullable: bool | None = False
    enum: tuple[str, ...] = ()
    enum_open: bool = False
    format: str = ""
    pattern: str = ""
    min_length: int | None = None
    max_length: int | None = None
    minimum: float | None = None
    maximum: float | None = None
    min_items: int | None = None
    max_items: int | None = None
    unique_items: bool = False


@dataclass(frozen=True, slots=True)
class Property:
    """One property of a definition.

    `mutability` holds the uses that may set or show it (``create``,
    ``read``, ``update``); ``None`` where the source does not restrict it.
    `carried_from` names the api-version whose swagger supplied what this
    version's source cannot say of it: nullability, format and the like. It is
    where a fact comes from, not a fact, and no part of a comparison.
    """

    name: str
    type: Type
    required: bool = False
    read_only: bool = False
    write_only: bool = False
    secret: bool = False
    nullable: bool | None = False
    mutability: frozenset[str] | None = None
    has_default: bool = False
    default: Any = None
    carried_from: str = field(default="", compare=False)


@dataclass(frozen=True, slots=True)
class Definition:
    """An object type, its inherited properties included.

    A definition with `discriminator` is a base: `variants` maps each value of
    the discriminator property to the name of the derived definition. A derived
    definition knows its `base` and its own `discriminator_value`.
    `additional` is the type of properties that are not listed; None means
    that no others are declared. `carried_from` names the api-version whose
    swagger supplied the definition where this version's source has none.
    """

    name: str
    properties: Mapping[str, Property] = field(default_factory=dict)
    additional: Type | None = None
    discriminator: str = ""
    variants: Mapping[str, str] = field(default_factory=dict)
    base: str = ""
    discriminator_value: str = ""
    carried_from: str = ""


@dataclass(frozen=True, slots=True)
class Parameter:
    """A parameter of an operation; `place` is ``path``, ``query`` or ``header``."""

    name: str
    place: str
    type: Type
    required: bool


@dataclass(frozen=True, slots=True)
class ResponseSpec:
    """What one status code promises; `body` is None where no body is declared."""

    body: Type | None
    headers: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Operation:
    """One verb on one path.

    `path` is the template from the root, as in
    ``/subscriptions/{subscriptionId}/...``. `responses` maps ``"200"`` and so
    on (``"default"`` included) and is None where the source cannot say; so are
    `queries_known`, `long_running` and `paging` (name of the link property,
    ``""`` when not paged). `carried_from` names the api-version whose swagger
    supplied facts that this version's source cannot say. With `assumed`, the
    very existence of the operation is such a fact. `result` is what a success
    answers with, where the source names it without any status code.
    """

    id: str
    method: str
    path: str
    parameters: tuple[Parameter, ...] = ()
    queries_known: bool = True
    body: Type | None = None
    body_required: bool = False
    responses: Mapping[str, ResponseSpec] | None = None
    long_running: bool | None = False
    final_state_via: str = ""
    paging: str | None = ""
    carried_from: str = ""
    assumed: bool = False
    result: Type | None = None
