"""Speak as the recorded side and as the live one: one request, two sets of names.

In: what a client sends, in live names, and what a cassette holds, in
placeholders. Out: the one in terms of the other, so that a cassette can answer
a client that is logged in to the real service.

Names come back; secrets do not. A recorded key or signature stays a placeholder.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from azml_contract.exchange import Exchange, Headers, Request
from azml_contract.redaction.bodies import rewrite_body
from azml_contract.redaction.names import Names
from azml_contract.redaction.redact import Redactor
from azml_contract.redaction.rules import Identifier, RedactionRules


class Sides:
    """Translates between live names and placeholders."""

    def __init__(self, rules: RedactionRules) -> None:
        """Prepare.

        Args:
            rules: Their identifiers are the live names and their placeholders.
        """
        self._redactor = Redactor(rules)
        self._live = Names(
            Identifier(one.kind, one.placeholder, one.value)
            for one in rules.identifiers
        )

    def as_recorded(self, request: Request) -> Request:
        """A live request, as the cassette would hold it; its headers stay."""
        return self._redactor.request(request)

    def as_live(self, exchange: Exchange) -> Exchange:
        """A recorded exchange, as it would have been under the live names."""
        request, response = exchange.request, exchange.response
        return Exchange(
            replace(
                request,
                url=self._live.replace(request.url),
                body=self._restore(request.body),
            ),
            replace(
                response,
                headers=self._restore_headers(response.headers),
                body=self._restore(response.body),
            ),
        )

    def _restore_headers(self, headers: Headers) -> Headers:
        return tuple((name, self._live.replace(value)) for name, value in headers)

    def _restore(self, body: bytes) -> bytes:
        return rewrite_body(
            body, self._restore_json, self._live.replace, lambda raw: raw
        )

    def _restore_json(self, value: Any) -> Any:
        if isinstance(value, str):
            return self._live.replace(value)
        if isinstance(value, list):
            return [self._restore_json(item) for item in value]
        if not isinstance(value, dict):
            return value
        kind = value.get("type")
        resource_type = kind.lower() if isinstance(kind, str) else ""
        return {
            name: self._restore_property(name, item, resource_type)
            for name, item in value.items()
        }

    def _restore_property(self, name: str, value: Any, resource_type: str) -> Any:
        if isinstance(value, str):
            value = self._live.replace_property(name.lower(), value, resource_type)
        return self._restore_json(value)
