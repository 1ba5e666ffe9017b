"""Rebuild `observed.txt` from the structure of recorded exchanges.

    python -m azml_contract.validation.compile_evidence --observed FILE [--check]

In: a JSON list of rows, one for each operation, api-version and status, as
`Observed` has them. Out: the text that `evidence` reads. With ``--check``
nothing is written, and a difference is an error.

A row is a block: operation, version, status, exchanges and tests; headers;
then ``>`` with the places of the request and ``<`` with those of the answer,
each below the place that holds it, with its types. What has no number was
there in every exchange of the row.

Source: tests of azure-ai-ml (MIT, Microsoft) against the live service,
September 2022 to June 2023.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from azml_contract.api_version import sort_key
from azml_contract.validation.evidence import DATA
from azml_contract.whole_file import write_whole

_Places = Mapping[str, Mapping[str, int]]


def write_evidence(rows: Sequence[Mapping[str, Any]]) -> str:
    """The text of ``observed.txt``."""
    return "\n\n".join(_write_row(row) for row in sorted(rows, key=_order)) + "\n"


def _order(row: Mapping[str, Any]) -> tuple[Any, ...]:
    return row["operation"], sort_key(row["api_version"]), row["status"]


def _write_row(row: Mapping[str, Any]) -> str:
    n = row["n"]
    head = [row[key] for key in ("operation", "api_version", "status", "n", "tests")]
    return "\n".join(
        (
            " ".join(map(str, head)),
            _write_counts(row["headers"], n),
            ">",
            *_write_places(row["request"], n),
            "<",
            *_write_places(row["answer"], n),
        )
    )


def _write_places(places: _Places, n: int) -> Iterator[str]:
    """Lines below one another, the body itself first; holders that no row names too."""
    written: set[str] = set()
    for pointer in sorted(places, key=lambda p: [] if p == "/" else p.split("/")):
        if pointer == "/":
            yield f"/ {_write_counts(places[pointer], n)}"
            continue
        steps = pointer.split("/")[1:]
        for depth in range(1, len(steps) + 1):
            place = "/" + "/".join(steps[:depth])
            if place not in written:
                written.add(place)
                words = f"{steps[depth - 1]} {_write_counts(places.get(place, {}), n)}"
                yield " " * depth + words.rstrip()


def _write_counts(counts: Mapping[str, int], n: int) -> str:
    return " ".join(
        name if number == n else f"{name}={number}"
        for name, number in sorted(counts.items())
    )


def main(arguments: Sequence[str] | None = None) -> int:
    """Rebuild or check; 0 when all is well, 1 on drift."""
    name = "python -m azml_contract.validation.compile_evidence"
    parser = argparse.ArgumentParser(prog=name)
    parser.add_argument("--observed", type=Path, required=True, metavar="FILE")
    parser.add_argument("--check", action="store_true")
    options = parser.parse_args(arguments)
    text = write_evidence(json.loads(options.observed.read_text("utf-8")))
    if not options.check:
        write_whole(DATA, text)
        return 0
    if DATA.is_file() and DATA.read_text("utf-8") == text:
        return 0
    print(f"{DATA} differs from what {options.observed} says.", file=sys.stderr)  # noqa: T201
    return 1


if __name__ == "__main__":
    sys.exit(main())
