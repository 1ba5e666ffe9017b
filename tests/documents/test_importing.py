"""Recordings of other tools become cassettes, and cassettes go back to them.

What was imported is played to plain `requests`, what was exported is played by
vcrpy itself.
"""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import requests
import vcr
import yaml

from azml_contract.cassette.cassette import Cassette, load_cassette
from azml_contract.cassette.compare import compare_cassettes
from azml_contract.cassette.store import write_cassette
from azml_contract.commands.cassette.export import render_export
from azml_contract.commands.cassette.import_ import make_header
from azml_contract.commands.cassette.lint import lint_file
from azml_contract.documents.document import Document, open_recording
from azml_contract.documents.importing import import_exchanges
from azml_contract.errors import UsageError
from azml_contract.recording.engine import Mode, Recorder, RecorderSettings
from azml_contract.scenario import redaction_rules
from azml_contract.settings import PLACEHOLDERS

ROOT = Path(__file__).parents[2]
SHARED = ROOT.parent / "shared" / "recordings31"
LIVE = sorted(SHARED.glob("*__*.json"))
COMMITTED = sorted((ROOT / "cassettes").glob("*/*/*.json"))
needs_recordings = pytest.mark.skipif(not LIVE, reason="the recordings are not here")
FORMS = [("vcrpy", ".yaml"), ("vcrpy", ".json"), ("har", ".har")]
RULES = redaction_rules(PLACEHOLDERS)


def do_import(path: Path, target: Path, rules: Any = RULES) -> Cassette:
    document = open_recording(path)
    exchanges = [one.exchange for one in document.recorded()]
    header = make_header(document, exchanges, target, {})
    imported = import_exchanges(
        exchanges, header, rules, path=target, is_ours=_is_ours(document)
    )
    write_cassette(target, imported.rendered, imported.side_files)
    return load_cassette(target)


NAMES = [
    re.compile(pattern, re.IGNORECASE)
    for pattern in (
        r'accountName\\?"\s*:\s*\\?"([\w-]{3,})',
        r"//([\w-]{3,})\.(?:blob|dfs|file|table|queue)\.",
        r"AccountName=([\w-]{3,})",
        r"/storageAccounts/([\w-]+)",
        r"/vaults/([\w-]+)",
        r"ContainerRegistry/registries/([\w-]+)",
        r"([\w-]+)\.azurecr\.io",
        r"Insights/components/([\w-]+)",
        r"OperationalInsights/workspaces/([\w-]+)",
        r"userAssignedIdentities/([\w.-]+)",
        r"MachineLearningServices/workspaces/([\w.-]+)",
        r"azureml://locations/\w+/workspaces/([\w.-]+)",
        r"resourceGroups/([\w.-]+)",
        r"subscriptions/([0-9a-f-]{36})",
        r"[\w.+-]+@[\w-]+\.[\w.-]*[a-z]{2,}",
        r"//([\w-]+)\.\w+\.(?:instances|notebooks)\.",
        r'"(?:createdBy|lastModifiedBy|userName)\\?": \\?"([^"\\]{3,})',
        r'"publicIpAddress": "([\d.]+)"',
        r'"(?:tenantId|principalId|clientId)": "([0-9a-f-]{36})"',
        r'"(?:key|\w+(?<!Public)Key|\w+ConnectionString|\w*[sS]ecret)": "([^"]{6,})"',
        r"[?&]sig=([^&\s\"']+)",
        r"([A-Za-z0-9+/]{86}==)",
    )
]
# What is nobody's: of Microsoft, of the paths of the API, and placeholders already.
PUBLIC = re.compile(
    r"azureopendatastorage|viennaglobal|mcr|azuremlexamples|automlsamplenotebookdata"
    r"|user@example\.com|redacted|sanitized|name|0[0-]*\d{0,12}|(?:fake)?0+"
    r"|jobs|data|codes|models|components|computes|connections|datastores|environments"
    r"|schedules|batchendpoints|onlineendpoints",
    re.IGNORECASE,
)


@needs_recordings
@pytest.mark.slow
@pytest.mark.parametrize("path", LIVE, ids=lambda path: path.stem)
def test_what_is_imported_lints_clean_and_names_nobody(path, tmp_path):
    target = tmp_path / "c.json"
    do_import(path, target)

    assert not [f for f in lint_file(target, RULES).findings if f.code != "AZC403"]
    source, written = path.read_text("utf-8"), target.read_text("utf-8").lower()
    named = {name.lower() for pattern in NAMES for name in pattern.findall(source)}
    left = [
        name
        for name in sorted(named)
        if not PUBLIC.fullmatch(name)
        and re.search(rf"(?<![\w-]){re.escape(name)}(?![\w-])", written)
    ]
    assert left == []


