"""`azml-contract generate`: scenarios from scripts and recordings."""

from __future__ import annotations

import json
import re
import shlex
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote

import click

from azml_contract.commands.kinds import INPUT
from azml_contract.commands.options import text_or_json
from azml_contract.commands.printing import print_json
from azml_contract.errors import AzmlContractError, InputError, UsageError, show_path
from azml_contract.json_pointer import escape

if TYPE_CHECKING:
    from azml_contract.cassette.recordings import Recording
    from azml_contract.exchange import Exchange
    from azml_contract.scripts.script import Script
    from azml_contract.stories.story import Step, Story

_PROVIDER = re.compile("/providers/Microsoft.MachineLearningServices/", re.I)
_ENDED = ("Completed", "Failed", "Canceled", "Succeeded")


@click.command()
@click.argument(
    "sources",
    nargs=-1,
    required=True,
    type=INPUT,
    metavar="SOURCE...",
)
@click.option(
    "--to",
    "folder",
    required=True,
    type=click.Path(file_okay=False, path_type=Path),
    metavar="DIR",
    help="The folder of scenarios.",
)
@click.option("--force", is_flag=True, help="Write over files that are there.")
@text_or_json
@click.pass_context
def command(
    ctx: click.Context, sources: tuple[Path, ...], folder: Path, force: bool, form: str
) -> None:
    """Make scenarios out of scripts, cassettes, HAR files and other recordings.

    Each SOURCE becomes DIR/test_NAME.py, with its bodies below DIR/bodies and what
    it uploads beside it. Read it, and record it: pytest DIR --azml-mode record.
    """
    from azml_contract.commands.cassette.files import (
        Unread,
        find_unread,
        report_unread,
    )

    unread: list[Unread] = []
    told: list[dict[str, Any]] = []
    for source in sources:
        try:
            told.append(_generate(source, folder, force=force))
        except AzmlContractError as error:
            unread.append(Unread(str(source), str(error)))
        else:
            if form == "text":
                _say(told[-1])
    if form == "json":
        found = [one.to_json() for one in find_unread(unread, done=len(told))]
        print_json(stories=told, findings=found)
    ctx.exit(report_unread(unread, done=len(told)))


def _say(told: Mapping[str, Any]) -> None:
    for file in told["files"]:
        click.echo(file)
    for one in told["left_out"]:
        click.echo(f"# left out: {one}", err=True)
    if told["other_versions"]:
        others = ", ".join(told["other_versions"])
        version = told["api_version"]
        click.echo(f"# told at {version}; calls were made at {others} too", err=True)


def _generate(source: Path, folder: Path, *, force: bool) -> dict[str, Any]:
    """Write the story of one source; what came of it, for programs."""
    from azml_contract.rest.cost import find_billed
    from azml_contract.stories.story import tell_story

    steps, left = _read_steps(source)
    versions = Counter(
        version for one in steps if (version := one.exchange.request.api_version)
    )
    if not versions:
        if any(_PROVIDER.search(one.exchange.request.path) for one in steps):
            raise InputError(
                "its calls name no api-version; write one into their URLs, such as "
                "?api-version=2024-04-01. Where: azml-contract check "
                f"{shlex.quote(show_path(source))}"
            )
        raise InputError(
            "it holds no call of Microsoft.MachineLearningServices to tell."
        )
    version = versions.most_common(1)[0][0].lower()
    name = _name(source)
    family = _find_family(folder / "bodies", version)
    above = (Path.cwd(), *folder.resolve().parents)
    is_ours = any((one / "azml_contract" / "__init__.py").is_file() for one in above)
    sent = (one.exchange.request for one in steps)
    costs = any(find_billed(one.method, unquote(one.path)) for one in sent)
    story = tell_story(name, version, steps, family, costs=costs, is_ours=is_ours)
    return {
        "source": source.as_posix(),
        "api_version": version,
        "files": _write(story, folder, name, force=force),
        "left_out": [*left, *story.left_out],
        "other_versions": sorted(set(versions) - {version}),
    }


def _name(source: Path) -> str:
    stem = source.stem if source.suffix else source.name
    if re.match(r"20\d\d-\d\d-\d\d", stem):  # a cassette is named by its version
        stem = source.parent.name
    name = re.sub(r"\W+", "_", stem).strip("_").lower() or "story"
    return name if name[0].isalpha() else f"story_{name}"


