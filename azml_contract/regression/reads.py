"""Note which parts of a JSON body somebody looked at.

In: a parsed body, and a callable that takes a JSON pointer (RFC 6901). Out: the
same body as subclasses of dict and list, which tell the callable of each leaf
that is looked at. Knows JSON and its pointers only.

What counts as looking:

* `[]`, `get`, iteration, `items`, `values`, unpacking: the leaves they hand out.
  An inner node handed out is not a look yet; what is taken from it is.
* comparison (`==`, `<`, `index`, `count`, `in` a list): every leaf compared.
* `"name" in body`, `len`, `bool`: the pointer of what they ask about, because
  the answer changes when it goes away. So does any look at an empty container.
* names that are not there: nothing.

Printing and copying are not looking: `repr` notes nothing, `copy` gives another
value that notes, `copy.deepcopy` and pickle give plain dicts and lists.
`json.dumps` looks at everything that it writes.
Pointers into a list name the position at which an item arrived.
"""

from __future__ import annotations

from collections.abc import Callable, ItemsView, Iterator, KeysView, ValuesView
from typing import Any, SupportsIndex

from azml_contract.json_pointer import escape

Note = Callable[[str], None]

_MISSING = object()


def track(value: Any, note: Note, pointer: str = "") -> Any:
    """The value, as one that notes which of its leaves are looked at.

    Args:
        value: Parsed JSON. It is copied; the original notes nothing.
        note: Called with the pointer of a leaf each time it is looked at.
        pointer: Where the value itself stands.

    Returns:
        A dict or list that behaves as such; anything else as it came.
    """
    if isinstance(value, dict):
        return _TrackedDict(value, note, pointer)
    if isinstance(value, list):
        return _TrackedList(value, note, pointer)
    return value


def plain(value: Any) -> Any:
    """A copy of plain dicts and lists, made without a look."""
    if isinstance(value, dict):
        return {key: plain(item) for key, item in dict.items(value)}
    if isinstance(value, list):
        return [plain(item) for item in list.__iter__(value)]
    return value


class MissingField(KeyError):
    """An answer has no such field; says where, and which ones it has."""

    def __init__(self, name: str, pointer: str, known: tuple[str, ...]) -> None:
        super().__init__(name)
        self._text = (
            f"the answer has no {name!r} at {pointer or 'its top'}; it has "
            f"{', '.join(known) or 'nothing there'}"
        )

    def __str__(self) -> str:
        return self._text

    def __reduce__(self) -> tuple[Any, ...]:
        return KeyError, self.args


class _TrackedDict(dict[str, Any]):
    __slots__ = ("_note", "_pointer")

    def __init__(self, value: dict[str, Any], note: Note, pointer: str) -> None:
        self._note = note
        self._pointer = pointer
        for name, item in dict.items(value):
            dict.__setitem__(self, name, track(item, note, _join(pointer, name)))

    def _look(self, name: Any, item: Any) -> Any:
        if not isinstance(item, dict | list):
            self._note(_join(self._pointer, name))
        return item

    def __getitem__(self, name: str) -> Any:
        __tracebackhide__ = True  # pytest shows the scenario's line, not this one
        if not dict.__contains__(self, name):
            raise MissingField(name, self._pointer, tuple(dict.keys(self)))
        return self._look(name, super().__getitem__(name))

    def get(self, name: str, default: Any = None) -> Any:
        item = super().get(name, _MISSING)
        return default if item is _MISSING else self._look(name, item)

    def pop(self, name: str, *default: Any) -> Any:
        if dict.__contains__(self, name):
            self._look(name, dict.__getitem__(self, name))
        return super().pop(name, *default)

    def setdefault(self, name: str, default: Any = None) -> Any:
        return self._look(name, super().setdefault(name, default))

    def popitem(self) -> tuple[str, Any]:
        name, item = super().popitem()
        return name, self._look(name, item)

    def __contains__(self, name: object) -> bool:
        found = super().__contains__(name)
        if found:
            self._note(_join(self._pointer, name))
        return found

    def __len__(self) -> int:
        self._note(self._pointer)
        return super().__len__()

    def __iter__(self) -> Iterator[str]:
        return self._look_along(super().__iter__())

    def __reversed__(self) -> Iterator[str]:
        return self._look_along(super().__reversed__())

    def _look_along(self, names: Iterator[str]) -> Iterator[str]:
        if not dict.__len__(self):
            self._note(self._pointer)
        for name in names:
            self._look(name, dict.__getitem__(self, name))
            yield name

    def keys(self) -> KeysView[str]:  # type: ignore[override]
        return KeysView(self)

    def items(self) -> ItemsView[str, Any]:  # type: ignore[override]
        return ItemsView(self)

    def values(self) -> ValuesView[Any]:  # type: ignore[override]
        return ValuesView(self)

    def __eq__(self, other: object) -> bool:
        return bool(_compared(self) == _compared(other))

    def __ne__(self, other: object) -> bool:
        return bool(_compared(self) != _compared(other))

    __hash__ = None

    def __or__(self, other: Any) -> Any:
        return dict(self) | other

    def __ror__(self, other: Any) -> Any:
        return other | dict(self)

    def copy(self) -> _TrackedDict:
        made = _TrackedDict({}, self._note, self._pointer)
        dict.update(made, dict(dict.items(self)))
        return made

    __copy__ = copy

    def __deepcopy__(self, memo: dict[int, Any]) -> Any:
        return plain(self)

    def __reduce_ex__(self, protocol: SupportsIndex) -> tuple[Any, ...]:
        return dict, (plain(self),)


