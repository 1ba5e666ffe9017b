"""Recordings that tests share: of a class, a module, a session; nested, and in part."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

pytest_plugins = ["pytester"]
pytestmark = pytest.mark.slow

HEAD = """
import unittest
import pytest

ENV = {"properties": {"image": "registry.example.org/train:1"}}
"""
MODULE = f"""{HEAD}
pytestmark = pytest.mark.azml(api_versions=["2024-04-01"], scope="module")

@pytest.fixture(scope="module")
def environment(azml):
    azml.put("environments/train/versions/1", ENV).expect(201)
    yield "environments/train/versions/1"
    azml.delete("environments/train/versions/1").expect(200)

def test_first(azml, environment):
    assert azml.get(environment).json["name"] == "1"

def test_second(azml, environment):
    azml.get("computes").expect(200)

@pytest.mark.azml(scope="function")
def test_inner(azml, environment):
    azml.get("datastores").expect(200)

@pytest.mark.azml(scope="class")
class TestInner:
    def test_put(self, azml):
        azml.put("environments/other/versions/1", ENV).expect(201)

    def test_get(self, azml, environment):
        azml.get("environments/other/versions/1").expect(200)
"""
CASES = f"""{HEAD}
import os

class Case:
    @classmethod
    def setUpClass(cls):
        cls.azml.put("environments/train/versions/1", ENV).expect(201)

    @classmethod
    def tearDownClass(cls):
        cls.azml.delete("environments/train/versions/1").expect(200)

    def test_get(self):
        self.azml.get("environments/train/versions/1").expect(200)

    def test_another(self):
        self.azml.get("environments/train/versions/1").expect(200)

@pytest.mark.azml(api_versions=["2024-04-01"], scope="class")
class TestOne(Case, unittest.TestCase):
    pass

@pytest.mark.azml(api_versions=["2024-04-01"], scope="class")
class TestTwo(Case, unittest.TestCase):
    def test_another(self):
        if os.environ.get("SKIPS"):
            self.skipTest("not here")
        self.azml.get("environments/train/versions/1").expect(200)
        assert not os.environ.get("FAILS")
"""
SESSION = f"""{HEAD}
@pytest.mark.azml(api_versions=["2024-04-01", "2024-10-01"], scope="session")
def test_%s(azml):
    azml.%s.expect(200, 201)

def test_of_others(%s):
    import requests, threading
    from http.server import BaseHTTPRequestHandler, HTTPServer
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self):
            self.send_response(204)
            self.end_headers()
    server = HTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    assert requests.get(f"http://127.0.0.1:{{server.server_port}}/").status_code == 204
    server.shutdown()
