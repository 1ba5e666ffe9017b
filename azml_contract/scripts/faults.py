"""Find the faults of a shell script itself: what no body and no URL tells alone.

In: a script that was read. Out: findings, AZC501 and up, each at its place; what
the script leaves open is no fault. Knows no files.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from azml_contract.finding import Finding, Location
from azml_contract.redaction.blot import find_secrets
from azml_contract.scripts.mend import Mend
from azml_contract.scripts.script import Call, Script
from azml_contract.scripts.text import TOKEN, Hole, Part, Source, Style, Text
from azml_contract.validation.codes import CODES
from azml_contract.validation.grade import Profile

_VERSION_VALUE = re.compile("(?i)[?&]api-version=([^&#]*)")
SUBSCRIPTIONS = re.compile(
    r"(?i)/+subscriptions?(?:/(?=/+(?:resourceGroups|providers)/)|/+(?=[^/]))"
)
"""Where the way to a subscription begins; none is named where its id is empty."""
_OURS = re.compile(r"(?i)/providers/microsoft\.machinelearningservices(?:/|$)")
_NAME = re.compile(r"\$\{?([A-Za-z_]\w*)")
_YAML = re.compile(r"(?i)\.ya?ml$")
_ASSET = re.compile(
    r"(?i)/(?P<kind>data|environments|codes|models|components)/(?P<name>[^/?]+)/versions/"
)
_LEAVES = re.compile(
    r"(?i)null|-[zn] |http_code|seconds|timeout|attempt|retr(?:y|ies)|tries|count|max_|"
    r"deadline|\(\(|-(?:lt|gt|le|ge) |jq\s+-\w*e|--exit-status|\*\)[^;]*"
    r"(?:exit|break|return)|\|\|\s*(?:exit|break|return|\{)|(?<![\w/])error"
)
_FOREVER = re.compile(r"while\s+(?:true|:|\[\s*1\s*\]|\[\[\s*1\s*\]\])")
_GOOD = re.compile(r"(?i)completed|succeeded|finished")
_BAD = re.compile(r"(?i)fail|cancel")
_ERREXIT = re.compile(r"-[a-zA-Z]*e[a-zA-Z]*")
_MAKES_FILES = frozenset(
    ("cd", "pushd", "git", "unzip", "tar", "wget", "python", "python3", "make", "cp")
)
"""Commands after which names are meant from elsewhere, or files may have come."""
_LOCAL = re.compile(r"(?!-|/|~|[A-Za-z][\w+.-]*:)[^*?\[\]{}<>|]+")
_STATES = ("status", "provisioningState", "state")
_ENDS_IN_FILE = re.compile(r"/[^/?]*\.[A-Za-z]\w{0,4}$")
_ACCOUNT = re.compile(r"(?i)^https://([a-z0-9]{3,24})\.blob\.")


def make_finding(
    profile: Profile,
    code: str,
    message: str,
    cure: str,
    location: Location,
    *,
    seen: str | None = None,
    api_version: str = "",
) -> Finding:
    """A finding about a script."""
    known = CODES[code]
    severity = known.strict if profile is Profile.STRICT else known.service
    return Finding(
        code,
        severity,
        message,
        cure=cure,
        seen=seen,
        api_version=api_version,
        evidence=known.evidence,
        location=location,
    )


class Faults:
    """Finds the faults of one script.

    Args:
        profile: How findings are graded.
        script: As it was read.
        api_version: What stands in where the script sets none.
    """

    def __init__(self, profile: Profile, script: Script, api_version: str) -> None:
        self._profile = profile
        self._script = script
        self._version = api_version
        self._told: set[tuple[str, str, int]] = set()

    def _find(
        self, code: str, message: str, cure: str, source: Source, start: int
    ) -> Iterator[Finding]:
        """One finding; the same place is told once."""
        key = (code, source.name, source.origin(start))
        if key not in self._told:
            self._told.add(key)
            location = source.locate(start)
            yield make_finding(self._profile, code, message, cure, location)

    # --- one call -----------------------------------------------------------------

    def find_in_call(self, call: Call, broken: Sequence[Part]) -> Iterator[Finding]:
        """Faults of a call's words: its URL, and what its body is put together of."""
        for text in (call.request.url, call.request.body):
            if text is not None:
                yield from self._find_continued(text)
        yield from self._find_path(call.request.url)
        yield from self._find_unset_version(call.request.url)
        yield from self._find_quoted(call.request.url)
        if call.request.body is not None:
            yield from self._find_quoted(call.request.body, in_texts=True)
            yield from self._find_broken(broken)
            yield from self._find_yaml(call.request.body)

    def _find_continued(self, text: Text) -> Iterator[Finding]:
        for found in re.finditer(r"\\\n", text.flat):
            part, within = text.find_part(found.start())
            if part.style is Style.SINGLE:
                yield from self._find(
                    "AZC504",
                    "In single quotes a backslash continues no line: both it and the "
                    "line break are sent.",
                    "Join the lines, or close the quotes before the backslash.",
                    part.source,
                    part.start + within,
                )

    def _find_path(self, url: Text) -> Iterator[Finding]:
        flat = url.flat
        found = SUBSCRIPTIONS.search(re.sub(r"://", ":__", flat))
        if found is None or not _OURS.search(flat):
            return
        if found[0].lower() == "/subscriptions/":
            return
        spot = url.locate(found.start())
        if spot is not None:
            shown = self._script.show(found[0])
            yield from self._find(
                "AZC506",
                f"The path has {shown} where Azure has /subscriptions/.",
                "Write /subscriptions/.",
                *spot,
            )

    def _find_unset_version(self, url: Text) -> Iterator[Finding]:
        found = _VERSION_VALUE.search(url.flat)
        hole = next(self._script.shell.holes.find(found[1]), None) if found else None
        name = _NAME.match(hole.shown) if hole is not None and hole.call < 0 else None
        if found is None or name is None:
            return
        at = url.flat.index("\ue002", found.start(1))
        part, _ = url.find_part(at)
        if part.source in self._script.others:
            return  # only of a shell it is known what sets its variables
        places = self._script.shell.assigned.get(name[1], [])
        after = [one for one in places if one[1] > part.start]
        if places and len(after) < len(places):
            return  # it is set before, to what only running would tell
        if places:
            line = places[0][0].locate(places[0][1]).line
            message = (
                f"{hole.shown if hole else ''} is used here and set at line {line}."
            )
            cure = "Set it before the first call."
        elif self._version:
            return
        else:
            message = f"Nothing in this script sets {name[0]}, the api-version."
            cure = f"Set {name[1]}, or give `check` --api-version V."
        yield from self._find("AZC507", message, cure, part.source, part.start)

    def _find_quoted(self, text: Text, *, in_texts: bool = False) -> Iterator[Finding]:
        """What jq wrote with its quotes, where they stand in a URL or a JSON text."""
        inside = False
        for found in re.finditer(r'\\.|"|\ue002[0-9]+\ue003', text.flat, re.DOTALL):
            if found[0] == '"':
                inside = not inside
            if found[0][0] != "\ue002" or (in_texts and not inside):
                continue
            (hole,) = self._script.shell.holes.find(found[0])
            if hole.reader >= 0:
                yield from self._tell_quoted(hole)

    def _tell_quoted(self, hole: Hole) -> Iterator[Finding]:
        read = self._script.reads[hole.reader]
        option = "-o tsv" if read.tool == "az" else "-r"
        name = "az --query" if read.tool == "az" else "jq"
        yield from self._find(
            "AZC508",
            f"{name} without {option} writes {hole.shown} with its quotes, and it is "
            "used in a URL or in a JSON text.",
            f"Add {option}.",
            read.source,
            read.start,
        )

    def _find_broken(self, broken: Sequence[Part]) -> Iterator[Finding]:
        for part in broken:
            shown = part.source.text[part.start : part.end]
            yield from self._find(
                "AZC131",
                f"{shown} puts raw line breaks into a JSON text, and JSON allows none.",
                f"Escape it: X=$(jq -Rs . < FILE), and {_BARE} without quotes.",
                part.source,
                part.start,
            )

    def _find_yaml(self, body: Text) -> Iterator[Finding]:
        inside = False
        for found in re.finditer(r'\\.|"|\ue002[0-9]+\ue003', body.flat, re.DOTALL):
            if found[0] == '"':
                inside = not inside
            elif found[0][0] == "\ue002" and inside:
                (hole,) = self._script.shell.holes.find(found[0])
                if hole.file and _YAML.search(hole.file):
                    part, _ = body.find_part(found.start())
                    yield from self._find(
                        "AZC131",
                        f"{hole.shown} is the text of {hole.file}, and a YAML file has "
                        "line breaks: JSON allows none in a text.",
                        f"Escape it: X=$(jq -Rs . < {hole.file}), and {_BARE} without "
                        "quotes.",
                        part.source,
                        part.start,
                    )

    # --- the script -----------------------------------------------------------------

    def find_written(self) -> Iterator[Finding]:
        """Secrets that stand in the script; no finding shows them from now on."""
        found: dict[str, list[tuple[Source, int]]] = {}
        for source in (self._script.source, *self._script.others):
            spans = find_secrets(source.text)
            whole = ((source.origin(a), source.origin(b - 1) + 1) for a, b in spans)
            source.file.hide(whole)
            for start, end in spans:
                found.setdefault(source.text[start:end], []).append((source, start))
        for places in found.values():
            lines = [source.locate(start).line for source, start in places[1:]]
            again = f", and again at line {lines[0]}" if lines else ""
            more = f" and {len(lines) - 1} more" if lines[1:] else ""
            yield from self._find(
                "AZC516",
                f"What looks like a secret is written here{again}{more}: whoever has "
                "the script has it.",
                "Take it from the environment, such as $TOKEN, and renew it where "
                "others have seen it.",
                *places[0],
            )

    def find(self, ours: Sequence[Call]) -> Iterator[Finding]:
        """Faults of the script as a whole; `ours` are its calls of the provider."""
        for one in self._script.mends:
            yield from self._tell_mend(one)
        yield from self._find_loops(ours)
        yield from self._find_printed()
        yield from self._find_exit(ours)
        yield from self._find_unused(ours)
        yield from self._find_code(ours)
        yield from self._find_missing()

    def _find_missing(self) -> Iterator[Finding]:
        """Files that the script needs, and its repository does not have."""
        files = self._script.shell.files
        made = {command.name.rpartition("/")[2] for command in self._script.commands}
        if made & _MAKES_FILES:
            return
        found: dict[str, list[Text]] = {}
        for name in files.missed:
            shown = name.flat
            if _LOCAL.fullmatch(shown) and not TOKEN.search(shown):
                absent = files.find_absent(shown)
                if absent:
                    found.setdefault(absent, []).append(name)
        for absent, names in found.items():
            asked = list(dict.fromkeys(name.flat for name in names))
            more = f" and {len(asked) - 1} more" if len(asked) > 1 else ""
            where = f", where it looks for {asked[0]}{more}"
            spot = names[0].locate(0)
            if spot is not None:
                yield from self._find(
                    "AZC515",
                    f"The repository of this script has no {absent}"
                    f"{where if asked != [absent] else ''}.",
                    "Name what is there, or have the script make it first.",
                    *spot,
                )

    def _tell_mend(self, mend: Mend) -> Iterator[Finding]:
        code, message, cure = _MENDS[mend.what]
        whole = self._script.source.file
        location = whole.locate(mend.place)
        message = message.format(mend.detail)
        yield make_finding(self._profile, code, message, cure, location)

    def _find_loops(self, ours: Sequence[Call]) -> Iterator[Finding]:
        numbers = {call.index: call for call in ours}
        for read in self._script.reads:
            call = numbers.get(read.call)
            if call is None or not call.loops or read.steps[-1] not in _STATES:
                continue
            start, end = call.loops[-1]
            text = call.source.text[start:end]
            failure = _keeps_on(text, stops=self._stops(call, text))
            if failure:
                yield from self._find(
                    "AZC510",
                    f"This loop {failure}, and it never ends.",
                    "Leave it on null and on each final state too, or count its turns.",
                    call.source,
                    start,
                )

    def _stops(self, call: Call, loop: str) -> bool:
        """Whether the shell ends when the server answers a call with an error."""
        condition = re.match(r"(?s).*?\bdo\b", loop)
        if not call.request.fails or condition is None:
            return False
        begin, end = call.loops[-1]
        inside = begin <= call.start < end
        if call.start < begin + condition.end() if inside else "$(" in condition[0]:
            return False  # what fails in a condition ends nothing
        options = self._script.shell.options
        ends = "errexit" in options or any(map(_ERREXIT.fullmatch, options))
        return ends and ("pipefail" in options or not re.search(r"\|\s*jq\b", loop))

    def _find_printed(self) -> Iterator[Finding]:
        for source, start, shown in self._script.printed:
            yield from self._find(
                "AZC511",
                f"{shown} is printed: a log will hold it.",
                "Leave the line out.",
                source,
                start,
            )

    def _find_exit(self, ours: Sequence[Call]) -> Iterator[Finding]:
        first = min((call.index for call in ours), default=-1)
        for source, start, count in self._script.exits[:1]:
            if first >= count:
                yield from self._find(
                    "AZC512",
                    "The script ends here, before its first call.",
                    "Remove the line, or the script.",
                    source,
                    start,
                )

    def _find_unused(self, ours: Sequence[Call]) -> Iterator[Finding]:
        """Assets that the script makes for a job, and no later call names."""
        jobs = [call for call in ours if "/jobs/" in call.request.url.flat]
        sent = [call for call in jobs if _verb(call) == "PUT"]
        bodies = [call.request.body for call in sent]
        if not sent or any(body is None or _names_anything(body) for body in bodies):
            return
        for call in ours:
            found = _ASSET.search(call.request.url.flat)
            if found is None or _verb(call) != "PUT" or call.index > sent[-1].index:
                continue
            if not self._names(found, call, ours):
                kind = {"data": "data asset", "codes": "code"}.get(
                    found["kind"].lower(), found["kind"].lower().rstrip("s")
                )
                name = self._script.show(found["name"])
                yield from self._find(
                    "AZC513",
                    f"No job of this script uses the {kind} {name} that is made here.",
                    "Name it in the job, or leave the call out.",
                    call.source,
                    call.start,
                )

    def _names(self, asset: re.Match[str], call: Call, ours: Sequence[Call]) -> bool:
        kind, name = asset["kind"].lower(), asset["name"].lower()
        reads = [read for read in self._script.reads if read.call == call.index]
        if reads or call.captured:
            return True
        for other in ours:
            text = other.request.body.flat.lower() if other.request.body else ""
            text += other.request.url.flat.lower() if _verb(other) != "PUT" else ""
            if other.index != call.index and (
                f"/{kind}/{name}/" in text or f"azureml:{name}" in text
            ):
                return True
        return False

    def _find_code(self, ours: Sequence[Call]) -> Iterator[Finding]:
        """A code whose URI is a file, or stands in an account of its own."""
        uploads = any(read.steps[-1] == "accountName" for read in self._script.reads)
        for call in ours:
            body = call.request.body
            found = re.search(r'"codeUri"\s*:\s*"([^"]*)"', body.flat) if body else None
            if found is None or body is None:
                continue
            account = _ACCOUNT.match(found[1])
            spot = body.locate(found.start(1))
            reasons = []
            if account is not None and uploads:
                reasons.append(
                    f"stands in the account {account[1]}, and the script asks for the "
                    "account of the workspace"
                )
            if _ENDS_IN_FILE.search(found[1]):
                reasons.append("names a file, and a code is a folder")
            if reasons and spot is not None:
                yield from self._find(
                    "AZC514",
                    f"codeUri {', and '.join(reasons)}.",
                    "Name the folder to which the script uploads the code.",
                    *spot,
                )


