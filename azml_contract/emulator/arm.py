"""ARM's front and the Azure ML service behind it.

In: a request to ``management.azure.com``. Out: the response, errors and
headers included. The order of refusals is ARM's: token, api-version,
subscription, type, group, workspace, and only then the body. What a resource
does is in `resources`; what a body must look like, in the contract.
"""

from __future__ import annotations

import json
import uuid
from collections.abc import Callable
from dataclasses import replace
from typing import Any
from urllib.parse import unquote, urlsplit

from azml_contract.api_version import parse_api_version
from azml_contract.contract.contract import NoRoute, Route
from azml_contract.contract.model import Operation
from azml_contract.emulator.faults import Fault, FaultKind
from azml_contract.emulator.headers import HeaderWriter
from azml_contract.emulator.identity import Identity, TokenState, TokenVerdict
from azml_contract.emulator.paths import ArmPath, parse_arm_path
from azml_contract.emulator.refusal import Refusal, refuse_at_gateway, write_envelope
from azml_contract.emulator.replies import EMPTY, Reply
from azml_contract.emulator.resources import kind_for
from azml_contract.emulator.resources.generic import refuse_resource_not_found
from azml_contract.emulator.resources.operations import STATUS_KINDS, answer_status
from azml_contract.emulator.resources.storage import PROVIDER as STORAGE
from azml_contract.emulator.resources.storage import answer_storage
from azml_contract.emulator.resources.subscriptions import answer_own
from azml_contract.emulator.shaping import normalize
from azml_contract.emulator.world import Call, World
from azml_contract.errors import UnknownApiVersion
from azml_contract.exchange import Request, Response
from azml_contract.settings import PROVIDER

RefuseBody = Callable[[Request], "Refusal | None"]
_SERVER_ERRORS = {
    500: ("InternalServerError", "Received 500 from a service request."),
    502: (
        "BadGatewayConnection",
        (
            f"The network connectivity issue encountered for '{PROVIDER}'; cannot "
            "fulfill the request."
        ),
    ),
    503: ("ServiceUnavailable", "The service is temporarily unavailable."),
    504: (
        "TransientError",
        "Service invocation timed out. Request: the call took longer than allowed.",
    ),
}
_WRITES = ("PUT", "PATCH", "DELETE", "POST")


