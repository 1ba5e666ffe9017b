"""Long-running operations, and the addresses where a client asks for their state.

In: what was begun. Out: headers that lead there, and the answers there. Three
addresses: ``computeOperationsStatus``, ``mfeOperationsStatus`` (a body with a
status) and ``mfeOperationResults`` (202 until it is done).
"""

from __future__ import annotations

from azml_contract.emulator.clock import as_iso
from azml_contract.emulator.paths import parse_arm_path
from azml_contract.emulator.refusal import Refusal
from azml_contract.emulator.replies import Reply
from azml_contract.emulator.resources.shapes import shape_of
from azml_contract.emulator.store import Operation
from azml_contract.emulator.world import Call, World, workspace_guid_of
from azml_contract.settings import PROVIDER

Headers = tuple[tuple[str, str], ...]
_MFE = ("locations/mfeoperationsstatus", "locations/mfeoperationresults")
# Schedules: 311 of 311 addresses seen end in 32 bytes of base64url, not in a GUID.
_WITH_TOKEN = frozenset({"s"})
_ALL_TOLD = {
    "running": ("startTime",),
    "done": ("startTime", "endTime", "percentComplete"),
}
STATUS_KINDS = (
    "locations/computeoperationsstatus",
    "locations/mfeoperationsstatus",
    "locations/mfeoperationresults",
    "locations/workspaceoperationsstatus",
    "locations/registryoperationsstatus",
)


def start_operation(
    world: World,
    target: str,
    action: str,
    duration_s: float,
    *,
    prefix: str = "",
    result: object = None,
    operation_id: str = "",
) -> Operation:
    """Begin an operation on a resource.

    Args:
        world: Where it is remembered.
        target: Id of the resource.
        action: ``Creating``, ``Updating``, ``Deleting`` or ``Canceling``.
        duration_s: Seconds of the emulated service until it is done.
        prefix: Prefix of the operation's id: ``jc`` for cancelling a job.
        operation_id: Its id, where it was drawn before.
        result: Body at its ``Location`` when it is done; None for none.
    """
    if not operation_id:
        operation_id = draw_operation_id(
            world, prefix=prefix, name=target.rsplit("/", 1)[-1]
        )
    now = world.clock.now()
    operation = Operation(operation_id, target, now, duration_s, action, result)
    world.store.add_operation(operation)
    return operation


def draw_operation_id(world: World, *, prefix: str, name: str = "") -> str:
    """A new id: ``jc:{guid}:{job}``, ``s:{guid}:{token}``, ``oe:{guid}:{guid}``."""
    store = world.store
    drawn = store.draw_token() if prefix in _WITH_TOKEN else store.draw_guid()
    if not prefix:
        return drawn
    own = name or f"{workspace_guid_of(world.workspace_id)}"
    return f"{prefix}:{drawn}:{own}" if name else f"{prefix}:{own}:{drawn}"


def operation_url(
    call: Call, world: World, operation: Operation, kind: str, *, more: str = ""
) -> str:
    """Where the state of an operation is asked for."""
    return call.link(
        f"/subscriptions/{call.path.subscription}/providers/{PROVIDER}"
        f"/locations/{world.seed.location}/{kind}/{operation.id}",
        more=more,
    )


def async_headers(call: Call, world: World, operation: Operation) -> Headers:
    """Headers of an answer that only begins something."""
    return (
        (
            "Azure-AsyncOperation",
            operation_url(call, world, operation, "mfeOperationsStatus"),
        ),
        ("Location", operation_url(call, world, operation, "mfeOperationResults")),
        ("x-ms-async-operation-timeout", "PT1H"),
    )


def put_headers(call: Call, world: World, operation: Operation) -> Headers:
    """Headers of a PUT whose resource is being provisioned."""
    return (
        (
            "Azure-AsyncOperation",
            operation_url(call, world, operation, "mfeOperationsStatus"),
        ),
        ("Location", call.link(operation.target)),
        ("x-ms-async-operation-timeout", "PT30M"),
    )


def account_headers(
    call: Call, world: World, operation: Operation, kind: str
) -> Headers:
    """Headers of a change to a workspace or a registry."""
    url = operation_url(call, world, operation, kind)
    return (
        ("Location", f"{url}&type=location"),
        ("Azure-AsyncOperation", f"{url}&type=async"),
    )


def compute_headers(call: Call, world: World, operation: Operation) -> Headers:
    """Headers of an answer that begins something on a compute."""
    url = operation_url(
        call, world, operation, "computeOperationsStatus", more="&service=new"
    )
    return (("Azure-AsyncOperation", url),)


def result_headers(call: Call, world: World, operation: Operation) -> Headers:
    """Headers of an answer whose result will be at ``Location``."""
    url = operation_url(call, world, operation, "mfeOperationResults")
    return (("Location", url), ("x-ms-async-operation-timeout", "PT1H"))


def answer_status(call: Call, world: World) -> Reply:
    """A GET of one of `STATUS_KINDS`."""
    world.clock.note_poll()
    operation = world.store.get_operation(call.path.names[-1])
    if operation is None:
        raise Refusal(
            404,
            "UserError",
            f"Operation {call.path.names[-1]} not found.",
            "NotFound",
        )
    done = operation.is_done(world.clock.now())
    if call.path.kind.endswith("results"):
        return _answer_result(call, world, operation, done=done)
    if call.path.kind not in _MFE:
        if not done:
            return Reply(200, {"status": "InProgress"})
        return Reply(200, {"status": "Succeeded", "percentComplete": 100.0})
    told = shape_of(parse_arm_path(operation.target).kind).get("operation", _ALL_TOLD)
    status: dict[str, object] = {
        "id": call.path.id,
        "name": operation.id,
        "status": "Succeeded" if done else told.get("status", operation.action),
    }
    ended = operation.started_s + operation.duration_s
    known = {
        "startTime": as_iso(operation.started_s),
        "endTime": as_iso(ended),
        "percentComplete": 100.0 if done else 0.0,
    }
    names = told.get("done" if done else "running", ())
    return Reply(200, status | {name: known[name] for name in names})


def _answer_result(
    call: Call, world: World, operation: Operation, *, done: bool
) -> Reply:
    if done:
        return Reply(200) if operation.result is None else Reply(200, operation.result)
    url = operation_url(call, world, operation, "mfeOperationResults")
    return Reply(202, {}, (("Location", url),))
