"""Each name of the rules does what the rules are for, in a recording."""

from __future__ import annotations

from urllib.parse import urlencode

import pytest
from in_memory import answer, put, record, replay
from planted import VERSION, WORKSPACE

from azml_contract.exchange import Exchange, Request, Response
from azml_contract.redaction.rules import RedactionRules, secret_names
from azml_contract.scenario import redaction_rules
from azml_contract.settings import PLACEHOLDERS

RULES = redaction_rules(PLACEHOLDERS)
URL = f"{WORKSPACE}/jobs/j{VERSION}"
PLAIN = "of no form at all"
"""What nothing but a name tells to be secret."""

PROPERTIES = """
access_token accessKey accessToken accountKey account_key adminUserPassword
applicationInsightsInstrumentationKey clientSecret client_assertion client_secret
connectionString id_token password primaryConnectionString primaryKey refresh_token
sasToken sasUri secondaryConnectionString secondaryKey sharedAccessSignature
userStorageKey
"""
PARAMETERS = """
access_token apikey api_key assertion client_assertion client_secret code id_token
password refresh_token sig signature subscription-key token
"""
FIELDS = """
access_token actor_token assertion client_assertion client_secret code code_verifier
device_code id_token password refresh_token subject_token username
"""
IGNORED = """
client-request-id client_assertion_type client_info x-client-cpu x-client-os
x-client-sku x-client-ver
"""
KEY_LISTS = "listKeys listSecrets regenerateKey regenerateKeys listCredentials"
TOLD = """
creationTime credentialsType id keyName name permissions secretsType type category
location target userStorageArmId userStorageResourceId
"""
PEOPLE = "createdBy lastModifiedBy userName userPrincipalName upn userEmail"
SENT = """
content-type if-match if-none-match prefer range x-ms-blob-content-type x-ms-blob-type
x-ms-range x-ms-meta-mine
"""
CAME = """
accept-ranges azure-asyncoperation azure-deprecating deprecation sunset content-range
content-type etag last-modified location operation-location retry-after
x-ms-async-operation-timeout x-ms-blob-content-length x-ms-blob-type x-ms-error-code
x-ms-failure-cause x-ms-response-type x-ms-meta-mine
"""


@pytest.mark.parametrize("name", PROPERTIES.split())
def test_a_property_is_secret_wherever_it_stands(name):
    body = {"properties": {"inner": [{name: PLAIN}], "other": "kept"}}
    recorded = record([Exchange(put(URL, body), answer(body))], RULES)
    (one,) = recorded.cassette.interactions
    for kept in (one.request_json, one.response_json):
        assert kept["properties"]["other"] == "kept"
    assert PLAIN not in recorded.text
    assert name.lower() in secret_names(RedactionRules())


@pytest.mark.parametrize("name", PARAMETERS.split())
def test_a_parameter_of_a_query_is_never_written(name):
    url = f"{URL}&{name}={'ofnoform' * 3}&x=kept"
    recorded = record([Exchange(Request("GET", url), answer({}))], RULES)
    (one,) = recorded.cassette.interactions
    assert ("ofnoform" in one.url) is (name == "signature")  # of what, tells its look
    assert "x=kept" in one.url


@pytest.mark.parametrize("name", ["se", "st", "ske", "skt"])
def test_a_time_of_a_signature_is_the_same_in_each_recording(name):
    signed = f"{URL}&{name}=2026-01-02T03%3A04%3A05Z&sig=abcdefgh"
    urls = [signed, f"{URL}&{name}=2026-01-02"]
    exchanges = [Exchange(Request("GET", url), answer({})) for url in urls]
    recorded = record(exchanges, RULES)
    first, second = (one.url for one in recorded.cassette.interactions)
    assert f"&{name}=2000-01-01T00%3A00%3A00Z&sig=REDACTED" in first
    assert second.endswith(f"&{name}=2026-01-02")
    later = signed.replace("2026-01-02", "2027-08-09")
    replay(recorded, [Request("GET", later), Request("GET", urls[1])], RULES)


