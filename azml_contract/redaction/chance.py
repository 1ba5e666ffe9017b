"""Whether a text looks drawn by chance or written as a name.

In: one word of letters, digits and signs. Out: how likely its characters follow each
other in names, as against by chance. The counts are in `letters.toml`.
"""

from __future__ import annotations

import string
import tomllib
from functools import cache
from itertools import pairwise
from pathlib import Path

_TABLE = Path(__file__).with_name("letters.toml")
_STEP, _BY_CHANCE = 0.4, ord("n")
_SIGNS = "-_~+/=."


def likeness_to_names(text: str) -> float:
    """How much like a name a text is: about 1 for names, below -1 for random values.

    Args:
        text: Of two characters or more; those that are not ASCII count as signs.
    """
    known = _pairs()
    pairs = [one + other for one, other in pairwise(text)]
    return sum(known.get(pair, 0.0) for pair in pairs) / max(len(pairs), 1)


@cache
def _pairs() -> dict[str, float]:
    table = tomllib.loads(_TABLE.read_text("utf-8"))
    letters = table["letters"].split()
    classes = [list(map(float, row.split())) for row in table["classes"].splitlines()]
    known: dict[str, float] = {}
    characters = string.ascii_letters + string.digits + _SIGNS
    for one in characters:
        for other in characters:
            first, second = _class(one), _class(other)
            likely = classes[first][second]
            if first < 2 and second < 2 and (first, second) != (0, 1):
                row = letters[ord(one.lower()) - ord("a")]
                step = ord(row[ord(other.lower()) - ord("a")]) - _BY_CHANCE
                likely += step * _STEP
            known[one + other] = likely
    return known


def _class(char: str) -> int:
    tests = (str.islower, str.isupper, str.isdigit)
    return next((n for n, test in enumerate(tests) if test(char)), 3)
