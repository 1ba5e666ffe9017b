"""Whether the ids of a body are written as usual, decided without looking at each.

In: a parsed body, and what ids of its workspace start with. Out: yes, or that nothing
is known. A schema that asks nothing but this of any body is compiled for a workspace
as soon as so many bodies came that it pays; it takes a third of a walk in Python.
"""

from __future__ import annotations

from typing import Any

from azml_contract.contract.schema import Schema
from azml_contract.validation.arm_ids import USUAL, write_plain_texts
from azml_contract.validation.judge import (
    Accept,
    Engine,
    choose_engine,
    compile_judge,
)
from azml_contract.validation.judges_of_homes import JudgesOfHomes, accept_nothing

_ENOUGH = 200


def are_usual(body: Any, home: str) -> bool:
    """Whether no id of a body can be wrong; False says nothing.

    Args:
        body: A parsed body, whatever contract it keeps or breaks.
        home: What ids of the workspace start with; see `arm_ids.find_home`.
    """
    return _judges.accept(home, body)


def _compile(home: str) -> Accept:
    """A judge; the reference would take longer than to look at each id."""
    if choose_engine() is Engine.REFERENCE:
        return accept_nothing
    return compile_judge(write_usual_ids(home))


_judges: JudgesOfHomes[str] = JudgesOfHomes(_ENOUGH, _compile)


def write_usual_ids(home: str) -> Schema:
    """A schema of any value whose ids are those of a workspace, written as usual.

    The items of a list are no ids; nor is anything in what the user names himself,
    which is not looked into.
    """
    texts = write_plain_texts(home)
    anything: Schema = {"$ref": "#/$defs/any"}
    names: dict[str, Schema] = {
        name: {**anything, **texts.at[name.lower()]} for name in sorted(USUAL)
    }
    names |= dict.fromkeys(sorted(texts.spared), texts.free)
    inside: Schema = {
        "properties": names,
        "additionalProperties": {**anything, **texts.free},
        "items": anything,
    }
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$defs": {"any": inside},
        **anything,
    }
