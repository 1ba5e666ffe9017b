"""Calls of Python programs are judged however they are put together."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from azml_contract.scripts.containers import read_container
from azml_contract.scripts.judge import Judged, judge_script
from azml_contract.scripts.recognise import tell_kind
from azml_contract.validation.validator import Validator
from tests.scripts.conftest import WORKSPACE, places

Judge = Callable[[str], Judged]
START = f"""\
import json, requests
SUB = "s"
BASE = "{WORKSPACE}"
V = "2024-04-01"
URL = f"{{BASE}}/data/iris/versions/1?api-version={{V}}"
BODY = {{"properties": {{"dataType": "uri_file", "dataUrl": "https://x.example/i"}}}}
"""
STYLES = {
    "names": "requests.put(URL, json=BODY)",
    "data": "requests.put(URL, data=json.dumps(BODY).encode('utf-8'))",
    "positional": "requests.put(URL, json.dumps(BODY))",
    "request": "requests.request('PUT', URL, json=BODY)",
    "verb in a name": "M = 'PUT'\nrequests.request(method=M, url=URL, json=BODY)",
    "percent": "requests.put('%s/data/%s/versions/1?api-version=%s' % (BASE, 'i', V),"
    " json=BODY)",
    "percent by name": "requests.put('%(b)s/data/i/versions/1' % {'b': BASE},"
    " params={'api-version': V}, json=BODY)",
    "format": "requests.put('{}/data/{n}/versions/1?api-version={}'.format(BASE, V,"
    " n='i'), json=BODY)",
    "join": "requests.put('/'.join([BASE, 'data', 'i', 'versions/1']),"
    " params={'api-version': V}, json=BODY)",
    "strip": "requests.put((BASE + '/').rstrip('/') + '/data/i/versions/1',"
    " params={'api-version': V}, json=BODY)",
    "added": "u = BASE\nu += '/data/i/versions/1'\nu += '?api-version=' + V\n"
    "requests.put(u, json=BODY)",
    "dict": "requests.put(URL, json=dict(properties=dict(dataType='uri_file',"
    " dataUrl='x')))",
    "merged": "p = {'dataType': 'uri_file'}\n"
    "requests.put(URL, json={'properties': {**p, 'dataUrl': 'x'}})",
    "or": "requests.put(URL, json={'properties': {'dataType': 'uri_file'} |"
    " {'dataUrl': 'x'}})",
    "copied": "import copy\nb = copy.deepcopy(BODY)\nrequests.put(URL, json=b)",
    "function": "def put(path, body):\n"
    "    url = f'{BASE}/{path}'\n"
    "    return requests.put(url, params={'api-version': V}, json=body)\n"
    "put('data/i/versions/1', BODY)",
    "functions": "def call(method, path, **more):\n"
    "    return requests.request(method, BASE + path, params=Q, **more)\n"
    "Q = {'api-version': V}\n"
    "def put(path, properties, *, tags=None):\n"
    "    return call('PUT', path, json={'properties': properties})\n"
    "def main():\n"
    "    put('/data/i/versions/1', properties=BODY['properties'])\n"
    "if __name__ == '__main__':\n    main()",
    "returned": "def url(path, version=None):\n"
    "    version = version or os.environ.get('API_VERSION', V)\n"
    "    return f'{BASE}/{path}?api-version={version}'\n"
    "requests.put(url('data/i/versions/1'), json=BODY)",
    "returned body": "def body(kind='uri_file'):\n"
    "    return {'properties': {'dataType': kind, 'dataUrl': 'x'}}\n"
    "requests.put(URL, json=body())",
    "property": "class Team:\n"
    "    def __init__(self, name):\n"
    "        self.name = name\n"
    "    @property\n"
    "    def base(self):\n"
    "        return BASE\n"
    "class User:\n"
    "    def __init__(self, team):\n"
    "        self.team = team\n"
    "    def put(self, path, body):\n"
    "        u = f'{self.team.base}/{path}?api-version={V}'\n"
    "        return requests.put(u, json=body)\n"
    "user = User(Team('x'))\n"
    "user.put('data/i/versions/1', BODY)",
    "session of a function": "def session():\n"
    "    s = requests.Session()\n"
    "    s.params.update({'api-version': V})\n"
    "    return s\n"
    "S = session()\n"
    "S.put(BASE + '/data/i/versions/1', json=BODY)",
    "partial": "from functools import partial\n"
    "create = partial(requests.put, params={'api-version': V})\n"
    "create(f'{BASE}/data/i/versions/1', json=BODY)",
    "parts of urllib": "import urllib.request\n"
    "from urllib.parse import quote, urlencode, urljoin\n"
    "def call(method, path, body=None, query=None):\n"
    "    query = {'api-version': V, **(query or {})}\n"
    "    url = urljoin(BASE + '/', quote(path)) + '?' + urlencode(query)\n"
    "    data = json.dumps(body).encode() if body is not None else None\n"
    "    return urllib.request.Request(url, data=data, method=method)\n"
    "call('PUT', 'data/i/versions/1', BODY)",
    "default": "def put(body, path='data/i/versions/1', version=V):\n"
    "    requests.put(f'{BASE}/{path}?api-version={version}', json=body or {})\n"
    "put(BODY)",
    "class": "class Team:\n"
    "    api = V\n"
    "    def __init__(self, base):\n"
    "        self.base = base\n"
    "        self.s = requests.Session()\n"
    "    def put(self, path, body):\n"
    "        url = f'{self.base}/{path}'\n"
    "        return self.s.put(url, params={'api-version': self.api}, json=body)\n"
    "team = Team(BASE)\n"
    "team.put('data/i/versions/1', BODY)",
    "base": "import httpx\n"
    "with httpx.Client(base_url=BASE, params={'api-version': V}) as c:\n"
    "    c.put('/data/i/versions/1', json=BODY)",
    "session": "s = requests.Session()\ns.params = {'api-version': V}\n"
    "s.put(f'{BASE}/data/i/versions/1', json=BODY)",
    "aiohttp": "import aiohttp, asyncio\nasync def main():\n"
    "    async with aiohttp.ClientSession() as session:\n"
    "        async with session.put(URL, json=BODY) as answer:\n"
    "            await answer.json()\nasyncio.run(main())",
    "urllib": "import urllib.request\nrequest = urllib.request.Request(URL,"
    " data=json.dumps(BODY).encode(), method='PUT')\nurllib.request.urlopen(request)",
    "azure core": "from azure.core.rest import HttpRequest\n"
    "client.send_request(HttpRequest('PUT', URL, json=BODY))",
    "http.client": "import http.client\nc = http.client.HTTPSConnection('x')\n"
    "c.request('PUT', URL, json.dumps(BODY))",
    "imported": "from requests import put\nput(URL, json=BODY)",
    "local names": "def other():\n    url, body = 'https://x.example/', {}\n"
    "def put(url, body):\n    requests.put(url, json=body)\nput(URL, BODY)",
}


@pytest.fixture
def judge(tmp_path: Path) -> Judge:
    def run(text: str) -> Judged:
        script = read_container("python", "call.py", text, tmp_path)
        return judge_script(Validator(), script, "")

    return run


@pytest.mark.parametrize("style", STYLES)
def test_a_wrong_key_is_found(style, judge):
    text = f"{START}{STYLES[style]}\n"
    assert tell_kind(text) == "python"

    judged = judge(text)

    told = sorted(
        (one.code, one.pointer) for one in judged.findings if one.code < "AZC500"
    )
    assert told == [
        ("AZC101", "/properties/dataUri"),
        ("AZC102", "/properties/dataUrl"),
    ]
    assert (judged.calls.judged, judged.calls.not_judged) == (1, {})


OPEN = {
    "changed in place": (
        "b = {'properties': {}}\nb['properties']['image'] = 'x'\n",
        "b",
    ),
    "changed by a call": ("b = {'properties': {}}\nb.update(more())\n", "b"),
    "of a loop": ("b = {}\nfor b in bodies:\n    pass\n", "b"),
    "of a choice": ("b = 1\n", "{} if b else BODY"),
    "of nobody": ("def f(b):\n    return b\n", "unknown()"),
}


@pytest.mark.parametrize("name", OPEN)
def test_what_only_a_run_would_tell_is_told_as_not_judged(name, judge):
    before, value = OPEN[name]
    judged = judge(f"{START}{before}requests.put(URL, json={value})\n")

    assert [code for code, *_ in places(judged)] == ["AZC153"]
    assert judged.calls.not_judged == {
        f"its body is {{{value}}}, which the program does not tell": 1
    }


def test_a_method_of_a_table_is_none_of_the_program(judge):
    """An answer's headers have a ``get`` too."""
    judged = judge(
        f"{START}class Arm:\n"
        "    def call(self, method, path):\n"
        "        r = requests.request(method, f'{BASE}/{path}?api-version={V}')\n"
        "        wait(r.headers.get('Retry-After', 1))\n"
        "    def get(self, path):\n"
        "        return self.call('GET', path)\n"
        "arm = Arm()\n"
        "arm.get('jobs')\n"
    )
    assert not places(judged)
    assert (judged.calls.judged, judged.calls.not_judged) == (1, {})