class Arm:
    """Answers requests to ARM.

    Args:
        world: What there is.
        identity: Judges bearer tokens.
        versions: Every api-version of the provider.
        refuse_body: Judges a request's body; None accepts it.
    """

    def __init__(
        self,
        world: World,
        identity: Identity,
        *,
        versions: tuple[str, ...],
        refuse_body: RefuseBody,
    ) -> None:
        self._world = world
        self._identity = identity
        self._versions = versions
        self._refuse_body = refuse_body
        self._headers = HeaderWriter(world.seed.location, world.clock)

    def answer(self, request: Request, fault: Fault | None = None) -> Response:
        """The response to a request, which `fault` may spoil."""
        path = parse_arm_path(unquote(request.path))
        # One request at a time: what a job refers to must not go while it is
        # being created, and the same calls must see the same state.
        with self._world.store.lock:
            try:
                _raise_fault(fault)
                reply = self._carry_out(request, path, fault)
                return self._respond(request, reply, by="service")
            except Refusal as refusal:
                return self._refuse(request, refusal)

    def _refuse(self, request: Request, refusal: Refusal) -> Response:
        body = write_envelope(
            refusal,
            region=self._world.seed.location,
            now_s=self._world.clock.now(),
            draw_hex=_draw_hex,
        )
        reply = Reply(refusal.status, body, refusal.headers)
        return self._respond(request, reply, by=refusal.by, is_error=True)

    def _respond(
        self, request: Request, reply: Reply, *, by: str, is_error: bool = False
    ) -> Response:
        body = b"" if reply.body is EMPTY else _as_json(reply.body)
        headers = self._headers.write(
            request.method, by=by, is_error=is_error, has_body=bool(body)
        )
        return Response(reply.status, headers + reply.headers, body)

    def _carry_out(self, request: Request, path: ArmPath, fault: Fault | None) -> Reply:
        self._check_token(request, fault)
        api_version = request.api_version
        if not api_version:
            raise refuse_at_gateway(
                400,
                "MissingApiVersionParameter",
                "The api-version query parameter (?api-version=) is required for all "
                "requests.",
            )
        self._check_subscription(path)
        if not path.is_ours:
            return self._answer_neighbour(request, path, api_version)
        call = self._understand(request, path, api_version)
        if path.kind in STATUS_KINDS:
            return answer_status(call, self._world)
        call = replace(call, body=self._read_body(request, call))
        if request.method in _WRITES:
            self._world.clock.note_write()
        return kind_for(self._world, path, request.method).answer(call)

    # -- before the provider ----------------------------------------------------

    def _check_token(self, request: Request, fault: Fault | None) -> None:
        header = request.header("Authorization") or ""
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
        if verdict.state is not TokenState.VALID:
            raise self._bad_token(verdict)

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

    def _check_subscription(self, path: ArmPath) -> None:
        seed = self._world.seed
        if path.subscription and path.subscription.lower() != seed.subscription.lower():
            raise refuse_at_gateway(
                404,
                "SubscriptionNotFound",
                f"The subscription '{path.subscription}' could not be found.",
            )

    def _check_group(self, path: ArmPath) -> None:
        group = path.resource_group
        if group and group.lower() != self._world.seed.resource_group.lower():
            raise refuse_at_gateway(
                404,
                "ResourceGroupNotFound",
                f"Resource group '{group}' could not be found.",
            )

    def _answer_neighbour(
        self, request: Request, path: ArmPath, api_version: str
    ) -> Reply:
        try:
            parse_api_version(api_version)
        except ValueError as error:
            raise refuse_at_gateway(
                400,
                "InvalidApiVersionParameter",
                f"The api-version '{api_version}' is invalid. The supported versions "
                "are dates such as '2022-12-01'.",
            ) from error
        self._check_group(path)
        if path.provider.lower() == STORAGE:
            return answer_storage(self._world, request.method, path)
        return answer_own(self._world, request.method, path)

    # -- the provider -----------------------------------------------------------

    def _understand(self, request: Request, path: ArmPath, api_version: str) -> Call:
        try:
            contract = self._world.load(api_version)
        except UnknownApiVersion as error:
            raise self._unknown_version(path, api_version) from error
        split = urlsplit(request.url)
        operation = Operation("", request.method, split.path)
        if path.kind not in STATUS_KINDS:
            operation = self._find_operation(request, path, contract)
            self._check_group(path)
            self._check_parent(path, request.method)
        return Call(
            method=request.method,
            url=request.url,
            base=f"{split.scheme}://{split.netloc}",
            path=path,
            api_version=api_version,
            query={name.lower(): value for name, value in request.query},
            contract=contract,
            operation=operation,
        )

    def _unknown_version(self, path: ArmPath, api_version: str) -> Refusal:
        kind = path.types[0] if path.types else path.tail or "workspaces"
        supported = ", ".join(reversed(self._versions))
        return refuse_at_gateway(
            400,
            "NoRegisteredProviderFound",
            f"No registered resource provider found for location '*' and API version "
            f"'{api_version}' for type '{kind}'. The supported api-versions are "
            f"'{supported}'. The supported locations are "
            f"'{self._world.seed.location}'.",
        )

    def _find_operation(
        self, request: Request, path: ArmPath, contract: Any
    ) -> Operation:
        method = "GET" if request.method == "HEAD" else request.method
        found = contract.find(method, urlsplit(request.url).path)
        if isinstance(found, Route):
            return found.operation
        assert isinstance(found, NoRoute)
        if found.allowed:
            allowed = ", ".join(found.allowed)
            raise refuse_at_gateway(
                405,
                "MethodNotAllowed",
                f"The requested resource does not support http method "
                f"'{request.method}'.",
                headers=(("Allow", allowed),),
            )
        raise refuse_at_gateway(
            404,
            "InvalidResourceType",
            f"The resource type could not be found in the namespace '{PROVIDER}' for "
            f"api version '{contract.api_version}'.",
        )

    def _check_parent(self, path: ArmPath, method: str) -> None:
        """Refuse what hangs on a workspace or a registry that is not there."""
        if not path.types or path.types[0].lower() not in ("workspaces", "registries"):
            return
        if len(path.types) == 1 and not path.tail:
            return
        top = replace(path, types=path.types[:1], names=path.names[:1], tail="")
        if self._world.store.get(top.id) is not None:
            return
        if method == "PUT":
            raise refuse_at_gateway(
                404,
                "ParentResourceNotFound",
                "Can not perform requested operation on nested resource. Parent "
                f"resource '{top.names[0]}' not found.",
            )
        raise refuse_resource_not_found(
            f"{PROVIDER}/{top.types[0]}", top.names[0], path.resource_group
        )

    def _read_body(self, request: Request, call: Call) -> Any:
        parsed = _parse(request.body)
        refusal = self._refuse_body(request)
        if refusal is not None:
            raise refusal
        return normalize(parsed, call.operation.body, call.contract.definitions)


def _raise_fault(fault: Fault | None) -> None:
    if fault is None:
        return
    if fault.kind is FaultKind.THROTTLE:
        after = fault.retry_after_s
        header = (("Retry-After", str(after)),) if fault.retry_after_header else ()
        raise Refusal(
            429,
            "UserError",
            "Received too many requests in a short amount of time. Retry again after "
            f"{after} seconds.",
            "QuotaExceeded",
            "TooManyRequests",
            headers=header,
        )
    if fault.kind is FaultKind.SERVER_ERROR:
        code, message = _SERVER_ERRORS.get(fault.status, ("ServiceError", "Error."))
        raise refuse_at_gateway(fault.status, code, message)


def _parse(body: bytes) -> Any:
    if not body.strip():
        return None
    try:
        # The service takes line breaks within strings, so strict is off.
        return json.loads(body, strict=False)
    except ValueError as error:
        raise refuse_at_gateway(
            400,
            "InvalidRequestContent",
            "The request content was invalid and could not be deserialized: "
            f"'{error}'.",
        ) from error


def _as_json(body: Any) -> bytes:
    return json.dumps(body, ensure_ascii=False, separators=(",", ":")).encode()


def _draw_hex(digits: int) -> str:
    return uuid.uuid4().hex[:digits]


def _as_utc(seconds: float) -> str:
    from datetime import UTC, datetime

    return datetime.fromtimestamp(seconds, UTC).strftime("%m/%d/%Y %H:%M:%S")
