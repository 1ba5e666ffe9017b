"""Long-running operations, and the addresses where a client asks for their state.

In: what was begun. Out: headers that lead there, and the answers there. Three
addresses: ``computeOperationsStatus``, ``mfeOperationsStatus`` (a body with a
status) and ``mfeOperationResults`` (202 until it is done).
"""

from __future__ import annotations

from azml_contract.emulator.clock import as_iso
from azml_contract.emulator.refusal import Refusal
from azml_contract.emulator.replies import Reply
from azml_contract.emulator.store import Operation
from azml_contract.emulator.world import Call, World
from azml_contract.settings import PROVIDER

Headers = tuple[tuple[str, str], ...]
STATUS_KINDS = (
    "locations/computeoperationsstatus",
    "locations/mfeoperationsstatus",
    "locations/mfeoperationresults",
    "locations/workspaceoperationsstatus",
)


def start_operation(
    world: World, target: str, action: str, duration_s: float, *, prefix: str = ""
) -> Operation:
    """Begin an operation on a resource.

    Args:
        world: Where it is remembered.
        target: Id of the resource.
        action: ``Creating``, ``Updating``, ``Deleting`` or ``Canceling``.
        duration_s: Seconds of the emulated service until it is done.
        prefix: Prefix of the operation's id: ``jc`` for cancelling a job.
    """
    operation_id = world.store.draw_guid()
    if prefix:
        operation_id = f"{prefix}:{operation_id}:{target.rsplit('/', 1)[-1]}"
    operation = Operation(operation_id, target, world.clock.now(), duration_s, action)
    world.store.add_operation(operation)
    return operation


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
        ("x-ms-async-operation-timeout", "PT1H"),
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
    if call.path.kind.endswith("computeoperationsstatus"):
        if not done:
            return Reply(200, {"status": "InProgress"})
        return Reply(200, {"status": "Succeeded", "percentComplete": 100.0})
    status: dict[str, object] = {
        "id": call.path.id,
        "name": operation.id,
        "status": "Succeeded" if done else operation.action,
        "startTime": as_iso(operation.started_s),
    }
    if done:
        ended = operation.started_s + operation.duration_s
        status |= {"percentComplete": 100.0, "endTime": as_iso(ended)}
    return Reply(200, status)


def _answer_result(
    call: Call, world: World, operation: Operation, *, done: bool
) -> Reply:
    if done:
        return Reply(200)
    url = operation_url(call, world, operation, "mfeOperationResults")
    return Reply(202, {}, (("Location", url),))
