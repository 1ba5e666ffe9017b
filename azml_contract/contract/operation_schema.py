"""The JSON Schema of an operation's body, for validators of other people.

In: a contract, an operation and a view. Out: one self-contained schema of draft
2020-12, with a title that says what it is of.
"""

from __future__ import annotations

from typing import Any

from azml_contract.contract.contract import Contract
from azml_contract.contract.model import Operation, Type, View
from azml_contract.contract.schema import DIALECT, write_schema
from azml_contract.contract.views import Lens
from azml_contract.errors import ContractError


def write_operation_schema(
    contract: Contract, operation: Operation, *, view: str, status: str = "200"
) -> dict[str, Any]:
    """What a body of an operation may hold.

    Args:
        contract: Of the api-version.
        operation: One of its operations.
        view: ``create``, ``update`` or ``response``.
        status: Of the answer, where the view is ``response``.

    Raises:
        ContractError: The operation has no such body; says which there are.
    """
    kind = View(view)
    if kind is View.RESPONSE:
        body, what = _answer(operation, status), f"answer {status}"
    else:
        body, what = operation.body, f"{view} body"
    if body is None:
        raise ContractError(
            f"{operation.id} at {contract.api_version} has no {what} that the written "
            f"contract describes. {_what_there_is(operation)}"
        )
    reveals = kind is View.RESPONSE and operation.method == "POST"
    written = write_schema(contract.definitions, body, Lens(kind, reveals=reveals))
    title = f"{operation.id} {contract.api_version}, {what}"
    return {"$schema": DIALECT, "title": title, **written}


def _answer(operation: Operation, status: str) -> Type | None:
    if operation.responses is None:
        return operation.result
    found = operation.responses.get(status)
    return None if found is None else found.body


def _what_there_is(operation: Operation) -> str:
    statuses = [
        code
        for code, spec in (operation.responses or {}).items()
        if spec.body is not None
    ]
    known = ["--view create"] if operation.body is not None else []
    known += [f"--view response --status {code}" for code in sorted(statuses)]
    return f"There is: {', '.join(known)}." if known else "It has no body at all."
