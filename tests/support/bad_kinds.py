"""More inputs that are broken: each kind of file, in the ways that it alone can be.

`KINDS` joins them with those that are broken as text; every key says what is wrong.
"""

from __future__ import annotations

import json
from typing import Any

from bad_input import CASSETTE, HAR, JOB, PROXY, RAW, TEXT, URL, VCR, spoil, write

ENTRY = ("log", "entries", 0)
CALL = ("interactions", 0)
PROXIED = ("Entries", 0)


def _json(value: Any) -> bytes:
    return json.dumps(value).encode()


def _har(*path: Any, to: Any) -> bytes:
    return _json(spoil(HAR, (*ENTRY, *path), to))


def _vcr(*path: Any, to: Any) -> bytes:
    return write("vcr.yaml", spoil(VCR, (*CALL, *path), to))


def _proxy(*path: Any, to: Any) -> bytes:
    return _json(spoil(PROXY, (*PROXIED, *path), to))


def _cassette(*path: Any, to: Any) -> bytes:
    return _json(spoil(CASSETTE, path, to))


def _with(document: dict[str, Any], **more: Any) -> bytes:
    return _json({**document, **more})


def _nested(depth: int) -> str:
    """JSON inside a text inside JSON, and so on."""
    text = "1"
    for _ in range(depth):
        text = json.dumps({"a": text})
    return text


