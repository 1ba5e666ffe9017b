"""Who may come in: bearer tokens, and the roles of principals.

In: a request to ARM. Out: nothing, or ARM's refusal of a token that is missing,
expired, foreign or for another audience, and of a role that is too small.
"""

from __future__ import annotations

import time
from dataclasses import replace
from datetime import UTC, datetime
from urllib.parse import unquote, urlsplit

from azml_contract.emulator.faults import Fault, FaultKind
from azml_contract.emulator.identity import (
    Identity,
    TokenState,
    TokenVerdict,
    object_id_of,
)
from azml_contract.emulator.paths import ArmPath, parse_arm_path
from azml_contract.emulator.refusal import Refusal, refuse_at_gateway
from azml_contract.emulator.world import World
from azml_contract.exchange import Request, find_header

ARM_HOST = "management.azure.com"
_MOST_OWNERS = 256
_AUDIENCES = ("https://management.core.windows.net", "https://management.azure.com")


class Gatekeeper:
    """Judges who sent a request.

    Args:
        world: Whose subscription and time it is.
        identity: Judges bearer tokens.
    """

    def __init__(self, world: World, identity: Identity) -> None:
        self._world = world
        self._identity = identity
        self._owners: dict[str, float] = {}
        """Headers of owners, and when their tokens expire."""

    def check(self, request: Request, fault: Fault | None) -> None:
        """Let a request pass.

        Raises:
            Refusal: 401, its token is missing or no good; 403, its role is too small.
        """
        header = find_header(request.headers, "Authorization") or ""
        if fault is None and self._owners.get(header, 0.0) > time.time():
            return
        scheme, _, token = header.partition(" ")
        if not header:
            raise self._unauthorized(
                "AuthenticationFailed",
                "Authentication failed. The 'Authorization' header is missing.",
                "The authentication failed because of missing 'Authorization' header.",
            )
        if scheme.lower() != "bearer":
            raise self._unauthorized(
                "AuthenticationFailedInvalidHeader",
                "Authentication failed. The 'Authorization' header is provided in an "
                "invalid format.",
            )
        verdict = self._identity.check_token(token.strip())
        if fault is not None and fault.kind is FaultKind.EXPIRED_TOKEN:
            verdict = replace(verdict, state=TokenState.EXPIRED)
        audience = verdict.audience.rstrip("/")
        if verdict.state is TokenState.VALID and not self._is_for_us(request, audience):
            verdict = replace(verdict, state=TokenState.OTHER_AUDIENCE)
        if verdict.state is not TokenState.VALID:
            raise self._bad_token(verdict)
        self._check_role(request, verdict)
        is_owner = self._identity.role_of(verdict.client_id) == "owner"
        if is_owner and audience in _AUDIENCES:
            if len(self._owners) >= _MOST_OWNERS:
                self._owners.clear()
            self._owners[header] = verdict.expires_s

    def _is_for_us(self, request: Request, audience: str) -> bool:
        if audience in _AUDIENCES or request.host not in (ARM_HOST, "localhost"):
            return True
        # A client that was told another base URL asks for a token of that one.
        split = urlsplit(request.url)
        return audience == f"{split.scheme}://{split.netloc}"

    def _check_role(self, request: Request, verdict: TokenVerdict) -> None:
        role = self._identity.role_of(verdict.client_id)
        if role == "owner":
            return
        path = parse_arm_path(unquote(request.path))
        may_read = request.method in ("GET", "HEAD")
        if may_read or (role == "contributor" and not _is_grant(path)):
            return
        word = {"PUT": "write", "PATCH": "write", "DELETE": "delete"}.get(
            request.method, f"{path.tail}/action"
        )
        action = "/".join((path.provider or "Microsoft.Resources", *path.types, word))
        raise refuse_at_gateway(
            403,
            "AuthorizationFailed",
            f"The client '{verdict.client_id}' with object id "
            f"'{object_id_of(verdict.client_id)}' does not have authorization to "
            f"perform action '{action}' over scope '{path.id}' or the scope is "
            "invalid. If access was recently granted, please refresh your credentials.",
        )

    def _bad_token(self, verdict: TokenVerdict) -> Refusal:
        if verdict.state is TokenState.EXPIRED:
            ended, now = _as_utc(verdict.expires_s), _as_utc(self._world.clock.now())
            return self._unauthorized(
                "ExpiredAuthenticationToken",
                f"The access token expiry UTC time '{ended}' is earlier than current "
                f"UTC time '{now}'.",
            )
        if verdict.state is TokenState.FOREIGN:
            return self._unauthorized(
                "InvalidAuthenticationTokenTenant",
                f"The access token is from the wrong issuer '{verdict.issuer}'. It "
                f"must match the tenant '{self._identity.issuer}' associated with this "
                "subscription.",
            )
        if verdict.state is TokenState.OTHER_AUDIENCE:
            allowed = ",".join(f"'{name}'" for name in _AUDIENCES)
            return self._unauthorized(
                "InvalidAuthenticationTokenAudience",
                "The access token has been obtained for wrong audience or resource "
                f"'{verdict.audience}'. It should exactly match with one of the "
                f"allowed audiences {allowed}.",
            )
        return self._unauthorized(
            "InvalidAuthenticationToken", "The access token is invalid."
        )

    def _unauthorized(self, code: str, message: str, description: str = "") -> Refusal:
        uri = f"https://login.windows.net/{self._world.seed.tenant}"
        challenge = (
            f'Bearer authorization_uri="{uri}", error="invalid_token", '
            f'error_description="{description or message}"'
        )
        return refuse_at_gateway(
            401, code, message, headers=(("WWW-Authenticate", challenge),)
        )


def _is_grant(path: ArmPath) -> bool:
    """Whether a call gives rights, which a contributor may not."""
    return path.provider.lower() == "microsoft.authorization"


def _as_utc(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).strftime("%m/%d/%Y %H:%M:%S")