class _TrackedList(list[Any]):
    __slots__ = ("_note", "_pointer")

    def __init__(self, value: list[Any], note: Note, pointer: str) -> None:
        self._note = note
        self._pointer = pointer
        for index, item in enumerate(list.__iter__(value)):
            list.append(self, track(item, note, _join(pointer, index)))

    def _look(self, index: int, item: Any) -> Any:
        if not isinstance(item, dict | list):
            self._note(_join(self._pointer, index))
        return item

    def __getitem__(self, index: Any) -> Any:
        if isinstance(index, slice):
            at = range(list.__len__(self))[index]
            return [self._look(i, list.__getitem__(self, i)) for i in at]
        item = super().__getitem__(index)
        return self._look(range(list.__len__(self))[index], item)

    def __iter__(self) -> Iterator[Any]:
        if not list.__len__(self):
            self._note(self._pointer)
        for index, item in enumerate(super().__iter__()):
            yield self._look(index, item)

    def __reversed__(self) -> Iterator[Any]:
        for index in reversed(range(list.__len__(self))):
            yield self._look(index, list.__getitem__(self, index))

    def __len__(self) -> int:
        self._note(self._pointer)
        return super().__len__()

    def pop(self, index: SupportsIndex = -1) -> Any:
        at = range(list.__len__(self))[index] if list.__len__(self) else 0
        return self._look(at, super().pop(index))

    def sort(self, **options: Any) -> None:
        _note_all(self)
        super().sort(**options)

    def __contains__(self, item: object) -> bool:
        return _compared(item) in _compared(self)

    def index(self, item: Any, *bounds: Any) -> int:
        return int(_compared(self).index(_compared(item), *bounds))

    def count(self, item: Any) -> int:
        return int(_compared(self).count(_compared(item)))

    def __eq__(self, other: object) -> bool:
        return bool(_compared(self) == _compared(other))

    def __ne__(self, other: object) -> bool:
        return bool(_compared(self) != _compared(other))

    def __lt__(self, other: list[Any]) -> bool:
        return bool(_compared(self) < _compared(other))

    def __le__(self, other: list[Any]) -> bool:
        return bool(_compared(self) <= _compared(other))

    def __gt__(self, other: list[Any]) -> bool:
        return bool(_compared(self) > _compared(other))

    def __ge__(self, other: list[Any]) -> bool:
        return bool(_compared(self) >= _compared(other))

    __hash__ = None

    def __add__(self, other: Any) -> Any:
        return list(self) + other

    def __radd__(self, other: Any) -> Any:
        return other + list(self)

    def __mul__(self, times: SupportsIndex) -> list[Any]:
        return list(self) * times

    __rmul__ = __mul__

    def copy(self) -> _TrackedList:
        made = _TrackedList([], self._note, self._pointer)
        list.extend(made, list.__iter__(self))
        return made

    __copy__ = copy

    def __deepcopy__(self, memo: dict[int, Any]) -> Any:
        return plain(self)

    def __reduce_ex__(self, protocol: SupportsIndex) -> tuple[Any, ...]:
        return list, (plain(self),)


def _join(pointer: str, name: Any) -> str:
    return f"{pointer}/{escape(str(name))}"


def _compared(value: Any) -> Any:
    """A plain copy to compare with; all of its leaves are looked at."""
    _note_all(value)
    return plain(value)


def _note_all(value: Any) -> None:
    children: list[tuple[Any, Any]]
    if isinstance(value, _TrackedDict):
        children = list(dict.items(value))
    elif isinstance(value, _TrackedList):
        children = list(enumerate(list.__iter__(value)))
    else:
        return
    if not children:
        value._note(value._pointer)
    for name, item in children:
        value._look(name, item)
        _note_all(item)
