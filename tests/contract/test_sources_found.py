"""Which versions a folder describes, what each leans on, which names are secrets."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from azml_contract.contract.imported import Imported
from azml_contract.contract.model import Definition, Property, SourceKind, Type
from azml_contract.contract.secret_names import MARKING, UNMARKED, find_secret_names
from azml_contract.contract.sources import (
    find_sources,
    import_source,
    import_sources,
    nearest_first,
)
from azml_contract.errors import SpecificationError

PROVIDER = "Microsoft.MachineLearningServices"


def write(root: Path, *names: str) -> None:
    for name in names:
        file = root / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text("{}")


def told(folder: Path) -> list[tuple[str, str, str]]:
    return [
        (one.api_version, str(one.kind), one.path.name) for one in find_sources(folder)
    ]


def test_versions_are_found_by_their_folders_oldest_first(tmp_path: Path) -> None:
    write(
        tmp_path,
        f"resource-manager/{PROVIDER}/stable/2024-04-01/mfe.json",
        f"resource-manager/{PROVIDER}/preview/2023-02-01-preview/mfe.json",
        f"resource-manager/{PROVIDER}/stable/2022-05-01/readme.md",
        f"resource-manager/{PROVIDER}/stable/common/types.json",
        f"resource-manager/{PROVIDER}/other/2021-01-01/mfe.json",
        "resource-manager/Microsoft.Storage/stable/2025-01-01/storage.json",
        f"{PROVIDER.lower()}/2024-04-01/types.json",
        f"{PROVIDER.lower()}/2025-06-01/types.json",
        f"{PROVIDER.lower()}/latest/types.json",
        f"{PROVIDER.lower()}/2025-09-01/other.json",
    )

    assert told(tmp_path) == [
        ("2023-02-01-preview", "swagger", "2023-02-01-preview"),
        ("2024-04-01", "bicep-types", "types.json"),
        ("2024-04-01", "swagger", "2024-04-01"),
        ("2025-06-01", "bicep-types", "types.json"),
    ]
    inside = tmp_path / "resource-manager" / PROVIDER / "preview"
    assert told(inside.parent)[0][0] == "2023-02-01-preview"


def test_a_folder_without_the_provider_says_what_to_give(tmp_path: Path) -> None:
    write(tmp_path, "Microsoft.Storage/stable/2025-01-01/storage.json")

    with pytest.raises(SpecificationError) as caught:
        find_sources(tmp_path)

    assert f"holds no specification of {PROVIDER}" in str(caught.value)
    assert "Give a clone of azure-rest-api-specs" in str(caught.value)


def imported(version: str, *definitions: Definition) -> Imported:
    made = {one.name: one for one in definitions}
    return Imported(version, SourceKind.SWAGGER, made, {})


@pytest.mark.parametrize(
    ("version", "order"),
    [
        (
            "2024-10-01",
            ["2024-04-01", "2022-05-01", "2024-07-01-preview", "2025-01-01"],
        ),
        (
            "2024-10-01-preview",
            ["2024-07-01-preview", "2024-04-01", "2022-05-01", "2025-01-01"],
        ),
        (
            "2021-01-01",
            ["2022-05-01", "2024-04-01", "2025-01-01", "2024-07-01-preview"],
        ),
        (
            "2024-04-01",
            ["2024-04-01", "2022-05-01", "2025-01-01", "2024-07-01-preview"],
        ),
    ],
)
def test_a_version_leans_on_the_newest_older_one_first(
    version: str, order: list[str]
) -> None:
    references = [imported(one) for one in sorted(order)]

    assert [one.api_version for one in nearest_first(version, references)] == order


def test_where_a_version_is_told_twice_the_swagger_is_read(
    tmp_path: Path, swaggers: Any, bicep: Any
) -> None:
    swaggers.define({"Job": {"properties": {}}})
    bicep.version = swaggers.version
    bicep.file = bicep.file.parents[1] / bicep.version / "types.json"
    bicep.save()

    (one,) = import_sources(find_sources(tmp_path))
    assert (one.kind, list(one.definitions)) == (SourceKind.SWAGGER, ["Job"])
    both = find_sources(tmp_path)
    (again,) = import_sources(both[::-1])
    assert again.kind is SourceKind.SWAGGER


def test_types_that_contain_themselves_are_told(
    tmp_path: Path, swaggers: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    swaggers.define({})

    def recurse(*_: object) -> None:
        raise RecursionError

    monkeypatch.setattr("azml_contract.contract.sources.import_swagger", recurse)
    (source,) = find_sources(tmp_path)
    with pytest.raises(SpecificationError, match="nested too deeply, or contain them"):
        import_source(source, [])


TEXT = Type("string")
LATE, EARLY = MARKING, "2018-11-19"


def define(name: str, *properties: Property, **more: Any) -> Definition:
    return Definition(name, {one.name: one for one in properties}, **more)


def test_a_name_that_is_marked_wherever_it_stands_is_always_a_secret() -> None:
    marked = Property("Token", TEXT, secret=True)
    kept = Property("sealed", TEXT, write_only=True)
    versions = [imported(LATE, define("A", marked, kept), define("B", marked))]

    names = find_secret_names(versions)

    assert names.always == ("sealed", "token")
    assert names.sometimes == {}


def test_a_name_that_is_marked_somewhere_is_one_there() -> None:
    marked, plain = Property("key", TEXT, secret=True), Property("Key", TEXT)
    versions = [
        imported(LATE, define("B", marked), define("A", marked), define("C", plain))
    ]

    names = find_secret_names(versions)

    assert names.always == ()
    assert names.sometimes == {"key": ("A", "B")}
    again = find_secret_names([imported(LATE, define("A", plain))])
    assert again.sometimes == {}


def test_a_mark_that_one_version_forgets_holds_for_all() -> None:
    marked, plain = Property("key", TEXT, secret=True), Property("key", TEXT)
    versions = [
        imported(LATE, define("A", marked)),
        imported("2024-04-01", define("A", plain)),
    ]

    assert find_secret_names(versions).always == ("key",)


def test_of_early_versions_only_the_marks_count() -> None:
    marked, plain = Property("key", TEXT, secret=True), Property("key", TEXT)
    early = imported(EARLY, define("A", plain), define("B", marked))

    assert find_secret_names([early]).sometimes == {"key": ("B",)}
    late = imported(LATE, define("B", plain))
    assert find_secret_names([early, late]).always == ("key",)


def test_what_lies_inside_a_secret_is_one_but_for_what_tells_variants() -> None:
    outer = define(
        "Outer",
        Property("secrets", Type("array", items=Type("ref", ref="Base")), secret=True),
    )
    base = define(
        "Base",
        Property("kind", TEXT),
        discriminator="kind",
        variants={"A": "VarA", "Lost": "Nowhere"},
    )
    variant = define(
        "VarA",
        Property("kind", TEXT),
        Property("inner", TEXT),
        Property("count", Type("integer")),
        Property("deep", Type("map", items=Type("ref", ref="Deep"))),
        base="Base",
    )
    deep = define(
        "Deep", Property("word", TEXT), Property("up", Type("ref", ref="Base"))
    )

    names = find_secret_names([imported(LATE, outer, base, variant, deep)])

    assert names.always == ("inner", "secrets", "word")


def test_names_that_specifications_forget_are_secrets_where_they_are_known() -> None:
    props = [Property(name.upper(), TEXT) for name in UNMARKED]

    assert find_secret_names([imported(LATE, define("A", *props))]).always == UNMARKED
    assert find_secret_names([imported(LATE, define("A"))]).always == ()
    assert set(UNMARKED) >= {"password", "sas", "pat", "primarykey", "clientsecret"}
