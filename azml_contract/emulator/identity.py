"""The token endpoint of Microsoft Entra ID, as far as service principals need it.

In: requests to ``login.microsoftonline.com``. Out: tokens that `check_token`
and Azurite accept, and the errors that azure-identity knows how to show.
Tokens live in the time of this machine, because clients do.
"""

from __future__ import annotations

import hashlib
import secrets
import time
import uuid
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

from azml_contract.emulator.replies import Reply
from azml_contract.emulator.seed import Seed
from azml_contract.emulator.signed_token import read_signed, read_unsigned, sign
from azml_contract.exchange import Request

LIFETIME_S = 3599
_V1_TAIL = "/oauth2/token"
_V2_TAIL = "/oauth2/v2.0/token"
_CONFIGURATION = "/.well-known/openid-configuration"
_INSTANCE = "/common/discovery/instance"


class TokenState(StrEnum):
    """What a bearer token is worth."""

    VALID = "valid"
    EXPIRED = "expired"
    INVALID = "invalid"
    FOREIGN = "foreign"
    OTHER_AUDIENCE = "other audience"


@dataclass(frozen=True, slots=True)
class TokenVerdict:
    """State of a token: when it ends, who issued it, for whom, to whom."""

    state: TokenState
    expires_s: float = 0.0
    issuer: str = ""
    audience: str = ""
    client_id: str = ""


class Identity:
    """Issues and checks tokens for one tenant with one service principal."""

    def __init__(self, seed: Seed) -> None:
        self._seed = seed
        # The same one for the same secret: tokens outlive a restart on a state.
        self._signing_key = hashlib.sha256(
            f"sign/{seed.client_secret}".encode()
        ).digest()
        self._principals = seed.everybody()
        self._known: dict[str, TokenVerdict] = {}

    @property
    def issuer(self) -> str:
        """Issuer of the tokens, which Azurite checks."""
        return f"https://sts.windows.net/{self._seed.tenant}/"

    def answers(self, request: Request) -> bool:
        """Whether a request is for the token service."""
        path = unquote(request.path)
        return request.host.startswith("login.") or (
            path.endswith((_V1_TAIL, _V2_TAIL, _CONFIGURATION, _INSTANCE))
        )

    def answer(self, request: Request) -> Reply:
        """Answer a request to the token service."""
        path = unquote(request.path)
        tenant = path.strip("/").split("/", 1)[0]
        if path == _INSTANCE:
            return self._discover(request)
        if path.endswith(_CONFIGURATION):
            return self._configure(request, tenant)
        if path.endswith((_V1_TAIL, _V2_TAIL)):
            if request.method != "POST":
                return Reply(405, {"error": "invalid_request"})
            return self._issue(request, tenant)
        return Reply(404, {"error": "not_found", "error_description": path})

    def issue_token(
        self, audience: str, *, lifetime_s: float = LIFETIME_S, client_id: str = ""
    ) -> str:
        """A bearer token for an audience; a negative lifetime makes an expired one."""
        now = int(time.time())
        client_id = client_id or self._seed.client_id
        principal = object_id_of(client_id)
        claims = {
            "aud": audience,
            "iss": self.issuer,
            "iat": now,
            "nbf": now - 300,
            "exp": now + int(lifetime_s),
            "appid": client_id,
            "idtyp": "app",
            "oid": principal,
            "sub": principal,
            "tid": self._seed.tenant,
            "ver": "1.0",
        }
        return sign(claims, self._signing_key)

    def check_token(self, token: str) -> TokenVerdict:
        """What a bearer token is worth for ARM."""
        known = self._known.get(token)
        if known is None:
            known = self._judge(token)
            if known.state is TokenState.VALID:
                self._known[token] = known
        if known.state is TokenState.VALID and known.expires_s <= time.time():
            return replace(known, state=TokenState.EXPIRED)
        return known

    def _judge(self, token: str) -> TokenVerdict:
        claims = read_signed(token, self._signing_key)
        if claims is None:
            return self._judge_foreign(token)
        return TokenVerdict(
            TokenState.VALID,
            claims["exp"],
            claims["iss"],
            str(claims["aud"]),
            str(claims["appid"]),
        )

    def role_of(self, client_id: str) -> str:
        """What a principal may do: ``owner``, ``contributor`` or ``reader``."""
        return self._principals[client_id.lower()].role

    def _judge_foreign(self, token: str) -> TokenVerdict:
        claims = read_unsigned(token)
        if claims is None:
            return TokenVerdict(TokenState.INVALID)
        issuer = str(claims.get("iss", ""))
        foreign = (
            issuer.startswith("https://sts.windows.net/") and issuer != self.issuer
        )
        state = TokenState.FOREIGN if foreign else TokenState.INVALID
        return TokenVerdict(state, issuer=issuer)

    def _discover(self, request: Request) -> Reply:
        asked = dict(request.query).get("authorization_endpoint", "")
        host = urlsplit(asked).netloc or urlsplit(request.url).netloc
        base = f"https://{host}/{self._seed.tenant}"
        return Reply(
            200,
            {
                "tenant_discovery_endpoint": f"{base}/v2.0{_CONFIGURATION}",
                "api-version": "1.1",
                "metadata": [
                    {
                        "preferred_network": host,
                        "preferred_cache": host,
                        "aliases": [host],
                    }
                ],
            },
        )

    def _configure(self, request: Request, tenant: str) -> Reply:
        if not self._knows(tenant):
            return _unknown_tenant(tenant)
        base = f"https://{urlsplit(request.url).netloc}/{tenant}"
        return Reply(
            200,
            {
                "token_endpoint": f"{base}{_V2_TAIL}",
                "token_endpoint_auth_methods_supported": ["client_secret_post"],
                "jwks_uri": f"{base}/discovery/v2.0/keys",
                "response_types_supported": ["code", "token"],
                "subject_types_supported": ["pairwise"],
                "id_token_signing_alg_values_supported": ["RS256"],
                "issuer": f"{base}/v2.0",
                "authorization_endpoint": f"{base}/oauth2/v2.0/authorize",
                "device_authorization_endpoint": f"{base}/oauth2/v2.0/devicecode",
                "end_session_endpoint": f"{base}/oauth2/v2.0/logout",
                "tenant_region_scope": "EU",
                "cloud_instance_name": "microsoftonline.com",
            },
        )

    def _knows(self, tenant: str) -> bool:
        return tenant.lower() in (self._seed.tenant.lower(), "organizations", "common")

    def _issue(self, request: Request, tenant: str) -> Reply:
        form = {
            name: values[0]
            for name, values in parse_qs(
                request.body.decode("utf-8", "replace"), keep_blank_values=True
            ).items()
        }
        refused = self._refuse(form, tenant)
        if refused is not None:
            return refused
        scope = form.get("scope") or form.get("resource", "")
        audience = scope.split(" ")[0].removesuffix("/.default").rstrip("/")
        answer: dict[str, Any] = {
            "token_type": "Bearer",
            "expires_in": LIFETIME_S,
            "ext_expires_in": LIFETIME_S,
            "access_token": self.issue_token(audience, client_id=form["client_id"]),
        }
        if request.path.endswith(_V1_TAIL):
            answer |= {
                "expires_in": str(LIFETIME_S),
                "expires_on": str(int(time.time()) + LIFETIME_S),
                "resource": audience,
            }
        return Reply(200, answer)

    def _refuse(self, form: dict[str, str], tenant: str) -> Reply | None:
        if not self._knows(tenant):
            return _unknown_tenant(tenant)
        for name in ("grant_type", "client_id"):
            if not form.get(name):
                return _problem(
                    400,
                    "invalid_request",
                    900144,
                    f"The request body must contain the following parameter: '{name}'.",
                )
        grant = form["grant_type"]
        if grant != "client_credentials":
            return _problem(
                400,
                "unsupported_grant_type",
                70003,
                f"The app requested an unsupported grant type '{grant}'. "
                "The emulator knows client_credentials.",
            )
        client = form["client_id"]
        if client.lower() not in self._principals:
            return _problem(
                400,
                "unauthorized_client",
                700016,
                f"Application with identifier '{client}' was not found in the "
                f"directory '{tenant}'.",
            )
        return self._refuse_secret(form, client) or _refuse_scope(form)

    def _refuse_secret(self, form: dict[str, str], client: str) -> Reply | None:
        secret = form.get("client_secret")
        if not secret:
            return _problem(
                401,
                "invalid_client",
                7000216,
                "'client_assertion', 'client_secret' or 'request' is required for "
                "the 'client_credentials' grant type.",
            )
        known = self._principals[client.lower()].client_secret
        if not secrets.compare_digest(secret.encode(), known.encode()):
            return _problem(
                401,
                "invalid_client",
                7000215,
                "Invalid client secret provided. Ensure the secret being sent in the "
                "request is the client secret value, not the client secret ID, for a "
                f"secret added to app '{client}'.",
            )
        return None


