"""Inputs that somebody might bring by mistake, or on purpose: named, and made.

`RAW` are files that are broken as text; `BASES` are good documents of every kind,
and `spoil` puts a wrong value at a place of one.
"""

from __future__ import annotations

import base64
import copy
import gzip
import json
import random
from collections.abc import Callable, Iterator
from typing import Any

import yaml

URL = (
    "https://management.azure.com/subscriptions/00000000-0000-0000-0000-000000000000"
    "/resourceGroups/resource-group/providers/Microsoft.MachineLearningServices"
    "/workspaces/workspace/jobs/train-1?api-version=2024-04-01"
)
JOB = {
    "properties": {
        "jobType": "Command",
        "command": "python train.py",
        "environmentId": "azureml:lightgbm:1",
        "limits": {"jobLimitsType": "Command", "timeout": "PT1H"},
    }
}
ANSWER = {"id": "/x", "name": "train-1", "type": "t", **JOB}
TEXT = json.dumps(JOB)

PROXY = {
    "Entries": [
        {
            "RequestUri": URL,
            "RequestMethod": "PUT",
            "RequestHeaders": {"Accept": ["application/json"]},
            "RequestBody": JOB,
            "StatusCode": 201,
            "ResponseHeaders": {"Content-Type": "application/json"},
            "ResponseBody": ANSWER,
        }
    ],
    "Variables": {},
}
HAR = {
    "log": {
        "version": "1.2",
        "entries": [
            {
                "request": {
                    "method": "PUT",
                    "url": URL,
                    "headers": [{"name": "Accept", "value": "*/*"}],
                    "bodySize": 10,
                    "postData": {"mimeType": "application/json", "text": TEXT},
                },
                "response": {
                    "status": 201,
                    "headers": [],
                    "content": {"text": json.dumps(ANSWER), "size": 10},
                },
            }
        ],
    }
}
VCR = {
    "version": 1,
    "interactions": [
        {
            "request": {
                "method": "PUT",
                "uri": URL,
                "headers": {"Accept": ["*/*"]},
                "body": TEXT,
            },
            "response": {
                "status": {"code": 201, "message": "Created"},
                "headers": {"Content-Type": ["application/json"]},
                "body": {"string": json.dumps(ANSWER)},
            },
        }
    ],
}
CASSETTE = {
    "format": 1,
    "scenario": "train/one",
    "api_version": "2024-04-01",
    "target": "emulator",
    "recorded_at": "2026-11-22T10:00:00Z",
    "recorder": "azml-contract 0.1.0",
    "variables": {"run": "a"},
    "reads": {"0": ["/name"]},
    "interactions": [
        {
            "request": {
                "method": "PUT",
                "uri": URL,
                "headers": {},
                "body": {"json": JOB},
            },
            "response": {"status": 201, "headers": {}, "body": {"json": ANSWER}},
            "times": 1,
        }
    ],
}
_CURL = f"curl -X PUT -d '{TEXT}' '{URL}'"
NOTEBOOK = {
    "nbformat": 4,
    "nbformat_minor": 5,
    "metadata": {"kernelspec": {"name": "bash", "language": "bash"}},
    "cells": [
        {"cell_type": "markdown", "metadata": {}, "source": ["# a\n"]},
        {"cell_type": "code", "metadata": {}, "source": ["%%bash\n", _CURL]},
    ],
}
WORKFLOW = {
    "name": "train",
    "on": {"push": {"branches": ["main"]}},
    "env": {"A": "b"},
    "jobs": {
        "train": {
            "runs-on": "ubuntu",
            "steps": [
                {"uses": "actions/checkout@v4", "with": {"path": "a"}},
                {"run": _CURL, "env": {"C": "d"}, "shell": "bash"},
            ],
        }
    },
}
TEMPLATE = {
    "$schema": "https://schema.management.azure.com/2019-04-01/deploymentTemplate.json#",
    "contentVersion": "1.0.0.0",
    "parameters": {"name": {"type": "string"}},
    "resources": [
        {
            "type": "Microsoft.MachineLearningServices/workspaces/jobs",
            "apiVersion": "2024-04-01",
            "name": "[concat(parameters('name'), '/train')]",
            **JOB,
            "resources": [
                {"type": "jobs", "apiVersion": "2024-04-01", "name": "b", **JOB}
            ],
        }
    ],
}
BASES: dict[str, Any] = {
    "book.json": NOTEBOOK,
    "flow.yaml": WORKFLOW,
    "template.json": TEMPLATE,
    "body.json": JOB,
    "proxy.json": PROXY,
    "trace.har": HAR,
    "vcr.json": VCR,
    "vcr.yaml": VCR,
    "cassette.json": CASSETTE,
}
"""A good document of each kind, by the name of its file."""

