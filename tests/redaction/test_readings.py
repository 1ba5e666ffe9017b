"""How texts, bytes and archives are read, one layer at a time."""

from __future__ import annotations

import base64
import gzip
import io
import tarfile
import zipfile
import zlib
from dataclasses import replace

import brotli
import pytest

from azml_contract.redaction import packed
from azml_contract.redaction.packed import CannotOpen, open_packed
from azml_contract.redaction.readings import (
    byte_readings,
    text_readings,
    wide_codecs,
)
from azml_contract.redaction.strings import rewrite_objects, rewrite_strings

TEXT = b"a line of text, and another one\n"
WORD = "kT4vXq9Zm7"


def close_again(raw: bytes, *contents: bytes) -> tuple[list[bytes], list[bytes]]:
    """What bytes hold, and what they hold when closed around other contents."""
    opened = open_packed(raw)
    assert opened is not None
    parts = [
        replace(one, content=c) for one, c in zip(opened.parts, contents, strict=True)
    ]
    again = open_packed(opened.close(parts))
    assert again is not None
    assert [one.name for one in again.parts] == [one.name for one in opened.parts]
    return [p.content for p in opened.parts], [p.content for p in again.parts]


def deflated(raw: bytes) -> bytes:
    pack = zlib.compressobj(9, wbits=-15)
    return pack.compress(raw) + pack.flush()


@pytest.mark.parametrize("pack", [gzip.compress, zlib.compress, deflated])
def test_what_is_compressed_is_closed_again_around_another_text(pack):
    other = b"an \xe4rger text that stands in its place"
    if pack is deflated:
        other = other.replace(b"\xe4", b"a") + "ä".encode()
    assert close_again(pack(TEXT), other) == ([TEXT], [other])


def test_what_stands_after_a_compressed_text_is_a_part_of_its_own():
    raw = gzip.compress(TEXT) + bytes(3) + gzip.compress(b"more") + b"rest"
    found, made = close_again(raw, b"one", b"two")
    assert found == [TEXT + b"more", b"rest"]
    assert made == [b"one", b"two"]


def make_zip(*names: str, stored: bool = True) -> bytes:
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w") as archive:
        for name in names:
            info = zipfile.ZipInfo(name, (2020, 1, 2, 3, 4, 6))
            info.external_attr = 0o755 << 16
            archive.writestr(info, TEXT)
    return made.getvalue()


def make_tar(*names: str) -> bytes:
    made = io.BytesIO()
    with tarfile.open(fileobj=made, mode="w") as archive:
        folder = tarfile.TarInfo("folder")
        folder.type = tarfile.DIRTYPE
        archive.addfile(folder)
        for name in names:
            info = tarfile.TarInfo(name)
            info.size, info.mode, info.mtime = len(TEXT), 0o755, 7
            archive.addfile(info, io.BytesIO(TEXT))
    return made.getvalue()


def test_files_of_archives_keep_their_names_modes_and_times():
    opened = open_packed(make_zip("a.txt", "b/c"))
    assert opened is not None
    made = opened.close([replace(one, content=b"new") for one in opened.parts])
    with zipfile.ZipFile(io.BytesIO(made)) as archive:
        first, second = archive.infolist()
        assert (first.filename, second.filename) == ("a.txt", "b/c")
        assert first.date_time == (2020, 1, 2, 3, 4, 6)
        assert first.external_attr == 0o755 << 16
        assert archive.read(second) == b"new"

    opened = open_packed(make_tar("a.txt"))
    assert opened is not None
    assert [one.content for one in opened.parts] == [b"", TEXT]
    made = opened.close([opened.parts[0], replace(opened.parts[1], content=b"new")])
    with tarfile.open(fileobj=io.BytesIO(made)) as files:
        folder, file = files.getmembers()
        assert folder.isdir()
        assert (file.name, file.mode, file.mtime, file.size) == ("a.txt", 0o755, 7, 3)


LOCKED = bytearray(make_zip("a"))
LOCKED[6] |= 1  # the file's own head, and the list at the end
LOCKED[LOCKED.index(b"PK\x01\x02") + 8] |= 1


