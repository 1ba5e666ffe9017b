"""Api-versions: parsing and order."""

from __future__ import annotations

import pytest

from azml_contract.api_version import ApiVersion, parse_api_version, sort_key


@pytest.mark.parametrize(
    "text", ["2024-04-01", "2021-03-01-preview", "2024-10-01-beta"]
)
def test_text_survives_parsing(text: str) -> None:
    assert str(parse_api_version(text)) == text


def test_a_suffix_makes_a_preview() -> None:
    assert parse_api_version("2024-10-01-preview").is_preview
    assert not parse_api_version("2024-10-01").is_preview


def test_versions_order_by_day_and_a_preview_before_its_stable() -> None:
    ordered = [
        "2021-03-01-preview",
        "2022-05-01",
        "2024-10-01-preview",
        "2024-10-01",
        "2025-01-01-preview",
    ]
    scrambled = [ordered[i] for i in (3, 1, 4, 0, 2)]
    assert sorted(scrambled, key=sort_key) == ordered
    assert parse_api_version(ordered[2]) < parse_api_version(ordered[3])
    assert parse_api_version(ordered[3]) >= parse_api_version(ordered[2])


@pytest.mark.parametrize(
    "text", ["", "v1", "2024-4-1", "2024-04-01-", "2024-04-01 ", "2024-04-01-PREVIEW"]
)
def test_other_text_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="is not an api-version such as 2024-04-01"):
        parse_api_version(text)


def test_a_day_that_does_not_exist_is_refused() -> None:
    with pytest.raises(ValueError, match="day"):
        parse_api_version("2024-02-30")


def test_what_is_no_version_sorts_last() -> None:
    assert sorted(["v1.0", "2026-05-01", "a"], key=sort_key) == [
        "2026-05-01", "a", "v1.0",
    ]  # fmt: skip


def test_a_version_does_not_compare_with_text() -> None:
    version = parse_api_version("2024-04-01")
    assert version != "2024-04-01"
    assert version == ApiVersion(version.day)
    with pytest.raises(TypeError):
        _ = version < "2024-04-01"
