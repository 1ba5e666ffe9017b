"""Import says what is known: the target, the version, the reads, and no more."""

from __future__ import annotations

import json
from pathlib import Path

from azml_contract.cassette.cassette import load_cassette

ARM = "https://management.azure.com/subscriptions/{}/providers"
WORKSPACES = f"{ARM}/Microsoft.MachineLearningServices/workspaces".format(
    "3b1f0c52-7a5e-4a0b-9d55-0f9f3a1c7e21"
)


def write_vcr(path: Path, *versions: str, **headers: str) -> str:
    """A vcrpy cassette with one call for each api-version; "" for none."""
    calls = [
        {
            "request": {
                "method": "GET",
                "uri": WORKSPACES + (f"?api-version={one}" if one else ""),
                "headers": {},
                "body": None,
            },
            "response": {
                "status": {"code": 200, "message": "OK"},
                "headers": {name: [value] for name, value in headers.items()},
                "body": {"string": '{"value": []}'},
            },
        }
        for one in versions
    ]
    path.write_text(json.dumps({"version": 1, "interactions": calls}))
    return str(path)


def test_reads_of_another_tool_are_unknown(azml_contract, tmp_path):
    file = write_vcr(tmp_path / "r.json", "2024-04-01")
    target = tmp_path / "s" / "t" / "2024-04-01.json"
    assert azml_contract("cassette", "import", file, "--to", str(target)).code == 0
    assert load_cassette(target).reads is None


def test_the_emulator_is_known_again_whoever_recorded_it(azml_contract, tmp_path):
    mark = {"x-azml-contract-emulator": "1"}
    file = write_vcr(tmp_path / "r.json", "2024-04-01", **mark)
    target = tmp_path / "s" / "t" / "2024-04-01.json"
    arguments = ("cassette", "import", file, "--to", str(target))
    done = azml_contract(*arguments, "--target", "azure")
    assert done.code == 2
    assert "recorded from emulator" in done.err
    assert azml_contract(*arguments).code == 0
    assert load_cassette(target).target == "emulator"


def test_the_version_is_that_of_calls_that_have_a_known_one(azml_contract, tmp_path):
    file = write_vcr(tmp_path / "r.json", "0000-00-00", "0000-00-00", "", "2024-04-01")
    target = tmp_path / "s" / "t" / "2024-04-01.json"
    done = azml_contract("cassette", "import", file, "--to", str(target))
    assert done.code == 0
    assert "0000-00-00" in done.err
    cassette = load_cassette(target)
    assert cassette.api_version == "2024-04-01"
    assert len(cassette.interactions) == 3


def test_where_no_call_has_one_the_reader_is_asked(azml_contract, tmp_path):
    file = write_vcr(tmp_path / "r.json", "0000-00-00", "")
    target = tmp_path / "s" / "t" / "2024-04-01.json"
    arguments = ("cassette", "import", file, "--to", str(target))
    done = azml_contract(*arguments)
    assert done.code == 2
    assert "--api-version" in done.err
    assert azml_contract(*arguments, "--api-version", "2024-04-01").code == 0
