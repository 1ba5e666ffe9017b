"""azure-storage-blob with its own threads: upload, download, SAS, block ids."""

from __future__ import annotations

import hashlib
import json
import random

import pytest
from azure.storage.blob import (
    BlobClient,
    ContainerClient,
    ContainerSasPermissions,
    generate_container_sas,
)
from soak import sized

from azml_contract.cassette.cassette import load_cassette
from azml_contract.recording.engine import Mode

KIB = 1024
SMALL_PARTS = {
    "max_single_put_size": 64 * KIB,
    "max_block_size": 64 * KIB,
    "max_single_get_size": 64 * KIB,
    "max_chunk_get_size": 64 * KIB,
}


def content(size: int) -> bytes:
    return random.Random(size).randbytes(size)


def container(service, names, **options):
    return ContainerClient(
        f"{service.url}/{names.account}",
        "container",
        credential={"account_name": names.account, "account_key": names.key},
        connection_verify=str(service.ca),
        **SMALL_PARTS | options,
    )


@pytest.mark.soak
@pytest.mark.parametrize("concurrency", [1, 4, 8])
def test_upload_and_ranged_download_in_parallel(
    service, record, replay, real, stand_ins, concurrency
):
    payload = content(1000 * KIB)

    def story(names):
        def run(recorder):
            with container(service, names) as client:
                blob = client.get_blob_client("dir/data.bin")
                blob.upload_blob(payload, max_concurrency=concurrency, overwrite=True)
                got = blob.download_blob(max_concurrency=concurrency).readall()
            assert hashlib.sha256(got).digest() == hashlib.sha256(payload).digest()

        return run

    recorded = record(story(real))
    for _ in range(sized(1, 3)):
        replayed = replay(story(stand_ins))
        assert replayed.exchanges == recorded.exchanges


def test_an_upload_from_a_file_replays(
    service, record, replay, real, stand_ins, tmp_path
):
    file = tmp_path / "train.csv"
    file.write_bytes(content(300 * KIB))

    def story(names):
        def run(recorder):
            with container(service, names) as client, file.open("rb") as opened:
                client.upload_blob("train.csv", opened, max_concurrency=4)

        return run

    record(story(real))
    replay(story(stand_ins))


@pytest.mark.soak
def test_two_recordings_of_a_parallel_upload_differ_in_nothing(
    service, record, real, tmp_path
):
    payload = content(700 * KIB)

    def story(recorder):
        with container(service, real) as client:
            client.upload_blob("a.bin", payload, max_concurrency=8, overwrite=True)
            client.upload_blob("b.bin", b"small", overwrite=True)
            client.get_blob_client("a.bin").download_blob(max_concurrency=8).readall()

    paths = [tmp_path / f"{number}.json" for number in range(sized(2, 4))]
    for path in paths:
        record(story, path=path)

    files = [json.loads(path.read_text()) for path in paths]
    for one in files:
        del one["recorded_at"]
    assert all(one == files[0] for one in files)


def test_a_sas_of_the_clients_own_replays_and_its_signature_is_not_kept(
    service, record, replay, real, stand_ins, cassette_path
):
    import datetime

    signatures = []

    def story(names):
        def run(recorder):
            now = datetime.datetime.now(datetime.UTC)
            sas = generate_container_sas(
                names.account,
                "container",
                account_key=names.key,
                permission=ContainerSasPermissions(read=True, write=True),
                expiry=now + datetime.timedelta(hours=8),
                start=now,
            )
            signatures.append(sas.partition("sig=")[2].partition("&")[0])
            url = f"{service.url}/{names.account}/container/x.bin?{sas}"
            with BlobClient.from_blob_url(
                url, connection_verify=str(service.ca)
            ) as client:
                client.upload_blob(b"abc", overwrite=True)
                assert client.download_blob().readall() == b"abc"

        return run

    record(story(real))
    replay(story(stand_ins))

    text = cassette_path.read_text()
    assert signatures[0] not in text
    assert "sig=REDACTED" in text
    assert "sp=rw" in text
    assert "se=2000-01-01T00%3A00%3A00Z" in text


