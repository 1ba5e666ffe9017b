"""Send one call, with the token it may carry, and again where that is safe.

In: verb, absolute URL, headers, body. Out: the answer, whatever its status.
Knows sessions, proxies, certificates, tokens and retries; knows nothing of
workspaces, api-versions or JSON.
"""

from __future__ import annotations

import json
import socket
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import requests
from requests.adapters import HTTPAdapter
from requests.auth import AuthBase

from azml_contract.errors import ServiceUnreachable
from azml_contract.rest.retries import RetryPolicy, is_repeatable, read_wait_s
from azml_contract.settings import VARIABLES, Settings

if TYPE_CHECKING:
    from azml_contract.lro import Clock
    from azml_contract.rest.credentials import BearerToken

_CONNECT_TIMEOUT_S = 15.0
_READ_TIMEOUT_S = 180.0
_ANNOUNCED_WAIT_S = 3.0
_MAX_LAYERS = 8
_DROPPED = (
    requests.ConnectionError,
    requests.Timeout,
    requests.exceptions.ChunkedEncodingError,
)


class NoDelayAdapter(HTTPAdapter):
    """Sends small packets at once, also through a proxy.

    urllib3 sets TCP_NODELAY on direct connections only; through a CONNECT
    gateway each PUT otherwise waits 40 ms for an acknowledgement.
    """

    _OPTIONS = ((socket.IPPROTO_TCP, socket.TCP_NODELAY, 1),)

    def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:
        """Pools whose sockets have the option set."""
        super().init_poolmanager(*args, **kwargs, socket_options=self._OPTIONS)

    def proxy_manager_for(self, proxy: str, **kwargs: Any) -> Any:
        """Pools behind a proxy whose sockets have the option set."""
        kwargs.setdefault("socket_options", self._OPTIONS)
        return super().proxy_manager_for(proxy, **kwargs)


def make_session() -> requests.Session:
    """A session as the client uses it: no delays, no repeats of its own."""
    session = requests.Session()
    session.mount("https://", NoDelayAdapter())
    return session


def proxies_of(settings: Settings) -> dict[str, str] | None:
    """Proxies for requests and azure-core; None leaves them to the environment."""
    if not settings.proxy:
        return None
    return {"http": settings.proxy, "https": settings.proxy}


class _NoAuth(AuthBase):
    """Keeps requests from adding a password of `.netrc` to the call."""

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        return request


class _BearerAuth(AuthBase):
    def __init__(self, token: str) -> None:
        self._token = token

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        request.headers["Authorization"] = f"Bearer {self._token}"
        return request


@dataclass(frozen=True, slots=True)
class _Dropped:
    """An attempt that got no answer."""

    error: requests.RequestException

    @property
    def is_distrust(self) -> bool:
        """Whether the other side's certificate was not trusted."""
        return "CERTIFICATE_VERIFY_FAILED" in str(self.error)


