"""Pages of the stories in `scenarios/`: what each calls, and what that exercises.

In: a scenario's source and its recordings. Out: ``docs/stories/NAME.md``, one a story,
and ``docs/stories/index.md``. Nothing is written by hand; words come from docstrings.

    python docs/tools/story_pages.py --write | --check
"""

from __future__ import annotations

import ast
import re
import sys
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from azml_contract.api_version import sort_key
from azml_contract.cassette.cassette import Cassette, load_cassette
from azml_contract.contract.catalog import load_contract, newest_stable
from azml_contract.contract.contract import Route
from azml_contract.exchange import Request
from azml_contract.made_page import keep_page
from azml_contract.regression.coverage import Coverage

ROOT = Path(__file__).parents[2]
PAGES = ROOT / "docs" / "stories"
KINDS = {
    "online_endpoint": ("OnlineEndpoints", "OnlineDeployments"),
    "batch_scoring": ("BatchEndpoints", "BatchDeployments"),
    "model_registry": ("ModelContainers", "ModelVersions"),
    "pipeline": ("Jobs", "ComponentContainers", "ComponentVersions"),
    "schedules": ("Schedules",),
    "compute_life_cycle": ("Compute",),
    "datastores_and_connections": ("Datastores", "WorkspaceConnections"),
    "workspace_life_cycle": ("Workspaces",),
    "archive_and_restore": (),
}
"""Groups of operations that a story is about, as operation ids begin."""
_MADE = "python docs/tools/story_pages.py"
_HEAD = f"""\
Made by `{_MADE} --write`
from `scenarios/test_{{name}}.py` and its recordings.

    pytest scenarios/test_{{name}}.py
    pytest scenarios/test_{{name}}.py --azml-mode record

The first line replays it, the second records it anew, from the emulator.
"""
_BY_THE_WAY = ("/oauth2/", "/.well-known/", "/locations/")
"""Logins, and polls of operations."""
_WORKSPACE = re.compile(
    r"https://[^/]+(?:/subscriptions/[^/]+/resourceGroups/[^/]+"
    r"/providers/Microsoft\.MachineLearningServices/workspaces/workspace)?(?=/|\?|$)",
    re.IGNORECASE,
)


@dataclass(frozen=True)
class Test:
    """One test of a story: its source, and its recordings by api-version."""

    name: str
    source: str
    recorded: dict[str, Path]


@dataclass(frozen=True)
class Story:
    """A module of scenarios, and what was recorded of it."""

    name: str
    title: str
    words: str
    tests: tuple[Test, ...]


@cache
def read_story(name: str) -> Story:
    """A story, from its source and the recordings of its tests."""
    text = (ROOT / "scenarios" / f"test_{name}.py").read_text("utf-8")
    tree = ast.parse(text)
    title, _, words = (ast.get_docstring(tree) or "").partition("\n\n")
    tests = []
    for node in tree.body:
        if isinstance(node, ast.FunctionDef) and node.name.startswith("test_"):
            first = min(one.lineno for one in (node, *node.decorator_list))
            source = "\n".join(text.splitlines()[first - 1 : node.end_lineno])
            test = node.name.removeprefix("test_")
            files = (ROOT / "cassettes" / name / test).glob("*.json")
            recorded = {file.stem: file for file in files}
            versions = sorted(recorded, key=sort_key)
            tests.append(Test(test, source, {one: recorded[one] for one in versions}))
    return Story(name, title.rstrip("."), words, tuple(tests))


@cache
def read_cassette(file: Path) -> Cassette:
    """What was recorded."""
    return load_cassette(file)


def operation_of(request: Request, version: str) -> str:
    """The operation of the contract that a recorded call is; "" for other hosts."""
    if request.api_version != version:
        return ""
    found = load_contract(version).find(request.method, request.path)
    if isinstance(found, Route) and found.operation is not None:
        return str(found.operation.id)
    return ""


def exercised(stories: Sequence[str], version: str) -> set[str]:
    """The operations of one version that the recordings of stories call.

    As the page of `regress` counts them.
    """
    coverage = Coverage()
    for name in stories:
        for test in read_story(name).tests:
            if version in test.recorded:
                calls = read_cassette(test.recorded[version]).interactions
                coverage.add(one.exchange for one in calls)
    (shown,) = coverage.to_json()["versions"]
    return {one for group in shown["operations"]["hit"].values() for one in group}


