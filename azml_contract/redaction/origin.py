"""Learn from a recording of another tool whose it was: names, ids, kind of host.

In: exchanges that nobody sanitised. Out: identifiers with their placeholders,
and whether the hosts are Azure's. The settings know the recorder's own names;
a file that somebody else recorded brings its names along, in its URLs.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator, Mapping
from urllib.parse import unquote, urlsplit

from azml_contract.exchange import Exchange, Request
from azml_contract.redaction.rules import Identifier

AZURE_HOSTS = re.compile(
    r"(^|\.)(azure\.(com|cn|us|net)|azureml(-test)?\.(ms|us|cn|net)|windows\.net|azurecr\.io"
    r"|azurewebsites\.net|azuredatabricks\.net|chinacloudapi\.cn|usgovcloudapi\.net"
    r"|microsoftonline\.(com|us)|chinacloudapi\.cn|applicationinsights\.io)$"
)
TENANT = "00000000-0000-4000-8000-00000000a001"
CLIENT = "00000000-0000-4000-8000-00000000a002"
_PLACEHOLDERS: Mapping[str, str] = {
    "subscription": "00000000-0000-0000-0000-000000000000",
    "tenant": TENANT,
    "client": CLIENT,
    "resource_group": "resource-group",
    "workspace": "workspace",
    "storage_account": "storageaccount",
    "key_vault": "keyvault",
    "registry": "containerregistry",
    "insights": "applicationinsights",
    "instance": "computeinstance",
    "logs": "loganalytics",
    "identity": "managedidentity",
    "address": "203.0.113.1",
}
_NAME = r"([\w.()-]+)"
_ID = r"([0-9A-Za-z-]{8,})"
# By kind: what must stand in a text, in lower case, and where the name is then.
_PLACES: tuple[tuple[str, str, re.Pattern[str]], ...] = tuple(
    (kind, literal, re.compile(pattern.lower()))  # for texts in lower case
    for kind, literal, pattern in (
        ("subscription", "/subscriptions/", rf"/subscriptions/{_ID}"),
        ("resource_group", "/resourcegroups/", rf"/resourceGroups/{_NAME}"),
        (
            "workspace",
            "/workspaces/",
            rf"/Microsoft\.MachineLearningServices/workspaces/{_NAME}",
        ),
        (
            "workspace",
            "azureml://locations/",
            rf"azureml://locations/[\w-]+/workspaces/{_NAME}",
        ),
        ("storage_account", "/storageaccounts/", rf"/storageAccounts/{_NAME}"),
        (
            "storage_account",
            ".",
            r"//([a-z0-9]{3,24})\.(?:blob|dfs|file|queue|table|web)\.",
        ),
        (
            "storage_account",
            "abfs",
            r"abfss?://[\w$.-]+@([a-z0-9]{3,24})\.(?:blob|dfs)\.",
        ),
        (
            "storage_account",
            "wasb",
            r"wasbs?://[\w$.-]+@([a-z0-9]{3,24})\.(?:blob|dfs)\.",
        ),
        (
            "storage_account",
            "accountname",
            r'accountName\\*"\s*:\s*\\*"([a-z0-9]{3,24})\\*"',
        ),
        (
            "storage_account",
            "accountname=",
            r"AccountName=([a-z0-9]{3,24})(?![a-z0-9])",
        ),
        (
            "storage_account",
            "account_name",
            r"account_name[\"']?\s*[:=]\s*[\"']?([a-z0-9]{3,24})(?![\w-])",
        ),
        (
            "storage_account",
            "--account-name",
            r"--account-name[ =][\"']?([a-z0-9]{3,24})(?![\w-])",
        ),
        ("key_vault", "/vaults/", rf"/Microsoft\.KeyVault/vaults/{_NAME}"),
        ("key_vault", ".vault.", r"//([\w-]+)\.vault\."),
        (
            "registry",
            "/registries/",
            rf"/Microsoft\.ContainerRegistry/registries/{_NAME}",
        ),
        ("registry", ".azurecr.io", r"(?<![\w.-])([\w]+)\.azurecr\.io"),
        ("insights", "/components/", rf"/Microsoft\.Insights/components/{_NAME}"),
        (
            "logs",
            "operationalinsights",
            rf"/Microsoft\.OperationalInsights/workspaces/{_NAME}",
        ),
        (
            "identity",
            "/userassignedidentities/",
            rf"/userAssignedIdentities/{_NAME}",
        ),
        (
            "instance",
            ".",
            r"//([\w-]+)\.\w+\.(?:instances\.azureml|notebooks\.azure)\.",
        ),
        (
            "address",
            "publicipaddress",
            r'publicIpAddress\\*"\s*:\s*\\*"([\d.]{7,15})\\*"',
        ),
        ("tenant", "login.", r"//login\.[\w.]+/([0-9a-f-]{36})/"),
        ("tenant", '"tenantid"', r'"tenantId"\s*:\s*"([0-9A-Fa-f-]{36})"'),
        ("client", "client_id=", r"(?:^|[?&])client_id=([0-9a-f-]{36})(?:&|$)"),
        ("client", '"clientid"', r'"clientId"\s*:\s*"([0-9A-Fa-f-]{36})"'),
    )
)
_ANY_PLACEHOLDER = re.compile(
    "(?:" + "|".join(map(re.escape, _PLACEHOLDERS.values())) + r")(?:-?\d+)?"
    # An address is numbered in its last part.
    rf"|{re.escape(_PLACEHOLDERS['address'].rpartition('.')[0])}\.\d{{1,3}}"
)
_SHORTEST = 2
# Microsoft's own, named in documents and samples everywhere.
_PUBLIC = frozenset(
    {
        "automlsamplenotebookdata",
        "azuremlexamples",
        "azureopendatastorage",
        "viennaglobal",
    }
)
_GUID_KINDS = frozenset({"subscription", "tenant", "client"})
# Beside the settings: what answers and requests name, and no scenario is called by.
# Identities are names of properties, which are compared in the order of the alphabet.
_OTHERS = (
    frozenset(_PLACEHOLDERS)
    - _GUID_KINDS
    - {
        "resource_group",
        "workspace",
        "identity",
    }
)
# Numbered stand-ins of these; what a client calls by its name is bound to one.
NUMBERED = re.compile(
    r"(?<![\w-])(?:"
    + "|".join(_PLACEHOLDERS[kind] for kind in sorted(_OTHERS - {"address"}))
    + r")[1-9]\d*(?![\w-])"
)


def learn_identifiers(exchanges: Iterable[Exchange]) -> tuple[Identifier, ...]:
    """Every name of the recorded side, in order of appearance.

    What the requests name comes first, so that the workspace that was called
    gets the plain placeholder, and others that answers mention get numbers.
    """
    learner = Learner()
    learner.learn(exchanges)
    return learner.identifiers()


class Learner:
    """Learns the names of a side as exchanges come.

    With `passes_ours`, what is a placeholder of ours already is passed over.
    """

    def __init__(self, *, passes_ours: bool = False) -> None:
        self._passes_ours = passes_ours
        self._found: dict[str, dict[str, None]] = {}

    def learn(self, exchanges: Iterable[Exchange]) -> bool:
        """Look at more exchanges; whether anything is new."""
        new = False
        for text in texts_of(exchanges):
            for kind, value in _find(text):
                known = self._found.setdefault(kind, {})
                if value not in known and not (self._passes_ours and _is_ours(value)):
                    known[value] = None
                    new = True
        return new

    def identifiers(self) -> tuple[Identifier, ...]:
        """Every name so far, with its placeholder, in order of appearance."""
        return tuple(
            Identifier(kind, value, stand_in)
            for kind, values in self._found.items()
            for value, stand_in in _number(kind, values)
        )


def learn_others(
    exchanges: Iterable[Exchange],
    known: Iterable[Identifier],
    kept: str,
    held: Iterable[tuple[str, str]] = (),
) -> tuple[Identifier, ...]:
    """Accounts and their like that the settings do not know, with numbers from 2 on.

    Args:
        exchanges: As recorded.
        known: What the settings know; neither it nor its placeholders count.
        kept: What the scenario drew, in lower case; it stays.
        held: Texts that were redacted before; their numbers are taken.
    """
    taken = "\n".join(text for pair in held for text in pair)
    first: dict[str, int] = {}
    told = {text.lower() for one in known for text in (one.value, one.placeholder)}
    found: dict[str, dict[str, int]] = {}
    for text in texts_of(exchanges):
        for kind, value in _find(text, _OTHERS):
            if value in told or value in kept or is_placeholder(value):
                continue
            numbers = found.setdefault(kind, {})
            if kind not in first:
                first[kind] = _last_number(kind, taken) + 1
            numbers.setdefault(value, first[kind] + len(numbers))
    return tuple(
        Identifier(kind, value, _numbered(_PLACEHOLDERS[kind], number))
        for kind, numbers in found.items()
        for value, number in numbers.items()
    )


def _last_number(kind: str, text: str) -> int:
    """The highest number of a kind's placeholders in a text; 1 where none has one."""
    plain = _PLACEHOLDERS[kind]
    base = plain.rpartition(".")[0] + "." if "." in plain else plain
    numbers = re.findall(rf"(?<![\w-]){re.escape(base)}-?([1-9]\d*)(?![\w-])", text)
    return max(map(int, numbers), default=1)


