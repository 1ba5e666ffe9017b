"""What looks drawn in a text, value by value, and what stands for it."""

from __future__ import annotations

import base64
import gzip
import hashlib
import random
import string
from urllib.parse import quote

import pytest

from azml_contract.redaction.drawn import (
    Numbers,
    find_drawn,
    is_digest,
    is_drawn,
    names_digest,
    numbered_drawn,
    sub_drawn,
)


def draw(length: int, letters: str = string.ascii_letters + string.digits) -> str:
    dice = random.Random(length)
    return "".join(dice.choice(letters) for _ in range(length))


def encode(raw: bytes) -> str:
    return base64.b64encode(raw).decode()


MIXED, LOWER = draw(32), draw(32, string.ascii_lowercase + string.digits)
BASE64 = "q8Xz+2vLw7KpT4/J9bYc3NsD6fHg1AeUk5Rj0QmZ"
GUID = "3b1f0c52-7a5e-4a0b-9d55-0f9f3a1c7e21"
HEX = hashlib.sha256(b"data").hexdigest()
DIGEST = encode(hashlib.sha256(b"data").digest())
# With a slash, and drawn on one side of it.
SHA256, SHA512 = (
    encode(hashlib.new(name, data).digest())
    for name, data in (("sha256", b"4"), ("sha512", b"4"))
)
SLASHED = encode(hashlib.sha512(b"306").digest())
NOISE = random.Random(5).randbytes(45)


@pytest.mark.parametrize(
    "value",
    [
        MIXED,
        LOWER,
        LOWER.upper(),
        draw(24),
        draw(23) + "9Z",
        draw(4096),
        BASE64,
        encode(NOISE),
        f"{draw(30)}-{draw(31)}",
        f"{MIXED}==",
        "NqVwYSVPHbDXpPdkhxEpyIgKpaUnArlX",
        "9rJal89dArYxcukz9t0AbIENBbongzun",  # a little like names
        *(mark.join(draw(size)[:8] for size in (31, 32, 33)) for mark in "-_~"),
    ],
)
def test_a_long_random_value_looks_drawn(value):
    assert is_drawn(value)


@pytest.mark.parametrize(
    "value",
    [
        draw(22),
        draw(24)[:23],
        draw(4097),
        draw(40, string.ascii_lowercase),
        f"{LOWER[:16]}-{LOWER[16:]}",
        f"{LOWER[:16]}_{LOWER[16:]}".upper(),
        "a1b2c3d4" * 3,  # the same again
        "qsRRZlPoQjoPUlieInVsbBiRMarjfYZZ",  # without a digit, and a little like names
        "an-experiment-of-many-words-01",
        "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789abcd",
        *(mark.join(draw(size)[:7] for size in (31, 32, 33, 34)) for mark in "-_~"),
        "aB1-cD2-eF3-gH4-iJ5-kL6-mN7-pQ8",
        "3b1f0c52-7a5e-4a0b-9d55-0f9f3a1c7e21",
        "0123456789abcdef" * 3,
        *(f"{MIXED[:9]}{one}" for one in (GUID, GUID.upper())),
        *(f"{MIXED[:9]}{one}" for one in (HEX, HEX.upper(), HEX[:16])),
        numbered_drawn(MIXED, 1),
        f"sha256-{DIGEST}",
        DIGEST,
        encode(b"a text that somebody can read, of 45 letters."),
        encode("ein Text mit Umlaut: ä, ö und ü, der lang ist".encode()),
        *(
            encode(text.encode(codec))
            for text in ("two bytes a letter, or more", draw(27), draw(26))
            for codec in ("utf-16-le", "utf-16-be")
        ),
        encode(b"\0\0\0\x07ssh-rsa" + NOISE),
        encode(b"0\x82\x04\x0a0" + NOISE),
        *(
            encode(mark + NOISE)
            for mark in (
                *(gzip.compress(b"", mtime=0), b"PK\x03\x04", b"BZh9", b"\xfd7zXZ\0"),
                *(b"\x89PNG", b"\xff\xd8\xff", b"GIF8", b"%PDF", b"RIFF", b"OggS"),
                *(b"\x93NUMPY", b"PAR1", b"ARROW1", b"\x80\x04\x95", b"x\x9c"),
                *(b"\x28\xb5\x2f\xfd", b"7z\xbc\xaf\x27", b"Rar!"),
            )
        ),
    ],
)
def test_names_texts_files_and_digests_do_not_look_drawn(value):
    assert not is_drawn(value)


