"""What was found in one call.

In: findings, and what the call was judged by. Out: a `Verdict`, and its account. Knows
no requests and no bodies.
"""

from __future__ import annotations

from dataclasses import dataclass

from azml_contract.contract.catalog import read_strength
from azml_contract.finding import Finding
from azml_contract.seen import Calls


@dataclass(frozen=True, slots=True)
class Verdict:
    """What was found in one call.

    `operation` is empty where no operation was recognised. `requests` and
    `responses` say how many sides were validated, 0 or 1 each: a verdict with
    neither findings nor sides has checked nothing. `skipped` says where a call
    went that is none of the provider's, `not_judged` why nothing can be said of
    one that is. `contract` is the api-version that it was judged by.
    """

    operation: str
    findings: tuple[Finding, ...]
    requests: int = 0
    responses: int = 0
    skipped: str = ""
    not_judged: str = ""
    contract: str = ""

    @property
    def calls(self) -> Calls:
        """The account of this one call."""
        if self.skipped:
            return Calls(skipped={self.skipped: 1})
        if self.not_judged:
            return Calls(not_judged={self.not_judged: 1})
        strength = read_strength(self.contract) if self.contract else None
        if strength is None or strength.known == strength.possible:
            return Calls(1)
        return Calls(1, contracts={self.contract: strength})
