"""Tokens: where they come from, how long they last, what is said without one."""

from __future__ import annotations

import socket
import subprocess
import sys
from dataclasses import dataclass, field
from typing import Any

import pytest

from azml_contract.client import Workspace
from azml_contract.lro import InstantClock
from azml_contract.redaction.redact import Redactor
from azml_contract.redaction.rules import RedactionRules
from azml_contract.rest.credentials import (
    LoginFailed,
    StaticCredential,
    build_credential,
)
from azml_contract.settings import PLACEHOLDERS, Settings

EXPIRED = {
    "error": {
        "code": "ExpiredAuthenticationToken",
        "message": "The access token expiry UTC time 'A' is earlier than current "
        "UTC time 'B'.",
    }
}


@dataclass
class Token:
    token: str
    expires_on: int


@dataclass
class Counting:
    """Gives token-1, token-2 ..., each for an hour of the clock."""

    clock: InstantClock
    scopes: list[tuple[str, ...]] = field(default_factory=list)

    def get_token(self, *scopes: str, **kwargs: Any) -> Token:
        self.scopes.append(scopes)
        return Token(f"token-{len(self.scopes)}", int(self.clock.now()) + 3600)


@pytest.fixture
def counting(clock: InstantClock) -> Counting:
    return Counting(clock)


@pytest.fixture
def azml(make_workspace: Any, counting: Counting) -> Workspace:
    made: Workspace = make_workspace(credential=counting)
    return made


def test_a_token_is_fetched_once_and_kept(
    service: Any, azml: Workspace, counting: Counting, clock: InstantClock
) -> None:
    service.always(200, {})
    azml.get("jobs")
    clock.sleep(3200)
    azml.get("jobs")
    assert counting.scopes == [(f"{service.url}/.default",)]
    assert {r.headers["authorization"] for r in service.requests} == {"Bearer token-1"}


def test_a_token_is_fetched_anew_five_minutes_before_its_end(
    service: Any, azml: Workspace, counting: Counting, clock: InstantClock
) -> None:
    service.always(200, {})
    azml.get("jobs")
    clock.sleep(3301)
    azml.get("jobs")
    assert service.requests[1].headers["authorization"] == "Bearer token-2"


@pytest.mark.parametrize(
    "reply",
    [
        {"json": EXPIRED},
        {"headers": {"WWW-Authenticate": 'Bearer error_description="token expired"'}},
    ],
)
@pytest.mark.parametrize("verb", ["get", "post"])
def test_an_expired_token_is_replaced_once(
    verb: str, reply: Any, service: Any, azml: Workspace
) -> None:
    service.reply(401, **reply)
    service.reply(200, {})
    assert getattr(azml, verb)("jobs/j1/cancel").status == 200
    assert [r.headers["authorization"] for r in service.requests] == [
        "Bearer token-1",
        "Bearer token-2",
    ]


def test_a_token_that_stays_expired_is_not_replaced_for_ever(
    service: Any, azml: Workspace
) -> None:
    service.always(401, EXPIRED)
    assert azml.get("jobs").status == 401
    assert len(service.requests) == 2


def test_another_401_is_an_answer(
    service: Any, azml: Workspace, counting: Counting
) -> None:
    service.reply(
        401, {"error": {"code": "InvalidAuthenticationToken", "message": "x"}}
    )
    assert azml.get("jobs").status == 401
    assert len(counting.scopes) == 1


def test_a_service_principal_logs_in_at_a_private_authority(
    service: Any, make_workspace: Any, settings: Settings
) -> None:
    """Without asking the public cloud, with our CA, and for the endpoint's scope."""
    tenant = f"{service.url}/tenant-1"
    configuration = {
        "token_endpoint": f"{tenant}/oauth2/v2.0/token",
        "authorization_endpoint": f"{tenant}/oauth2/v2.0/authorize",
        "issuer": f"{tenant}/v2.0",
    }

    def answer(request: Any) -> Any:
        from types import SimpleNamespace

        body: Any = {}
        if "openid-configuration" in request.path:
            body = configuration
        elif request.path.endswith("/token"):
            body = {"token_type": "Bearer", "expires_in": 3600, "access_token": "real"}
        return SimpleNamespace(
            status=200, json=body, body=b"", headers={}, drop=False, cut=False
        )

    service.otherwise = answer
    azml = make_workspace(credential=None)
    assert azml.get("jobs").status == 200
    login = next(r for r in service.requests if r.path.endswith("/oauth2/v2.0/token"))
    assert login.path == "/tenant-1/oauth2/v2.0/token"
    assert b"client_id=client-1" in login.body
    assert b"%2F.default" in login.body
    assert service.requests[-1].headers["authorization"] == "Bearer real"