def operations_of(groups: Sequence[str], version: str) -> list[str]:
    """The operations of one version in some groups, sorted."""
    operations = load_contract(version).operations
    return sorted(one for one in operations if one.partition("_")[0] in groups)


def render_story(name: str) -> str:
    """The page of one story."""
    story = read_story(name)
    parts = [
        f"# {story.title}\n",
        f"{story.words}\n",
        _HEAD.format(name=name),
    ]
    for test in story.tests:
        *_, newest = test.recorded
        versions = ", ".join(test.recorded)
        parts += [
            f"## {test.name.replace('_', ' ').capitalize()}\n",
            f"Recorded at {versions}.\n",
            f"```python\n{test.source}\n```\n",
            f"What it calls at {newest}, without logins and polls of operations:\n",
            "| call | status | operation |\n|---|---|---|",
            *_rows(read_cassette(test.recorded[newest]), newest),
            "",
        ]
    if KINDS[name]:
        parts.append(_coverage(name))
    return "\n".join(parts).rstrip() + "\n"


def _rows(cassette: Cassette, version: str) -> Iterator[str]:
    """A line for each call; what a run draws stands as the name of its variable."""
    for one in cassette.interactions:
        request, response = one.exchange.request, one.exchange.response
        uri = request.url.partition("?")[0]
        if any(part in uri for part in _BY_THE_WAY):
            continue
        for name, value in cassette.variables.items():
            uri = uri.replace(str(value), f"{{{name}}}")
        path = _WORKSPACE.sub("", uri).lstrip("/")
        # Elsewhere than in the workspace; the end of the path tells enough.
        if path.startswith("subscriptions/"):
            path = ".../" + path.rpartition("/providers/")[2]
        short = re.sub(r"[0-9a-f-]{32,}", "...", path) or "(the workspace)"
        operation = operation_of(request, version)
        named = f"`{operation}`" if operation else ""
        yield f"| `{request.method} {short}` | {response.status} | {named} |"


def _coverage(name: str) -> str:
    version = newest_stable()
    every = operations_of(KINDS[name], version)
    called = exercised([*KINDS], version)
    groups: dict[str, list[str]] = defaultdict(list)
    for one in every:
        groups[one.partition("_")[0]].append(one)
    rows = [
        f"| {group} | {len(called.intersection(ones))} of {len(ones)} | "
        + ", ".join(f"`{one}`" for one in ones if one not in called)
        + " |"
        for group, ones in groups.items()
    ]
    head = f"## What of the contract is exercised\n\nOf {version}, by all stories:\n"
    return "\n".join(
        [head, "| operations of | called | not called |\n|---|---|---|", *rows]
    )


def render_index() -> str:
    """The list of all stories."""
    version = newest_stable()
    groups = [group for groups in KINDS.values() for group in groups]
    every = operations_of(groups, version)
    called = exercised([*KINDS], version).intersection(every)
    total, count = len(every), len(called)
    share = 100 * count // total
    rows = [
        f"| [{read_story(name).title}]({name}.md) | "
        + ", ".join(f"`{one}`" for one in KINDS[name])
        + " |"
        for name in KINDS
    ]
    return f"""\
# Stories

Made by `{_MADE} --write`. Each is a scenario of `scenarios/`,
recorded from the emulator and replayed by every run of the tests: to read, and to copy.
Of {total} operations of these groups at {version} they call {count}, {share}%.

| story | operations of |
|---|---|
""" + "".join(f"{row}\n" for row in rows)


def main(arguments: Sequence[str]) -> int:
    """Write the pages, or say which are out of date; 1 where one is."""
    codes = [keep_page(PAGES / "index.md", render_index, _MADE, arguments)]
    for name in KINDS:
        page = PAGES / f"{name}.md"
        codes.append(keep_page(page, lambda n=name: render_story(n), _MADE, arguments))
    known = {f"{name}.md" for name in (*KINDS, "index")}
    for page in PAGES.glob("*.md"):
        if page.name not in known:
            sys.stderr.write(f"{page} is of no story: remove it\n")
            codes.append(1)
    return max(codes)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
