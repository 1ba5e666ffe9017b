"""Read the error of an answer, whichever envelope it came in.

In: status, headers and body of an answer. Out: an `ArmError` that is not
raised. Knows the shapes that ARM and Azure Machine Learning write errors in;
knows nothing of requests, retries or resources.

Shapes, all with ``{"error": {"code", "message", "details"}}`` at their heart:

* the ARM gateway: nothing more;
* Azure Machine Learning: ``additionalInfo: [{"type": "InnerError", "info":
  {"value": {"code", "innerError": {...}}}}]``;
* an older one: ``innerError`` and ``messageFormat`` inline, ``correlation``
  beside ``error``;
* no body at all (a compute that does not exist), or one that is not JSON
  (a gateway between here and there).
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from azml_contract.errors import ArmError

_EXCERPT_CHARS = 200
_MAX_DEPTH = 32


def parse_arm_error(
    status: int, headers: Mapping[str, str], body: bytes, *, request: str = ""
) -> ArmError:
    """The error that an answer carries, as an exception that is not raised.

    Args:
        status: HTTP status; also below 400 where an operation's body failed.
        headers: Response headers, case-insensitive.
        body: The body as received, decompressed.
        request: Verb and URL of the call, for the message.

    Returns:
        An `ArmError` whose `code` and `message` are empty where the body has
        none.
    """
    parsed = _parse(body)
    error = _find_error(parsed)
    return ArmError(
        status=status,
        code=_text(error, "code"),
        message=_message(error) or _excerpt(parsed, body),
        inner_codes=tuple(_inner_codes(error)),
        details=tuple(_details(error)),
        request_id=_request_id(headers, parsed, error),
        request=request,
    )


def _parse(body: bytes) -> Any:
    try:
        return json.loads(body) if body.strip() else None
    except (ValueError, RecursionError):
        return None


def _find_error(parsed: Any) -> Mapping[str, Any]:
    """The object that holds ``code`` and ``message``."""
    if not isinstance(parsed, Mapping):
        return {}
    error = parsed.get("error", parsed.get("Error"))
    if isinstance(error, Mapping):
        return error
    if isinstance(error, str):  # OAuth 2.0: {"error": CODE, "error_description": TEXT}
        return {"code": error, "message": parsed.get("error_description")}
    return parsed


def _text(error: Mapping[str, Any], *names: str) -> str:
    found = (error.get(name) for name in names)
    return next((value for value in found if isinstance(value, str)), "")


def _message(error: Mapping[str, Any]) -> str:
    message = _text(error, "message", "Message")
    parameters = error.get("messageParameters")
    if isinstance(parameters, Mapping) and not message:
        message = _text(error, "messageFormat")
        for name, value in parameters.items():
            message = message.replace(f"{{{name}}}", str(value))
    return message


def _excerpt(parsed: Any, body: bytes) -> str:
    text = body.decode("utf-8", "replace").strip()
    if not text or parsed is not None or text == "null":
        return ""
    shown = " ".join(text[: _EXCERPT_CHARS * 2].split())[:_EXCERPT_CHARS]
    return f"the body is not JSON: {shown}"


def _inner_codes(error: Mapping[str, Any]) -> Iterator[str]:
    inner: Any = _additional_info(error, "InnerError")
    if inner is None:
        inner = error.get("innerError", error.get("innererror"))
    for _ in range(_MAX_DEPTH):
        if not isinstance(inner, Mapping):
            return
        if code := _text(inner, "code"):
            yield code
        inner = inner.get("innerError", inner.get("innererror"))


def _additional_info(error: Mapping[str, Any], kind: str) -> Any:
    entries = error.get("additionalInfo")
    for entry in entries if isinstance(entries, list) else ():
        if isinstance(entry, Mapping) and entry.get("type") == kind:
            info = entry.get("info")
            return info.get("value") if isinstance(info, Mapping) else None
    return None


def _details(error: Mapping[str, Any]) -> Iterator[str]:
    entries = error.get("details")
    for entry in entries if isinstance(entries, list) else ():
        if isinstance(entry, Mapping):
            parts = (_text(entry, "code"), _message(entry))
            yield ": ".join(part for part in parts if part)


def _request_id(
    headers: Mapping[str, str], parsed: Any, error: Mapping[str, Any]
) -> str:
    for name in ("x-ms-request-id", "x-ms-correlation-request-id"):
        if value := headers.get(name):
            return value
    correlation = _additional_info(error, "Correlation")
    if correlation is None and isinstance(parsed, Mapping):
        correlation = parsed.get("correlation")
    if isinstance(correlation, Mapping):
        return _text(correlation, "RequestId", "request", "operation")
    return ""