@pytest.mark.parametrize(
    ("raw", "why"),
    [
        (b"\x1f\x8b\x08nothing of it", "gzip data that is broken"),
        (gzip.compress(TEXT, mtime=0)[:10], "gzip data that is broken"),
        (b"PK\x03\x04nothing of it", "a zip archive that is broken"),
        (bytes(LOCKED), "a zip archive that is locked with a password"),
        (b"\xfd7zXZ\x00nothing", "xz data that is broken"),
        (b"\x28\xb5\x2f\xfdnothing", "zstd data that is broken"),
        (b"7z\xbc\xaf\x27\x1c", "a 7z archive, which cannot be opened here"),
        (b"Rar!\x1a\x07", "a rar archive, which cannot be opened here"),
        (bytes(257) + b"ustar" + b"x" * 400, "a tar archive that is broken"),
    ],
)
def test_what_stays_shut_says_what_it_is(raw, why):
    with pytest.raises(CannotOpen) as caught:
        open_packed(raw)
    assert str(caught.value) == why


@pytest.mark.parametrize(
    ("raw", "why"),
    [
        (gzip.compress(bytes(64), mtime=0), "compressed data of more than 64 MiB"),
        (make_zip("a", "b"), "a zip archive of more than 64 MiB"),
    ],
)
def test_what_is_too_large_stays_shut(monkeypatch, raw, why):
    assert open_packed(raw) is not None
    monkeypatch.setattr(packed, "MOST_BYTES", len(TEXT) * 2)
    with pytest.raises(CannotOpen, match=why):
        open_packed(raw)
    monkeypatch.setattr(packed, "MOST_BYTES", len(TEXT) * 2 + 1)
    assert open_packed(raw) is not None


def test_without_a_codec_what_needs_it_stays_shut(monkeypatch):
    def refuse(name: str) -> None:
        raise ImportError(name)

    zstandard = b"\x28\xb5\x2f\xfd" + bytes(20)
    unmarked = brotli.compress(TEXT * 3)
    assert open_packed(unmarked) is not None
    monkeypatch.setattr(packed, "import_module", refuse)
    packed._brotli.cache_clear()
    try:
        assert open_packed(unmarked) is None
    finally:
        packed._brotli.cache_clear()
    with pytest.raises(CannotOpen, match="zstd data, which cannot be opened here"):
        open_packed(zstandard)


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"BZh is a word",
        b"x\x9c is no zlib",
        TEXT * 10,
        b"\xe4" * 15,
        bytes(range(256)),
        deflated(b"short"),
        deflated(TEXT) + b"\xe4",  # something stands behind it
        deflated(bytes(range(32)) * 2),  # no text
    ],
)
def test_what_is_neither_compressed_nor_an_archive_is_left(raw):
    assert open_packed(raw) is None


@pytest.mark.parametrize(
    ("text", "held"),
    [
        ("plain", []),
        ("a%41b", ["aAb"]),
        ("a%41+b", ["aA b"]),
        ("&lt;a&gt;", ["<a>"]),
        ("a & b", []),
        ("\\u0041\\/b", ["A/b"]),
        ("a=41b=\nc", ["aAbc"]),
        ("a\0b\0\0\0\0\0c", ["ab\nc"]),
        ("\x01%41", []),
        (base64.b64encode(TEXT).decode(), [TEXT.decode()]),
        (TEXT.hex(), [TEXT.decode()]),
    ],
)
def test_a_text_is_read_one_layer_further_in(text, held):
    assert [one for one in text_readings(text) if one in held] == held
    if not held:
        assert list(text_readings(text)) == []


def test_what_base64_holds_compressed_is_read_too():
    for pack in (gzip.compress, zlib.compress):
        inside = base64.b64encode(pack(TEXT)).decode()
        assert TEXT.decode() in list(text_readings(inside))
    shut = base64.b64encode(b"\x1f\x8b\x08" + b"nothing of it" * 2).decode()
    assert TEXT.decode() not in list(text_readings(shut))


