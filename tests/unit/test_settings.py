"""Where settings come from, which wins, and what is said when one is missing."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from azml_contract.errors import SettingsError
from azml_contract.settings import (
    PLACEHOLDERS,
    VARIABLES,
    Settings,
    find_contracts_folder,
    load_settings,
)

SECRET = "s3cr3t-value"
WHOLE = {
    "AZURE_SUBSCRIPTION_ID": "sub",
    "AZURE_RESOURCE_GROUP": "rg",
    "AZML_WORKSPACE": "ws",
    "AZURE_TENANT_ID": "tenant",
    "AZURE_CLIENT_ID": "client",
    "AZURE_CLIENT_SECRET": SECRET,
}
CLI = {**WHOLE, "AZML_CREDENTIAL": "cli"}


def write(path: Path, text: str) -> Path:
    path.write_text(text, "utf-8")
    return path


def test_the_environment_alone_is_enough() -> None:
    settings = load_settings(WHOLE)
    assert settings == Settings(
        subscription="sub",
        resource_group="rg",
        workspace="ws",
        tenant="tenant",
        client_id="client",
        client_secret=SECRET,
    )
    assert settings.workspace_id == (
        "/subscriptions/sub/resourceGroups/rg/providers"
        "/Microsoft.MachineLearningServices/workspaces/ws"
    )


def test_the_environment_beats_dotenv_beats_pyproject(tmp_path: Path) -> None:
    dotenv = write(
        tmp_path / ".env", "AZML_WORKSPACE=from-dotenv\nAZML_COMPUTE=from-dotenv\n"
    )
    pyproject = write(
        tmp_path / "pyproject.toml",
        '[tool.azml-contract]\nworkspace = "from-pyproject"\n'
        'compute = "from-pyproject"\nstorage-account = "frompyproject"\n',
    )
    settings = load_settings(WHOLE, dotenv=dotenv, pyproject=pyproject)
    assert settings.workspace == "ws"
    assert settings.compute == "from-dotenv"
    assert settings.storage_account == "frompyproject"


def test_an_empty_variable_is_not_set_and_spaces_are_cut_off(tmp_path: Path) -> None:
    dotenv = write(tmp_path / ".env", 'AZML_COMPUTE="gpu"\n')
    environ = {**WHOLE, "AZML_COMPUTE": " ", "AZML_WORKSPACE": " ws\n"}
    settings = load_settings(environ, dotenv=dotenv)
    assert (settings.compute, settings.workspace) == ("gpu", "ws")


def test_files_that_are_not_there_do_not_matter(tmp_path: Path) -> None:
    load_settings(WHOLE, dotenv=tmp_path / ".env", pyproject=tmp_path / "x.toml")


def test_everything_that_is_missing_is_named_at_once_with_its_variable() -> None:
    with pytest.raises(SettingsError) as caught:
        load_settings({"AZML_WORKSPACE": "ws", "AZURE_TENANT_ID": "tenant"})
    assert str(caught.value) == (
        "These settings are missing, in the environment, in .env and in "
        "[tool.azml-contract] of pyproject.toml:\n"
        "  subscription: set AZURE_SUBSCRIPTION_ID\n"
        "  resource group: set AZURE_RESOURCE_GROUP\n"
        "  client id: set AZURE_CLIENT_ID\n"
        "  client secret: set AZURE_CLIENT_SECRET"
    )


@pytest.mark.parametrize("credential", ["cli", "default"])
def test_another_login_needs_no_service_principal(credential: str) -> None:
    names = ("AZURE_SUBSCRIPTION_ID", "AZURE_RESOURCE_GROUP", "AZML_WORKSPACE")
    environ = dict.fromkeys(names, "x") | {"AZML_CREDENTIAL": credential}
    assert load_settings(environ).credential == credential


def test_an_unknown_login_is_named_with_the_known_ones() -> None:
    with pytest.raises(SettingsError) as caught:
        load_settings(WHOLE | {"AZML_CREDENTIAL": "password"})
    assert str(caught.value) == (
        "credential is 'password'; it must be one of environment, cli, default "
        "(variable AZML_CREDENTIAL)."
    )


def test_a_secret_stands_in_no_text() -> None:
    settings = load_settings(WHOLE | {"AZML_PROXY": "http://me:pa55@proxy:1"})
    assert settings.client_secret == SECRET
    assert SECRET not in repr(settings)
    assert "pa55" not in repr(settings)
    with pytest.raises(SettingsError) as caught:
        load_settings({"AZURE_CLIENT_SECRET": SECRET})
    assert SECRET not in str(caught.value)
    with pytest.raises(SettingsError) as caught:
        load_settings(WHOLE | {"AZML_PROXY": "socks5://me:pa55@proxy"})
    assert "pa55" not in str(caught.value)
    assert "AZML_PROXY" in str(caught.value)


def test_a_secret_in_pyproject_is_refused_without_being_shown(tmp_path: Path) -> None:
    pyproject = write(
        tmp_path / "p.toml", f'[tool.azml-contract]\nclient-secret = "{SECRET}"\n'
    )
    with pytest.raises(SettingsError) as caught:
        load_settings(CLI, pyproject=pyproject)
    assert "set AZURE_CLIENT_SECRET instead" in str(caught.value)
    assert SECRET not in str(caught.value)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("[tool", "is not valid TOML"),
        ("[tool.azml-contract]\nworkspace = 5\n", "workspace must be text, not 5"),
        (
            '[tool.azml-contract]\nresource-grp = "x"\n',
            "has no setting resource_grp. Did you mean resource_group?",
        ),
    ],
)
def test_a_wrong_pyproject_is_named(text: str, message: str, tmp_path: Path) -> None:
    pyproject = write(tmp_path / "p.toml", text)
    with pytest.raises(SettingsError) as caught:
        load_settings(WHOLE, pyproject=pyproject)
    assert str(pyproject) in str(caught.value)
    assert message in str(caught.value)


def test_keys_of_other_parts_are_left_to_them(tmp_path: Path) -> None:
    pyproject = write(
        tmp_path / "p.toml", '[tool.azml-contract.scrub]\nnames = ["x"]\n'
    )
    assert load_settings(WHOLE, pyproject=pyproject).workspace == "ws"


def test_dotenv_takes_values_as_they_are(tmp_path: Path) -> None:
    """With a byte order mark, and without looking into the environment."""
    dotenv = tmp_path / ".env"
    dotenv.write_bytes(b"\xef\xbb\xbfAZML_COMPUTE=cpu\nAZURE_CLIENT_SECRET=a${HOME}b\n")
    environ = {k: v for k, v in WHOLE.items() if k != "AZURE_CLIENT_SECRET"}
    settings = load_settings(environ, dotenv=dotenv)
    assert settings.compute == "cpu"
    assert settings.client_secret == "a${HOME}b"


def test_a_dotenv_that_is_no_text_is_named(tmp_path: Path) -> None:
    dotenv = tmp_path / ".env"
    dotenv.write_bytes(b"AZML_COMPUTE=\xff\xfe\n")
    with pytest.raises(SettingsError, match="cannot be read"):
        load_settings(WHOLE, dotenv=dotenv)


@pytest.mark.parametrize(
    ("given", "used"),
    [
        ("https://localhost:8443/", "https://localhost:8443"),
        ("management.azure.com", "https://management.azure.com"),
    ],
)
def test_endpoint_and_authority_become_urls(given: str, used: str) -> None:
    environ = WHOLE | {"AZML_ENDPOINT": given, "AZURE_AUTHORITY_HOST": given}
    settings = load_settings(environ)
    assert (settings.endpoint, settings.authority) == (used, used)


@pytest.mark.parametrize("name", ["AZML_ENDPOINT", "AZURE_AUTHORITY_HOST"])
def test_an_unencrypted_endpoint_is_refused(name: str) -> None:
    with pytest.raises(SettingsError) as caught:
        load_settings(WHOLE | {name: "http://localhost:8080"})
    assert "tokens travel over https only" in str(caught.value)
    assert name in str(caught.value)


@pytest.mark.parametrize("value", ["my workspace", "a/b", "a?b", "a#b"])
def test_a_name_that_cannot_stand_in_a_path_is_refused(value: str) -> None:
    with pytest.raises(SettingsError) as caught:
        load_settings(WHOLE | {"AZML_WORKSPACE": value})
    assert f"workspace is {value!r}" in str(caught.value)
    assert "AZML_WORKSPACE" in str(caught.value)


def test_a_proxy_without_a_scheme_is_http() -> None:
    assert load_settings(WHOLE | {"AZML_PROXY": "h:1"}).proxy == "http://h:1"


def test_a_ca_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    missing = str(tmp_path / "ca.pem")
    with pytest.raises(SettingsError) as caught:
        load_settings(WHOLE | {"AZML_CA_BUNDLE": missing})
    assert str(caught.value) == (
        f"There is no CA file at {missing} (variable AZML_CA_BUNDLE)."
    )
    Path(missing).touch()
    assert load_settings(WHOLE | {"AZML_CA_BUNDLE": missing}).ca_bundle == missing


def test_every_setting_has_a_variable_of_its_own() -> None:
    assert len(set(VARIABLES.values())) == len(VARIABLES)
    assert set(VARIABLES) == set(Settings.__dataclass_fields__)


def test_placeholders_come_from_nowhere_but_this_package() -> None:
    assert PLACEHOLDERS.subscription == "0" * 8 + "-0000-0000-0000-" + "0" * 12
    assert PLACEHOLDERS.endpoint == "https://management.azure.com"
    assert PLACEHOLDERS.proxy == PLACEHOLDERS.ca_bundle == ""
    assert not set(os.environ.values()) & {PLACEHOLDERS.tenant}


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ('[tool.azml-contract]\ncontracts = "mine"\n', True),
        ('[tool]\nazml-contract = {contracts = "mine"}\n', True),
        ('[project]\nname = "contracts-of-others"\n', False),
        ('[tool.azml-contract]\nworkspace = "ws"\n', False),
        ("[tool.other", False),  # a file that is somebody else's
    ],
)
def test_contracts_of_a_project_are_those_that_its_section_names(
    text: str, named: bool, tmp_path: Path
) -> None:
    (tmp_path / "mine").mkdir()
    pyproject = write(tmp_path / "pyproject.toml", text)
    folder = tmp_path / "mine" if named else None
    assert find_contracts_folder(pyproject) == folder