REPLACED = [
    (MIXED, "<>"),
    (f"say {MIXED}, so", "say <>, so"),
    (f"{MIXED}==", "<>=="),
    (f"a=%2F{MIXED}%3D%3D&b", "a=%2F<>%3D%3D&b"),
    (f"a=%252F{MIXED}%253D", "a=%252F<>%253D"),
    (f"a=%2f{MIXED}%3d%3d&b", "a=%2f<>%3d%3d&b"),
    (BASE64.replace("/", "%2f").replace("+", "%2b"), "<>"),
    (f"%20\u00e9{MIXED}\u00e9", "%20\u00e9<>\u00e9"),
    (draw(24), "<>"),
    (draw(24)[1:], None),
    (f"job-{LOWER}-end", "job-<>-end"),
    (f"x%20{LOWER}", "x%20<>"),
    (f"{LOWER.upper()}_{LOWER.upper()}", "<>_<>"),
    (f"/{MIXED}/of-it/{MIXED}", "/<>/of-it/<>"),
    (f"https://x.example/{MIXED}/b", "https://x.example/<>/b"),
    (f"https://x.example/{BASE64}", f"https://x.example/{BASE64[:15]}<>"),
    (BASE64, "<>"),
    (quote(BASE64, safe=""), "<>"),
    (quote(quote(BASE64, safe=""), safe=""), "<>"),
    (f"/some-path/of_many/words/and/{'no' * 10}1", None),
    (f"/Some-path/of_many/Words/and/{draw(23)}", None),
    (f"/Some-path/of_many/Words/and/{draw(24)}", "/Some-path/of_many/Words/and/<>"),
    (f"://x.example/{BASE64}", f"://x.example/{BASE64[:15]}<>"),
    (encode(b"\xff\xd8\xff" + NOISE), None),  # of a picture, which begins with /
    (SHA256, None),
    (f"sha512-{SHA512}", None),
    (f"sha512={SHA512}", None),
    (f"sha512={SLASHED}", None),
    (f"note={SLASHED}", "note=/<>=="),
    (f"x/{LOWER[:24]}", "x/<>"),
    (f"note={SHA512}", "note=<>=="),
    (f"etag%3D%22{SHA512}", None),
    (f"md5 of it: {SHA512}", "md5 of it: <>=="),
    (f"sha256: {DIGEST}", None),
    (f"SHA256:{DIGEST.rstrip('=')}", None),  # as SSH writes it
    (f'"contentMD5": "{DIGEST}"', None),
    (f"etag%3D{quote(DIGEST, safe='')}", None),
    (f"checksum={MIXED}", "checksum=<>"),
    (f"note: {DIGEST[:-1]}", "note: <>"),
    ("short", None),
]


@pytest.mark.parametrize(("text", "made"), REPLACED)
def test_drawn_values_are_replaced_and_what_is_around_them_stays(text, made):
    assert sub_drawn(text, lambda _: "<>") == (text if made is None else made)


def test_values_are_found_in_order_without_encoding_or_padding():
    text = f"a={quote(BASE64, safe='')}%3D&b={MIXED}== {LOWER}"
    assert find_drawn(text) == [BASE64, MIXED, LOWER]


def test_of_blocks_only_the_public_ones_stay():
    block = f"-----BEGIN PUBLIC KEY-----\n{MIXED}\n-----END PUBLIC KEY-----"
    text = f"{LOWER} {block} {LOWER}"
    assert sub_drawn(text, lambda _: "<>") == f"<> {block} <>"
    for kind in ("CERTIFICATE", "RSA PUBLIC KEY", "CERTIFICATE REQUEST"):
        other = block.replace("PUBLIC KEY", kind)
        assert find_drawn(other) == []
        assert find_drawn(quote(other)) == []
        assert find_drawn(other.replace(" ", "+")) == []
    assert find_drawn(block.replace("PUBLIC", "ODD")) == [MIXED]


@pytest.mark.parametrize(
    ("value", "told"),
    [
        *((encode(bytes(size)), True) for size in (16, 20, 28, 32, 48, 64)),
        *((encode(bytes(size)), False) for size in (15, 17, 24, 63)),
        (DIGEST[:-1], False),
        ("no digest, but of letters", False),
    ],
)
def test_a_digest_is_told_by_its_size(value, told):
    assert is_digest(value) is told
    for name in ("contentMD5", "sha256", "fileHash", "ETag", "digest", "SHA-512"):
        assert names_digest(name, value) is told
    for name in ("name", "hashed", "digests"):
        assert not names_digest(name, value)


@pytest.mark.parametrize(
    ("length", "number", "made"),
    [
        (24, 1, "drawn-1" + "x" * 17),
        (24, 12, "drawn-12" + "x" * 16),
        (14, 1, "drawn-1" + "x" * 8),
        (3, 1, "drawn-1" + "x" * 8),
        (16, 1, "drawn-1" + "x" * 9),
    ],
)
def test_a_stand_in_is_as_long_as_what_it_stands_for(length, number, made):
    assert numbered_drawn("a" * length, number) == made


def test_a_value_has_one_number_and_what_was_drawn_on_purpose_none():
    numbers = Numbers(kept=f"say {MIXED.lower()}")
    numbers.go_on_from("nothing")
    assert numbers.of(MIXED) == MIXED
    first = numbers.of(LOWER)
    assert first == numbered_drawn(LOWER, 1)
    assert numbers.of(BASE64) == numbered_drawn(BASE64, 2)
    assert numbers.of(LOWER) == first
    numbers.go_on_from(f"{numbered_drawn(MIXED, 7)} {numbered_drawn(MIXED, 5)}")
    assert numbers.of("a" * 30) == numbered_drawn("a" * 30, 8)
    numbers.go_on_from("nothing, or drawn-99x")
    assert numbers.of("b" * 30) == numbered_drawn("b" * 30, 9)