def learn_stray_ids(exchanges: Iterable[Exchange]) -> tuple[Identifier, ...]:
    """Ids of subscriptions, tenants and applications in what was sanitised before.

    Its names are placeholders, or the scenario's own, and stay.
    """
    return tuple(
        one
        for one in learn_identifiers(exchanges)
        if one.kind in _GUID_KINDS and not one.value.startswith("00000000-0000-")
    )


def placeholder_identifiers() -> tuple[Identifier, ...]:
    """GUIDs that are placeholders already, so that they keep their value."""
    return tuple(
        Identifier(kind, _PLACEHOLDERS[kind], _PLACEHOLDERS[kind])
        for kind in ("subscription", "tenant", "client")
    )


def is_azure(request: Request) -> bool:
    """Whether a request went to a host of Azure's, by its name."""
    return AZURE_HOSTS.search(request.host) is not None


def texts_of(exchanges: Iterable[Exchange]) -> list[str]:
    """Every text of exchanges, requests first; binary bodies as they can be read.

    What comes again, a body or a header, is left out.
    """
    seen = list(exchanges)
    return [*_requested(seen), *_answered(seen)]


def _requested(exchanges: Iterable[Exchange]) -> Iterator[str]:
    known: set[str | bytes] = {b""}
    for one in exchanges:
        url, body = one.request.url, one.request.body
        if url not in known:
            known.add(url)
            yield unquote(url)
        if body not in known:
            known.add(body)
            yield body.decode("utf-8", "replace")


