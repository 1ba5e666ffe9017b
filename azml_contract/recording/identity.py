"""Traffic of the identity service: logging in, as azure-identity and msal do it.

In: requests and exchanges. Out: which of them are logins, which login a token
came from, and answers for a cassette that holds no login at all.

A login is not behaviour under test. One credential may serve many scenarios,
and asks for a token only when it holds none, so a login may be played again,
may stay unused, and is copied into each cassette whose requests use its token.
"""

from __future__ import annotations

import json
import re
import threading
from urllib.parse import urlsplit

from azml_contract.exchange import Exchange, Request, Response
from azml_contract.redaction.shapes import TOKEN

_TOKEN = re.compile(r"/oauth2(/v2\.0)?/token$", re.IGNORECASE)
_DISCOVERY = re.compile(
    r"/\.well-known/openid-configuration$|/common/discovery/instance$", re.IGNORECASE
)
_ENDS = ("/token", "/openid-configuration", "/instance")
_REMEMBERED = 256


def is_identity(request: Request) -> bool:
    """Whether a request belongs to a login."""
    if not request.url.partition("?")[0].lower().endswith(_ENDS):
        return False
    path = request.path
    return _TOKEN.search(path) is not None or _DISCOVERY.search(path) is not None


def is_token_request(request: Request) -> bool:
    """Whether a request asks for a token."""
    return request.method == "POST" and _TOKEN.search(request.path) is not None


def bearer(request: Request) -> str:
    """The token a request carries; ``""`` where it carries none."""
    scheme, _, token = (request.header("authorization") or "").partition(" ")
    return token.strip() if scheme.lower() == "bearer" else ""


class Logins:
    """Remembers, for this process, which exchanges each token came from."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._by_token: dict[str, tuple[Exchange, ...]] = {}
        self._discovery: dict[str, Exchange] = {}

    def note(self, exchange: Exchange) -> None:
        """Remember a login."""
        request = exchange.request
        with self._lock:
            if not is_token_request(request):
                self._discovery[_authority(request)] = exchange
                return
            token = _issued_token(exchange)
            if token:
                found = self._discovery.get(_authority(request))
                self._by_token[token] = (found, exchange) if found else (exchange,)
                while len(self._by_token) > _REMEMBERED:
                    del self._by_token[next(iter(self._by_token))]

    def origin(self, request: Request) -> tuple[Exchange, ...]:
        """The login whose token a request carries; empty when it is unknown."""
        token = bearer(request)
        with self._lock:
            return self._by_token.get(token, ()) if token else ()


LOGINS = Logins()


def _authority(request: Request) -> str:
    """Scheme, host and tenant: what the exchanges of one login share."""
    parts = urlsplit(request.url)
    return f"{parts.scheme}://{parts.netloc}/{parts.path.lstrip('/').partition('/')[0]}"


def _issued_token(exchange: Exchange) -> str:
    try:
        answer = exchange.response.parse_json()
    except ValueError:
        return ""
    token = answer.get("access_token") if isinstance(answer, dict) else None
    return token if isinstance(token, str) else ""


def synthesise(request: Request) -> Response:
    """Answer a login for a cassette that was recorded without one.

    Such a cassette was recorded with a login that does not go over HTTP (the
    Azure CLI's), or with a token from before the recording.
    """
    base = _authority(request)
    if is_token_request(request):
        answer: dict[str, object] = {
            "token_type": "Bearer",
            "expires_in": 3599,
            "ext_expires_in": 3599,
            "access_token": TOKEN,
        }
    elif request.path.lower().endswith("/instance"):
        answer = {"tenant_discovery_endpoint": f"{base}/.well-known", "metadata": []}
    else:
        answer = {
            "issuer": f"{base}/v2.0",
            "authorization_endpoint": f"{base}/oauth2/v2.0/authorize",
            "token_endpoint": f"{base}/oauth2/v2.0/token",
        }
    headers = (("content-type", "application/json; charset=utf-8"),)
    return Response(200, headers, json.dumps(answer).encode())