class Transport:
    """Sends calls for one identity to one endpoint.

    Args:
        settings: Endpoint, proxy and CA.
        session: Sends; is not closed here.
        token: Goes to the endpoint's host, and to no other.
        clock: Time source for waits.
        announce: Takes one line for each wait of several seconds.
        policy: How often to try.
    """

    def __init__(
        self,
        settings: Settings,
        *,
        session: requests.Session,
        token: BearerToken,
        clock: Clock,
        announce: Callable[[str], None] | None = None,
        policy: RetryPolicy | None = None,
    ) -> None:
        self._settings = settings
        self._session = session
        self._token = token
        self._clock = clock
        self._announce = announce
        self._policy = policy or RetryPolicy()

    def send(
        self, method: str, url: str, *, headers: dict[str, str], body: bytes | None
    ) -> requests.Response:
        """Send, and send again while the policy allows it.

        Returns:
            The last answer, whatever its status. Redirects are not followed.

        Raises:
            ServiceUnreachable: There was no answer.
            LoginFailed: There was no token.
        """
        attempt, waited_s = 1, 0.0
        while True:
            outcome = self._try(method, url, headers, body)
            wait_s = self._wait_s(method, url, outcome, attempt, waited_s)
            if wait_s is None:
                return self._conclude(method, url, outcome, attempt)
            self._announce_wait(describe_call(method, url), outcome, wait_s, attempt)
            self._clock.sleep(wait_s)
            attempt, waited_s = attempt + 1, waited_s + wait_s

    def _try(
        self, method: str, url: str, headers: dict[str, str], body: bytes | None
    ) -> requests.Response | _Dropped:
        try:
            return self._send_renewing_token(method, url, headers, body)
        except _DROPPED as error:
            return _Dropped(error)

    def _wait_s(
        self,
        method: str,
        url: str,
        outcome: requests.Response | _Dropped,
        attempt: int,
        waited_s: float,
    ) -> float | None:
        """Seconds before the next attempt; None when this outcome is the last."""
        now_s = self._clock.now()
        if isinstance(outcome, _Dropped):
            repeat = is_repeatable(method, url, None) and not outcome.is_distrust
            asked_s = None
        else:
            repeat = is_repeatable(method, url, outcome.status_code)
            asked_s = read_wait_s(outcome.headers, outcome.content, now_s)
        # The clock's fraction of a second spreads clients without drawing a
        # random number, so replay on a virtual clock waits the same each time.
        spread = now_s % 1.0
        if not repeat:
            return None
        return self._policy.wait_s(attempt, waited_s, asked_s, spread)

    def _conclude(
        self,
        method: str,
        url: str,
        outcome: requests.Response | _Dropped,
        attempts: int,
    ) -> requests.Response:
        if isinstance(outcome, _Dropped):
            raise ServiceUnreachable(
                describe_call(method, url),
                reason=_innermost(outcome.error),
                attempts=attempts,
                cure=self._cure(method, outcome),
            ) from outcome.error
        return outcome

    def _send_renewing_token(
        self, method: str, url: str, headers: dict[str, str], body: bytes | None
    ) -> requests.Response:
        answer = self._send_once(method, url, headers, body)
        if self._is_at_endpoint(url) and _says_expired(answer):
            self._token.drop()
            answer = self._send_once(method, url, headers, body)
        return answer

    def _send_once(
        self, method: str, url: str, headers: dict[str, str], body: bytes | None
    ) -> requests.Response:
        auth: AuthBase = _NoAuth()
        if self._is_at_endpoint(url):
            auth = _BearerAuth(self._token.text())
        return self._session.request(
            method,
            url,
            headers=headers,
            data=body,
            auth=auth,
            proxies=proxies_of(self._settings),
            # Passed with each call: REQUESTS_CA_BUNDLE beats `session.verify`.
            verify=self._settings.ca_bundle or None,
            timeout=(_CONNECT_TIMEOUT_S, _READ_TIMEOUT_S),
            allow_redirects=False,
        )

    def _is_at_endpoint(self, url: str) -> bool:
        return _origin(url) == _origin(self._settings.endpoint)

    def _announce_wait(
        self,
        call: str,
        outcome: requests.Response | _Dropped,
        wait_s: float,
        attempt: int,
    ) -> None:
        if self._announce is None or wait_s < _ANNOUNCED_WAIT_S:
            return
        what = "Dropped connection"
        if not isinstance(outcome, _Dropped):
            what = str(outcome.status_code)
        self._announce(
            f"{what} from {call}: trying again in {wait_s:.0f} s "
            f"({attempt} of {self._policy.attempts} attempts made)"
        )

    def _cure(self, method: str, outcome: _Dropped) -> str:
        if isinstance(outcome.error, requests.exceptions.ProxyError):
            where = self._settings.proxy.rpartition("@")[2] or "of the environment"
            name = VARIABLES["proxy"]
            return f"Check the proxy {where} (variable {name} or HTTPS_PROXY)."
        if outcome.is_distrust:
            name = VARIABLES["ca_bundle"]
            return f"Behind a private CA or gateway, set {name} to its certificates."
        cure = f"Check the network, and the endpoint {self._settings.endpoint}."
        if method == "POST":
            cure += (
                "\nNot sent again: the service may have acted on it. "
                "Look before you repeat it."
            )
        return cure


def describe_call(method: str, url: str) -> str:
    """Verb and URL for messages, with no query but the api-version.

    Queries of operation URLs and of SAS carry signatures.
    """
    parts = urlsplit(url)
    version = next(
        (q for q in parts.query.split("&") if q.lower().startswith("api-version=")), ""
    )
    shown = f"{parts.scheme}://{parts.hostname or ''}"
    shown += f":{parts.port}" if parts.port else ""
    return f"{method} {shown}{parts.path}{'?' + version if version else ''}"


def _origin(url: str) -> tuple[str, str, int]:
    parts = urlsplit(url)
    return (parts.scheme, parts.hostname or "", parts.port or 443)


def _innermost(error: Exception) -> str:
    """The reason below the layers of requests and urllib3, in one line."""
    seen: BaseException = error
    for _ in range(_MAX_LAYERS):
        inner = getattr(seen, "reason", None)
        if not isinstance(inner, BaseException):
            inner = next((a for a in seen.args if isinstance(a, BaseException)), None)
        if inner is None:
            break
        seen = inner
    return str(seen).strip() or type(seen).__name__


def _says_expired(answer: requests.Response) -> bool:
    if answer.status_code != 401:
        return False
    challenge = answer.headers.get("WWW-Authenticate", "")
    try:
        error = json.loads(answer.content or b"null")["error"]
        code, message = str(error["code"]), str(error["message"])
    except (ValueError, KeyError, TypeError):
        code = message = ""
    return "expir" in f"{challenge} {code} {message}".lower()
