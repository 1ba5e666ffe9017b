"""Secrets in encodings that no client uses every day, and in files of all kinds."""

from __future__ import annotations

import base64
import gzip
import hashlib
import io
import quopri
import time
import zipfile
import zlib

import pytest
import requests

from azml_contract.cassette.cassette import load_cassette
from azml_contract.recording.engine import Mode
from azml_contract.redaction.forms import (
    base64_runs,
    rewrite_percent,
    unquote_printable,
)
from azml_contract.redaction.redact import Redactor
from azml_contract.redaction.rules import RedactionRules

SECRETS = {
    "client secret": "abc8Q~dEfGhIjKlMnOpQrStUvWxYz0123456789.-",
    "password": "Tr0ub4dor&3 <x> and more",
    "account key": base64.b64encode(hashlib.sha512(b"a key").digest()).decode(),
}
RULES = RedactionRules(secrets=tuple(SECRETS.values()))


def decoded(text):
    """What somebody with the file could decode from it in two steps."""
    text = f"{text}\n{unquote_printable(text)}\n{''.join(text.split())}"
    once = "\n".join(base64_runs(text))
    return f"{text}\n{once}\n" + "\n".join(base64_runs(once))


def _zip(text):
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("src/.env", text)
    return packed.getvalue()


ODD_ENCODINGS = {
    "utf-16": lambda text: text.encode("utf-16"),
    "utf-16 without mark": lambda text: text.encode("utf-16-le"),
    "utf-16, big end first": lambda text: text.encode("utf-16-be"),
    "utf-32": lambda text: text.encode("utf-32"),
    "base64 of utf-16": lambda text: base64.b64encode(text.encode("utf-16-le")),
    "base64 in lines": lambda text: base64.encodebytes(text.encode()),
    "base64 twice": lambda text: base64.b64encode(base64.b64encode(text.encode())),
    "base64 of gzip": lambda text: base64.b64encode(gzip.compress(text.encode())),
    "gzip": lambda text: gzip.compress(text.encode()),
    "zlib": lambda text: zlib.compress(text.encode()),
    "zip": _zip,
    "zip in zip": lambda text: _zip(_zip(text)),
    "hex": lambda text: text.encode().hex().encode(),
    "every character percent-encoded": lambda text: "".join(
        f"%{byte:02x}" for byte in text.encode()
    ).encode(),
    "html, decimal": lambda text: "".join(f"&#{ord(c)};" for c in text).encode(),
    "html, hex": lambda text: "".join(f"&#x{ord(c):X};" for c in text).encode(),
    "json escapes in text": lambda text: (
        "v=" + "".join(f"\\u{ord(c):04x}" for c in text)
    ).encode(),
    "quoted-printable": lambda text: quopri.encodestring(text.encode()),
    "folded": lambda text: f"{text[:20]}\r\n {text[20:]}".encode(),
}


@pytest.mark.parametrize("encoding", ODD_ENCODINGS)
@pytest.mark.parametrize("kind", SECRETS)
def test_no_odd_encoding_hides_a_secret_from_the_recorder(
    service, make_recorder, cassette_path, encoding, kind
):
    """Replaced, never refused; files of any size and kind included."""
    body = ODD_ENCODINGS[encoding](SECRETS[kind])
    service.on("PUT", "/x", lambda call: (200, {"Content-Type": "text/plain"}, body))

    with make_recorder(Mode.RECORD, rules=RULES) as recorder:
        requests.put(f"{service.url}/x", data=body, verify=str(service.ca))
    recorder.save()

    (one,) = load_cassette(cassette_path).interactions
    for kept in (one.request.body, one.response.body):
        assert kept != body
        assert SECRETS[kind] not in decoded(
            kept.replace(b"\x00", b"").decode("latin-1")
        )


@pytest.mark.parametrize("codec", ["utf-16-le", "utf-16-be"])
def test_names_in_utf_16_are_replaced_and_play(
    service, record, replay, real, stand_ins, cassette_path, codec
):
    """PowerShell writes its files so."""
    service.on("PUT", "/x", lambda call: (200, {}, call.body))

    def story(names):
        def run(recorder):
            text = f"\ufeffaccount {names.account} of {names.subscription}\r\n"
            answer = requests.put(
                f"{service.url}/x", data=text.encode(codec), verify=str(service.ca)
            )
            assert answer.content.decode(codec) == text

        return run

    record(story(real))
    replay(story(stand_ins))

    (one,) = load_cassette(cassette_path).interactions
    assert stand_ins.subscription in one.request.body.decode(codec)


@pytest.mark.parametrize("tail", ["%", " %41", "%4", "%zz%41"])
def test_a_long_run_with_a_percent_sign_is_read_once(tail):
    started = time.process_time()
    rewrite_percent("Ab9_" * 300_000 + tail, lambda inner: inner)
    assert time.process_time() - started < 5


@pytest.mark.parametrize(
    ("text", "seen"),
    [
        ("a%41b", ["aAb"]),
        ("50%of%41", ["ofA"]),
        ("%zz%41 x%20y", ["zzA", "x y"]),
        ("%41%42", ["AB"]),
        ("100% of it", []),
        ("é%41,k%3Dv", ["A", "k=v"]),
    ],
)
def test_what_is_percent_encoded_is_found_whole(text, seen):
    found = []
    rewrite_percent(text, lambda inner: found.append(inner) or inner)
    assert found == seen


@pytest.mark.parametrize(
    ("text", "clean"),
    [
        (
            "a: 1\nuser: YWRtaW4=\npassword: Wms5M2hkMDI=\n",
            "a: 1\nuser: YWRtaW4=\npassword: REDACTED\n",
        ),
        ("x KEY=YWRtaW4=\nPASSWORD=Zk9-3hd0\n", "x KEY=YWRtaW4=\nPASSWORD=REDACTED\n"),
        ("an id eA==\npassword: Zk9-3hd0\n", "an id eA==\npassword: REDACTED\n"),
        ("it goes on here pass=\nword: Zk9-3hd0", "it goes on here password: REDACTED"),
    ],
)
def test_lines_that_end_in_the_padding_of_base64_stay_lines(text, clean):
    assert Redactor(RedactionRules()).text(text) == clean
