"""Find what takes a script to another api-version, as pieces of its text.

In: scripts that break, and the version that they are to be taken to. Out: for each
that `upgrade` rewrites without a question, and that has no error there, what replaces
what. Wiring between `upgrade` and reports.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from azml_contract.errors import AzmlContractError
from azml_contract.report.regressed import Piece, TextFix

if TYPE_CHECKING:
    from azml_contract.commands.script_upgrade import Rewriting

_NEVER = frozenset((".json", ".har"))
"""Recordings: no edit of what was recorded changes what is sent."""
_LINE = re.compile(r"[^\n]*\n|[^\n]+")
"""As those who apply a fix count lines, not as Python splits them at form feeds."""


def find_fixes(files: Iterable[str], target: str) -> dict[str, TextFix]:
    """For each script that a machine can take to `target`, how; others are left out.

    Args:
        files: Scripts, and recordings, which have no fix.
        target: An api-version.
    """
    from azml_contract.documents.remote import is_remote

    fixes = {}
    for file in dict.fromkeys(files):
        path = Path(file)
        if path.suffix.lower() in _NEVER or is_remote(path):
            continue
        made = _rewrite(path, target)
        if made is not None and made.files and not made.is_left:
            changes = {
                name: tuple(compare_texts(before, after))
                for name, (before, after) in made.files.items()
            }
            told = f"Take {file} to {target}: {'; '.join(made.edits)}."
            fixes[file] = TextFix(told, changes)
    return fixes


def _rewrite(path: Path, target: str) -> Rewriting | None:
    from azml_contract.commands.script_upgrade import rewrite_file
    from azml_contract.documents.document import open_document

    try:
        script = open_document(path, is_body=True).script
        return rewrite_file(script, target) if script is not None else None
    except AzmlContractError:
        return None  # of a kind that is not rewritten, or changed since it was judged


def compare_texts(before: str, after: str) -> Iterator[Piece]:
    """What leads from one text to another, in its order; what both share stays."""
    old, new = _LINE.findall(before), _LINE.findall(after)
    matcher = difflib.SequenceMatcher(None, old, new, autojunk=False)
    for act, start, end, first, last in matcher.get_opcodes():
        if act != "equal":
            yield _shorten(start + 1, "".join(old[start:end]), "".join(new[first:last]))


def _shorten(line: int, old: str, new: str) -> Piece:
    """A piece that begins at the first character of a line, without equal ends."""
    room = min(len(old), len(new))
    head = next((n for n in range(room) if old[n] != new[n]), room)
    room -= head
    tail = next((n for n in range(room) if old[-1 - n] != new[-1 - n]), room)
    above = old[:head]
    column = head - (above.rfind("\n") + 1) + 1
    return (
        line + above.count("\n"),
        column,
        old[head : len(old) - tail],
        new[head : len(new) - tail],
    )
