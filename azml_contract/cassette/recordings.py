"""What regression reads: recorded calls, whoever recorded them.

In: a cassette, or exchanges of another tool. Out: a `Recording`. Knows no
files; what nobody noted as read is None, not empty.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace

from azml_contract.cassette.cassette import Cassette
from azml_contract.cassette.interaction import Interaction
from azml_contract.exchange import NO_ANSWER, Exchange, Response

_NO_RESPONSE = Response(NO_ANSWER)


@dataclass(frozen=True, slots=True)
class Call:
    """One recorded exchange and the pointers of its answer that were read."""

    step: int
    exchange: Exchange
    reads: tuple[str, ...] | None


@dataclass(frozen=True, slots=True)
class Recording:
    """What one scenario said and heard; made from one file.

    `api_version` is that of calls that do not name one. `reads` is None where
    nobody noted what was looked at. `variables` are what the scenario drew.
    `target` is ``emulator`` or ``azure``, where the recording tells. What stands
    between U+E002 and U+E003 nobody knows: a script leaves it to a run. `lost` are
    the steps whose request body was sent and not kept, `silent` those that nobody
    answered, `untold` why other calls of it are not here, `skipped` where those go
    that are not here as they are none of the provider. `upgraded_from` is the
    version of its answers, where only its requests were taken to `api_version`.
    """

    scenario: str
    api_version: str
    parts: tuple[Interaction | Exchange, ...]
    reads: Mapping[int, tuple[str, ...]] | None = None
    variables: Mapping[str, object] = field(default_factory=dict)
    target: str = ""
    lost: frozenset[int] = frozenset()
    silent: frozenset[int] = frozenset()
    untold: tuple[str, ...] = ()
    skipped: tuple[str, ...] = ()
    upgraded_from: str = ""

    def calls(self) -> Iterator[Call]:
        """Every call in recorded order, each parsed when it is reached."""
        for step, part in enumerate(self.parts):
            exchange = part if isinstance(part, Exchange) else part.exchange
            reads = None if self.reads is None else self.reads.get(step, ())
            if exchange.failure is not None:  # there is no answer to judge
                exchange, reads = replace(exchange, response=_NO_RESPONSE), ()
            yield Call(step, exchange, reads)


def from_cassette(cassette: Cassette) -> Recording:
    """A cassette of ours, with what its scenario read."""
    return Recording(
        cassette.scenario,
        cassette.api_version,
        cassette.interactions,
        cassette.reads,
        cassette.variables,
        cassette.target,
        upgraded_from=cassette.upgraded_from,
    )


def from_exchanges(
    name: str, exchanges: Iterable[Exchange], *, lost: frozenset[int] = frozenset()
) -> Recording:
    """Exchanges of another tool, which does not note what was read."""
    parts = tuple(exchanges)
    silent = frozenset(
        step
        for step, one in enumerate(parts)
        if one.response.status < 100 and one.failure is None
    )
    return Recording(name, "", parts, lost=lost, silent=silent)
