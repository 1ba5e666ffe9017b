"""Prove that an api-version takes every body that another one takes, or show one.

In: two contracts. Out: for each operation with a body ``yes``; ``no``, with the
smallest body found that one takes and the other refuses, both judges agreeing; or
``unknown``. A yes is that of jsonschema-rs's canonical form, or of two schemas that
are one and the same; what it cannot prove and no body refutes is unknown, not yes.
Says what is written, and nothing about what a service does with a body.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from enum import StrEnum
from typing import Any, NamedTuple

from azml_contract.contract.contract import Contract
from azml_contract.contract.model import Operation, SourceKind, Type, View
from azml_contract.contract.samples import make_samples
from azml_contract.contract.schema import Schema, write_schema
from azml_contract.contract.views import Lens
from azml_contract.validation.judge import Engine, compile_judge

_MOST = 20_000
_UNTOLD = "The source of the newer version does not tell of this operation."
_NO_PROVER = (
    "No body was found that shows a no. Only jsonschema-rs from 0.60 on can prove a "
    "yes: pip install -U 'azml-contract[fast]'"
)
_NO_BODY = (
    "The two differ, no body was found that shows a no, and jsonschema-rs cannot prove "
    "a yes. See what changed: the same without --prove."
)


class Proven(StrEnum):
    """Whether every body that is taken before is taken after."""

    YES = "yes"
    NO = "no"
    UNKNOWN = "unknown"
    GONE = "gone"


class Proof(NamedTuple):
    """What is known of one operation; `body` is taken before and refused after.

    `reason` is why it is unknown, a sentence.
    """

    operation: str
    proven: Proven
    body: Any = None
    reason: str = ""

    def to_json(self) -> dict[str, Any]:
        """The published JSON shape."""
        shape = {"operation": self.operation, "proven": str(self.proven)}
        if self.proven is Proven.NO:
            return {**shape, "body": self.body}
        return {**shape, "reason": self.reason} if self.reason else shape


def prove(before: Contract, after: Contract, *, operation: str = "") -> Iterator[Proof]:
    """A proof for each operation of `before` that takes a body.

    Args:
        before: The contract whose bodies are sent.
        after: The contract that they are sent to.
        operation: Only this one, by its id at `before`; all where empty.
    """
    there = {(one.method, one.path.lower()): one for one in after.operations.values()}
    for one in before.operations.values():
        if one.body is None or operation not in ("", one.id):
            continue
        now = there.get((one.method, one.path.lower()))
        if now is None or now.body is None:
            if after.source is SourceKind.SWAGGER:
                yield Proof(one.id, Proven.GONE)
            else:
                yield Proof(one.id, Proven.UNKNOWN, reason=_UNTOLD)
            continue
        yield _prove_one(before, after, one, one.body, now.body)


def _prove_one(
    before: Contract, after: Contract, operation: Operation, old: Type, new: Type
) -> Proof:
    view = View.UPDATE if operation.method == "PATCH" else View.CREATE
    lens = Lens(view)
    was = write_schema(before.definitions, old, lens)
    now = write_schema(after.definitions, new, lens)
    if was == now:
        return Proof(operation.id, Proven.YES)
    took, takes = compile_judge(was), compile_judge(now)
    for body in make_samples(before.definitions, old, lens, most=_MOST):
        if took(body) and not takes(body) and _agree(was, now, body):
            return Proof(operation.id, Proven.NO, body)
    reason = _find_doubt(now, was)
    if reason:
        return Proof(operation.id, Proven.UNKNOWN, reason=reason)
    return Proof(operation.id, Proven.YES)


def _agree(was: Schema, now: Schema, body: Any) -> bool:
    """Whether the reference judge says the same of a body."""
    judges = (compile_judge(one, Engine.REFERENCE) for one in (was, now))
    return [judge(body) for judge in judges] == [True, False]


def _find_doubt(now: Schema, was: Schema) -> str:
    """Why it is not proven; empty where jsonschema-rs proves it."""
    try:
        import jsonschema_rs
    except ImportError:
        return _NO_PROVER
    canonicalize: Callable[[Schema], Any] | None = getattr(
        jsonschema_rs, "canonicalize", None
    )
    if canonicalize is None:  # before 0.60
        return _NO_PROVER
    try:
        covers = str(canonicalize(now).covers(canonicalize(was))) == "yes"
    except ValueError:
        covers = False
    return "" if covers else _NO_BODY