UNTOLD = {
    "a field": "class Arm:\n"
    "    def send(self, method, path):\n"
    "        return self.session.request(method, f'{self.config.url}/{path}')\n",
    "urllib": "import urllib.request\n"
    "def send(root, path):\n"
    "    urllib.request.Request(root + '/' + path, method='PUT')\n",
    "a field of a dataclass": "class Config:\n"
    "    version: str = '2024-04-01'\n"
    "c = Config(version=given())\n"
    "requests.get(f'{BASE}/jobs?api-version={c.version}')\n",
    "a function with two returns": "def url(x):\n"
    "    if x:\n"
    "        return BASE + '/job'\n"
    "    return x\n"
    "requests.get(url(1))\n",
    "a dict that is asked": "class A:\n"
    "    def get(self, key):\n"
    "        return BASE + '/job'\n"
    "d = load()\n"
    "requests.get(d.get('url'))\n",
}


@pytest.mark.parametrize("name", UNTOLD)
def test_a_call_of_a_program_of_azure_is_told(name, judge):
    judged = judge(START + UNTOLD[name])

    assert {code for code, *_ in places(judged)} == {"AZC153"}
    assert (judged.calls.judged, sum(judged.calls.not_judged.values())) == (0, 1)


def test_a_query_that_is_not_told_may_hold_the_version(judge):
    judged = judge(f"{START}requests.get(BASE + '/jobs', params=query())\n")

    assert judged.findings[0].code == "AZC153"
    why = "its query is {query()}, which the script does not tell"
    assert judged.calls.not_judged == {why: 1}


