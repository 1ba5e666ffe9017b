"""ARM's front and the Azure ML service behind it.

In: a request to ``management.azure.com``. Out: the response, errors and
headers included. The order of refusals is ARM's: token, api-version,
subscription, type, group, workspace, and only then the body. What a resource
does is in `resources`; what a body must look like, in the contract.
"""

from __future__ import annotations

import json
import uuid
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import unquote, urlsplit

from azml_contract.api_version import parse_api_version, sort_key
from azml_contract.contract.contract import Contract, NoRoute, Route
from azml_contract.contract.model import Operation
from azml_contract.emulator.bodies import Expected, Gate
from azml_contract.emulator.body_text import as_strict, parse_body, read_body
from azml_contract.emulator.faults import Fault
from azml_contract.emulator.faults_of_arm import raise_fault, spoil
from azml_contract.emulator.gatekeeper import Gatekeeper
from azml_contract.emulator.headers import MARK, MARK_LINE, HeaderWriter
from azml_contract.emulator.identity import Identity
from azml_contract.emulator.neighbours.deployments import PutOurs, answer_deployment
from azml_contract.emulator.neighbours.stubs import answer_stub, is_stub
from azml_contract.emulator.neighbours.subscriptions import answer_own, refuse_group
from azml_contract.emulator.paths import ArmPath, parse_arm_path
from azml_contract.emulator.places import Place, find_place
from azml_contract.emulator.refusal import (
    Refusal,
    refuse_at_gateway,
    refuse_resource_not_found,
    write_envelope,
)
from azml_contract.emulator.replies import EMPTY, Reply
from azml_contract.emulator.resources import Kinds
from azml_contract.emulator.resources.operations import STATUS_KINDS, answer_status
from azml_contract.emulator.resources.shapes import keep_unlisted
from azml_contract.emulator.shaping import normalize
from azml_contract.emulator.world import Call, Executes, World
from azml_contract.errors import UnknownApiVersion
from azml_contract.exchange import Request, Response, take_apart
from azml_contract.gateway.usual import Written, write_lines
from azml_contract.settings import PROVIDER
from azml_contract.validation.quick_json import QuickWriter

Query = tuple[tuple[str, str], ...]
_MOST_PLACES = 512
_MOST_KEPT, _LARGEST_KEPT = 2000, 100_000
_WRITES = ("PUT", "PATCH", "DELETE", "POST")


@dataclass(frozen=True, slots=True)
class _Kept:
    """An answer that lasts until one of the collections changes that made it."""

    collections: tuple[str, ...]
    version: int
    body: bytes


