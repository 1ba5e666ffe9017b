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
    _name_choices(written)
    return {"$schema": DIALECT, "title": title, **written}


def _name_choices(schema: Any, chosen: tuple[Any, ...] = ()) -> None:
    """List the discriminators where none is chosen.

    A bare ``false`` means the same, and says nothing to whoever reads it.

    Args:
        schema: Changed in place.
        chosen: Values of the conditions whose `else` this is.
    """
    if isinstance(schema, list):
        for one in schema:
            _name_choices(one)
        return
    if not isinstance(schema, dict):
        return
    asked = schema.get("if", {}).get("properties")
    if asked:
        ((tag, value),) = asked.items()
        chosen = (*chosen, *value.get("enum", [value.get("const")]))
        if schema["else"] is False:
            schema["else"] = {"properties": {tag: {"enum": list(chosen)}}}
    for key, one in schema.items():
        _name_choices(one, chosen if key == "else" and asked else ())


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