def _find_family(bodies: Path, version: str) -> str:
    """The folder of bodies that a version reads: the newest that is not newer."""
    from azml_contract.api_version import sort_key

    known = [
        one.name
        for one in (bodies.iterdir() if bodies.is_dir() else ())
        if one.is_dir() and re.match(r"20\d\d-\d\d-\d\d", one.name)
    ]
    usable = [one for one in known if sort_key(one) <= sort_key(version)]
    return max(usable, key=sort_key, default=version)


def _write(story: Story, folder: Path, name: str, *, force: bool) -> list[str]:
    """Write a story; the paths of its files."""
    from azml_contract.whole_file import write_whole

    files = {f"test_{name}.py": story.module, **story.files}
    there = [one for one in files if (folder / one).exists()]
    if there and not force:
        raise UsageError(
            f"{folder / there[0]} is there already; --force writes over it."
        )
    for one, content in files.items():
        path = folder / one
        path.parent.mkdir(parents=True, exist_ok=True)
        write_whole(path, content)
    return [(folder / one).as_posix() for one in files]


# --- steps ----------------------------------------------------------------------------


def _read_steps(source: Path) -> tuple[list[Step], list[str]]:
    from azml_contract.documents.document import open_document
    from azml_contract.documents.recordings import read_any

    document = open_document(source, is_body=True)
    if document.script is not None:
        return _steps_of_script(document.script)
    return _steps_of_recording(read_any(source)), []


def _steps_of_script(script: Script) -> tuple[list[Step], list[str]]:
    """Every run of every call, in its order; what its holes come from is told."""
    from azml_contract.exchange import Exchange, Response
    from azml_contract.scripts.recorded import find_uploads, mark_exchange
    from azml_contract.stories.story import Step

    reads: dict[int, list[tuple[str, ...]]] = {}
    for read in script.reads:
        reads.setdefault(read.call, []).append(read.steps)
    steps: list[Step] = []
    left: list[str] = []
    places: dict[int, int] = {}
    uploads = sorted(find_uploads(script), key=lambda one: one[0])

    def upload(calls: float) -> None:
        """What was uploaded before as many calls."""
        while uploads and uploads[0][0] <= calls:
            sent = uploads.pop(0)[1]
            if isinstance(sent, str):
                left.append(sent)
            else:
                steps.append(Step(Exchange(sent, Response(201))))

    for call in script.calls:
        upload(call.index)
        told = mark_exchange(script, call, reads.get(call.index, ()))
        if isinstance(told, str):
            line = call.source.locate(call.start).line
            left += [f"line {line}: {told}"] if told else []
            continue
        exchange, _, sources = told
        pointers = tuple(map(_point, dict.fromkeys(reads.get(call.index, ()))))
        places[call.index] = len(steps)
        known = {
            mark: (places[origin], path)
            for mark, (origin, path) in sources.items()
            if origin in places
        }
        polls = bool(call.loops) and exchange.request.method == "GET"
        steps.append(Step(exchange, polls, () if polls else pointers, known))
    upload(float("inf"))
    return steps, left


def _point(steps: Sequence[str]) -> str:
    """A JSON pointer, with ``*`` for each item of a list."""
    return "".join(f"/{escape(one)}" for one in steps)


def _steps_of_recording(recording: Recording) -> list[Step]:
    from azml_contract.stories.story import Step

    calls = list(recording.calls())
    seen = Counter(_key(call.exchange) for call in calls)
    return [
        Step(
            call.exchange,
            _is_poll(call.exchange, seen[_key(call.exchange)]),
            tuple(
                one for one in call.reads or () if call.exchange.request.method == "GET"
            ),
        )
        for call in calls
    ]


def _key(exchange: Exchange) -> tuple[str, str]:
    return exchange.request.method, exchange.request.path


def _is_poll(exchange: Exchange, times: int) -> bool:
    """Whether a GET waits for an end: it is repeated, or has seen one."""
    path = exchange.request.path.lower()
    if exchange.request.method != "GET" or not re.search(
        r"/(?:jobs|computes)/[^/]+$", path
    ):
        return False
    try:
        body = json.loads(exchange.response.body or b"null")
    except ValueError:
        return False
    held = body.get("properties") if isinstance(body, dict) else None
    state = held.get("status") if isinstance(held, dict) else None
    return times > 1 or state in _ENDED