class Arm:
    """Answers requests to ARM.

    Args:
        world: What there is.
        identity: Judges bearer tokens.
        versions: Every api-version of the provider.
        gate: Judges requests to operations, with their bodies.
    """

    def __init__(
        self,
        world: World,
        identity: Identity,
        *,
        versions: tuple[str, ...],
        gate: Gate,
    ) -> None:
        self._world = world
        self._gatekeeper = Gatekeeper(world, identity)
        self._versions = versions
        self._gate = gate
        self._kinds = Kinds(world)
        self._kept: dict[str, _Kept] = {}
        self._places: dict[tuple[str, str, Query], Place] = {}
        self._headers = HeaderWriter(world.seed.location, world.clock)
        self._writer = QuickWriter()

    def answer(self, request: Request, fault: Fault | None = None) -> Response:
        """The response to a request, which `fault` may spoil."""
        if self._world.executor is not None:
            self._let_job_end(request, self._world.executor)
        # One request at a time: what a job refers to must not go while it is
        # being created, and the same calls must see the same state.
        store = self._world.store
        with store.lock:
            try:
                if fault is not None:
                    raise_fault(fault)
                self._gatekeeper.check(request, fault)
                if request.method == "GET" and fault is None:
                    kept = self._kept.get(request.url)
                    if kept is None or not store.is_as_at(
                        kept.version, kept.collections
                    ):
                        return self._read(request)
                    lines = self._headers.write(
                        "GET", by="service", is_error=False, has_body=True
                    )
                    return Written(200, lines + MARK_LINE, kept.body)
                reply = self._carry_out(request)
                if fault is not None:
                    reply = spoil(reply, fault, store)
                return self._respond(request, reply, by="service")
            except Refusal as refusal:
                return self._refuse(request, refusal)
            finally:
                if store.lasts:
                    store.commit(self._world.clock.now())

    def _read(self, request: Request) -> Response:
        """The answer to a GET, which is kept where it lasts."""
        store = self._world.store
        with store.looking() as looked_at:
            reply = self._carry_out(request)
        response = self._respond(request, reply, by="service")
        if reply.lasts and len(response.body) <= _LARGEST_KEPT:
            if len(self._kept) >= _MOST_KEPT:
                self._kept.clear()
            made = store.version_of(looked_at)
            self._kept[request.url] = _Kept(tuple(looked_at), made, response.body)
        return response

    def _let_job_end(self, request: Request, executor: Executes) -> None:
        """Where time stands still, who asks for a job that runs waits for its end.

        Else the number of polls would be that of this machine's speed, and two
        recordings of the same behaviour would differ.
        """
        if not self._world.clock.stands_still:
            return
        path = _parse_path(request)
        if request.method == "GET" and path.kind == "workspaces/jobs" and not path.tail:
            executor.settle(path.id)

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
        body = b"" if reply.body is EMPTY else self._writer.write(reply.body)
        lines = self._headers.write(
            request.method, by=by, is_error=is_error, has_body=bool(body)
        )
        more = write_lines(reply.headers)
        if more is not None:
            return Written(reply.status, f"{lines}{more}{MARK_LINE}", body)
        plain = Written(reply.status, lines, body)
        return Response(reply.status, (*plain.headers, *reply.headers, MARK), body)

    def _carry_out(self, request: Request) -> Reply:
        _, whole, query = take_apart(request.url)
        head, _, name = whole.rpartition("/")
        place = self._places.get((request.method, head, query))
        if place is not None:
            call = self._understand_at(place, name, request)
            if call is not None:
                if request.method in _WRITES:
                    self._world.clock.note_write()
                return place.kind.answer(call)
        path = _parse_path(request)
        api_version = request.api_version
        if not api_version:
            raise refuse_at_gateway(
                400,
                "MissingApiVersionParameter",
                "The api-version query parameter (?api-version=) is required for all "
                "requests.",
            )
        self._check_subscription(path)
        if not path.is_ours or _is_bare_provider(path):
            return self._answer_neighbour(request, path, api_version)
        return self._answer_ours(request, path, api_version)

    def _answer_ours(self, request: Request, path: ArmPath, api_version: str) -> Reply:
        call = self._understand(request, path, api_version)
        if path.kind in STATUS_KINDS:
            reply = answer_status(call, self._world)
            return self._show_result(call, reply)
        if request.method in _WRITES:
            self._world.clock.note_write()
        return self._kinds.find(path, request.method).answer(call)

    # -- where calls have been before -------------------------------------------

    def _understand_at(self, place: Place, name: str, request: Request) -> Call | None:
        """A call to where others were before; None where there may be more to it."""
        world, plan, contract = self._world, place.plan, place.contract
        if (
            not place.takes(name)
            or world.load(contract.api_version) is not contract
            or not world.has_group(place.path.scope)
            or world.store.get(place.top_id) is None
        ):
            return None
        body, path = None, place.path_to(name)
        if request.body or place.expected.check is not None:
            values = {**place.values, place.parameter: name}
            route = Route(plan.operation, values)
            body = self._read_body(
                request, path, contract, route, place.expected, is_usual=True
            )
        url = request.url
        return Call(
            method=request.method,
            url=url,
            base=url[: url.index("/", url.index("://") + 3)],
            path=path,
            api_version=contract.api_version,
            query=place.query,
            contract=contract,
            operation=plan.operation,
            age=plan.age,
            plan=plan,
            body=body,
        )

    # -- before the provider ----------------------------------------------------

    def _check_subscription(self, path: ArmPath) -> None:
        seed = self._world.seed
        if path.subscription and path.subscription.lower() != seed.subscription.lower():
            raise refuse_at_gateway(
                404,
                "SubscriptionNotFound",
                f"The subscription '{path.subscription}' could not be found.",
            )

    def _check_group(self, path: ArmPath) -> None:
        if path.resource_group and not self._world.has_group(path.scope):
            raise refuse_group(path.resource_group)

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
        if path.types or path.tail or path.provider:
            self._check_group(path)
        is_deployment = "deployments" in (
            path.kind.partition("/")[0],
            path.tail.lower(),
        )
        text = as_strict(request.body) if is_deployment else request.body
        body = parse_body(text)
        if request.method in _WRITES:
            self._world.clock.note_write()
        if is_deployment:
            split = urlsplit(request.url)
            return answer_deployment(
                self._world,
                request.method,
                path,
                body,
                base=f"{split.scheme}://{split.netloc}",
                api_version=api_version,
                put_ours=self._put_for_deployment(request),
            )
        if is_stub(path):
            return answer_stub(self._world, request.method, path, body)
        query = {name.lower(): value for name, value in request.query}
        return answer_own(self._world, request.method, path, query, body)

    def _put_for_deployment(self, request: Request) -> PutOurs:
        split = urlsplit(request.url)

        def put(resource_id: str, api_version: str, body: Any) -> Reply:
            url = f"{split.scheme}://{split.netloc}{resource_id}"
            sent = Request(
                "PUT",
                f"{url}?api-version={api_version}",
                request.headers,
                json.dumps(body).encode(),
            )
            path = parse_arm_path(resource_id)
            return self._answer_ours(sent, path, api_version)

        return put

    # -- the provider -----------------------------------------------------------

    def _understand(self, request: Request, path: ArmPath, api_version: str) -> Call:
        try:
            contract = self._world.load(api_version)
        except UnknownApiVersion as error:
            raise self._unknown_version(path, api_version) from error
        url, query = request.url, {}
        for name, value in request.query:
            query[name.lower()] = value
        call = Call(
            method=request.method,
            url=url,
            base=url[: url.index("/", url.index("://") + 3)],
            path=path,
            api_version=api_version,
            query=query,
            contract=contract,
            operation=Operation("", request.method, request.path),
            age=sort_key(api_version),
            plan=None,
        )
        if path.kind in STATUS_KINDS:
            return call
        route = self._find_route(request, contract)
        self._check_group(path)
        self._check_parent(path, request.method)
        expected = self._gate.expect(contract, route.operation)
        is_usual = expected.is_usual(request, route)
        body = self._read_body(
            request, path, contract, route, expected, is_usual=is_usual
        )
        plan = self._world.plan(contract, route.operation)
        call = replace(call, operation=route.operation, plan=plan, body=body)
        if is_usual:
            self._remember(request, call, route, expected)
        return call

    def _remember(
        self, request: Request, call: Call, route: Route, expected: Expected
    ) -> None:
        """Know where a call went, for those that will go there."""
        kind = self._kinds.find(call.path, request.method)
        place = find_place(request, call, route, expected, kind)
        if place is None:
            return
        if len(self._places) >= _MOST_PLACES:
            del self._places[next(iter(self._places))]
        _, path, query = take_apart(request.url)
        self._places[request.method, path.rpartition("/")[0], query] = place

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

    def _find_route(self, request: Request, contract: Contract) -> Route:
        method = "GET" if request.method == "HEAD" else request.method
        path = request.path
        found = contract.find(method, path)
        if isinstance(found, Route):
            if "%" in path:
                _refuse_slashes(found)
            return found
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

    def _show_result(self, call: Call, reply: Reply) -> Reply:
        """At ``type=location``, the workspace or registry, when it is done."""
        done = isinstance(reply.body, dict) and reply.body.get("status") == "Succeeded"
        operation = self._world.store.get_operation(call.path.names[-1])
        if not done or operation is None or call.query.get("type") != "location":
            return reply
        resource = self._world.store.get(operation.target)
        if resource is None:
            return Reply(200)
        url = f"{call.base}{resource.id}"
        path = parse_arm_path(resource.id)
        query = f"api-version={call.api_version}"
        shown = Request("GET", f"{url}?{query}")
        return self._answer_ours(shown, path, call.api_version)

    def _check_parent(self, path: ArmPath, method: str) -> None:
        """Refuse what hangs on a workspace or a registry that is not there."""
        if not path.types or path.types[0].lower() not in ("workspaces", "registries"):
            return
        if len(path.types) == 1 and not path.tail:
            return
        if self._world.store.get(path.top_id) is not None:
            return
        top = path.types[0], path.names[0]
        if method == "PUT":
            raise refuse_at_gateway(
                404,
                "ParentResourceNotFound",
                "Can not perform requested operation on nested resource. Parent "
                f"resource '{top[1]}' not found.",
            )
        raise refuse_resource_not_found(
            f"{PROVIDER}/{top[0]}", top[1], path.resource_group
        )

    def _read_body(
        self,
        request: Request,
        path: ArmPath,
        contract: Contract,
        route: Route,
        expected: Expected,
        *,
        is_usual: bool,
    ) -> Any:
        sent = read_body(request.body)
        if request.method == "HEAD" or (sent.value is None and request.method == "GET"):
            return sent.value
        as_it_stands = self._gate.pass_body(
            request, contract, route, sent, expected, is_usual=is_usual
        )
        # What may not be set may still be null, and is left out.
        if as_it_stands and b"null" not in request.body:
            return sent.value
        normal = normalize(sent.value, route.operation.body, contract.definitions)
        return keep_unlisted(normal, sent.value, path.kind)


def _refuse_slashes(found: Route) -> None:
    """Refuse a name with a slash, which would be read as two parts of a path."""
    wrong = next((name for name in found.values.values() if "/" in name), None)
    if wrong is not None:
        raise refuse_at_gateway(
            400,
            "InvalidResourceName",
            f"Resource name '{wrong}' is invalid: it holds a slash.",
        )


def _is_bare_provider(path: ArmPath) -> bool:
    """Whether a path asks for what ARM itself knows of the provider."""
    return not path.types and path.tail.lower() in ("", "register")


def _draw_hex(digits: int) -> str:
    return uuid.uuid4().hex[:digits]


def _parse_path(request: Request) -> ArmPath:
    path = request.path
    return parse_arm_path(unquote(path) if "%" in path else path)
