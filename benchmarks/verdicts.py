"""Verdicts a second on job PUTs of 2 KB, valid and invalid.

Contenders: our judge alone, and what stands in for it where jsonschema-rs has no wheel,
the walk that explains; judge and explain, which is what oav does, and
words each deviation with its cure; ours in full, which adds semantics (ids,
bindings, search spaces; oav has none); a whole call, from text, with path,
query and names; jsonschema and fastjsonschema on the schema that our judge
uses; and oav 4.0.3, warm, in a Node of its own, which finds path and operation too:
for parsed bodies, and for a whole call, from text.

Every body is an object of its own, parsed before the clock starts, a hundred at a
time, but for whole calls, and judged once, under a name of its own; the misspelt name
differs from body to body. No verdict is kept by anybody; ours keeps what a command
reads, by its text, which bodies of one client share, as these do. Slow contenders judge
a sample of the batch. Rates are by the processor's clock, of the thread that judges, in
Python and in Node: what else the machine does stays out, and so does V8's parallel
garbage collection. All take turns on one core.

fastjsonschema stops at draft 7, so it gets a rendition: siblings of ``$ref``
move into an allOf. It stops at the first error, and jsonschema is only asked
for yes or no, as our judge is; ours and oav report every error.
"""

from __future__ import annotations

import gc
import json
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import jobs
from measure import (
    CHUNK,
    SETUP,
    Figures,
    Row,
    Target,
    find_medians,
    find_ratio,
    interleave,
    is_installed,
    make_parser,
    pin,
    show,
    time_call,
)
from oav import Oav, find_files, why_absent

from azml_contract.contract.catalog import load_contract
from azml_contract.contract.model import View
from azml_contract.contract.schema import Choice, write_schema
from azml_contract.contract.views import Lens
from azml_contract.exchange import Request
from azml_contract.finding import Side
from azml_contract.validation.body import compile_body
from azml_contract.validation.calls import Scope
from azml_contract.validation.grade import Grader
from azml_contract.validation.semantics import choose_place
from azml_contract.validation.validator import Profile, Validator
from azml_contract.validation.whole_body import judge_at

OURS, EXPLAINED = "ours (judge)", "ours (judge, explain)"
FULL, CALL = "ours (every finding)", "ours (whole call)"
WALKED, LEAST_WALKED = "ours (without jsonschema-rs)", 30_000
JSONSCHEMA, FASTJSONSCHEMA = "jsonschema", "fastjsonschema"
OAV, OAV_CALL = "oav", "oav (whole call)"
SLOW = {JSONSCHEMA}
PEERS = {CALL: OAV_CALL}
"""What a contender is measured beside, where that is not oav on parsed bodies."""
VALUES = {
    "subscriptionId": jobs.SUBSCRIPTION,
    "workspaceName": "workspace",
    "resourceGroupName": "resource-group",
}


@dataclass
class Case:
    """One kind of body at one api-version, and what the last round found in it."""

    kind: str
    api_version: str
    valid: bool
    batch: int
    sample: int

    def __post_init__(self) -> None:
        self.accepted: dict[str, int] = {}
        self.errors: dict[str, float] = {}
        self.texts = jobs.make_jobs(
            self.kind, self.api_version, self.batch, valid=self.valid
        )

    def count(self, name: str) -> int:
        """How many bodies a contender judges in a round."""
        return self.sample if name in SLOW else self.batch


Judge = Callable[[Any], tuple[bool, int]]
"""Whether a parsed body is accepted, and how many errors were reported."""


def make_judges(case: Case) -> dict[str, Judge]:
    """The contenders that run in this process."""
    contract = load_contract(case.api_version)
    operation = contract.operations[jobs.OPERATION]
    assert operation.body is not None
    lens = Lens(View.CREATE)
    check = compile_body(contract, operation.body, lens)
    grader = Grader(Profile.SERVICE, case.api_version, operation.id, Side.REQUEST)

    def explain(body: Any) -> tuple[bool, int]:
        found = [check.grade(grader, one) for one in check.check(body)]
        return not found, len(found)

    # Of calls that differ in a name and in their bodies, the place is chosen once.
    place = choose_place(VALUES, Scope())

    def judge_in_full(body: Any) -> tuple[bool, int]:
        found = judge_at(grader, check, body, place, True)
        return not found, len(found)

    judges: dict[str, Judge] = {
        OURS: lambda body: (check.accepts(body), 0),
        WALKED: lambda body: (not (found := check.explain(body)), len(found)),
        EXPLAINED: explain,
        FULL: judge_in_full,
    }
    schema = write_schema(
        contract.definitions, operation.body, lens, find_choice(contract, case.kind)
    )
    judges[JSONSCHEMA] = make_jsonschema(schema)
    if is_installed("fastjsonschema"):
        judges[FASTJSONSCHEMA] = make_fastjsonschema(schema)
    return judges


