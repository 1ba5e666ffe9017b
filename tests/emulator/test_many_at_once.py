"""Many clients at once: nothing is lost, nothing is mixed up."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest


@pytest.mark.slow
def test_eight_clients_write_and_read_at_once(service, arm_client):
    def work(number: int) -> list[int]:
        client = arm_client(service)
        statuses = []
        for version in range(20):
            path = f"environments/env{number}/versions/{version}"
            body = {"properties": {"image": f"image:{number}.{version}"}}
            statuses.append(client.put(path, body).status_code)
            read = client.get(path).json()["properties"]["image"]
            assert read == f"image:{number}.{version}"
        return statuses

    with ThreadPoolExecutor(8) as pool:
        done = list(pool.map(work, range(8)))
    assert {status for statuses in done for status in statuses} == {201}
    listed = arm_client(service).get("environments").json()["value"]
    assert {item["name"] for item in listed} == {f"env{n}" for n in range(8)}
    assert len(service.store) == 1 + 3 + 3 + 8 * 21


def test_the_same_version_put_by_many_is_made_once(service, arm_client):
    def work(_: int) -> int:
        body = {"properties": {"codeUri": "https://a.invalid/c"}}
        return arm_client(service).put("codes/c/versions/1", body).status_code

    with ThreadPoolExecutor(8) as pool:
        statuses = sorted(pool.map(work, range(8)))
    assert statuses == [200] * 7 + [201]
