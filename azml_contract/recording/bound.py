"""Values that a client drew itself, bound to what stands for them in a cassette.

In: the requests of a cassette, and one that a client sends, redacted. Out: which
recorded request it may be. Two requests fit where all but their drawn values is
equal; the first that fits binds each of its values to the placeholder that stands
in the same place, never by order, and from then on the pair is fixed. Two values
never share one placeholder. So with names of accounts that no settings know, and with
ports on loopback, which a test's own server is given anew in each run.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from functools import partial
from urllib.parse import unquote

from azml_contract.cassette.interaction import Interaction
from azml_contract.exchange import Request, Response
from azml_contract.recording.match import Matcher, level_boundary
from azml_contract.recording.names_drawn import DrawnNames
from azml_contract.recording.volatile import GUID
from azml_contract.redaction.drawn import STAND_IN, sub_drawn
from azml_contract.redaction.origin import NUMBERED

_GUID_STAND_IN = re.compile(
    r"00000000-0000-[04]000-[08]000-[0-9a-f]{12}", re.IGNORECASE
)
_MARK = re.compile(r"\x00(\d+)\x00")
LOOPBACK = re.compile(r"//(?:localhost|127\.0\.0\.1|\[::1\]):[0-9]{2,5}(?![0-9])")
"""A server of the test itself: the port is drawn by the machine."""
_OURS = STAND_IN.pattern.replace("(", "(?:")
_VALUE = re.compile(f"{GUID.pattern}|{_OURS}|{_MARK.pattern}|{LOOPBACK.pattern}")
_STAND_IN = re.compile(
    f"{_GUID_STAND_IN.pattern}|{_OURS}|{NUMBERED.pattern}", re.IGNORECASE
)
_LOWERED = re.compile(f"{GUID.pattern}|{_OURS}", re.IGNORECASE)
_SEEN_NAME = r"([\w.-]{2,64}?)"
_ESCAPE = re.compile(r"\\(?:u([0-9a-fA-F]{4})|(.))")
_LONGEST = 1024 * 1024

Binding = dict[str, str]


class _Named:
    """A recorded request in which names of accounts stand as placeholders."""

    def __init__(self, index: int, outline: str, values: tuple[str, ...] = ()) -> None:
        self.index = index
        self.outline = outline
        self.values = values
        parts = NUMBERED.split(outline)
        self._parts = [one.lower() for one in parts] if outline.isascii() else []
        self._pattern: re.Pattern[str] | None = None

    def match(self, outline: str, lowered: str) -> re.Match[str] | None:
        """Compare; `lowered` is the outline where it is ASCII, else empty.

        An outline is long to compile, and nearly none is like another at its ends.
        """
        if lowered and self._parts:
            first, last = self._parts[0], self._parts[-1]
            if not (lowered.startswith(first) and lowered.endswith(last)):
                return None
        if self._pattern is None:
            parts = map(re.escape, NUMBERED.split(self.outline))
            self._pattern = re.compile(_SEEN_NAME.join(parts), re.IGNORECASE)
        return self._pattern.fullmatch(outline)


class _Reading:
    """The requests to one place, read in one way."""

    def __init__(self) -> None:
        self.exact: dict[tuple[str, ...], list[int]] = {}
        self.alike: dict[str, list[int]] = {}
        self.recorded: dict[int, tuple[str, ...]] = {}
        self.named: list[_Named] = []

    def add(self, index: int, place: str, body: str, values: tuple[str, ...]) -> None:
        """One more, in the order of the cassette."""
        self.recorded[index] = values
        self.exact.setdefault((body, *values), []).append(index)
        if values:
            self.alike.setdefault(body, []).append(index)
        outline = f"{place}\n{body}"
        if NUMBERED.search(outline):
            self.named.append(_Named(index, outline, values))


class _Group:
    """Requests to one place, their drawn values apart.

    Their bodies are read when one of them may be meant: most never are.
    """

    def __init__(self, outline: str) -> None:
        self.outline = outline
        self.members: list[tuple[int, tuple[str, ...]]] = []
        self.readings: dict[bool, _Reading] = {}
        self._named = _Named(-1, outline) if NUMBERED.search(outline) else None

    @property
    def is_named(self) -> bool:
        """Whether a name of an account stands as a placeholder in it."""
        return self._named is not None

    def may_be(self, outline: str, lowered: str) -> bool:
        """Whether a place is this one, but for names of accounts."""
        named = self._named
        return named is not None and named.match(outline, lowered) is not None


class _Groups:
    """The requests of a cassette by their places."""

    def __init__(self) -> None:
        self._by_outline: dict[str, _Group] = {}
        self._by_letters: dict[str, list[_Group]] = {}
        self._named: dict[tuple[int, int], list[_Group]] = {}

    def add(self, index: int, outline: str, values: tuple[str, ...]) -> None:
        """One more, in the order of the cassette."""
        group = self._by_outline.get(outline)
        if group is None:
            group = self._by_outline[outline] = _Group(outline)
            self._by_letters.setdefault(outline.lower(), []).append(group)
            if group.is_named:
                self._named.setdefault(_kind_of(outline, values), []).append(group)
        group.members.append((index, values))

    def get(self, outline: str) -> _Group | None:
        """The requests to a place."""
        return self._by_outline.get(outline)

    def alike(self, outline: str, values: tuple[str, ...]) -> list[_Group]:
        """Those to places that are the same but for case and names of accounts."""
        lowered = outline.lower()
        plain = lowered if outline.isascii() else ""
        named = self._named.get(_kind_of(outline, values), ())
        found = self._by_letters.get(lowered, ())
        others = (group for group in named if group.may_be(outline, plain))
        return list(dict.fromkeys((*found, *others)))


def _kind_of(outline: str, values: Sequence[str]) -> tuple[int, int]:
    """What two places share that fit but for names: depth, drawn values."""
    return outline.count("/"), len(values)


class Bindings:
    """Which of a client's values stands for which placeholder of one cassette."""

    def __init__(
        self,
        matcher: Matcher,
        interactions: Sequence[Interaction],
        names: DrawnNames | None = None,
    ) -> None:
        """Prepare; nothing is looked at before the first `find`.

        Args:
            matcher: Tells what of a request is compared.
            interactions: Of the cassette.
            names: Further names that clients draw; None for none.
        """
        self._matcher = matcher
        self._names = names
        pattern = _VALUE.pattern
        self._value = re.compile(f"{pattern}|{names.pattern}") if names else _VALUE
        self._bound_names: re.Pattern[str] | None = None
        self._interactions = interactions
        self._bound: Binding = {}
        self._values: Binding = {}
        self._groups: _Groups | None = None
        self._sent_names: re.Pattern[str] | None = None
        self._names_bound: dict[str, str] = {}

    def find(
        self, request: Request, plays: Sequence[int]
    ) -> Iterator[tuple[int, Binding]]:
        """Interactions that a request may be, and what each of them would bind.

        Args:
            request: Redacted; it has drawn values, or none of these is found.
            plays: How often each interaction was played.
        """
        yield from self._find(request, plays, in_order=False)
        # A name that is bound may itself be the name of a property.
        yield from self._find(request, plays, in_order=True)

    def _find(
        self, request: Request, plays: Sequence[int], *, in_order: bool
    ) -> Iterator[tuple[int, Binding]]:
        if self._groups is None:
            self._groups = self._group()
        place, values = self._outline_place(request)
        body, more = self._outline_body(request, in_order=in_order)
        count, values = len(values), values + more
        if self._sent_names is not None:
            place, body = (
                self._sent_names.sub(lambda m: self._bound[m[0].lower()], one)
                for one in (place, body)
            )
        group = self._groups.get(place)
        if group is not None:
            reading = self._read(group, in_order=in_order)
            yield from self._find_equal(reading, body, values, plays)
        named = [
            one
            for other in self._groups.alike(place, values[:count])
            for one in self._read(other, in_order=in_order).named
        ]
        yield from self._find_named(named, f"{place}\n{body}", values, plays)

    def _find_equal(
        self,
        reading: _Reading,
        body: str,
        values: tuple[str, ...],
        plays: Sequence[int],
    ) -> Iterator[tuple[int, Binding]]:
        """Interactions that differ in drawn values at most."""
        known = tuple(self._bound.get(value, value) for value in values)
        for index in reading.exact.get((body, *known), ()):
            yield index, {}
        alike = reading.alike.get(body, [])
        while alike and plays[alike[0]]:
            alike.pop(0)
        for index in alike:
            if plays[index]:
                continue
            binding = self._pair(index, values, reading.recorded[index])
            if binding:
                yield index, binding

    def _find_named(
        self,
        listed: Sequence[_Named],
        outline: str,
        values: tuple[str, ...],
        plays: Sequence[int],
    ) -> Iterator[tuple[int, Binding]]:
        """Interactions in which the names of accounts stand as placeholders."""
        lowered = outline.lower() if listed and outline.isascii() else ""
        for one in sorted(listed, key=lambda named: named.index):
            found = None if plays[one.index] else one.match(outline, lowered)
            if found is None or len(one.values) != len(values):
                continue
            binding = self._pair(
                one.index,
                (*values, *map(str.lower, found.groups())),
                (*one.values, *NUMBERED.findall(one.outline)),
            )
            if binding is not None:
                yield one.index, binding

    def bind(self, binding: Binding) -> None:
        """Fix what was found."""
        self._bound.update(binding)
        names = {n: one for n, one in self._bound.items() if NUMBERED.fullmatch(one)}
        if len(names) > len(self._names_bound):
            self._names_bound = names
            listed = "|".join(map(re.escape, names))
            pattern = rf"(?<![\w-])(?:{listed})(?![\w-])"
            self._sent_names = re.compile(pattern, re.IGNORECASE)
        self._values.update({one: value for value, one in binding.items()})
        found = [one for one in self._values if not _STAND_IN.fullmatch(one)]
        joined = "|".join(f"{re.escape(one)}(?![0-9])" for one in found)
        self._bound_names = re.compile(joined) if found else None

    @property
    def names(self) -> Mapping[str, str]:
        """The placeholder of each name, in lower case, of an account that was bound."""
        return self._names_bound

    def restore(self, response: Response) -> Response:
        """An answer in which the client finds the values that it drew."""
        if not self._values:
            return response

        def swap(text: str) -> str:
            text = _STAND_IN.sub(lambda m: self._values.get(m[0].lower(), m[0]), text)
            if self._bound_names is None:
                return text
            return self._bound_names.sub(lambda m: self._values[m[0]], text)

        body = response.body
        try:
            restored = swap(body.decode()).encode()
        except UnicodeDecodeError:
            restored = body
        headers = tuple((name, swap(value)) for name, value in response.headers)
        if restored == body and headers == response.headers:
            return response
        return replace(response, headers=headers, body=restored)

    def _group(self) -> _Groups:
        groups = _Groups()
        for index, one in enumerate(self._interactions):
            request = self._matcher.prepare(one.request)
            groups.add(index, *self._outline_place(request))
        return groups

    def _read(self, group: _Group, *, in_order: bool) -> _Reading:
        reading = group.readings.get(in_order)
        if reading is None:
            reading = group.readings[in_order] = _Reading()
            for index, values in group.members:
                request = self._matcher.prepare(self._interactions[index].request)
                body, more = self._outline_body(request, in_order=in_order)
                reading.add(index, group.outline, body, values + more)
        return reading

    def _outline_place(self, request: Request) -> tuple[str, tuple[str, ...]]:
        """Where a request goes, without drawn values, and these in their places."""
        place = self._matcher.place(request)
        # A blank is written as the letter that values have too.
        query = place.query.replace("+", " ")
        drawn: list[str] = []
        mark = partial(_mark, drawn)
        # Part by part: to look at all of it takes long, and says nothing more.
        parts = place.path.split("/")
        path = "/".join(sub_drawn(self._plain(part), mark) for part in parts)
        others = (place.method, place.origin, query, place.range)
        return self._take_values(
            "\n".join((path, *(sub_drawn(self._plain(one), mark) for one in others))),
            drawn,
        )

    def _outline_body(
        self, request: Request, *, in_order: bool
    ) -> tuple[str, tuple[str, ...]]:
        """The same for what a request carries."""
        content = self._matcher.content(request)
        body = content.as_sent if in_order else content.key
        if body.startswith("sha256:") and len(request.body) < _LONGEST:
            kind = request.header("content-type") or ""
            body = level_boundary(kind, request.body).decode("latin-1")
        if body.startswith("form:"):
            body = body.replace("+", " ")
        drawn: list[str] = []
        marked = sub_drawn(self._plain(body), partial(_mark, drawn))
        return self._take_values(marked, drawn)

    def _plain(self, text: str) -> str:
        """A text in which letters stand for themselves, and times for all times."""
        if "\\" in text:  # a letter of an escape is none of a value
            text = _ESCAPE.sub(_unescape, text)
        text = (unquote(text) if "%" in text else text).replace("\0", "")
        return text if self._names is None else self._names.level_times(text)

    def _take_values(
        self, text: str, drawn: Sequence[str]
    ) -> tuple[str, tuple[str, ...]]:
        """A text without its values, and these; the drawn ones are marked in it."""
        values: list[str] = []

        def take(found: re.Match[str]) -> str:
            value = drawn[int(found[1])] if found[1] else found[0]
            is_guid = not found[1] and _LOWERED.fullmatch(value) is not None
            values.append(value.lower() if is_guid else value)
            return "\0"

        return self._value.sub(take, text), tuple(values)

    def _may_stand(self, stand_in: str, value: str, index: int) -> bool:
        """Whether what an interaction holds may stand for what a client drew."""
        if _STAND_IN.fullmatch(stand_in):
            return True
        if LOOPBACK.fullmatch(stand_in) and LOOPBACK.fullmatch(value):
            return stand_in.rpartition(":")[0] == value.rpartition(":")[0]
        own = not self._interactions[index].is_of_program
        names = self._names
        return names is not None and names.are_alike(stand_in, value, own=own)

    def _pair(
        self, index: int, sent: tuple[str, ...], recorded: tuple[str, ...]
    ) -> Binding | None:
        """What stands for each value; None where that contradicts what is bound."""
        binding: Binding = {}
        for value, stand_in in zip(sent, recorded, strict=True):
            if value == stand_in:
                continue
            known = binding.get(value, self._bound.get(value))
            if known is None:
                taken = stand_in in self._values or stand_in in binding.values()
                if NUMBERED.fullmatch(value):
                    return None
                if taken or not self._may_stand(stand_in, value, index):
                    return None
                binding[value] = stand_in
            elif known != stand_in:
                return None
        return binding


def _unescape(found: re.Match[str]) -> str:
    if found[1]:
        return chr(int(found[1], 16))
    return "\n" if found[2] in "nrtbf" else found[0]


def _mark(drawn: list[str], value: str) -> str:
    """What stands for a drawn value until all of them are taken out."""
    drawn.append(value)
    return f"\0{len(drawn) - 1}\0"