def _is_ours(document: Document) -> bool:
    return "_azml_contract" in document.text


def play(cassette: Cassette, path: Path) -> Iterator[tuple[Any, requests.Response]]:
    """Send every recorded request anew, over a recorder that replays."""
    recorder = Recorder(
        RecorderSettings(
            path,
            mode=Mode.REPLAY,
            scenario=cassette.scenario,
            api_version=cassette.api_version,
            target=cassette.target,
            rules=RULES,
        )
    )
    with recorder:
        for one in cassette.interactions:
            request = one.request
            for _ in range(one.times):
                yield (
                    one,
                    requests.request(
                        request.method,
                        request.url,
                        headers=dict(request.headers),
                        data=request.body or None,
                        timeout=5,
                        allow_redirects=False,
                    ),
                )
        recorder.finish()


@needs_recordings
@pytest.mark.parametrize("path", LIVE, ids=lambda path: path.stem.partition("__")[0])
def test_a_live_recording_is_imported_and_replays(path, tmp_path):
    target = tmp_path / "live" / path.stem / "v.json"
    source = json.loads(path.read_text("utf-8"))

    cassette = do_import(path, target)

    assert cassette.target == "azure"
    assert cassette.recorder.endswith("imported from a Azure test-proxy recording")
    assert dict(cassette.variables) == source["Variables"]
    assert sum(one.times for one in cassette.interactions) == len(source["Entries"])
    played = list(play(cassette, target))
    assert len(played) == len(source["Entries"])
    for one, answer in played:
        assert answer.status_code == one.status
        if one.response_json is not None:
            assert answer.json() == one.response_json


@needs_recordings
def test_plain_requests_run_the_recorded_job_under_replays_settings(tmp_path):
    """A client that knows the placeholders, and nothing of the recording."""
    (path,) = SHARED.glob("command_completed__*.json")
    target = tmp_path / "2023-04-01-preview.json"
    cassette = do_import(path, target)
    name = cassette.variables["job_name"]
    url = f"https://management.azure.com{PLACEHOLDERS.workspace_id}/jobs/{name}"
    sent = next(
        one.request_json
        for one in cassette.interactions
        if one.method == "PUT" and "/jobs/" in one.url
    )
    recorder = Recorder(
        RecorderSettings(
            target,
            mode=Mode.REPLAY,
            scenario="live/command",
            api_version=cassette.api_version,
            target="azure",
            rules=RULES,
        )
    )

    with recorder:
        params = {"api-version": "2023-04-01-preview"}
        created = requests.put(url, params=params, json=sent, timeout=5)
        statuses = [created.json()["properties"]["status"]]
        while statuses[-1] not in ("Completed", "Failed"):
            polled = requests.get(url, params=params, timeout=5)
            statuses.append(polled.json()["properties"]["status"])

    assert created.status_code == 201
    assert statuses[-1] == "Completed"
    assert created.json()["name"] == name


@pytest.mark.parametrize("form", FORMS, ids=lambda form: "".join(form))
@pytest.mark.parametrize(
    "path",
    [p for p in COMMITTED if p.stem in ("2021-03-01-preview", "2024-04-01")],
    ids=lambda p: "-".join(p.parts[-2:]),
)
def test_what_is_exported_and_imported_again_is_the_same(path, form, tmp_path):
    name, suffix = form
    cassette = load_cassette(path)
    exported = tmp_path / f"export{suffix}"
    exported.write_bytes(render_export(cassette, name, as_json=suffix == ".json"))

    again = do_import(exported, tmp_path / path.name)

    assert compare_cassettes(cassette, again) == []
    assert again.target == "emulator"
    assert again.recorded_at == cassette.recorded_at
    assert again.reads == cassette.reads


@pytest.mark.parametrize(
    "path",
    [p for p in COMMITTED if p.stem == "2024-04-01"],
    ids=lambda p: p.parts[-2],
)
def test_vcrpy_plays_what_was_exported_for_it(path, tmp_path):
    cassette = load_cassette(path)
    exported = tmp_path / "vcr.yaml"
    exported.write_bytes(render_export(cassette, "vcrpy", as_json=False))
    recorder = vcr.VCR(
        record_mode="none", match_on=["method", "scheme", "host", "path", "query"]
    )

    with recorder.use_cassette(str(exported)) as played:
        for one in cassette.interactions:
            request = one.request
            for _ in range(one.times):
                answer = requests.request(
                    request.method,
                    request.url,
                    headers=dict(request.headers),
                    data=request.body or None,
                    timeout=5,
                    allow_redirects=False,
                )
                assert answer.status_code == one.status
                assert answer.content == one.response.body

    assert played.all_played