def test_a_sas_handed_out_by_the_service_replays(
    service, record, replay, real, stand_ins, cassette_path
):
    """startPendingUpload: the answer holds the SAS that the upload then uses."""
    import requests

    def pending(call):
        account = call.path.split("/")[1]
        uri = (
            f"{service.url}/{account}/container?sv=2021-10-04&se=2026-11-22T18%3A00%3A00Z"
            "&skoid=7f1d3a52-9c1e-4a0b-9d55-0f9f3a1c7e21&sktid="
            f"{real.tenant}&sr=c&sp=rcwl&sig=dGhpcyBpcyBubyBzaWduYXR1cmU%2B%2Fx%3D"
        )
        credential = {"credentialType": "SAS", "sasUri": uri}
        answer = {"blobReferenceForConsumption": {"credential": credential}}
        return 200, {}, answer

    service.on("POST", ".*/startPendingUpload", pending)

    def story(names):
        def run(recorder):
            url = f"{service.url}/{names.account}/startPendingUpload"
            answer = requests.post(url, json={}, verify=str(service.ca)).json()
            sas = answer["blobReferenceForConsumption"]["credential"]["sasUri"]
            with ContainerClient.from_container_url(
                sas,
                connection_verify=str(service.ca),
                max_single_put_size=KIB,
                max_block_size=KIB,
            ) as client:
                client.upload_blob("src/train.py", content(5 * KIB), max_concurrency=2)

        return run

    record(story(real))
    replay(story(stand_ins))

    text = cassette_path.read_text()
    assert "dGhpcyBpcyBubyBzaWduYXR1cmU" not in text
    assert real.tenant not in text
    assert "sktid=00000000-0000-4000-8000-00000000a001" in text


def test_large_content_lies_beside_the_cassette_named_by_its_digest(
    service, record, replay, real, stand_ins, cassette_path
):
    payload = content(100 * KIB)

    def story(names):
        def run(recorder):
            with BlobClient(
                f"{service.url}/{names.account}",
                "container",
                "big.bin",
                credential={"account_name": names.account, "account_key": names.key},
                connection_verify=str(service.ca),
            ) as client:
                client.upload_blob(payload, overwrite=True)

        return run

    record(story(real))
    replay(story(stand_ins))

    (one,) = load_cassette(cassette_path).interactions
    digest = hashlib.sha256(payload).hexdigest()
    assert one.request_body == {"file": digest}
    assert (cassette_path.parent / "blobs" / digest).read_bytes() == payload


def test_a_changed_block_is_a_miss(service, record, replay, real, stand_ins):
    from azml_contract.recording.miss import NoMatchingInteraction

    payload = content(300 * KIB)

    def story(names, data):
        def run(recorder):
            with container(service, names) as client:
                client.upload_blob("a.bin", data, max_concurrency=4, overwrite=True)

        return run

    record(story(real, payload))

    with pytest.raises(NoMatchingInteraction) as caught:
        replay(story(stand_ins, payload[:-1] + b"!"))
    assert "recorded" in str(caught.value)
    assert "other bytes" in str(caught.value)


def test_blob_content_that_is_json_keeps_every_byte(
    service, record, replay, real, stand_ins
):
    payload = b'{ "b": 1,\r\n  "a": 1.50 }\n'

    def story(names):
        def run(recorder):
            with container(service, names) as client:
                client.upload_blob("c.json", payload, overwrite=True)
                got = client.get_blob_client("c.json").download_blob().readall()
            assert got == payload

        return run

    record(story(real))
    replay(story(stand_ins))


def test_a_blob_read_through_plain_requests_keeps_every_byte(
    service, record, replay, real, stand_ins
):
    import requests

    payload = b'{ "a":   1 }\n'
    got = []

    def story(names):
        def run(recorder):
            with container(service, names) as client:
                client.upload_blob("c.json", payload, overwrite=True)
            url = f"{service.url}/{names.account}/container/c.json"
            got.append(requests.get(url, verify=str(service.ca)).content)

        return run

    record(story(real))
    replay(story(stand_ins))

    assert got == [payload, payload]


@pytest.mark.long
@pytest.mark.slow
@pytest.mark.soak
def test_many_blocks_at_concurrency_8_are_recorded_verified_and_replayed(
    service, record, replay, make_recorder, real, stand_ins, cassette_path
):
    block = sized(256, 4096) * 1024  # more than stands in a cassette itself
    payload = content(16 * block)

    def story(names):
        def run(recorder):
            parts = dict.fromkeys(SMALL_PARTS, block)
            with container(service, names, **parts) as client:
                blob = client.get_blob_client("data.bin")
                blob.upload_blob(payload, max_concurrency=8, overwrite=True)
                assert blob.download_blob(max_concurrency=8).readall() == payload

        return run

    recorded = record(story(real))
    before = cassette_path.read_bytes()
    with make_recorder(Mode.VERIFY) as recorder:
        story(real)(recorder)
    recorder.finish()
    replayed = replay(story(stand_ins))

    assert replayed.exchanges == recorded.exchanges >= 32
    assert cassette_path.read_bytes() == before