def test_a_function_is_judged_with_each_set_of_arguments(judge):
    judged = judge(
        f"{START}"
        "def call(method, path, body=None):\n"
        "    return requests.request(method, f'{BASE}/{path}?api-version={V}',"
        " json=body)\n"
        "call('GET', 'jobs')\n"
        "call('GET', 'jobz')\n"
        "call('PUT', 'jobs/a', {'properties': {'jobType': 'Comand'}})\n"
        "call('PUT', path(), BODY)\n"
    )

    assert {(code, line) for code, line, _ in places(judged)} == {
        ("AZC150", 10),
        ("AZC101", 11),
        ("AZC108", 11),
        ("AZC153", 8),
    }
    assert judged.calls.judged == 1
    assert len(judged.calls.not_judged) == 2


def test_a_function_that_nobody_calls_and_one_that_calls_itself_come_to_an_end(judge):
    judged = judge(
        f"{START}"
        "def put(body):\n    requests.put(URL, json=body)\n    put(body)\n"
        "def ping(n):\n    pong(n)\n"
        "def pong(n):\n    ping(n)\n    requests.get(URL.replace('a', n))\n"
        "ping(1)\n"
    )

    assert judged.calls.judged == 0
    assert {code for code, *_ in places(judged)} == {"AZC153"}


@pytest.mark.parametrize(
    "sign", ["{0} + {0}", "f'{{{0}}}{{{0}}}'", "'%s%s' % ({0}, {0})"]
)
def test_texts_and_calls_that_double_come_to_an_end(judge, sign):
    lines = [f"x{n} = " + sign.format(f"x{n - 1}") for n in range(1, 30)]
    calls = [f"def f{n}(u):\n    f{n - 1}(u)\n    f{n - 1}(u)\n" for n in range(1, 30)]
    judged = judge(
        f"{START}x0 = '{'a' * 100_000}'\n" + "\n".join(lines) + "\n"
        "def f0(u):\n    requests.get(u)\n" + "".join(calls) + "f29(URL)\n"
        "requests.put(URL, json={'properties': {'dataType': x29}})\n"
    )

    assert judged.calls.seen >= 1


