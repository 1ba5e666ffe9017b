"""What is compressed or an archive is opened, and closed again around what must go."""

from __future__ import annotations

import base64
import bz2
import gzip
import io
import lzma
import tarfile
import zipfile
import zlib

import brotli
import pytest
from backports import zstd
from in_memory import record, replay
from planted import Dice
from soak import FULL, sized

from azml_contract.exchange import Exchange, Request, Response
from azml_contract.redaction.packed import CannotOpen, open_packed
from azml_contract.scenario import redaction_rules
from azml_contract.settings import PLACEHOLDERS

RULES = redaction_rules(PLACEHOLDERS)
SECRET = "Tr0ub4dor-and-3"
TEXT = f"export A=1\nDB_PASSWORD={SECRET}\nepochs: 30\n"
LARGE = TEXT * 3000 if FULL else TEXT + "# What was tried, and why.\n" * 2700 + TEXT


def deflate(raw: bytes) -> bytes:
    pack = zlib.compressobj(9, wbits=-15)
    return pack.compress(raw) + pack.flush()


def make_zip(raw: bytes) -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("src/train.py", "print(1)\n")
        archive.writestr("src/.env", raw)
    return packed.getvalue()


def make_tar(raw: bytes) -> bytes:
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w") as archive:
        for name, content in (("src/train.py", b"print(1)\n"), ("src/.env", raw)):
            info = tarfile.TarInfo(name)
            info.size = len(content)
            archive.addfile(info, io.BytesIO(content))
    return packed.getvalue()


PACK = {
    "gzip": gzip.compress,
    "two gzips in a row": lambda raw: gzip.compress(b"x\n") + gzip.compress(raw),
    "two bzip2s in a row": lambda raw: bz2.compress(b"x\n") + bz2.compress(raw),
    "two xzs in a row": lambda raw: lzma.compress(b"x\n") + lzma.compress(raw),
    "two zstds in a row": lambda raw: zstd.compress(b"x\n") + zstd.compress(raw),
    "two gzips, padded": lambda raw: (
        gzip.compress(b"x\n") + bytes(9) + gzip.compress(raw)
    ),
    "after a gzip": lambda raw: gzip.compress(b"x\n") + raw,
    "after a bzip2": lambda raw: bz2.compress(b"x\n") + raw,
    "after a zstd, in UTF-16": lambda raw: (
        zstd.compress(b"x\n") + raw.decode().encode("utf-16")
    ),
    "zlib": zlib.compress,
    "deflate": deflate,
    "bzip2": bz2.compress,
    "xz": lzma.compress,
    "zstd": zstd.compress,
    "brotli": brotli.compress,
    "zip": make_zip,
    "tar": make_tar,
    "tar.gz": lambda raw: gzip.compress(make_tar(raw)),
    "zip in zip": lambda raw: make_zip(make_zip(raw)),
    "UTF-16": lambda raw: raw.decode().encode("utf-16"),
    "UTF-16, no mark": lambda raw: raw.decode().encode("utf-16-be"),
    "UTF-32": lambda raw: raw.decode().encode("utf-32"),
}
CARRY = {
    "bytes": lambda raw: raw,
    "base64": base64.b64encode,
    "base64url": base64.urlsafe_b64encode,
    "large": lambda raw: raw,
}


def put(body: bytes) -> Exchange:
    kind = (("content-type", "application/octet-stream"),)
    return Exchange(
        Request("PUT", "https://x.example/a", kind, body), Response(201, kind, body)
    )


def opened(raw: bytes) -> bytes:
    """All that can be read of bytes, packed however often."""
    try:
        packed = open_packed(raw)
    except CannotOpen:
        packed = None
    inner = [opened(one.content) for one in packed.parts] if packed else []
    return b"\n".join([raw.replace(b"\0", b""), *inner])


@pytest.mark.soak
@pytest.mark.parametrize("carry", CARRY)
@pytest.mark.parametrize("pack", PACK)
def test_a_secret_is_taken_out_of_whatever_holds_it_and_it_replays(pack, carry):
    # Above the size of what goes to a file of its own.
    text = LARGE if carry == "large" else TEXT
    body = CARRY[carry](PACK[pack](text.encode()))
    recorded = record([put(body)], RULES)

    assert recorded.found == ()
    (one,) = recorded.cassette.interactions
    for kept in (one.request.body, one.response.body):
        if kept.startswith(b"drawn-1xx"):  # without a mark it is but a random value
            assert pack in ("deflate", "brotli")
            assert carry.startswith("base64")
            continue
        if carry.startswith("base64"):
            kept = base64.b64decode(kept, b"-_" if carry == "base64url" else None)
        read = opened(kept)
        assert SECRET.encode() not in read
        assert b"DB_PASSWORD=REDACTED" in read
        assert b"epochs: 30" in read
    replay(recorded, [put(body).request], RULES)


@pytest.mark.parametrize("pack", PACK)
def test_what_holds_nothing_secret_keeps_its_bytes(pack):
    body = PACK[pack](b"a harmless text of some length\n" * 4)
    recorded = record([put(body)], RULES)

    assert recorded.found == ()
    assert recorded.cassette.interactions[0].request.body == body


def test_noise_is_no_archive():
    dice = Dice(4)
    for size in (16, 100, 1000):
        for _ in range(300):
            raw = dice.random.randbytes(size)
            try:
                assert open_packed(raw) is None or raw[:2] in (b"x\x01", b"BZ")
            except CannotOpen:
                assert raw[:2] == b"\x1f\x8b"


@pytest.mark.soak
def test_noise_keeps_its_bytes():
    dice = Dice(5)
    for _ in range(sized(1, 64)):
        noise = dice.random.randbytes(1 << 20)
        body = noise + b"\x81-p!3ki\xd0\xa3\x14 \x00-P7#kQz+1\xfe"
        recorded = record([put(body)], RULES)
        assert recorded.cassette.interactions[0].request.body == body


def test_a_command_in_the_middle_of_bytes_keeps_no_password():
    body = b"\x7fELF\x81\xfemysql --password s3cr!t-Gr33n --host h\0\xd0\x14"
    recorded = record([put(body)], RULES)
    assert b"s3cr!t" not in recorded.cassette.interactions[0].request.body


LOCKED = bytearray(make_zip(b"x"))
LOCKED[6] |= 1
LOCKED[LOCKED.rindex(b"PK\x01\x02") + 8] |= 1
LOCKED[LOCKED.index(b"PK\x01\x02") + 8] |= 1
SHUT = {
    "locked": (bytes(LOCKED), "locked with a password"),
    "cut off": (make_zip(TEXT.encode())[:-30], "a zip archive that is broken"),
    "broken gzip": (b"\x1f\x8b\x08" + b"\xff" * 40, "gzip data that is broken"),
    "cut off zstd": (zstd.compress(TEXT.encode() * 9)[:-8], "zstd data that is broken"),
    "7z": (b"7z\xbc\xaf\x27\x1c" + bytes(40), "a 7z archive"),
    "rar": (b"Rar!\x1a\x07" + bytes(40), "a rar archive"),
}


@pytest.mark.parametrize("kind", SHUT)
def test_what_cannot_be_opened_is_said(kind):
    raw, said = SHUT[kind]

    with pytest.raises(CannotOpen, match=said):
        open_packed(raw)
    recorded = record([put(raw)], RULES)
    assert recorded.found == ()
    assert [said in one.kind for one in recorded.unopened] == [True, True]