def test_a_refused_login_is_one_error_without_the_secret(
    service: Any, make_workspace: Any, settings: Settings
) -> None:
    service.always(
        401,
        {
            "error": "invalid_client",
            "error_description": "AADSTS7000215: Invalid client secret "
            f"{settings.client_secret} provided.\r\nTrace ID: 1",
            "token_endpoint": "",
        },
    )
    azml = make_workspace(credential=None)
    with pytest.raises(LoginFailed) as caught:
        azml.get("jobs")
    message = str(caught.value)
    assert message.startswith(
        f"No token from {service.url} (credential 'environment'):"
    )
    assert "AZURE_TENANT_ID, AZURE_CLIENT_ID, AZURE_CLIENT_SECRET" in message
    # As the run says it: NAME=value would be taken for a secret.
    assert "AZML_CREDENTIAL to cli" in Redactor(RedactionRules()).message(message)
    assert settings.client_secret not in message


@dataclass
class Refusing:
    error: Exception

    def get_token(self, *scopes: str, **kwargs: Any) -> Token:
        raise self.error


@pytest.mark.parametrize(
    ("kind", "cure"),
    [("cli", "Run: az login"), ("default", "or use a managed identity")],
)
def test_each_login_has_its_remedy(kind: str, cure: str, make_workspace: Any) -> None:
    from azure.identity import CredentialUnavailableError

    error = CredentialUnavailableError("Please run 'az login' to set up account")
    azml = make_workspace(credential=Refusing(error), settings={"credential": kind})
    with pytest.raises(LoginFailed, match=cure):
        azml.get("jobs")


def test_a_login_service_that_is_not_reached_is_no_wrong_secret(
    service: Any, make_workspace: Any
) -> None:
    with socket.socket() as nobody:
        nobody.bind(("127.0.0.1", 0))
        proxy = f"http://127.0.0.1:{nobody.getsockname()[1]}"
        azml = make_workspace(credential=None, settings={"proxy": proxy})
        with pytest.raises(LoginFailed) as caught:
            azml.get("jobs")
    message = str(caught.value)
    assert "The login service was not reached; AZML_PROXY is set." in message
    assert "AZURE_CLIENT_SECRET" not in message


def test_a_malformed_tenant_is_a_failed_login(settings: Settings) -> None:
    from dataclasses import replace

    with pytest.raises(LoginFailed, match="AZURE_TENANT_ID"):
        build_credential(replace(settings, tenant="not a tenant!"))


@pytest.mark.parametrize(
    ("kind", "name"),
    [
        ("environment", "ClientSecretCredential"),
        ("cli", "AzureCliCredential"),
        ("default", "DefaultAzureCredential"),
    ],
)
def test_settings_choose_the_credential(
    kind: str, name: str, settings: Settings
) -> None:
    from dataclasses import replace

    made = build_credential(replace(settings, credential=kind))
    assert type(made).__name__ == name
    made.close()  # type: ignore[attr-defined]


def test_replay_needs_no_identity(service: Any, make_workspace: Any) -> None:
    service.always(200, {})
    make_workspace(credential=StaticCredential()).get("jobs")
    assert service.requests[0].headers["authorization"] == "Bearer REDACTED"


def test_no_login_is_prepared_before_the_first_call() -> None:
    code = (
        "import sys, azml_contract.client as c, azml_contract.settings as s\n"
        "w = c.Workspace(s.PLACEHOLDERS, api_version='2024-04-01')\n"
        "print('azure' in sys.modules)\n"
        "w.close()"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "False"
    assert PLACEHOLDERS.client_secret == "REDACTED"
