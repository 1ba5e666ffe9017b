"""Names that a program has of its own, found by their place and bound to placeholders.

In: requests. Out: the same with the names that a cassette has for what stands at
those places: subscription, resource group, workspace, account. A cassette recorded
from Azure holds placeholders, and the program that is replayed names what is its own.
"""

from __future__ import annotations

import threading
from dataclasses import replace

from azml_contract.exchange import Exchange, Request, Response
from azml_contract.redaction.origin import Learner
from azml_contract.redaction.redact import Redactor
from azml_contract.redaction.rules import RedactionRules

_NO_ANSWER = Response(0)


class PlacedNames:
    """A canonicaliser that learns. Safe to use from any thread.

    The names of a kind are numbered as they come, as they were while recording.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._learner = Learner(passes_ours=True)
        self._redactor: Redactor | None = None

    def __call__(self, request: Request) -> Request:
        with self._lock:
            if self._learner.learn([Exchange(request, _NO_ANSWER)]):
                rules = RedactionRules(identifiers=self._learner.identifiers())
                self._redactor = Redactor(rules)
            redactor = self._redactor
        if redactor is None:
            return request
        try:
            body = redactor.text(request.body.decode()).encode()
        except UnicodeDecodeError:
            body = redactor.binary(request.body)
        return replace(request, url=redactor.url(request.url), body=body)