_BARE = "$X"
_MENDS = {
    "quote": (
        "AZC501",
        "This quote {0} is never closed.",
        "Close it.",
    ),
    "inner": (
        "AZC502",
        "This quote {0} ends the string in the middle of the JSON body.",
        'Write it as part of the body: \\" in double quotes.',
    ),
    "document": (
        "AZC503",
        "This here-document has no line that is {0} alone, so it never ends.",
        "End it with that line, nothing before it and nothing after.",
    ),
    "ampersand": (
        "AZC505",
        "This & is not quoted: the URL ends before it.",
        "Put the URL in quotes.",
    ),
}


def _names_anything(body: Text) -> bool:
    """Whether a value of a body is wholly unknown, so that it may be any id."""
    return re.search('"\\s*:\\s*"?\ue002\\d+\ue003', body.flat) is not None


def _verb(call: Call) -> str:
    method = call.request.method
    return (method if isinstance(method, str) else method.flat).upper()


def _keeps_on(loop: str, *, stops: bool) -> str:
    """What keeps a loop going for ever; "" where nothing does.

    Args:
        loop: Its text.
        stops: Whether an answer that is an error ends the script.
    """
    condition = re.match(r"(?s)(while|until)\b(.*?)\bdo\b", loop)
    if condition is None or _LEAVES.search(loop):
        return ""
    asks = condition[2]
    if not _FOREVER.match(loop) and not (
        "=" in asks
        if condition[1] == "until"
        else re.search(r"!=|!\s*\[|=~|grep -q?v", asks)
    ):
        return ""
    if _GOOD.search(loop) and not _BAD.search(loop):
        more = "" if stops else ", and an answer that is an error"
        return f"leaves on success alone: what fails or is canceled{more}, keeps it up"
    return "" if stops else "waits for a state, and an error has none: jq writes null"