_HARS = {
    "a HAR entry that is null": _har(to=None),
    "a HAR entry that is a text": _har(to="entry"),
    "a HAR request that is null": _har("request", to=None),
    "a HAR response that is a list": _har("response", to=[]),
    "a HAR URL that is none": _har("request", "url", to="about:blank"),
    "a HAR URL of data": _har("request", "url", to="data:text/plain,hello"),
    "a HAR URL with a password": _har("request", "url", to="https://u:p@a.b/c"),
    "a HAR URL in brackets": _har("request", "url", to="https://[::1"),
    "a HAR URL of a megabyte": _har("request", "url", to=URL + "&a=" + "x" * 1_000_000),
    "a HAR method that is a number": _har("request", "method", to=5),
    "a HAR method of many lines": _har("request", "method", to="PUT\nGET\n::error::"),
    "a HAR status that is a text": _har("response", "status", to="ok"),
    "a HAR status out of range": _har("response", "status", to=99_999),
    "HAR headers as an object": _har("request", "headers", to={"a": "b"}),
    "a HAR header without a name": _har("request", "headers", to=[{"value": "x"}]),
    "a HAR header of null": _har("response", "headers", to=[{"name": "a"}, None]),
    "a HAR body that is a number": _har("request", "postData", to=7),
    "a HAR text that is a list": _har("request", "postData", "text", to=[1]),
    "a HAR answer of broken base64": _har(
        "response", "content", to={"text": "@@@", "encoding": "base64"}
    ),
    "a HAR answer of an unknown encoding": _har(
        "response", "content", to={"text": "x", "encoding": "rot13"}
    ),
    "a HAR of many entries": _json(
        {"log": {"entries": HAR["log"]["entries"] * 2_000}}  # type: ignore[index]
    ),
}
_VCRS = {
    "a vcrpy call that is null": _vcr(to=None),
    "a vcrpy request that is a text": _vcr("request", to="GET"),
    "a vcrpy response that is null": _vcr("response", to=None),
    "a vcrpy status that is a number": _vcr("response", "status", to=200),
    "a vcrpy status without a code": _vcr("response", "status", to={"message": "OK"}),
    "vcrpy headers as a list": _vcr("request", "headers", to=["a: b"]),
    "a vcrpy header of a number": _vcr("request", "headers", to={"a": 5}),
    "a vcrpy body of broken base64": _vcr(
        "request", "body", to={"base64_string": "@@"}
    ),
    "a vcrpy body of broken gzip": _vcr(
        "response", "body", to={"base64_string": "H4sIAAAA"}
    ),
    "a vcrpy URL in brackets": _vcr("request", "uri", to="https://[x"),
    "vcrpy calls as an object": write("v.yaml", {"version": 1, "interactions": {}}),
    "vcrpy of another version": write("v.yaml", {**VCR, "version": 99}),
    "YAML with a byte order mark": b"\xef\xbb\xbf" + write("v.yaml", VCR),
    "YAML with CRLF": write("v.yaml", VCR).replace(b"\n", b"\r\n"),
    "YAML of another version": b"%YAML 9.9\n---\ninteractions: []\n",
    "YAML of an unknown tag": b"version: 1\ninteractions: !job [1]\n",
    "YAML of broken binary": b"version: 1\ninteractions: !!binary '@@'\n",
    "YAML of a set": b"version: 1\ninteractions: !!set {a, b}\n",
    "YAML with a tab": b"version: 1\ninteractions:\n-\trequest: 1\n",
    "YAML of a bad escape": b'version: 1\ninteractions: ["\\q"]\n',
    "YAML of twin keys": b"version: 1\ninteractions: []\ninteractions: 3\n",
}
_PROXIES = {
    "test-proxy entries of null": _json({"Entries": None}),
    "test-proxy entries as an object": _json({"Entries": {"a": 1}}),
    "a test-proxy entry that is a list": _proxy(to=[]),
    "a test-proxy URI of null": _proxy("RequestUri", to=None),
    "a test-proxy status that is a text": _proxy("StatusCode", to="201"),
    "a test-proxy status that is true": _proxy("StatusCode", to=True),
    "test-proxy headers of numbers": _proxy("ResponseHeaders", to={"a": [1, None]}),
    "test-proxy headers of null": _proxy("RequestHeaders", to=None),
    "a test-proxy answer that is a list": _proxy("ResponseBody", to=[1, {}]),
    "test-proxy variables as a list": _json({**PROXY, "Variables": [1]}),
}
_CASSETTES = {
    "a cassette of format true": _with(CASSETTE, format=True),
    "a cassette of a text as format": _with(CASSETTE, format="1"),
    "a cassette of half a format": _with(CASSETTE, format=1.5),
    "a cassette of a negative format": _with(CASSETTE, format=-1),
    "cassette calls of null": _with(CASSETTE, interactions=None),
    "cassette calls as an object": _with(CASSETTE, interactions={"0": {}}),
    "a cassette call played never": _cassette(*CALL, "times", to=0),
    "a cassette call played for ever": _cassette(*CALL, "times", to=10**30),
    "a cassette body of two kinds": _cassette(
        *CALL, "request", "body", to={"json": {}, "text": "{}"}
    ),
    "a cassette body of no kind": _cassette(*CALL, "request", "body", to={"xml": "a"}),
    "a cassette body of broken base64": _cassette(
        *CALL, "request", "body", to={"base64": "@@@"}
    ),
    "a cassette body in no file": _cassette(
        *CALL, "response", "body", to={"file": "0" * 64}
    ),
    "a cassette body in a file elsewhere": _cassette(
        *CALL, "response", "body", to={"file": "../../../etc/passwd"}
    ),
    "cassette reads as a list": _with(CASSETTE, reads=["/name"]),
    "cassette reads of a call that is not there": _with(CASSETTE, reads={"9": ["/a"]}),
    "cassette reads of numbers": _with(CASSETTE, reads={"0": [1]}),
    "cassette variables as a list": _with(CASSETTE, variables=[1]),
    "a cassette time that is a number": _with(CASSETTE, recorded_at=5),
    "a cassette version that is a list": _with(CASSETTE, api_version=["2024-04-01"]),
    "a cassette of an unknown target": _with(CASSETTE, target="moon"),
    "a cassette whose scenario climbs": _with(CASSETTE, scenario="../../x"),
    "a cassette failure of no kind": _cassette(
        *CALL, "failure", to={"kind": "boredom"}
    ),
    "a cassette failure that is a text": _cassette(*CALL, "failure", to="timeout"),
    "a cassette URL that is relative": _cassette(*CALL, "request", "uri", to="/jobs/j"),
    "a cassette URL in brackets": _cassette(*CALL, "request", "uri", to="https://[x"),
    "a cassette of many calls": _with(
        CASSETTE,
        interactions=CASSETTE["interactions"] * 1_000,  # type: ignore[operator]
    ),
}
_SCRIPTS = {
    "a notebook without cells": b'{"nbformat": 4, "cells": null}',
    "a notebook of odd cells": b'{"nbformat": 4, "cells": [1, null, {"source": 5}]}',
    "a notebook of a number": b'{"nbformat": "x", "cells": [{"cell_type": "code"}]}',
    "a workflow without steps": b"on: push\njobs:\n  a:\n    steps: null\n",
    "a workflow that runs a number": b"on: push\njobs: {a: {steps: [{run: 5}]}}\n",
    "a workflow of jobs as a list": b"on: push\njobs: [a, b]\n",
    "an http file of separators": b"###\n###\n###\n",
    "an http file without a URL": b"### a\nPUT\nContent-Type: x\n\n{}\n",
    "a Python program with a fault": b"import requests\ndef f(:\n  requests.put('a'\n",
    "a Python program of brackets": b"import requests\nx = " + b"(" * 3000,
    "a template of null": b'{"$schema": "deploymentTemplate.json#", "resources": null}',
    "a template of texts": b'{"$schema": "deploymentTemplate.json#", "resources": [1]}',
    "Markdown without an end": b"# a\n```bash\ncurl https://management.azure.com\n",
    "Markdown of many fences": b"# a\n" + b"```bash\ncurl x\n```\n" * 5_000,
    "a script that redirects to itself": b"#!/bin/sh\ncurl -d @bad.json x > bad.json\n",
    "a script that reads itself": b"#!/bin/sh\n. ./bad.json\ncurl x\n",
    "a script that never ends": b"#!/bin/sh\nwhile true; do curl x; done\n",
    "a script that calls itself": b"#!/bin/sh\nf() { f; }\nf\ncurl x\n",
    "a script of many variables": b"#!/bin/sh\n"
    + b"".join(b"a%d=$a%d$a%d\n" % (n, n - 1, n - 1) for n in range(1, 60))
    + b'curl "https://management.azure.com/$a59"\n',
    "PowerShell": b"#!/usr/bin/env pwsh\nInvoke-RestMethod -Uri $uri -Method Put\n",
}
_BODIES = {
    "a body of control characters": _json({"\x1b[31m\n::error::": "\x07\r\n##[error]"}),
    "a body that turns writing": json.dumps(
        {"\u202ea": "\u2066b"}, ensure_ascii=False
    ).encode(),
    "a body of empty names": b'{"": {"": {"": 1}}}',
    "a body of names like methods": b'{"__proto__": {}, "constructor": 1, "a.b": 2}',
    "a body of a name without end": _json({"x" * 300_000: 1}),
    "a body deep in lists": b"[" * 900 + b"]" * 900,
    "a body deep in objects": b'{"properties":' * 900 + b"1" + b"}" * 900,
    "a body deep in texts": _nested(12).encode(),
    "a body of exponents": b'{"a": 1e400, "b": -0, "c": 1E+2}',
    "a body of odd numbers": b'{"a": 01, "b": +1, "c": .5, "d": 0x10}',
    "a body of odd escapes": b'{"a": "\\x41", "b": "\\u12"}',
    "a body of odd blanks": '\u00a0{"a":\u2003 1}'.encode(),
    "a body of words": b'{"a": True, "b": None, "c": undefined}',
    "a body of pointers": _json({"a/b": {"~1": {"~0": {"/": 1}}}}),
    "a body of many errors": _json(
        {"properties": {**JOB["properties"], **{f"x{n}": n for n in range(3_000)}}}
    ),
    "a body of a long list": _json({"properties": [JOB] * 2_000}),
    "a body with a tail": TEXT.encode() + b" and so on",
    "a body in a mail": b"Content-Type: application/json\n\n" + TEXT.encode(),
    "a body of URLs": _json({"a": [URL, "https://[", "http://%zz"]}),
    "a contract catalogue": b'{"format": 1, "versions": {}}',
    "a baseline": b'{"format": 1, "breaks": []}',
    "a JSON schema": b'{"$schema": "https://json-schema.org/draft/2020-12/schema"}',
}
KINDS: dict[str, bytes] = {
    **RAW,
    **_HARS,
    **_VCRS,
    **_PROXIES,
    **_CASSETTES,
    **_SCRIPTS,
    **_BODIES,
}
"""Files that are broken, or something else, by what they are."""