"""


def run(project: pytest.Pytester, *options: str) -> pytest.RunResult:
    return project.runpytest_subprocess("-p", "no:cacheprovider", *options)


def read(folder: Path) -> dict[str, dict[str, Any]]:
    """Cassettes by their path."""
    return {
        file.relative_to(folder).as_posix(): json.loads(file.read_text("utf-8"))
        for file in sorted(folder.rglob("*.json"))
    }


def calls(cassette: dict[str, Any]) -> list[str]:
    """Verbs and ends of paths, without logins."""
    return [
        f"{one['method']} {one['uri'].partition('?')[0].partition('/workspace/')[2]}"
        for one in (each["request"] for each in cassette["interactions"])
        if "/workspace/" in one["uri"]
    ]


def test_recordings_nest_and_the_innermost_takes_the_call(
    pytester: pytest.Pytester,
) -> None:
    pytester.path.joinpath("test_story.py").write_text(MODULE)
    run(pytester, "--azml-mode", "record").assert_outcomes(passed=5)
    made = read(pytester.path / "cassettes")
    environment = "environments/train/versions/1"
    other = "environments/other/versions/1"
    assert {name: calls(one) for name, one in made.items()} == {
        "story/class/2024-04-01.json": [f"PUT {other}", f"GET {other}"],
        "story/inner/2024-04-01.json": ["GET datastores"],
        "story/module/2024-04-01.json": [
            f"PUT {environment}",
            f"GET {environment}",
            "GET computes",
            f"DELETE {environment}",
        ],
    }
    module = pytester.path / "cassettes/story/module/2024-04-01.json"
    assert {"first", "second"} <= set(made["story/module/2024-04-01.json"]["tests"])
    result = run(pytester)
    result.assert_outcomes(passed=5)
    result.stdout.fnmatch_lines(["mode replay*: 3 scenarios, *"])
    run(pytester, "--azml-mode", "verify").assert_outcomes(passed=5)

    # A part of it: nothing is missed, and a recording is added to, never replaced.
    run(pytester, "test_story.py::test_second").assert_outcomes(passed=1)
    longer = MODULE.replace('get("computes")', 'get("schedules")')
    pytester.path.joinpath("test_story.py").write_text(longer)
    before = module.read_bytes()
    run(pytester, "test_story.py::test_first", "--azml-mode", "record").assert_outcomes(
        passed=1
    )
    assert module.read_bytes() == before
    second = run(pytester, "-k", "second", "--azml-mode", "record")
    second.assert_outcomes(passed=1, deselected=4)
    assert calls(json.loads(module.read_bytes())) == [
        *calls(made["story/module/2024-04-01.json"]),
        "GET schedules",
    ]
    # Of all of it, what nobody asks for is told at the end.
    result = run(pytester)
    result.assert_outcomes(passed=5, errors=1)
    result.stdout.fnmatch_lines(["*computes*"])


def test_cases_of_unittest_share_what_their_class_sets_up(
    pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytester.path.joinpath("test_story.py").write_text(CASES)
    monkeypatch.setenv("FAILS", "1")
    run(pytester, "--azml-mode", "record").assert_outcomes(passed=3, failed=1)
    folder = pytester.path / "cassettes"
    assert list(read(folder)) == ["story/class.TestOne/2024-04-01.json"]
    monkeypatch.delenv("FAILS")
    run(pytester, "--azml-mode", "record").assert_outcomes(passed=4)
    made = read(folder)
    assert len(made) == 2
    monkeypatch.setenv("SKIPS", "1")  # not every test ran: nothing is missed
    run(pytester).assert_outcomes(passed=3, skipped=1)
    run(pytester, "--azml-mode", "record").assert_outcomes(passed=3, skipped=1)
    two = "story/class.TestTwo/2024-04-01.json"
    assert read(folder)[two] == made[two]


def test_a_session_is_recorded_over_modules_and_leaves_other_tests_alone(
    pytester: pytest.Pytester,
) -> None:
    for name, call, fixtures in (
        ("a", 'put("environments/train/versions/1", ENV)', ""),
        ("b", 'get("environments/train/versions/1")', "monkeypatch"),
    ):
        text = SESSION % (name, call, fixtures)
        pytester.path.joinpath(f"test_{name}.py").write_text(text)
    for options in (["--azml-mode", "record"], []):
        run(pytester, *options).assert_outcomes(passed=6)
    assert list(read(pytester.path / "cassettes")) == [
        "session/session/2024-04-01.json",
        "session/session/2024-10-01.json",
    ]
    result = run(pytester, "-n", "2", "--dist", "load")
    result.assert_outcomes(passed=2, errors=4)
    result.stdout.fnmatch_lines(["*pytest-xdist may run them on several workers*"])


def test_workers_that_have_a_whole_module_may_share_it(
    pytester: pytest.Pytester,
) -> None:
    pytester.path.joinpath("test_story.py").write_text(MODULE)
    loadfile = run(pytester, "--azml-mode", "record", "-n", "2", "--dist", "loadfile")
    loadfile.assert_outcomes(passed=5)
    run(pytester, "-n", "1").assert_outcomes(passed=5)


def test_two_projects_in_one_run_have_their_own_cassettes(
    pytester: pytest.Pytester,
) -> None:
    for name in ("one", "two"):
        folder = pytester.mkdir(name)
        folder.joinpath("pyproject.toml").write_text("[project]\nname = 'x'\n")
        folder.joinpath("tests").mkdir()
        folder.joinpath("tests/test_story.py").write_text(
            HEAD + '@pytest.mark.azml(api_versions=["2024-04-01"])\n'
            "def test_it(azml):\n    azml.get('computes').expect(200)\n"
        )
    options = ["--import-mode", "importlib"]
    run(pytester, "one", "two", "--azml-mode", "record", *options).assert_outcomes(
        passed=2
    )
    assert list(read(pytester.path)) == [
        f"{name}/cassettes/story/it/2024-04-01.json" for name in ("one", "two")
    ]
    run(pytester, "one", "two", *options).assert_outcomes(passed=2)


@pytest.mark.parametrize(
    ("marker", "message"),
    [
        ("scope='package'", "scope is one of function, class, module, session, not*"),
        ("scope='module', seed=True", "seed=True is for a recording of one test*"),
        ("scope='class', execute=True", "execute=True is for a recording of one test*"),
    ],
)
def test_a_scope_that_makes_no_sense_is_refused(
    pytester: pytest.Pytester, marker: str, message: str
) -> None:
    pytester.path.joinpath("test_story.py").write_text(
        f"{HEAD}@pytest.mark.azml({marker})\ndef test_it(azml): ...\n"
    )
    result = run(pytester)
    result.assert_outcomes(errors=1)
    result.stdout.fnmatch_lines([f"*{message}"])
