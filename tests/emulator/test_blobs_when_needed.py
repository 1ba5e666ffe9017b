"""Blob storage is there when it is needed, and what was promised with it."""

from __future__ import annotations

import threading

import pytest

from azml_contract.emulator.blobs import Blobs
from azml_contract.emulator.server import Emulator


class Azurite:
    """Notes what is asked of it."""

    pid: int | None = None

    def __init__(self) -> None:
        self.made: list[str] = []
        self.has_made = threading.Event()

    def start(self) -> None:
        self.pid = 1

    def wait_ready(self) -> None:
        """At once."""

    def make_containers(self, names: list[str]) -> None:
        self.made += names
        self.has_made.set()


def test_what_is_promised_before_waits_for_the_first_who_looks() -> None:
    azurite = Azurite()
    blobs = Blobs(azurite)  # type: ignore[arg-type]
    blobs.promise_containers(["first"])
    assert (azurite.pid, azurite.made) == (None, [])
    blobs.wait_ready()
    assert (azurite.pid, azurite.made) == (1, ["first"])
    blobs.wait_ready()
    assert azurite.made == ["first"]


def test_what_is_promised_later_is_made_though_nobody_asks() -> None:
    """Who is connected already does not."""
    azurite = Azurite()
    blobs = Blobs(azurite)  # type: ignore[arg-type]
    blobs.wait_ready()
    blobs.promise_containers(["second"])
    assert azurite.has_made.wait(10)
    assert azurite.made == ["second"]


@pytest.mark.slow
@pytest.mark.parametrize("eager", [False, True])
def test_to_ask_how_a_client_finds_it_starts_no_blob_storage(eager: bool) -> None:
    with Emulator(eager=eager) as emulator:
        assert emulator.settings.proxy == emulator.gateway_url
        assert emulator.environ["HTTPS_PROXY"] == emulator.gateway_url
        assert (emulator.azurite_pid is not None) is eager
