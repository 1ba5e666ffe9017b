"""Versions whose rules are alike are judged once, and nothing else comes of it."""

from __future__ import annotations

import pytest
from recorded_stories import CASSETTES

from azml_contract.contract.catalog import known_versions, load_contract
from azml_contract.documents.recordings import read_any
from azml_contract.regression.alike import Alike
from azml_contract.regression.matrix import Judge

SOME = sorted(CASSETTES.rglob("20*.json"))[::9]


@pytest.mark.parametrize(
    "path", SOME, ids=lambda path: path.relative_to(CASSETTES).as_posix()
)
def test_judging_once_gives_what_judging_each_version_gives(path, monkeypatch):
    recording = read_any(path)
    shared = Judge().judge_known(recording).rows

    close = Alike.close

    def tell_apart(self, contract, *asked, **how):
        return close(self, contract, *asked, **how), contract.api_version

    monkeypatch.setattr(Alike, "close", tell_apart)
    apart = Judge().judge_known(recording).rows

    assert [row.to_json() for row in shared] == [row.to_json() for row in apart]


def test_versions_are_alike_only_where_everything_that_is_reached_is():
    alike = Alike()
    keys = {}
    for version in known_versions():
        contract = load_contract(version)
        operation = contract.operations.get("Jobs_CreateOrUpdate")
        if operation is not None:
            keys[version] = alike.find_key(contract, operation)

    assert keys["2024-01-01-preview"] != keys["2024-04-01"]
    assert keys["2023-04-01"] != keys["2023-10-01"]
    assert 1 < len(set(keys.values())) < len(keys)
