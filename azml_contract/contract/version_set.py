"""Write a set of api-versions in few words, and read it back.

In: versions. Out: texts such as ``2022-10-01.. 2022-10-01-preview``. A range
runs within its own track (all stable versions, or all previews), because the
two tracks interleave in time and mostly change on their own. ``a..`` has no
end, so that a new version which changes nothing changes no line.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from azml_contract.api_version import sort_key


def _track(version: str) -> str:
    return version[10:]


def write_versions(members: Iterable[str], universe: Iterable[str]) -> str:
    """The shortest text for `members`, given that only `universe` can occur.

    Returns:
        Tokens separated by spaces; empty when all of the universe is meant.
    """
    wanted = set(members)
    everything = sorted(universe, key=sort_key)
    if wanted >= set(everything):
        return ""
    tokens: list[tuple[str, str]] = []
    for track in sorted({_track(version) for version in everything}):
        line = [version for version in everything if _track(version) == track]
        tokens += [(run[0], _run(run, line)) for run in _runs(line, wanted)]
    return " ".join(text for _, text in sorted(tokens, key=lambda t: sort_key(t[0])))


def _runs(line: Sequence[str], wanted: set[str]) -> list[list[str]]:
    runs: list[list[str]] = [[]]
    for version in line:
        if version in wanted:
            runs[-1].append(version)
        elif runs[-1]:
            runs.append([])
    return [run for run in runs if run]


def _run(run: list[str], line: Sequence[str]) -> str:
    if run[-1] == line[-1]:
        return f"{run[0]}.."
    return run[0] if len(run) == 1 else f"{run[0]}..{run[-1]}"


class Membership:
    """Tells whether one version is in written sets; remembers each answer."""

    def __init__(self, version: str) -> None:
        self._day, self._track = version[:10], _track(version)
        self._known: dict[str, bool] = {"": True}

    def __call__(self, written: str) -> bool:
        answer = self._known.get(written)
        if answer is None:
            answer = any(self._in(token) for token in written.split(" "))
            self._known[written] = answer
        return answer

    def _in(self, token: str) -> bool:
        first, is_range, last = token.partition("..")
        if _track(first) != self._track or self._day < first[:10]:
            return False
        if not is_range:
            return self._day == first[:10]
        return not last or self._day <= last[:10]