def find_choice(contract: Any, kind: str) -> Choice:
    """The variant of a job, as our judge picks it before it compiles a schema."""
    body = contract.operations[jobs.OPERATION].body
    base = contract.definitions[body.ref].properties["properties"].type.ref
    variant = contract.definitions[base].variants[kind.title()]
    return Choice(body.ref, "properties", variant)


def make_jsonschema(schema: Any) -> Judge:
    """The reference library."""
    from jsonschema import Draft202012Validator

    validator = Draft202012Validator(schema)
    return lambda body: (validator.is_valid(body), 0)


def make_fastjsonschema(schema: Any) -> Judge:
    """The library that compiles to Python, on a rendition in draft 7."""
    import fastjsonschema

    validate = fastjsonschema.compile(to_draft7(schema))

    def judge(body: Any) -> tuple[bool, int]:
        try:
            validate(body)
        except fastjsonschema.JsonSchemaValueException:
            return False, 1
        return True, 0

    return judge


def to_draft7(schema: Any) -> Any:
    """The same rules in draft 7, which ignores what stands beside a ``$ref``."""
    if isinstance(schema, list):
        return [to_draft7(one) for one in schema]
    if not isinstance(schema, dict):
        return schema
    found = {name: to_draft7(value) for name, value in schema.items()}
    if "$schema" in found:
        found["$schema"] = "http://json-schema.org/draft-07/schema#"
    if isinstance(found.get("$ref"), str) and len(found) > 1:
        found.setdefault("allOf", []).append({"$ref": found.pop("$ref")})
    return found


def make_runner(case: Case, name: str, judge: Judge) -> Callable[[], Figures]:
    """A round of one contender: verdicts a second."""

    def run() -> Figures:
        texts = case.texts[: case.count(name)]
        verdicts: list[tuple[bool, int]] = []
        seconds = 0.0
        gc.collect()  # of what came before
        for at in range(0, len(texts), CHUNK):
            bodies = [json.loads(text) for text in texts[at : at + CHUNK]]
            seconds += time_call(lambda: verdicts.extend(map(judge, bodies)))  # noqa: B023 - called here
        note(case, name, sum(v[0] for v in verdicts), sum(v[1] for v in verdicts))
        return {"rate": len(texts) / seconds}

    return run


def make_caller(case: Case) -> Callable[[], Figures]:
    """A round of whole calls: text parsed, path, query and ids checked as well."""
    validator = Validator()

    def count(request: Request) -> int:
        return len(validator.check_request(request).findings)

    def run() -> Figures:
        gc.collect()
        requests = [
            Request("PUT", url, (), text.encode())
            for url, text in zip(list_urls(case), case.texts, strict=True)
        ]
        counts: list[int] = []
        seconds = time_call(lambda: counts.extend(map(count, requests)))
        note(case, CALL, counts.count(0), sum(counts))
        return {"rate": len(requests) / seconds}

    return run