def test_a_body_of_thousands_of_holes_is_judged(judge):
    """Each hole was cut out of the whole text, part by part."""
    lines = [f"d{n} = [d{n - 1}, d{n - 1}]" for n in range(1, 41)]
    judged = judge(
        f"{START}d0 = unknown()\n" + "\n".join(lines) + "\n"
        "requests.put(URL, json={'properties': {'dataType': d40}})\n"
    )

    assert judged.calls.judged == 1


def test_calls_of_what_is_no_python_are_counted(judge):
    """Such as a print of Python 2, or the syntax of a Python newer than this one."""
    judged = judge(
        f"{START}print 'x'\nrequests.put(URL, json=BODY)\n# requests.get(URL)\n"
    )

    assert places(judged) == [("AZC153", 8, 1)]
    (why,) = judged.calls.not_judged
    assert why.startswith("its Python cannot be read (")


def test_what_imports_a_client_for_other_ends_is_no_script():
    assert tell_kind("import urllib.parse\nprint(1)\n") == ""
    assert tell_kind(
        "import urllib.parse as p\nU = 'https://management.azure.com'"
    ) == ("python")


@pytest.mark.parametrize(
    "sets",
    [
        "s.params['api-version'] = V",
        "s.params |= {'api-version': V}",
        "s.params.update({'api-version': V})",
    ],
)
def test_what_a_session_adds_to_each_query_is_read(judge, sets):
    put = "s.put(BASE + '/data/i/versions/1', json=BODY)"
    found = judge(f"{START}s = requests.Session()\n{sets}\n{put}\n")

    assert {one.code for one in found.findings} == {"AZC101", "AZC102"}


@pytest.mark.parametrize(
    "run",
    [
        "subprocess.run(['az', 'rest', '-m', 'get', '-u', f'{BASE}/jobs'], check=True)",
        "subprocess.check_output(f'curl {URL}', shell=True)",
        "os.system('curl ' + URL)",
        "from subprocess import check_call\ncheck_call(['curl', os.environ['U']])",
        "c = ['az', 'rest', '-u', URL]\nsubprocess.Popen(c)",
    ],
)
def test_a_client_that_a_program_runs_is_told(judge, run):
    found = judge(f"{START}import os, subprocess\nrequests.get(URL)\n{run}\n")

    (why,) = found.calls.not_judged
    assert why.endswith("makes it, which is not read here")


def test_other_programs_that_a_program_runs_are_no_calls(judge):
    found = judge(
        f"{START}import subprocess\nsubprocess.run(['az', 'login'])\nclient.run(URL)\n"
        "subprocess.run(['az', 'account', 'get-access-token', '--resource',"
        " 'https://management.azure.com'])\n"
    )
    assert found.calls.seen == 0


@pytest.mark.parametrize(
    ("line", "is_told"),
    [
        ("import aml", True),
        ("from aml import put", True),
        ("from pkg import aml", True),
        ("from .pkg.aml import put as p", True),
        ("import os, aml as a", True),
        ("import plain", False),
        ("from pkg import other", False),
    ],
)
def test_modules_beside_a_program_that_make_calls_are_told(tmp_path, line, is_told):
    module = f"{START}def put(path):\n    requests.put(f'{{BASE}}/{{path}}')\n"
    (tmp_path / "pkg").mkdir()
    for name in ("aml.py", "pkg/aml.py"):
        (tmp_path / name).write_text(module)
    (tmp_path / "plain.py").write_text("import requests\nV = 1\n")
    script = read_container("python", "a.py", f"import requests\n{line}\n", tmp_path)

    told = [call.request.unknown for call in script.calls]

    assert [one.endswith("are not followed from here") for one in told] == (
        [True] if is_told else []
    )


@pytest.mark.parametrize(
    "call",
    [
        "from requests import put as send\nsend(URL, json=BODY)",
        "send = requests.put\nsend(URL, json=BODY)",
        "getattr(requests, 'put')(URL, json=BODY)",
        "with client.stream('PUT', URL, json=BODY) as r: pass",
        "from urllib.request import urlopen\nurlopen(f'{BASE}/data/i/versions/1', b'')",
    ],
)
def test_a_verb_by_another_name_is_read(judge, call):
    assert judge(f"{START}{call}\n").calls.seen == 1


def test_what_opens_a_request_is_no_call_of_its_own(judge):
    found = judge(
        f"{START}from urllib.request import Request, urlopen\n"
        "q = Request(URL, data=json.dumps(BODY).encode(), method='PUT')\nurlopen(q)\n"
    )
    assert (found.calls.seen, found.calls.judged) == (1, 1)
