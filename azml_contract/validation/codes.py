"""The registry of finding codes: stable names, severities, what follows.

In: nothing. Out: every code the package can emit. ``AZC1xx`` is about
requests, ``AZC2xx`` about responses, ``AZC3xx`` about regression: what a
recorded call meets at another api-version; ``AZC4xx`` about files, ``AZC5xx``
about scripts.
The prose of each code, its example and its cure, is in `codes.toml` and read
only to write `docs/findings.md`:

    python -m azml_contract.validation.codes_page --write | --check
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from azml_contract.finding import Evidence, Severity, Side
from azml_contract.validation.deviation import Rule

ERROR, WARNING, INFO = Severity.ERROR, Severity.WARNING, Severity.INFO


class Consequence(StrEnum):
    """What becomes of a call that has the finding.

    `REFUSED`: the service answers 400. `IGNORED`: it accepts the body and drops
    that part of it. `ACCEPTED`: it has been seen to take it. `UNKNOWN`: no
    evidence. `NONE`: nothing, the finding is about an answer or for information.
    """

    REFUSED = "refused"
    IGNORED = "ignored"
    ACCEPTED = "accepted"
    UNKNOWN = "unknown"
    NONE = "none"


@dataclass(frozen=True, slots=True)
class Code:
    """One code: its title, its severity in each profile, what follows.

    `evidence` is what the severity in ``service`` rests on.
    """

    code: str
    title: str
    strict: Severity
    service: Severity
    consequence: Consequence
    evidence: Evidence = Evidence.SPEC

    @property
    def side(self) -> Side:
        """Which half of an exchange the code is about."""
        answers = self.code.startswith("AZC2") or self.code in _ABOUT_ANSWERS
        return Side.RESPONSE if answers else Side.REQUEST


_REFUSED, _IGNORED = Consequence.REFUSED, Consequence.IGNORED
_ACCEPTED, _UNKNOWN, _NONE = (
    Consequence.ACCEPTED,
    Consequence.UNKNOWN,
    Consequence.NONE,
)
_LIVE, _DOCS, _UNSEEN = Evidence.LIVE, Evidence.DOCS, Evidence.UNKNOWN

_REQUEST = (
    Code("AZC101", "required property missing", ERROR, ERROR, _REFUSED),
    Code("AZC102", "unknown property", ERROR, ERROR, _IGNORED),
    Code("AZC103", "property name in another case", ERROR, WARNING, _UNKNOWN, _UNSEEN),
    Code("AZC104", "wrong type", ERROR, ERROR, _REFUSED),
    Code("AZC105", "null where none is allowed", ERROR, ERROR, _REFUSED),
    Code("AZC106", "value not in the enum", ERROR, WARNING, _REFUSED),
    Code("AZC107", "enum value in another case", ERROR, WARNING, _ACCEPTED, _LIVE),
    Code("AZC108", "unknown discriminator value", ERROR, ERROR, _REFUSED),
    Code("AZC109", "discriminator missing", ERROR, ERROR, _REFUSED),
    Code("AZC110", "discriminator of another type", ERROR, ERROR, _REFUSED),
    Code("AZC111", "property of another api-version", ERROR, ERROR, _IGNORED),
    Code("AZC112", "property of another variant", ERROR, ERROR, _IGNORED),
    Code("AZC113", "read-only property sent", ERROR, WARNING, _IGNORED),
    Code("AZC114", "property cannot be updated", ERROR, ERROR, _REFUSED),
    Code("AZC115", "text does not match its pattern", ERROR, ERROR, _REFUSED),
    Code("AZC116", "number out of range", ERROR, ERROR, _REFUSED),
    Code("AZC117", "wrong length or number of items", ERROR, ERROR, _REFUSED),
    Code("AZC118", "text is not of its format", ERROR, ERROR, _REFUSED),
    Code("AZC119", "not an ISO 8601 duration", ERROR, ERROR, _REFUSED),
    Code("AZC121", "body missing", ERROR, ERROR, _REFUSED),
    Code("AZC122", "body not expected", ERROR, WARNING, _IGNORED),
    Code("AZC130", "not valid JSON", ERROR, ERROR, _REFUSED),
    Code("AZC131", "raw line break in a JSON string", ERROR, WARNING, _UNKNOWN, _DOCS),
    Code("AZC132", "trailing comma", ERROR, ERROR, _UNKNOWN, _UNSEEN),
    Code("AZC133", "duplicate key", ERROR, ERROR, _UNKNOWN, _UNSEEN),
    Code("AZC140", "api-version missing", ERROR, ERROR, _REFUSED),
    Code("AZC141", "api-version not known", ERROR, ERROR, _REFUSED),
    Code("AZC142", "another api-version than configured", ERROR, ERROR, _NONE),
    Code("AZC143", "unknown query parameter", ERROR, WARNING, _IGNORED),
    Code("AZC144", "query parameter missing", ERROR, ERROR, _REFUSED),
    Code("AZC145", "bad value of a query parameter", ERROR, ERROR, _REFUSED),
    Code("AZC146", "name does not match its pattern", ERROR, ERROR, _REFUSED),
    Code("AZC147", "host of no Azure cloud", ERROR, ERROR, _REFUSED, _UNSEEN),
    Code("AZC148", "api-version newer than known", WARNING, WARNING, _NONE, _UNSEEN),
    Code("AZC150", "unknown path", ERROR, ERROR, _REFUSED),
    Code("AZC151", "verb not allowed on this path", ERROR, ERROR, _REFUSED),
    Code("AZC152", "another resource provider", INFO, INFO, _NONE),
    Code("AZC153", "call not judged", ERROR, ERROR, _UNKNOWN, _UNSEEN),
    Code("AZC160", "id in another workspace", WARNING, WARNING, _REFUSED),
    Code("AZC161", "id of another kind of resource", ERROR, ERROR, _REFUSED),
    Code("AZC162", "malformed ARM id", ERROR, ERROR, _REFUSED),
    Code("AZC163", "call outside the configured workspace", ERROR, ERROR, _NONE),
    Code("AZC170", "input or output that nothing declares", ERROR, ERROR, _UNKNOWN),
    Code(
        "AZC171",
        "search space parameter not declared",
        ERROR,
        WARNING,
        _ACCEPTED,
        _LIVE,
    ),
    Code("AZC172", "search space parameter never read", WARNING, WARNING, _ACCEPTED),
    Code("AZC173", "malformed search space expression", ERROR, ERROR, _UNKNOWN),
    Code("AZC174", "input variable that nothing binds", ERROR, WARNING, _ACCEPTED),
    Code(
        "AZC175",
        "pipeline binding that names nothing",
        ERROR,
        WARNING,
        _UNKNOWN,
        _UNSEEN,
    ),
    Code(
        "AZC176", "pipeline binding that is no value", ERROR, WARNING, _REFUSED, _UNSEEN
    ),
)
_RESPONSE = (
    Code("AZC201", "required property missing", ERROR, ERROR, _NONE),
    Code("AZC202", "unknown property", ERROR, WARNING, _NONE),
    Code("AZC203", "property name in another case", ERROR, WARNING, _NONE),
    Code("AZC204", "wrong type", ERROR, ERROR, _NONE),
    Code("AZC205", "null where none is allowed", ERROR, WARNING, _NONE, _LIVE),
    Code("AZC206", "value not in the enum", ERROR, WARNING, _NONE),
    Code("AZC207", "enum value in another case", ERROR, WARNING, _NONE, _LIVE),
    Code("AZC208", "unknown discriminator value", ERROR, WARNING, _NONE),
    Code("AZC209", "discriminator missing", ERROR, ERROR, _NONE),
    Code("AZC210", "discriminator of another type", ERROR, ERROR, _NONE),
    Code("AZC211", "property of another api-version", ERROR, WARNING, _NONE),
    Code("AZC212", "property of another variant", ERROR, WARNING, _NONE),
    Code("AZC213", "secret or write-only property came back", ERROR, ERROR, _NONE),
    Code("AZC215", "text does not match its pattern", ERROR, ERROR, _NONE),
    Code("AZC216", "number out of range", ERROR, ERROR, _NONE),
    Code("AZC217", "wrong length or number of items", ERROR, ERROR, _NONE),
    Code("AZC218", "text is not of its format", ERROR, ERROR, _NONE),
    Code("AZC219", "not an ISO 8601 duration", ERROR, ERROR, _NONE),
    Code("AZC221", "body missing", ERROR, ERROR, _NONE),
    Code("AZC222", "body not expected", WARNING, WARNING, _NONE),
    Code("AZC230", "not valid JSON", ERROR, ERROR, _NONE),
    Code("AZC233", "duplicate key", ERROR, ERROR, _NONE),
    Code("AZC240", "status code not documented", ERROR, WARNING, _NONE),
    Code("AZC250", "long-running header missing", ERROR, ERROR, _NONE),
    Code("AZC251", "read-only property missing", WARNING, WARNING, _NONE),
    Code("AZC252", "end announced", WARNING, WARNING, _NONE, _LIVE),
)
_REGRESSION = (
    Code("AZC301", "operation gone", ERROR, ERROR, _NONE),
    Code("AZC302", "field that was read is gone", ERROR, ERROR, _NONE),
    Code("AZC303", "field that was read has another type", ERROR, ERROR, _NONE),
    Code("AZC304", "value that came back is not listed", WARNING, WARNING, _NONE),
    Code("AZC306", "status that came back is not documented", WARNING, WARNING, _NONE),
    Code("AZC307", "this version's source cannot tell", INFO, INFO, _NONE, _UNSEEN),
)
_FILES = (
    Code("AZC401", "what looks like a secret", ERROR, ERROR, _NONE, _UNSEEN),
    Code("AZC402", "the names of an owner", WARNING, WARNING, _NONE, _UNSEEN),
    Code("AZC403", "not as the recorder writes it", WARNING, WARNING, _NONE, _UNSEEN),
    Code("AZC404", "file that cannot be read", ERROR, ERROR, _NONE, _UNSEEN),
    Code("AZC405", "content that stays shut", WARNING, WARNING, _NONE, _UNSEEN),
    Code("AZC406", "file that is not read", INFO, INFO, _NONE, _UNSEEN),
)
_SCRIPT = (
    Code("AZC501", "quote that is never closed", ERROR, ERROR, _REFUSED, _DOCS),
    Code("AZC502", "quote that ends a body too early", ERROR, ERROR, _REFUSED, _DOCS),
    Code("AZC503", "here-document that never ends", ERROR, ERROR, _REFUSED, _DOCS),
    Code("AZC504", "continued line in single quotes", ERROR, ERROR, _REFUSED, _DOCS),
    Code("AZC505", "& that cuts a URL", ERROR, ERROR, _REFUSED, _DOCS),
    Code("AZC506", "path written almost right", ERROR, ERROR, _REFUSED, _UNSEEN),
    Code("AZC507", "api-version that is not set yet", ERROR, ERROR, _REFUSED, _DOCS),
    Code("AZC508", "quotes of jq in a URL or a text", ERROR, ERROR, _REFUSED, _DOCS),
    Code("AZC509", "path that the answer does not have", ERROR, ERROR, _NONE),
    Code("AZC510", "loop that an error never ends", WARNING, WARNING, _NONE, _DOCS),
    Code("AZC511", "secret that is printed", WARNING, WARNING, _NONE, _DOCS),
    Code("AZC512", "exit before every call", ERROR, ERROR, _NONE, _DOCS),
    Code("AZC513", "asset that no job uses", WARNING, WARNING, _NONE, _DOCS),
    Code("AZC514", "code in a place of its own", WARNING, WARNING, _UNKNOWN, _DOCS),
    Code("AZC515", "no such file in the repository", WARNING, WARNING, _NONE, _DOCS),
    Code("AZC516", "secret that is written down", WARNING, WARNING, _NONE, _UNSEEN),
    Code("AZC517", "part of a body not judged", INFO, INFO, _UNKNOWN, _UNSEEN),
)
_ABOUT_ANSWERS = frozenset({"AZC302", "AZC303", "AZC304", "AZC306"})

CODES: dict[str, Code] = {
    code.code: code for code in (*_REQUEST, *_RESPONSE, *_REGRESSION, *_FILES, *_SCRIPT)
}
"""Every code by its name, in order."""


CODE_OF = {
    (rule, side): f"AZC{digit}{rule.value}"
    for rule in Rule
    for side, digit in ((Side.REQUEST, 1), (Side.RESPONSE, 2))
}
"""The code of a broken schema rule on one side of an exchange."""