def make_oav_runner(
    case: Case, oav: Oav, name: str, *, whole: bool
) -> Callable[[], Figures]:
    """A round of oav; longer, since Linux counts a thread's time in ticks of 4 ms."""
    times = max(4, 2000 // case.batch)

    def run() -> Figures:
        urls = list_urls(case) * times
        answer = oav.judge("PUT", urls, case.texts * times, whole=whole)
        note(case, name, answer["accepted"] // times, answer["errors"] // times)
        return {"rate": times * len(case.texts) / float(answer["seconds"])}

    return run


def list_urls(case: Case) -> list[str]:
    """Where each body goes; no two jobs have one name."""
    return [
        jobs.job_url(f"train-{number}", case.api_version)
        for number in range(len(case.texts))
    ]


def note(case: Case, name: str, accepted: int, errors: int) -> None:
    """Keep what a round found, for the row."""
    case.accepted[name] = accepted
    case.errors[name] = errors / case.count(name)


def measure_case(case: Case, oav: Oav | None, rounds: int) -> list[Row]:
    """One row for each contender."""
    judges = make_judges(case)
    runs = {name: make_runner(case, name, judge) for name, judge in judges.items()}
    runs[CALL] = make_caller(case)
    if oav is not None:
        runs[OAV] = make_oav_runner(case, oav, OAV, whole=False)
        runs[OAV_CALL] = make_oav_runner(case, oav, OAV_CALL, whole=True)
    for run in runs.values():
        run()  # compiles, and warms Node up
    found = interleave(runs, rounds)
    for name, accepted in case.accepted.items():
        expected = case.count(name) if case.valid else 0
        if accepted != expected:
            raise SystemExit(
                f"{name} accepted {accepted} of {case.count(name)} bodies of {case}"
            )
    return [
        make_row(case, name, found[name], found.get(PEERS.get(name, OAV)))
        for name in found
    ]


def make_row(
    case: Case, name: str, rounds: list[Figures], oav: list[Figures] | None
) -> Row:
    """What is published of one contender."""
    row: Row = {
        "contender": name,
        "api_version": case.api_version,
        "body": case.kind,
        "valid": "yes" if case.valid else "no",
        "body_bytes": len(case.texts[0]),
        "verdicts_per_s": find_medians(rounds)["rate"],
        "times_oav": find_ratio(rounds, oav, "rate") if oav else None,
        "errors_reported": case.errors[name],
        "n": case.count(name),
    }
    if case.count(name) < case.batch:
        row["sampled"] = f"of {case.batch:,}"
    return row


@contextmanager
def open_oav(specs: Path, api_version: str) -> Iterator[Oav | None]:
    """oav with one api-version loaded; None where it is absent."""
    with ExitStack() as stack:
        if why_absent(specs):
            yield None
        else:
            yield stack.enter_context(Oav(find_files(specs, api_version), specs))


def find_absent(specs: Path) -> list[Row]:
    """Contenders that could not run, each with the reason."""
    absent = {OAV: why_absent(specs)}
    absent[FASTJSONSCHEMA] = "" if is_installed("fastjsonschema") else SETUP
    return [{"contender": name, "absent": why} for name, why in absent.items() if why]


def find_worst(rows: list[Row], name: str, valid: str) -> float | None:
    """The least of a contender's ratios to oav."""
    found = [r for r in rows if r["contender"] == name and r["valid"] == valid]
    ratios = [r["times_oav"] for r in found if r["times_oav"]]
    return min(ratios) if ratios else None


def find_least_rate(rows: list[Row]) -> float:
    """The least of the verdicts a second on valid bodies without jsonschema-rs."""
    found = [r for r in rows if (r["contender"], r.get("valid")) == (WALKED, "yes")]
    return min(float(row["verdicts_per_s"]) for row in found)


def main() -> None:
    """Measure and print."""
    parser = make_parser(__doc__ or "", specs=True)
    args = parser.parse_args()
    pin()
    batch, sample, rounds = (40, 10, 2) if args.quick else (1000, 50, 15)
    specs = Path(args.specs)
    rows: list[Row] = []
    for version in jobs.VERSIONS:
        with open_oav(specs, version) as oav:
            for kind in ("command", "sweep"):
                for valid in (True, False):
                    case = Case(kind, version, valid, batch, sample)
                    rows += measure_case(case, oav, rounds)
    targets = [
        Target(
            "valid bodies, judge: times oav's rate, worst case",
            find_worst(rows, OURS, "yes"),
            3,
            at_least=True,
        ),
        Target(
            "valid bodies without jsonschema-rs: verdicts a second, worst case",
            find_least_rate(rows),
            LEAST_WALKED,
            at_least=True,
        ),
        Target(
            "valid bodies, every finding: times oav's rate, worst case",
            find_worst(rows, FULL, "yes"),
            2,
            at_least=True,
        ),
        Target(
            "invalid bodies, every finding and cure: times oav's rate, worst case",
            find_worst(rows, FULL, "no"),
            1.5,
            at_least=True,
        ),
        *(
            Target(
                f"whole calls, {kind} bodies: times oav's rate, worst case",
                find_worst(rows, CALL, valid),
                1,
                at_least=True,
            )
            for kind, valid in (("valid", "yes"), ("invalid", "no"))
        ),
    ]
    show("verdicts", [*rows, *find_absent(specs)], targets, as_json=args.json)


if __name__ == "__main__":
    main()
