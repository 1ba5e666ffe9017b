"""What must not be kept: redaction rules, and the names that are always secret.

In: what the settings and the contract know, as values. Out: `RedactionRules`.
This module holds names and nothing that acts on them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from azml_contract.exchange import Json, Request

Place = tuple[str | int, ...]
"""Keys and indices that lead to a value of a JSON body."""


class SecretPlaces(Protocol):
    """Tells where in a body secrets stand; what knows contracts supplies it."""

    def __call__(
        self, request: Request, body: Json, /, *, answer: bool
    ) -> Sequence[Place]:
        """The places in the body of a request, or of its answer."""
        ...


@dataclass(frozen=True, slots=True)
class Identifier:
    """A name of the recorded side, and what is written for it.

    `kind` is one of ``subscription tenant resource_group workspace
    storage_account client principal name email``, or a kind of the caller's.
    """

    kind: str
    value: str
    placeholder: str


@dataclass(frozen=True, slots=True)
class RedactionRules:
    """Everything the caller knows that a cassette must not hold.

    `secrets` are live values; `secret_properties` are names of JSON
    properties, in lower case, that the contract marks secret or write-only, and
    `secret_places` tells where in a body they stand. With `people`,
    e-mail addresses are replaced wherever they stand.
    """

    identifiers: tuple[Identifier, ...] = ()
    secrets: tuple[str, ...] = ()
    secret_properties: frozenset[str] = frozenset()
    secret_places: SecretPlaces | None = None
    people: bool = True


QUERY_SECRETS = frozenset(
    {
        "access_token",
        "apikey",
        "api_key",
        "assertion",
        "client_assertion",
        "client_secret",
        "code",
        "id_token",
        "password",
        "refresh_token",
        "sig",
        "signature",
        "subscription-key",
        "token",
    }
)
"""Query parameters whose value is never written."""

SAS_TIMES = frozenset({"se", "st", "ske", "skt"})
SAS_GUIDS = frozenset({"skoid", "sktid"})

FORM_SECRETS = frozenset(
    {
        "access_token",
        "actor_token",
        "assertion",
        "client_assertion",
        "client_secret",
        "code",
        "code_verifier",
        "device_code",
        "id_token",
        "password",
        "refresh_token",
        "subject_token",
        "username",
    }
)
"""Fields of form bodies whose value is never written."""

FORM_IGNORED = FORM_SECRETS | {
    "client-request-id",
    "client_assertion_type",
    "client_info",
    "x-client-cpu",
    "x-client-os",
    "x-client-sku",
    "x-client-ver",
}
"""Fields of form bodies that do not tell two requests apart."""

JSON_SECRETS = frozenset(
    {
        "access_token",
        "accesskey",
        "accesstoken",
        "accountkey",
        "account_key",
        "adminuserpassword",
        "applicationinsightsinstrumentationkey",
        "clientsecret",
        "client_assertion",
        "client_secret",
        "connectionstring",
        "id_token",
        "password",
        "primaryconnectionstring",
        "primarykey",
        "refresh_token",
        "sastoken",
        "sasuri",
        "secondaryconnectionstring",
        "secondarykey",
        "sharedaccesssignature",
        "userstoragekey",
    }
)
"""JSON properties that are secret wherever they stand."""

JSON_ORDINARY = frozenset(
    {"id", "name", "properties", "status", "tags", "type", "value"}
)
"""Names too common to be secret by name alone, whatever the contract marks."""

JSON_PUBLIC = frozenset(
    {"adminusersshpublickey", "cert", "certificate", "key1", "key2", "publickeydata"}
)
"""Names that the contract marks, and that are public or ordinary elsewhere."""

KEY_LISTS = (
    "listkeys",
    "listsecrets",
    "regeneratekey",
    "regeneratekeys",
    "listcredentials",
)
"""Last segments of paths whose whole answer is secret."""

KEY_LIST_PLAIN = frozenset(
    {
        "creationtime",
        "id",
        "keyname",
        "name",
        "permissions",
    }
)
"""What may stay of a secret of many parts, beside all that ends in ``type``."""

KEY_LIST_TOLD_ELSEWHERE = KEY_LIST_PLAIN | {
    "category",
    "location",
    "target",
    "userstoragearmid",
    "userstorageresourceid",
}
"""What may stay of an answer to a path of `KEY_LISTS`: also what it is the key of.

That is told elsewhere too, where a secret of the same text would be replaced.
"""

PERSON, EMAIL = "User", "user@example.com"
"""What is written for a name and for an e-mail address."""

PEOPLE = frozenset(
    {"createdby", "lastmodifiedby", "username", "userprincipalname", "upn", "useremail"}
)
"""JSON properties that hold the name of a person or an application."""

REQUEST_HEADERS = frozenset(
    {
        "content-type",
        "if-match",
        "if-none-match",
        "prefer",
        "range",
        "x-ms-blob-content-type",
        "x-ms-blob-type",
        "x-ms-range",
    }
)
RESPONSE_HEADERS = frozenset(
    {
        "accept-ranges",
        "azure-asyncoperation",
        "azure-deprecating",
        "deprecation",
        "sunset",
        "content-encoding",
        "content-range",
        "content-type",
        "etag",
        "last-modified",
        "location",
        "operation-location",
        "retry-after",
        "set-cookie",
        "www-authenticate",
        "x-ms-async-operation-timeout",
        "x-ms-blob-content-length",
        "x-ms-blob-type",
        "x-ms-error-code",
        "x-ms-failure-cause",
        "x-ms-response-type",
    }
)
"""The only headers that are written; names beginning with ``x-ms-meta-`` too."""

FRAMING_HEADERS = frozenset({"content-length", "transfer-encoding"})
"""Not written, and made anew of the body in replay."""


def secret_names(rules: RedactionRules) -> frozenset[str]:
    """Lower-case names of JSON properties whose value is never written."""
    return JSON_SECRETS | (rules.secret_properties - JSON_ORDINARY - JSON_PUBLIC)