def test_vcrpys_json_is_played_by_vcrpy_too(tmp_path):
    (path,) = (ROOT / "cassettes").glob("failures/missing_compute/2024-04-01.json")
    cassette = load_cassette(path)
    exported = tmp_path / "vcr.json"
    exported.write_bytes(render_export(cassette, "vcrpy", as_json=True))
    one = cassette.interactions[-1]

    with vcr.VCR(serializer="json", record_mode="none").use_cassette(str(exported)):
        answer = requests.request(one.method, one.url, timeout=5)

    assert answer.status_code == one.status


@pytest.mark.parametrize("path", COMMITTED, ids=lambda p: "-".join(p.parts[-2:]))
def test_har_has_every_field_that_har_1_2_requires(path):
    log = json.loads(render_export(load_cassette(path), "har", as_json=True))["log"]

    assert log["version"] == "1.2"
    assert {"name", "version"} <= log["creator"].keys()
    for entry in log["entries"]:
        assert entry.keys() >= {
            "startedDateTime",
            "time",
            "request",
            "response",
            "cache",
            "timings",
        }
        assert entry["request"].keys() >= {
            "method",
            "url",
            "httpVersion",
            "cookies",
            "headers",
            "queryString",
            "headersSize",
            "bodySize",
        }
        assert entry["response"].keys() >= {
            "status",
            "statusText",
            "httpVersion",
            "cookies",
            "headers",
            "content",
            "redirectURL",
            "headersSize",
            "bodySize",
        }
        assert entry["response"]["content"].keys() >= {"size", "mimeType"}
        assert entry["timings"].keys() >= {"send", "wait", "receive"}
        assert "mimeType" in entry["request"].get("postData", {"mimeType": ""})


def test_binary_bodies_survive_each_format(tmp_path):
    raw = bytes(range(256)) * 4
    packed = {"base64": base64.b64encode(raw).decode()}
    request = {"method": "PUT", "uri": "https://a.azure.com/b", "headers": {}}
    whole = {
        "format": 1,
        "scenario": "a/b",
        "api_version": "2024-04-01",
        "target": "emulator",
        "recorded_at": "2026-11-20T09:30:00Z",
        "recorder": "x",
        "interactions": [
            {
                "request": request | {"body": packed},
                "response": {"status": 200, "headers": {}, "body": packed},
                "times": 1,
            }
        ],
    }
    path = tmp_path / "2024-04-01.json"
    path.write_text(json.dumps(whole), "utf-8")
    with pytest.raises(UsageError, match="vcrpy's JSON cannot hold the binary bodies"):
        render_export(load_cassette(path), "vcrpy", as_json=True)
    for form, suffix in (("vcrpy", ".yaml"), ("har", ".har")):
        exported = tmp_path / f"e{suffix}"
        data = render_export(load_cassette(path), form, as_json=suffix == ".json")
        exported.write_bytes(data)

        (one,) = open_recording(exported).recorded()

        assert one.exchange.request.body == raw
        assert one.exchange.response.body == raw


def test_bodies_of_the_test_proxy_come_in_three_shapes(tmp_path):
    def entry(kind: str, body: Any) -> dict[str, Any]:
        return {
            "RequestUri": "https://a.azure.com/",
            "RequestMethod": "GET",
            "StatusCode": 200,
            "ResponseHeaders": {"Content-Type": kind},
            "ResponseBody": body,
        }

    entries = [
        entry("application/json", ["a", "b"]),
        entry("text/plain", ["line one\n", "line two\n"]),
        entry("application/octet-stream", "AAEC"),
    ]
    path = tmp_path / "p.json"
    path.write_text(json.dumps({"Entries": entries, "Variables": {}}), "utf-8")

    bodies = [one.exchange.response.body for one in open_recording(path).recorded()]

    assert bodies == [b'["a", "b"]', b"line one\nline two\n", b"\x00\x01\x02"]


def test_yaml_aliases_that_vcrpy_writes_are_read(tmp_path):
    shared = ["application/json"]
    interactions = [
        {
            "request": {"method": "GET", "uri": "https://a.azure.com/", "headers": {}},
            "response": {
                "status": {"code": 200, "message": "OK"},
                "headers": {"Content-Type": shared},
                "body": {"string": "{}"},
            },
        }
        for _ in range(3)
    ]
    path = tmp_path / "v.yaml"
    path.write_text(yaml.dump({"version": 1, "interactions": interactions}), "utf-8")

    assert "&id001" in path.read_text("utf-8")
    assert len(open_recording(path).recorded()) == 3
