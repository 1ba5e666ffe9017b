"""What a cassette says of itself, before its calls and after them.

In: settings, calls. Out: a cassette without calls, made now; the api-version of one.
"""

from __future__ import annotations

from datetime import UTC, datetime

from azml_contract.cassette.cassette import Cassette
from azml_contract.recording.recorder_settings import RecorderSettings


def make_header(settings: RecorderSettings) -> Cassette:
    """A cassette of now that holds no call yet."""
    return Cassette(
        scenario=settings.scenario,
        api_version=settings.api_version,
        target=settings.target,
        recorded_at=datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
        recorder=f"azml-contract {_version()}",
        tests=settings.tests,
    )


def main_version(cassette: Cassette) -> str:
    """The api-version that most calls of the provider name, or of others."""
    counts: dict[tuple[bool, str], int] = {}
    for one in cassette.interactions:
        version = one.request.api_version
        if version:
            ours = "microsoft.machinelearningservices" in one.url.lower()
            counts[ours, version] = counts.get((ours, version), 0) + 1
    best = max(counts, key=lambda key: (key[0], counts[key], key[1]), default=None)
    return best[1] if best else "none"


def _version() -> str:
    from importlib.metadata import PackageNotFoundError, version

    try:
        return version("azml-contract")
    except PackageNotFoundError:
        return "0"