WRONG: dict[str, Callable[[], Any]] = {
    "null": lambda: None,
    "a number": lambda: 7,
    "a huge number": lambda: 10**400,
    "a fraction": lambda: 0.5,
    "true": lambda: True,
    "no text": lambda: "",
    "text": lambda: "zzz",
    "a line break": lambda: "a\nb: c\r\n::error::x",
    "a control character": lambda: "\x1b[31m\x07",
    "a bad URL": lambda: "https://[::1",
    "a bad port": lambda: URL.replace("azure.com", "azure.com:99999"),
    "a bad percent": lambda: URL.replace("jobs", "jo%zzbs%"),
    "no scheme": lambda: "management.azure.com/subscriptions/x",
    "base64": lambda: base64.b64encode(gzip.compress(b"{")).decode(),
    "a list": list,
    "a list of all": lambda: [None, 1, "a", {}, []],
    "an object": dict,
    "an odd object": lambda: {"": None, "a/b~": {"c": [1]}},
    "deep": lambda: _nest(60),
    "much": lambda: "x" * 200_000,
}
"""Values that belong nowhere, by what they are."""


def _nest(depth: int) -> Any:
    made: Any = 1
    for _ in range(depth):
        made = {"a": [made]}
    return made


def _bomb() -> bytes:
    lines = ["a: &a {x: 1}"]
    for one, two in zip("abcdefgh", "bcdefghi", strict=True):
        lines.append(f"{two}: &{two}\n  <<: [{', '.join([f'*{one}'] * 9)}]")
    return "\n".join(lines).encode()


def _lol() -> bytes:
    lines = ["a: &a [x, x, x, x, x, x, x, x, x]"]
    for one, two in zip("abcdefgh", "bcdefghi", strict=True):
        lines.append(f"{two}: &{two} [{', '.join([f'*{one}'] * 9)}]")
    return "\n".join(lines).encode()


