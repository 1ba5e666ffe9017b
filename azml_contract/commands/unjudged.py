"""Say of a regression run what it did not judge: files and calls, at their places.

In: paths that were judged, and why some could not be. Out: findings, as `check` has
them. Wiring: knows neither options nor how things are shown.
"""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from azml_contract.commands.cassette.files import Unread, find_unread
from azml_contract.seen import NOTHING, Calls

if TYPE_CHECKING:
    from azml_contract.cassette.cassette import Cassette
    from azml_contract.finding import Finding
    from azml_contract.regression.parallel import Judged

_ABOUT_CALLS = frozenset(
    ["AZC140", "AZC141", "AZC148", "AZC150", "AZC151", "AZC153", "AZC307", "AZC507"]
)


@dataclass(slots=True)
class Account:
    """What became of every file and call of a run.

    `read` counts files that were recordings, `others` those of a folder that were
    not. `doubtful` have calls that were not judged, or not at their own api-version,
    each with whether it was named.
    """

    calls: Calls = NOTHING
    read: int = 0
    others: int = 0
    unread: list[Unread] = field(default_factory=list)
    doubtful: list[tuple[Path, bool]] = field(default_factory=list)
    told: list[Finding] = field(default_factory=list)

    def add(self, judged: Judged, *, listed: bool) -> None:
        """Enter one file; `listed` where it was named, and not only its folder."""
        if judged.problem and judged.is_other and not listed:
            self.others += 1
        elif judged.problem:
            self.unread.append(Unread(judged.path.as_posix(), judged.problem))
        else:
            self.read += 1
            self.calls += judged.calls
            self.doubtful += [] if judged.is_whole else [(judged.path, listed)]

    def find(self, *, softly: bool) -> list[Finding]:
        """Findings about files and calls; `softly` warns of calls not judged."""
        found = [f for one in self.doubtful for f in find_unjudged(*one)]
        if softly:
            found = [soften(one) for one in found]
        return [*self.told, *found, *find_unread(self.unread, done=self.read)]


def find_unjudged(path: Path, listed: bool) -> list[Finding]:
    """Calls of a file that are not judged, or not by the contract of their version.

    A cassette that was only upgraded is no gap where the recording beside it is judged,
    as all of a folder is.
    """
    from azml_contract.commands.judging import Asked, judge_input
    from azml_contract.documents.document import open_document
    from azml_contract.validation.validator import Validator

    opened = open_document(path, is_body=True)
    if opened.cassette is not None and opened.cassette.upgraded_from:
        told = _tell_upgraded(path, opened.cassette)
        return [told if listed or not _is_recorded(path.parent) else soften(told)]
    found = judge_input(Validator(), opened, Asked("", "", "", "", 0)).findings
    ours = opened.cassette is not None and bool(opened.cassette.api_version)
    return [
        one
        for one in found
        if one.code in _ABOUT_CALLS and not (ours and one.code == "AZC140")
    ]


def _is_recorded(folder: Path) -> bool:
    """Whether one of the cassettes of a scenario was recorded."""
    from azml_contract.documents.document import open_document
    from azml_contract.errors import CassetteError, InputError

    for one in sorted(folder.glob("*.json")):
        with suppress(CassetteError, InputError):
            cassette = open_document(one).cassette
            if cassette is not None and not cassette.upgraded_from:
                return True
    return False


def _tell_upgraded(path: Path, cassette: Cassette) -> Finding:
    from azml_contract.finding import Evidence, Finding, Location, Severity

    version = cassette.api_version
    return Finding(
        "AZC153",
        Severity.ERROR,
        f"No call of this cassette was judged: it was upgraded to {version}, and its "
        f"answers are still those of {cassette.upgraded_from}.",
        cure=f"Record it: pytest --azml-mode record --azml-api-version {version}",
        api_version=version,
        evidence=Evidence.UNKNOWN,
        location=Location(path.as_posix(), 1, 1),
    )


def soften(finding: Finding) -> Finding:
    """The finding, as a warning where it tells of a call that was not judged."""
    from azml_contract.finding import Severity

    if finding.code != "AZC153":
        return finding
    return finding._replace(severity=Severity.WARNING)
