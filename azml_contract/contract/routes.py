"""Find the operation that a verb and a path mean.

In: the verbs and path templates of a contract. Out: which template a path
fits, with the values of its parameters, or what comes nearest. As in ARM,
literals match in any case, and the template with most literals wins.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import NamedTuple
from urllib.parse import unquote

_NEAREST = 3


class Template(NamedTuple):
    """One verb of one path template, and the id of its operation."""

    method: str
    path: str
    operation: str


class Hit(NamedTuple):
    """A template that fits, and its parameters' values, percent-decoded."""

    operation: str
    values: dict[str, str]


class _Place:
    """What may follow a certain beginning of a path."""

    __slots__ = ("ends", "literals", "parameter")

    def __init__(self) -> None:
        self.literals: dict[str, _Place] = {}
        self.parameter: _Place | None = None
        # By verb: the names of the parameters on the way, and the operation.
        self.ends: dict[str, tuple[tuple[str, ...], str]] = {}


class Routes:
    """The templates of one contract, as a tree of segments."""

    def __init__(self, templates: Iterable[Template]) -> None:
        self._templates = tuple(templates)
        self._root = _Place()
        for template in self._templates:
            self._add(template)

    def find(self, method: str, path: str) -> Hit | tuple[str, ...]:
        """The operation of a verb and path.

        Returns:
            A `Hit`, or the verbs that the path does allow (empty when no
            template fits the path).
        """
        segments = path.strip("/").split("/")
        verb = method.upper()
        straight = _walk_straight(self._root, segments, verb)
        if straight is not None:
            return straight
        allowed: set[str] = set()
        for place, values in _walk(self._root, segments, 0, ()):
            end = place.ends.get(verb)
            if end is not None:
                return _as_hit(end, values)
            allowed |= place.ends.keys()
        return tuple(sorted(allowed))

    def nearest(self, method: str, path: str) -> tuple[str, ...]:
        """Up to three path templates that resemble a path, best first."""
        segments = path.strip("/").lower().split("/")
        scored: dict[str, float] = {}
        for template in self._templates:
            score = _likeness(segments, template.path.strip("/").lower().split("/"))
            score += 0.01 * (template.method == method.upper())
            scored[template.path] = max(score, scored.get(template.path, 0.0))
        best = sorted(scored, key=lambda p: (-scored[p], len(p), p))
        return tuple(best[:_NEAREST])

    def _add(self, template: Template) -> None:
        place = self._root
        names: list[str] = []
        for segment in template.path.strip("/").split("/"):
            if segment.startswith("{"):
                names.append(segment[1:-1])
                if place.parameter is None:
                    place.parameter = _Place()
                place = place.parameter
            else:
                place = place.literals.setdefault(segment.lower(), _Place())
        place.ends.setdefault(template.method, (tuple(names), template.operation))


def _as_hit(end: tuple[tuple[str, ...], str], values: Iterable[str]) -> Hit:
    names, operation = end
    decoded = [unquote(v) if "%" in v else v for v in values]
    return Hit(operation, dict(zip(names, decoded, strict=True)))


def _walk_straight(place: _Place, segments: list[str], verb: str) -> Hit | None:
    """What `_walk` finds first, if no step has to be taken back to get there."""
    values: list[str] = []
    for segment in segments:
        literal = place.literals.get(segment.lower())
        if literal is not None:
            place = literal
        elif place.parameter is not None and segment and "%" not in segment:
            values.append(segment)
            place = place.parameter
        else:
            return None
    end = place.ends.get(verb)
    if end is None:
        return None
    names, operation = end
    # None of the values is percent-encoded.
    return Hit(operation, dict(zip(names, values, strict=True)))


def _walk(
    place: _Place, segments: list[str], index: int, values: tuple[str, ...]
) -> Iterator[tuple[_Place, tuple[str, ...]]]:
    """Every place that the segments lead to, literals tried first."""
    if index == len(segments):
        if place.ends:
            yield place, values
        return
    segment = segments[index]
    literal = place.literals.get(segment.lower())
    if literal is None and "%" in segment:
        literal = place.literals.get(unquote(segment).lower())
    if literal is not None:
        yield from _walk(literal, segments, index + 1, values)
    if place.parameter is not None and segment:
        yield from _walk(place.parameter, segments, index + 1, (*values, segment))


def _likeness(asked: list[str], template: list[str]) -> float:
    """Between 0 and 1; literals count most, and near misses of them a little."""
    from difflib import SequenceMatcher

    typical = _typical(asked, template)
    matcher = SequenceMatcher(None, typical, template, autojunk=False)
    alike = 0.0
    for tag, a, a_end, b, b_end in matcher.get_opcodes():
        if tag == "equal":
            alike += sum(map(_weight, template[b:b_end]))
        elif tag == "replace":
            for left, right in zip(typical[a:a_end], template[b:b_end], strict=False):
                near = SequenceMatcher(None, left, right).ratio()
                alike += near * min(_weight(left), _weight(right))
    return 2 * alike / (sum(map(_weight, typical)) + sum(map(_weight, template)))


def _weight(segment: str) -> float:
    return 0.3 if segment.startswith("{") else 1.0


def _typical(asked: list[str], template: list[str]) -> list[str]:
    """The path with values replaced by the parameters they stand against."""
    return [
        template[i]
        if i < len(template) and template[i].startswith("{") and part not in template
        else part
        for i, part in enumerate(asked)
    ]
