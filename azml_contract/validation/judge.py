"""Say yes or no to a body, quickly.

In: a JSON Schema. Out: a function from a parsed body to True or False.
jsonschema-rs decides where it is installed, and jsonschema, the reference, where
jsonschema-rs cannot read a value (a lone surrogate has no UTF-8); the verdicts
are the same. Where there is no jsonschema-rs, bodies are walked instead
(`body.BodyCheck`). Knows neither contracts nor findings.
"""

from __future__ import annotations

import json
import threading
import zlib
from collections import OrderedDict
from collections.abc import Callable, Iterator
from enum import StrEnum
from functools import lru_cache
from typing import Any

from azml_contract.contract.patterns import compile_pattern
from azml_contract.contract.schema import Schema

Accept = Callable[[Any], bool]


class Engine(StrEnum):
    """Which library decides."""

    FAST = "jsonschema-rs"
    REFERENCE = "jsonschema"


@lru_cache(maxsize=1)
def choose_engine() -> Engine:
    """The fast engine where it is installed."""
    try:
        import jsonschema_rs  # noqa: F401 - only whether it is there
    except ImportError:
        return Engine.REFERENCE
    return Engine.FAST


def compile_judge(schema: Schema, engine: Engine | None = None) -> Accept:
    """Compile a schema once, to judge many bodies.

    Args:
        schema: A schema of draft 2020-12.
        engine: Which library; the best one there by default.

    Returns:
        A function that is safe to call from several threads.
    """
    if (engine or choose_engine()) is Engine.REFERENCE:
        return _compile_reference(schema)
    return _compile_fast(schema)


_MOST_KEPT = 512
_kept: OrderedDict[bytes, Accept] = OrderedDict()
_lock = threading.Lock()


def compile_quick_judge(schema: Schema) -> Accept:
    """A judge of the fast engine alone, see `compile_judge`.

    It raises ValueError where it cannot read a value. Most api-versions share most of
    their schemas: each is compiled once.
    """
    return _compile_kept(schema, _pack(schema))


def _pack(schema: Schema) -> bytes:
    """The schema again, a hundredth of what it takes as it is."""
    return zlib.compress(json.dumps(schema).encode())


def _compile_kept(schema: Schema, packed: bytes) -> Accept:
    with _lock:
        found = _kept.get(packed)
        if found is not None:
            _kept.move_to_end(packed)
            return found
    import jsonschema_rs

    made: Accept = jsonschema_rs.Draft202012Validator(schema).is_valid
    with _lock:
        _kept[packed] = made
        while len(_kept) > _MOST_KEPT:
            _kept.popitem(last=False)
    return made


def _compile_fast(schema: Schema) -> Accept:
    packed = _pack(schema)
    is_valid = _compile_kept(schema, packed)
    reference: list[Accept] = []

    def accept(value: Any) -> bool:
        try:
            return is_valid(value)
        except ValueError:
            if not reference:
                whole = json.loads(zlib.decompress(packed))
                reference.append(_compile_reference(whole))
            return reference[0](value)

    return accept


def _compile_reference(schema: Schema) -> Accept:
    validator = _reference_class()(schema)
    return lambda value: bool(validator.is_valid(value))


@lru_cache(maxsize=1)
def _reference_class() -> Any:
    from jsonschema import Draft202012Validator, ValidationError
    from jsonschema.validators import extend

    def match(
        validator: Any, pattern: str, value: Any, schema: Any
    ) -> Iterator[ValidationError]:
        if isinstance(value, str) and not compile_pattern(pattern).search(value):
            yield ValidationError(f"{value!r} does not match {pattern!r}")

    # jsonschema reads patterns as Python does; specifications mean ECMA 262.
    extended: Any = extend(Draft202012Validator, {"pattern": match})  # type: ignore[no-untyped-call]
    return extended