def object_id_of(client_id: str) -> str:
    """The id by which the directory knows a service principal."""
    return str(uuid.uuid5(uuid.NAMESPACE_OID, client_id))


def _refuse_scope(form: dict[str, str]) -> Reply | None:
    scope = form.get("scope", "")
    if "resource" in form or scope.split(" ")[0].endswith("/.default"):
        return None
    return _problem(
        400,
        "invalid_scope",
        1002012,
        f"The provided value for scope {scope} is not valid. Client credential flows "
        "must have a scope value with /.default suffixed to the resource identifier "
        "(application ID URI).",
    )


def _unknown_tenant(tenant: str) -> Reply:
    return _problem(
        400,
        "invalid_tenant",
        90002,
        f"Tenant '{tenant}' not found. Check to make sure you have the correct tenant "
        "ID and are signing into the correct cloud.",
    )


def _problem(status: int, error: str, number: int, text: str) -> Reply:
    stamp = datetime.now(UTC).strftime("%Y-%m-%d %H:%M:%SZ")
    trace, correlation = str(uuid.uuid4()), str(uuid.uuid4())
    return Reply(
        status,
        {
            "error": error,
            "error_description": (
                f"AADSTS{number}: {text} Trace ID: {trace} "
                f"Correlation ID: {correlation} Timestamp: {stamp}"
            ),
            "error_codes": [number],
            "timestamp": stamp,
            "trace_id": trace,
            "correlation_id": correlation,
            "error_uri": f"https://login.microsoftonline.com/error?code={number}",
        },
    )