@pytest.mark.parametrize("name", sorted({*PARAMETERS.split()} - {"code", "signature"}))
def test_a_parameter_is_secret_however_short_it_is(name):
    url = f"{URL}&{name}=12&x=12"
    recorded = record([Exchange(Request("GET", url), answer({}))], RULES)
    (one,) = recorded.cassette.interactions
    assert one.url.endswith(f"&{name}=REDACTED&x=12")


@pytest.mark.parametrize("name", [*FIELDS.split(), *IGNORED.split()])
def test_a_login_is_the_same_whatever_the_client_says_of_itself(name):
    kind = (("content-type", "application/x-www-form-urlencoded"),)
    first, second, other = (
        Request("POST", "https://x.example/oauth2/token", kind, form.encode())
        for form in (
            f"scope=a&{name}=one",
            f"scope=a&{name}=two",
            f"scope=b&{name}=one",
        )
    )
    recorded = record([Exchange(first, answer({"a": 1}))], RULES)
    (played,) = replay(recorded, [second], RULES)
    assert played.status == 200
    with pytest.raises(Exception, match="has no answer"):
        replay(recorded, [other], RULES)


@pytest.mark.parametrize("name", FIELDS.split())
def test_a_field_of_a_login_is_never_written(name):
    form = urlencode({"grant_type": "x", name: PLAIN, "scope": "kept"}).encode()
    kind = (("content-type", "application/x-www-form-urlencoded"),)
    request = Request("POST", "https://x.example/oauth2/token", kind, form)
    recorded = record([Exchange(request, answer({}))], RULES)
    assert PLAIN.replace(" ", "+") not in recorded.text


@pytest.mark.parametrize("path", KEY_LISTS.split())
def test_the_whole_answer_of_a_list_of_keys_is_secret(path):
    url = f"{WORKSPACE}/{path}{VERSION}"
    body = {"anything": PLAIN, "kindOfType": "kept"}
    for method, is_kept in (("POST", False), ("GET", True)):
        exchange = Exchange(Request(method, url), answer(body))
        recorded = record([exchange], RULES)
        assert (PLAIN in recorded.text) is is_kept
        assert "kept" in recorded.text


@pytest.mark.parametrize("name", TOLD.split())
def test_what_a_key_is_of_stays_beside_it(name):
    exchange = Exchange(
        Request("POST", f"{WORKSPACE}/listKeys{VERSION}"), answer({name: PLAIN})
    )
    (one,) = record([exchange], RULES).cassette.interactions
    assert one.response_json == {name: PLAIN}


@pytest.mark.parametrize("name", PEOPLE.split())
def test_who_did_something_is_nobody(name):
    body = {"systemData": {name: "Ada Lovelace"}}
    recorded = record([Exchange(put(URL, {}), answer(body))], RULES)
    assert "Lovelace" not in recorded.text


def test_only_headers_that_tell_something_are_written():
    sent = [(name, "1") for name in [*SENT.split(), "user-agent", "x-ms-client"]]
    came = [(name, "1") for name in [*CAME.split(), "date", "x-ms-request-id"]]
    exchange = Exchange(
        Request("PUT", URL, tuple(sent), b"{}"), Response(200, tuple(came), b"{}")
    )
    (one,) = record([exchange], RULES).cassette.interactions
    assert sorted(one.data["request"]["headers"]) == sorted(SENT.split())
    assert sorted(one.data["response"]["headers"]) == sorted(CAME.split())


@pytest.mark.parametrize(
    "name",
    """
    id name properties status tags type value adminusersshpublickey cert certificate
    key1 key2 publickeydata
    """.split(),  # noqa: SIM905
)
def test_what_a_contract_marks_is_not_secret_by_an_ordinary_name(name):
    marked = RedactionRules(secret_properties=frozenset({name, "own"}))
    assert name not in secret_names(marked)
    assert "own" in secret_names(marked)
