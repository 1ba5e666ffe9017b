"""`[tool.azml-contract.redact]`: what a project adds to what is known anyway."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from azml_contract.errors import SettingsError
from azml_contract.exchange import Exchange, Request, Response
from azml_contract.recording.scrub import Scrubber
from azml_contract.redaction.user_rules import NO_RULES, load_user_rules
from azml_contract.scenario import redaction_rules
from azml_contract.settings import PLACEHOLDERS, load_settings


@pytest.fixture
def load(tmp_path: Path) -> Any:
    """Load the rules of a section written as TOML."""

    def load(section: str, environ: dict[str, str] | None = None) -> Any:
        path = tmp_path / "pyproject.toml"
        path.write_text(f"[tool.azml-contract.redact]\n{section}", "utf-8")
        return load_user_rules(environ or {}, path)

    return load


def test_rules_reach_what_a_cassette_is_scrubbed_with(load):
    rules = load(
        'identifiers = { "contoso" = "company" }\n'
        'secrets = ["PARTNER_KEY"]\nproperties = ["internalToken"]',
        {"PARTNER_KEY": "s3cr3t-partner-value"},
    )
    body = {
        "internalToken": "plain words",
        "note": "contoso says s3cr3t-partner-value",
        "Contoso": 1,
    }
    exchange = Exchange(
        Request("PUT", "https://management.azure.com/x", (), json.dumps(body).encode()),
        Response(200),
    )

    scrubbed = Scrubber(redaction_rules(PLACEHOLDERS, rules)).scrub(exchange)

    assert scrubbed["request"]["body"]["json"] == {
        "internalToken": "REDACTED",
        "note": "company says REDACTED",
        "company": 1,
    }


def test_a_list_of_identifiers_gets_numbered_placeholders(load):
    rules = load('identifiers = ["contoso", "fabrikam"]')

    assert rules.identifiers == (("contoso", "redacted-1"), ("fabrikam", "redacted-2"))


def test_a_variable_that_is_not_set_is_no_secret(load):
    assert load('secrets = ["NOT_SET"]').secrets == ()


def test_without_a_file_or_a_section_there_are_no_rules(tmp_path):
    other = tmp_path / "pyproject.toml"
    other.write_text("[tool.other]\n", "utf-8")

    assert load_user_rules({}, None) == NO_RULES
    assert load_user_rules({}, tmp_path / "missing.toml") == NO_RULES
    assert load_user_rules({}, other) == NO_RULES


def test_the_section_does_not_disturb_the_settings(tmp_path):
    path = tmp_path / "pyproject.toml"
    path.write_text(
        '[tool.azml-contract]\nworkspace = "w"\n'
        '[tool.azml-contract.redact]\nproperties = ["x"]\n',
        "utf-8",
    )
    environ = {
        "AZURE_SUBSCRIPTION_ID": "s",
        "AZURE_RESOURCE_GROUP": "g",
        "AZML_CREDENTIAL": "cli",
    }

    assert load_settings(environ, pyproject=path).workspace == "w"


def test_a_name_of_three_letters_is_long_enough(load):
    assert load('identifiers = ["abc"]').identifiers == (("abc", "redacted-1"),)


@pytest.mark.parametrize(
    ("section", "message"),
    [
        ('identifier = ["a"]', "has no key identifier. Did you mean identifiers?"),
        ("zzz = 1", "has no key zzz. It takes identifiers, secrets, properties"),
        ('secrets = "KEY"', "secrets must be a list of texts"),
        ("properties = [1]", "properties must be a list of texts"),
        ('identifiers = { "contoso" = 1 }', "a placeholder is text, not 1"),
        ('identifiers = ["ab"]', "'ab' is too short to be told from other text"),
        ("x = [", "is not valid TOML"),
    ],
)
def test_a_malformed_section_is_named(load, section, message):
    with pytest.raises(SettingsError) as caught:
        load(section)

    assert message in str(caught.value)
    assert "pyproject.toml" in str(caught.value)
