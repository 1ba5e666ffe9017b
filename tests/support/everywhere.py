"""Places of an exchange where a text may stand, and ways to encode it.

`plant` sends a text from one place; `read_all` and `decoded` are what somebody with the
recording could read, and `forms_of` the spellings that must not be there.
"""

from __future__ import annotations

import base64
import gzip
import json
from urllib.parse import quote, quote_plus

import requests

ENCODINGS = {
    "plain": lambda text: text,
    "percent": lambda text: quote(text, safe=""),
    "plus": quote_plus,
    "twice": lambda text: quote(quote(text, safe=""), safe=""),
    "base64": lambda text: base64.b64encode(text.encode()).decode(),
    "base64url": lambda text: base64.urlsafe_b64encode(text.encode()).decode(),
    "base64 in text": lambda text: base64.b64encode(f"user:{text}".encode()).decode(),
    "json": lambda text: json.dumps({"inner": text}),
    "json twice": lambda text: json.dumps({"a": json.dumps({"inner": [text]})}),
    "in a sentence": lambda text: f"could not use '{text}' here",
}
PLACES = (
    "query",
    "header",
    "request json",
    "response json",
    "response text",
    "request text",
    "request form",
    "request gzip",
    "request multipart",
    "response key",
    "location",
    "error",
)


def forms_of(needle):
    """Every spelling in which the secret could be read off the file."""
    found = {encode(needle) for encode in ENCODINGS.values()}
    found |= {json.dumps(needle)[1:-1], needle.replace("&", "&amp;"), quote(needle)}
    return {one for one in found if len(one) > 5}


def plant(service, place, text):
    """Send a secret from one place; the server echoes what it must."""
    answers = {
        "response json": (200, {}, {"deep": [{"note": text}]}),
        "response text": (200, {"Content-Type": "text/plain"}, text.encode()),
        "response key": (200, {}, {text: 1}),
        "location": (
            202,
            {"Location": f"{service.url}/x?v={quote(text, safe='')}"},
            b"",
        ),
        "error": (400, {}, {"error": {"code": "UserError", "message": f"bad: {text}"}}),
    }
    service.on("POST", "/plant", lambda call: answers.get(place, (200, {}, {})))
    options = {
        "query": {"params": {"v": text}},
        "header": {
            "headers": {"x-ms-meta-note": quote(text), "authorization": text[:99]}
        },
        "request json": {"json": {"note": text}},
        "request text": {
            "data": text.encode(),
            "headers": {"Content-Type": "text/plain"},
        },
        "request form": {"data": {"note": text, "client_secret": text}},
        "request gzip": {
            "data": gzip.compress(json.dumps({"note": text}).encode()),
            "headers": {"Content-Encoding": "gzip", "Content-Type": "application/json"},
        },
        "request multipart": {"files": {"f": ("n", text.encode())}},
    }
    requests.post(
        f"{service.url}/plant", verify=str(service.ca), **options.get(place, {})
    )


def read_all(folder):
    return "\n".join(
        file.read_bytes().decode("latin-1")
        for file in folder.rglob("*")
        if file.is_file()
    )


def decoded(text):
    """What somebody with the file could decode from it."""
    from azml_contract.redaction.forms import base64_runs

    once = "\n".join(base64_runs(text))
    return f"{text}\n{once}\n" + "\n".join(base64_runs(once))
