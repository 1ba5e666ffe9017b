"""What changed in the properties of one definition.

In: the definition in two versions, and whether it is sent or received. Out:
`Change` values. A fact that either version cannot say does not count.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from azml_contract.contract.change import Change, ChangeKind
from azml_contract.contract.model import Definition, Property, Type
from azml_contract.contract.notation import blur, blur_type, write_property
from azml_contract.contract.patterns import FORMATS, INTEGER_RANGES, Matcher
from azml_contract.finding import Side

REFUSED, IGNORED = "refused", "ignored"


def compare_properties(
    old: Definition, new: Definition, side: Side, *, tag: str = ""
) -> Iterator[Change]:
    """Changes of the properties that take part in one side.

    Args:
        old: The definition as a program knows it.
        new: Its successor.
        side: Whether a program sends or receives it.
        tag: The discriminator, whose values are compared as variants.
    """
    for name in sorted({**old.properties, **new.properties}):
        before, after = old.properties.get(name), new.properties.get(name)
        if after is None:
            assert before is not None
            change = _removed(before, side)
        elif before is None:
            change = _added(after, side)
        else:
            change = _changed(before, after, side, is_tag=name == tag)
        if change is not None:
            yield replace(change, subject=new.name)


def takes_part(prop: Property, side: Side) -> bool:
    """Whether a property is sent, or comes back, at all."""
    return not (prop.read_only if side is Side.REQUEST else prop.write_only)


def _removed(prop: Property, side: Side) -> Change | None:
    breaks = (side,) if takes_part(prop, side) else ()
    way = IGNORED if breaks and side is Side.REQUEST else ""
    text = write_property(prop)
    kind = ChangeKind.PROPERTY_REMOVED
    return Change(kind, "", prop.name, text, "", breaks, way)


def _added(prop: Property, side: Side) -> Change | None:
    """A new property is compatible, unless a request has to have it."""
    refused = side is Side.REQUEST and prop.required and not prop.read_only
    breaks = (side,) if refused else ()
    text = write_property(prop)
    kind = ChangeKind.PROPERTY_ADDED
    return Change(kind, "", prop.name, "", text, breaks, REFUSED if refused else "")


def _changed(
    old: Property, new: Property, side: Side, *, is_tag: bool
) -> Change | None:
    old, new = _comparable(old, new)
    if is_tag:
        old, new = _without_values(old), _without_values(new)
    before, after = write_property(old), write_property(new)
    if before == after:
        return None
    is_broken = _breaks_request if side is Side.REQUEST else _breaks_response
    breaks = (side,) if is_broken(old, new) else ()
    way = _way(old, new) if breaks and side is Side.REQUEST else ""
    kind = ChangeKind.PROPERTY_CHANGED
    return Change(kind, "", new.name, before, after, breaks, way)


def _comparable(old: Property, new: Property) -> tuple[Property, Property]:
    """Both with only what both can say; names of definitions do not matter."""
    if _is_free(old.type) and _is_free(new.type):
        old = replace(old, type=new.type)
    if old.nullable is None or new.nullable is None:
        old, new = blur(old), blur(new)
    if old.type.kind == new.type.kind == "ref":
        old = replace(old, type=new.type)
    elif old.type.items and new.type.items:
        old = replace(old, type=_align(old.type, new.type))
    if "any" in (old.type.kind, new.type.kind):
        old = replace(old, type=blur_type(old.type))
        new = replace(new, type=blur_type(new.type))
    return old, new


def _align(old: Type, new: Type) -> Type:
    """The old collection, its elements named as in the new one."""
    if old.kind == new.kind == "ref":
        return new
    if old.items and new.items and old.kind == new.kind:
        return replace(old, items=_align(old.items, new.items))
    return old


def _without_values(prop: Property) -> Property:
    return replace(prop, type=replace(prop.type, enum=(), enum_open=False))


def _way(old: Property, new: Property) -> str:
    """A property that became read-only is dropped; all else is refused."""
    return IGNORED if new.read_only and not old.read_only else REFUSED


def _breaks_request(old: Property, new: Property) -> bool:
    if old.read_only:
        return False
    return (
        (new.required and not old.required)
        or new.read_only
        or (old.nullable is True and new.nullable is False)
        or _lost_use(old, new)
        or _narrower(old.type, new.type)
    )


def _lost_use(old: Property, new: Property) -> bool:
    """Older files often leave mutability out, so only what was told can be lost."""
    if old.mutability is None or new.mutability is None:
        return False
    return bool((old.mutability - new.mutability) & {"create", "update"})


def _breaks_response(old: Property, new: Property) -> bool:
    if old.write_only:
        return False
    return (
        (old.required and not new.required)
        or new.write_only
        or (old.required and old.nullable is False and new.nullable is True)
        or _narrower(new.type, old.type, bounds=False)
    )


def _narrower(wide: Type, narrow: Type, *, bounds: bool = True) -> bool:
    """Whether some value of `wide` is none of `narrow`.

    For a response the roles are swapped, and bounds do not count: hardly any
    program relies on them.
    """
    if _is_free(narrow) and wide.kind in ("object", "map"):
        return False
    if wide.kind != narrow.kind:
        return not (wide.kind == "integer" and narrow.kind == "number")
    was, now = wide.items, narrow.items
    if was and now and _narrower(was, now, bounds=bounds):
        return True
    if set(wide.enum) - set(narrow.enum) and narrow.enum:
        return True
    if not wide.enum and narrow.enum and not narrow.enum_open:
        return True
    if not bounds:
        return False
    return (
        (narrow.pattern != wide.pattern and bool(narrow.pattern))
        or (narrow.format != wide.format and narrow.format in _JUDGED)
        or (
            _rose(wide.min_length, narrow.min_length) and not _never_empty(wide, narrow)
        )
        or _rose(wide.minimum, narrow.minimum)
        or _rose(wide.min_items, narrow.min_items)
        or _fell(wide.max_length, narrow.max_length)
        or _fell(wide.maximum, narrow.maximum)
        or _fell(wide.max_items, narrow.max_items)
    )


_JUDGED = FORMATS.keys() | INTEGER_RANGES.keys()
"""The formats that are asked of a value; of the others any text is one."""


def _is_free(kind: Type) -> bool:
    """Whether every object is one of the type."""
    return kind.kind == "object" or (
        kind.kind == "map" and kind.items is not None and kind.items.kind == "any"
    )


def _never_empty(wide: Type, narrow: Type) -> bool:
    """Whether a text may not be empty now, and no empty one had the pattern before."""
    has = bool(wide.pattern) and narrow.min_length == 1
    return has and not Matcher(wide.pattern).search("")


def _rose(before: float | None, after: float | None) -> bool:
    return after is not None and (before is None or after > before)


def _fell(before: float | None, after: float | None) -> bool:
    return after is not None and (before is None or after < before)