def _answered(exchanges: Iterable[Exchange]) -> Iterator[str]:
    told: set[str] = set()
    known: set[bytes] = {b""}
    for one in exchanges:
        headers = (*one.request.headers, *one.response.headers)
        new = [value for _, value in headers if value not in told]
        if new:
            told.update(new)
            yield unquote("\n".join(new))
        body = one.response.body
        if body not in known:
            known.add(body)
            yield body.decode("utf-8", "replace")


def _find(
    text: str, kinds: Collection[str] = _PLACEHOLDERS
) -> Iterator[tuple[str, str]]:
    lowered = text.lower()
    for kind, literal, pattern in _PLACES:
        if kind not in kinds or literal not in lowered:
            continue
        for value in pattern.findall(lowered):
            if len(value) >= _SHORTEST and value not in _PUBLIC:
                yield kind, value


def _number(kind: str, values: Iterable[str]) -> Iterator[tuple[str, str]]:
    """Each value with its placeholder; a value that is one already keeps it."""
    plain = _PLACEHOLDERS[kind]
    taken = [value for value in values if is_placeholder(value)]
    number = len(taken)
    for value in values:
        if value in taken:
            yield value, value
            continue
        number += 1
        yield value, plain if number == 1 else _numbered(plain, number)


def _is_ours(value: str) -> bool:
    return value.startswith("00000000-0000-") or is_placeholder(value)


def is_placeholder(value: str) -> bool:
    """Whether a name stands for one already, of whatever kind."""
    return _ANY_PLACEHOLDER.fullmatch(value) is not None


def _numbered(plain: str, number: int) -> str:
    if plain.count("-") == 4:  # a GUID keeps its shape
        return f"{plain[:24]}{int(plain[24:], 16) + number * 0x10000:012x}"
    if "." in plain:  # and an address
        return f"{plain.rpartition('.')[0]}.{number % 255}"
    return f"{plain}{number}" if "-" not in plain else f"{plain}-{number}"


def hosts_of(exchanges: Iterable[Exchange]) -> list[str]:
    """The hosts that were called, sorted, each once."""
    return sorted({urlsplit(one.request.url).hostname or "" for one in exchanges})