RAW: dict[str, bytes] = {
    "empty": b"",
    "blank": b" \n\t\r\n",
    "a byte order mark": b"\xef\xbb\xbf",
    "NUL": b"\0",
    "NULs in JSON": b'{"a": "\0"}',
    "binary": bytes(range(256)) * 4,
    "PNG": b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR",
    "gzip": gzip.compress(TEXT.encode()),
    "zip": b"PK\x03\x04" + bytes(40),
    "UTF-16": TEXT.encode("utf-16"),
    "UTF-16 without a mark": TEXT.encode("utf-16-le"),
    "UTF-32": TEXT.encode("utf-32"),
    "Latin-1": '{"a": "é"}'.encode("latin-1"),
    "half a character": b'{"a": "\xc3"}',
    "an overlong character": b'{"a": "\xc0\xaf"}',
    "a surrogate in UTF-8": b'{"a": "\xed\xa0\x80"}',
    "a lone surrogate": b'{"a": "\\ud800"}',
    "HTML": b"<!doctype html><html></html>",
    "XML": b"<?xml version='1.0'?><a/>",
    "INI": b"[section]\nkey = value\n",
    "CSV": b"a,b\n1,2\n",
    "words": b"hello world\n",
    "a number": b"42",
    "text": b'"hello"',
    "true": b"true",
    "null": b"null",
    "NaN": b"NaN",
    "a list": b"[1, 2]",
    "an empty object": b"{}",
    "an empty list": b"[]",
    "cut JSON": TEXT[:40].encode(),
    "cut in a string": TEXT[:30].encode(),
    "cut after an escape": b'{"a": "\\',
    "two documents": TEXT.encode() * 2,
    "JSON lines": (TEXT + "\n" + TEXT).encode(),
    "comments": b"// a\n{/* b */}\n# c",
    "single quotes": b"{'a': 'b'}",
    "trailing commas": b'{"a": [1,],}',
    "only brackets": b"]}" * 1000,
    "duplicate keys": b'{"a": 1, "a": 2}',
    "infinite numbers": b'{"a": 1e999, "b": -Infinity}',
    "a long number": b'{"a": ' + b"9" * 5000 + b"}",
    "a very long number": b'{"a": ' + b"9" * 500_000 + b"}",
    "deep lists": b"[" * 100_000,
    "deep closed lists": b"[" * 50_000 + b"]" * 50_000,
    "deep objects": b'{"a":' * 50_000 + b"1" + b"}" * 50_000,
    "many quotes": b'"' * 300_001,
    "many colons": b'{"a"' + b":" * 100_000,
    "many commas": b"[" + b"," * 300_000 + b"]",
    "many keys": ("{" + ", ".join(f'"k{i}": 1' for i in range(50_000)) + "}").encode(),
    "a long line": b'{"a": "' + b"x" * 3_000_000 + b'"}',
    "many lines": b'{"a": "' + b"x\n" * 200_000 + b'"}',
    "merge markers": b"<<<<<<< HEAD\n{}\n=======\n[]\n>>>>>>> other\n",
    "merge markers in YAML": b"version: 1\n<<<<<<< HEAD\na: 1\n>>>>>>> b\n",
    "a template": b'{"properties": {"maxNodeCount": {{ nodes }} }}',
    "YAML of something": b"version: 2\njobs: []\n",
    "YAML cut": b"interactions: [\n",
    "YAML with tabs": b"interactions:\n\t- a\n",
    "YAML of Python": b"interactions: !!python/object/apply:os.system ['true']\n",
    "YAML of two documents": b"---\na: 1\n---\nb: 2\n",
    "YAML that holds itself": b"interactions: &a [*a]\nversion: 1\n",
    "YAML that merges itself": b"interactions: &a\n  <<: *a\nversion: 1\n",
    "YAML merges without end": _bomb(),
    "YAML merges in a recording": b"version: 1\ninteractions: []\n" + _bomb(),
    "YAML of a billion laughs": b"version: 1\n" + _lol(),
    "YAML deep in flow": b"version: 1\ninteractions: " + b"[" * 20_000,
    "YAML deep in blocks": b"version: 1\na: " + b"- " * 20_000,
    "YAML of an unknown anchor": b"version: 1\ninteractions: *nobody\n",
    "YAML of odd keys": b"version: 1\ninteractions:\n  ? [a]\n  : b\n",
    "YAML of dates": b"version: 1\ninteractions: 2024-01-01\n",
    "an empty script": b"#!/bin/sh\n",
    "an unbalanced script": b"#!/bin/sh\ncurl 'https://x\n",
    "a script of brackets": b"#!/bin/sh\ncurl " + b"$(" * 5000,
    "a script of quotes": b"#!/bin/sh\n" + b"curl '\"" * 3000,
    "a script of heredocs": b"#!/bin/sh\n" + b"cat <<A <<B <<C\n" * 3000,
    "a long script": b"#!/bin/sh\n" + b"curl https://example.com\n" * 20_000,
    "a script without a url": b"#!/bin/sh\ncurl -X PUT\ncurl --url\n",
    "a HAR of nothing": b'{"log": {"entries": []}}',
    "a HAR of a number": b'{"log": {"entries": 3}}',
    "a HAR without a log": b'{"log": 3, "entries": []}',
    "a test-proxy of nothing": b'{"Entries": []}',
    "a cassette of the future": b'{"format": 99, "interactions": []}',
    "a cassette of no format": b'{"format": null, "interactions": []}',
    "a cassette of half its fields": b'{"format": 1, "scenario": "a"}',
    "a report of ours": b'{"format": 1, "rows": []}',
    "an OpenAPI document": b'{"swagger": "2.0", "paths": {}}',
}
"""Files that are broken, or something else, by what they are."""


def list_places(document: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Every place of a document, containers included."""
    yield path
    pairs: Any = ()
    if isinstance(document, dict):
        pairs = document.items()
    elif isinstance(document, list):
        pairs = enumerate(document)
    for key, item in pairs:
        yield from list_places(item, (*path, key))


def spoil(document: Any, path: tuple[Any, ...], value: Any) -> Any:
    """A copy with another value at a place."""
    if not path:
        return value
    made = copy.deepcopy(document)
    holder = made
    for step in path[:-1]:
        holder = holder[step]
    holder[path[-1]] = value
    return made


def write(name: str, document: Any) -> bytes:
    """A document as its file would hold it."""
    if name.endswith((".yaml", ".yml")):
        return yaml.safe_dump(document, allow_unicode=True).encode()
    return json.dumps(document, ensure_ascii=False).encode("utf-8", "surrogatepass")


def list_spoiled(rng: random.Random) -> Iterator[tuple[str, str, bytes]]:
    """Name, file and content of spoilt documents, all of them, in any order."""
    cases = [
        (name, path, wrong)
        for name, document in BASES.items()
        for path in list_places(document)
        for wrong in WRONG
    ]
    rng.shuffle(cases)
    for name, path, wrong in cases:
        made = spoil(BASES[name], path, WRONG[wrong]())
        place = "/".join(map(str, path)) or "the whole"
        yield f"{wrong} at {place} of {name}", name, write(name, made)
