"""Who is calling: credentials of azure-identity, and one cached bearer token.

In: settings. Out: a credential, and the token of one scope while it lasts.
azure-identity is imported only when a credential is built. Knows nothing of
what the token is used for.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol
from urllib.parse import urlsplit

from azml_contract.errors import SettingsError
from azml_contract.settings import VARIABLES, Settings

if TYPE_CHECKING:
    from azml_contract.lro import Clock

WELL_KNOWN_AUTHORITIES = frozenset(
    {
        "login.microsoftonline.com",
        "login.microsoftonline.us",
        "login.chinacloudapi.cn",
        "login.windows.net",
    }
)
"""Authorities that the public cloud vouches for; others skip that question."""

_REFRESH_BEFORE_S = 300


class AccessToken(Protocol):
    """A bearer token and when it ends, in seconds since the epoch."""

    @property
    def token(self) -> str:
        """The token itself."""

    @property
    def expires_on(self) -> int:
        """End of its life, in seconds since the epoch."""


class TokenCredential(Protocol):
    """What azure-identity's credentials are."""

    def get_token(self, *scopes: str, **kwargs: Any) -> AccessToken:
        """A token for the scopes; asks the identity service where it has to."""


class _FixedToken(NamedTuple):
    token: str
    expires_on: int


class StaticCredential:
    """Always the same token, without asking anybody: what replay uses."""

    def __init__(self, token: str = "REDACTED") -> None:  # noqa: S107 - no secret
        self._token = _FixedToken(token, 2**33)

    def get_token(self, *scopes: str, **kwargs: Any) -> AccessToken:
        """The token, whatever the scopes."""
        return self._token

    def close(self) -> None:
        """Nothing to close."""


class LoginFailed(SettingsError):
    """No token could be had; says which login was tried and how to repair it."""

    def __init__(self, settings: Settings, error: Exception) -> None:
        reason = _first_line(error)
        if settings.client_secret:
            reason = reason.replace(settings.client_secret, "***")
        cure = _cure_of_network(settings) if _is_of_network(error) else _cure(settings)
        super().__init__(
            f"No token from {settings.authority} "
            f"(credential {settings.credential!r}): {reason}\n{cure}"
        )
        self.reason = reason


class BearerToken:
    """The token of one scope, fetched when needed and kept while it lasts.

    A token is fetched anew five minutes before its end, so that it does not
    expire on its way. The credential is asked for with the first token, so that
    a run which needs none does not import azure-identity.
    """

    def __init__(
        self,
        credential: Callable[[], TokenCredential],
        scope: str,
        settings: Settings,
        clock: Clock,
    ) -> None:
        self._credential = credential
        self._scope = scope
        self._settings = settings
        self._clock = clock
        self._current: AccessToken | None = None

    def text(self) -> str:
        """The token.

        Raises:
            LoginFailed: The identity service refused, or was not reached.
        """
        if self._current is None or self._is_old(self._current):
            self._current = self._fetch()
        return self._current.token

    def drop(self) -> None:
        """Forget the token: the service says that it has expired."""
        self._current = None

    def _is_old(self, token: AccessToken) -> bool:
        return token.expires_on - self._clock.now() < _REFRESH_BEFORE_S

    def _fetch(self) -> AccessToken:
        from azure.core.exceptions import AzureError

        try:
            return self._credential().get_token(self._scope)
        except (AzureError, ValueError) as error:
            # ValueError: azure-identity's word for a malformed tenant id.
            raise LoginFailed(self._settings, error) from error


def build_credential(settings: Settings) -> TokenCredential:
    """The credential that the settings ask for; asks nobody yet.

    ``environment``: a service principal (tenant, client id, client secret).
    ``cli``: the Azure CLI's login. ``default``: whatever
    ``DefaultAzureCredential`` finds.

    Raises:
        LoginFailed: The settings cannot make a credential.
    """
    import azure.identity

    transport = _transport_options(settings)
    try:
        if settings.credential == "cli":
            return azure.identity.AzureCliCredential(tenant_id=settings.tenant)
        if settings.credential == "default":
            return azure.identity.DefaultAzureCredential(
                authority=settings.authority, **transport
            )
        return azure.identity.ClientSecretCredential(
            settings.tenant,
            settings.client_id,
            settings.client_secret,
            authority=settings.authority,
            disable_instance_discovery=not _is_well_known(settings.authority),
            **transport,
        )
    except ValueError as error:
        raise LoginFailed(settings, error) from error


def close_credential(credential: TokenCredential) -> None:
    """Close a credential's connections, where it has any."""
    close = getattr(credential, "close", None)
    if callable(close):
        close()


def _transport_options(settings: Settings) -> dict[str, Any]:
    options: dict[str, Any] = {}
    if settings.proxy:
        options["proxies"] = {"http": settings.proxy, "https": settings.proxy}
    if settings.ca_bundle:
        options["connection_verify"] = settings.ca_bundle
    return options


def _is_well_known(authority: str) -> bool:
    return (urlsplit(authority).hostname or "") in WELL_KNOWN_AUTHORITIES


def _first_line(error: Exception) -> str:
    return next(iter(str(error).strip().splitlines()), type(error).__name__)


def _is_of_network(error: BaseException | None) -> bool:
    """Whether nobody answered; azure-identity calls that a failed login too."""
    from azure.core.exceptions import ServiceRequestError, ServiceResponseError

    while error is not None:
        if isinstance(error, ServiceRequestError | ServiceResponseError):
            return True
        error = error.__cause__ or error.__context__
    return False


def _cure_of_network(settings: Settings) -> str:
    proxy = f"{VARIABLES['proxy']} is set" if settings.proxy else "no proxy is set"
    return (
        f"The login service was not reached; {proxy}. Check the network, "
        f"{VARIABLES['proxy']} and {VARIABLES['ca_bundle']}."
    )


def _cure(settings: Settings) -> str:
    if settings.credential == "cli":
        return "Run: az login"
    names = ", ".join(VARIABLES[n] for n in ("tenant", "client_id", "client_secret"))
    if settings.credential == "default":
        return f"Run: az login, or set {names}, or use a managed identity."
    return (
        f"Check {names}, or set {VARIABLES['credential']} to cli, "
        "to use the login of the Azure CLI."
    )