def test_bytes_hold_wide_texts_and_parts_of_archives():
    assert list(byte_readings("a wide text".encode("utf-16-le"))) == [b"a wide text"]
    assert list(byte_readings("short".encode("utf-16-le"))) == []
    assert list(byte_readings("four by four".encode("utf-32-le"))) == [b"four by four"]
    assert list(byte_readings(make_zip("a.txt"))) == [b"a.txt", TEXT]
    assert list(byte_readings(TEXT)) == []


WIDE = "sixteen letters."


@pytest.mark.parametrize(
    ("raw", "codecs"),
    [
        (WIDE.encode("utf-16"), ("utf-16-le",)),
        (b"\xfe\xff" + WIDE.encode("utf-16-be"), ("utf-16-be",)),
        (WIDE.encode("utf-32"), ("utf-32-le",)),
        (b"\0\0\xfe\xff" + WIDE.encode("utf-32-be"), ("utf-32-be",)),
        (WIDE.encode("utf-16-le"), ("utf-16-le",)),
        (WIDE.encode("utf-16-be"), ("utf-16-be",)),
        (WIDE.encode("utf-32-le"), ("utf-32-le",)),
        (WIDE.encode("utf-32-be"), ("utf-32-be",)),
        (WIDE[:8].encode("utf-16-le"), ("utf-16-le",)),
        (WIDE[:7].encode("utf-16-le"), ()),
        (WIDE.encode("utf-16-le") + b"x", ()),
        (("\u4e2d" * 2 + WIDE[:8]).encode("utf-16-le"), ("utf-16-le",)),
        (("\u4e2d" * 2 + WIDE[:8]).encode("utf-16-be"), ("utf-16-be",)),
        (("\u4e2d" * 3 + WIDE[:7]).encode("utf-16-le"), ()),
        (("\u4e2d" * 3 + WIDE[:7]).encode("utf-16-be"), ()),
        (WIDE.encode(), ()),
    ],
)
def test_wide_texts_are_told_by_their_mark_or_their_zeros(raw, codecs):
    assert wide_codecs(raw) == codecs


# Strings within texts


def shout(text: str) -> str:
    return text.replace("secret", "GONE")


@pytest.mark.parametrize(
    ("text", "made"),
    [
        ("no escapes: 'secret'", "no escapes: 'secret'"),
        ('a "\\tsecret" b', 'a "\\tGONE" b'),
        ("a '\\tsecret' b", "a '\\tGONE' b"),
        ("a '\\x73ecret' b", "a 'GONE' b"),
        ("a '\\u0073ecret\\U00000041' b", "a 'GONEA' b"),
        ("a '\\163ecret' b", "a 'GONE' b"),
        ('a "secret" b "\\n"', 'a "secret" b "\\n"'),  # plain ones are others' to find
        ('a "\\z secret" b', 'a "\\z secret" b'),
        ("a '\\z secret' b", "a '\\\\z GONE' b"),
        ('it\'s "\\nsecret"', 'it\'s "\\nGONE"'),
        ('"\\nother"', '"\\nother"'),
    ],
)
def test_what_strings_with_escapes_hold_is_rewritten(text, made):
    assert rewrite_strings(text, shout) == made


def test_many_quotes_that_nothing_closes_take_linear_time():
    """From then on only what the other quotes of a line hold is read."""
    text = "'\\n" * 5000 + ' "\\nsecret" '
    assert "GONE" in rewrite_strings(text, shout)


@pytest.mark.parametrize(
    ("text", "made"),
    [
        ('saw {"a": "secret"} there', 'saw {"a": "GONE"} there'),
        ('saw [ {"a": "secret"} ] there', 'saw [ {"a": "GONE"} ] there'),
        ('cut {"a": {"b": "secret"} off', 'cut {"a": {"b": "GONE"} off'),
        ('{"a" secret {"b": "secret"}', '{"a" secret {"b": "GONE"}'),
        ("{secret: 1}", "{secret: 1}"),
        ('["secret"]["secret"]', '["GONE"]["GONE"]'),
    ],
)
def test_json_within_a_text_is_rewritten(text, made):
    assert rewrite_objects(text, shout) == made
