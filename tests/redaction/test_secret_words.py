"""Names that say secret, and values that are none whatever their name."""

from __future__ import annotations

import pytest

from azml_contract.redaction.secret_words import (
    holds_secrets,
    is_description,
    is_listed_secret,
    is_named_secret,
    is_path,
    is_reference,
    is_secret_list,
    is_secret_name,
    is_secret_parameter,
    is_word,
)

WORD = "kT4vXq9Zm7"

SAYING = """
password Password PASSWORD dbPassword db_password DB-PASSWORD db.password userPasswd
password2 passwordValue dbPasswordOld passwords secret clientSecret token accessToken
apiKey api_key APIKEY x-api-key accountKey key_of_storageKey auth pass pw pat sas
db_pass user_pw DBPASS dbpwd mypwd sasUrl githubPat jwt dsn cookie sessionCookie
signature senha senhas connectionString mongo_conn_string connectionstring credential
credentials encryption_key signing-key hostKey masterKeyData gitlab_token
Paßwort Contraseña mot_de_passe
fs.azure.account.key.account7.blob.core.windows.net
"""

SAYING_NOTHING = """
name status passage tokenizer publicKey public_key_data partitionKey primary_keyboard
key sort_key cacheKey eos_token eosToken pad_tokens max_token nextToken author authMode
http_auth oauth basic_auth db_conn conn bypass low_pass lowpass trainPass sastra pattern
maxtokens NUMTOKENS pagetoken skiptoken
patch path sasl bearing monkey datakey 2 _ version value
fs.azure.account.name.account7.blob.core.windows.net
"""


@pytest.mark.parametrize("name", SAYING.split())
def test_a_name_of_any_spelling_says_secret(name):
    assert is_secret_name(name)


@pytest.mark.parametrize("name", SAYING_NOTHING.split())
def test_what_tables_models_and_pages_have_too_says_nothing(name):
    assert not is_secret_name(name)


def test_of_a_long_name_its_end_says_what_it_is():
    assert is_secret_name(f"{'a.' * 200}password")
    assert not is_secret_name(f"password{'.a' * 200}")


@pytest.mark.parametrize(
    "value",
    [
        *("", "a", "12", "  ", "None", "NULL", "true?", "changes.REDACTED", "REDAC"),
        *(
            "$TOKEN",
            "${TOKEN}",
            "$(cat x)",
            "{{ token }}",
            "${{ secrets.A }}",
            "<token>",
        ),
        *("%TOKEN%", "%(token)s", "$env:TOKEN", "os.environ['A']", "secrets.A"),
        *("azureml:x:1", "urn:x:y", "/subscriptions/s/x", "!secret my_token"),
        *("vault:secret/data/x#y", "@Microsoft.KeyVault(SecretUri=x)", "`cat x`"),
        *("$A:$B@", "Bearer {token}", "Basic $TOKEN", "${A}x", "your-own token"),
        *("****", "xxxx", "....", "••••", "value1", "Sanitized", "user@example.com"),
        *("A" * 40, "drawn-3xxx", "(.*)", "{}", "$(cat x)ab", "{token}ab"),
    ],
)
def test_what_only_tells_where_a_secret_is_is_none(value):
    assert is_reference(value)


@pytest.mark.parametrize(
    "value",
    [
        "abc",
        WORD,
        f"${{A}}{WORD}",
        "Bearer abc",
        "A" * 39,
        "vault:v1",
        "xxx!",
        "a$b-c d",
    ],
)
def test_what_is_a_value_of_its_own_is_no_reference(value):
    assert not is_reference(value)


NAMED = [
    ("password", WORD, True),
    ("password", "secret phrase", True),
    ("password", "none", False),
    ("password", "a.b", True),  # no name of a secret
    ("password", "db.password", False),  # where it is written down
    ("password", "db_password", False),
    ("dbPassword", "DB_PASSWORD", False),
    ("db_password", "Password", False),
    ("name", WORD, False),
    ("db_pwd", "/run/secrets/x", False),
    ("keypass", "~/x", False),
    ("pat", "C:\\x", False),
    ("password", "/run/secrets/x", True),
    ("github_pat", "[a-z]+ x", False),  # a pattern
    ("github_pat", "ghp_abc", True),
    ("api_key", "abc1d", False),
    ("api_key", "abc12d", True),
    ("api_key", "abcdef", False),
    ("api_key", "customer_id", False),
    ("api_key", "CustomerName", False),
    ("api_key", "https://x.example/1", False),
    ("api_key", "http://x.example/1", False),
    ("api_key", "./models/a1", False),
    ("api_key", "/" + "a1" * 16, True),
    ("api_key", "/" + "a1" * 16 + ".pem", False),
    ("primary_key", "customer_id_1", False),
    ("secondary_key", "customer_id_1", False),
    ("account_key", "customer_id_1", True),
    ("api_key", "ABCdef1", True),
    ("api_key", "abcdef-ghijk+", True),
    ("auth", "basic", False),
    ("auth", "hunter2", True),
    ("auth", "hunte2", True),
    ("auth", "hunt2", False),
    ("auth", "123456", False),
    ("credentials", "who knows 2", False),
    ("credential", "service principal", False),
    ("credentials", "ClientSecret", False),  # the kind of it
    ("authorization", "api key", False),
    ("password", "ClientSecret", True),
    ("signature", "Abcdefghijklmno", False),
    ("signature", "Abcdefghijklmnop", True),
    ("signature", "abcdefghijklmnop", False),
    ("signature", "Abcdef%2Bghijklm%3D", True),
    ("signature", '{"inputs": [{"name": "X1"}]}', False),  # of a model
    ("apiKeyHeader", "X-Api-Key", False),
    ("apiKeyHeader", "Kennwort-ABC-Blau", True),
    ("apiKey", "X-Api-Key", True),
    ("mytoken", "123456", True),
    ("cookie", "accepted=1", False),
    ("cookie", "session=abcd", True),
    ("webhook", "https://x/y", False),
    ("webhook", "https://x/yz", True),
    ("sas_uri", "https://x/y", False),
    ("mongo_dsn", "a:b1@c/d", False),
    ("samlResponse", "missing8", False),
    ("webhook_url", "https://x/y", False),
    ("webhook_url", "https://x/yz", True),
    *((name, "12345", False) for name in ("github_pat", "jwt", "sas", "auth")),
    *((name, "123456", True) for name in ("github_pat", "jwt")),
    ("token", "12345", False),
    ("token", "123456", True),
    ("sas_token", "12345", False),
    ("password", "12345", True),
]


@pytest.mark.parametrize(("name", "value", "is_secret"), NAMED)
def test_a_value_is_secret_by_its_name_and_its_look(name, value, is_secret):
    assert is_named_secret(name, value) is is_secret


@pytest.mark.parametrize(
    ("value", "told"),
    [
        ("hunter2", True),
        ("hunte2", True),
        ("hunt2", False),
        ("hunter", False),
        ("hunter 2", False),
        ("123456", False),
    ],
)
def test_a_word_has_six_signs_and_not_letters_alone(value, told):
    assert is_word(value) is told


@pytest.mark.parametrize(
    ("value", "told"),
    [
        ("/a/b", True),
        ("C:\\a b", True),
        ("./a", True),
        ("~/.ssh/x", True),
        ("a/b", False),
        ("/a?b", False),
        ("", False),
    ],
)
def test_a_path_begins_as_one(value, told):
    assert is_path(value) is told


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("secrets", True),
        ("dbPasswords", True),
        ("secret", False),
        ("a", False),
        ("", False),
        ("secretsOld", True),
    ],
)
def test_an_object_of_secrets_is_told_by_its_name(name, told):
    assert holds_secrets(name) is told


@pytest.mark.parametrize(
    ("name", "value", "told"),
    [
        ("$ref", WORD, True),
        ("db", "https://x", True),
        ("db", "http://x", True),
        ("db", "#/a", True),
        ("rotationState", WORD, True),
        ("rotation_state", WORD, True),
        ("db", WORD, False),
        ("", WORD, False),
        ("db", "2026-01-02", True),
        ("db", "2026-01-02T03:04:05Z", True),
        ("db", "Mon, 02 Jan 2026 03:04:05 GMT", True),
        ("db", "P1D", True),
        ("db", "PT1H", True),
        ("db", "P", False),
    ],
)
def test_what_says_something_of_secrets_is_none(name, value, told):
    assert is_description(name, value) is told


@pytest.mark.parametrize(
    ("name", "value", "told"),
    [
        ("tokens", "abcdefg1", True),
        ("tokens", "abcdef1", False),
        ("tokens", "abcdefgh", False),
        ("accessTokenS", "abcdefg1", True),
        ("passwords", "abc", True),
        ("password", "abc", True),
        ("names", "abcdefg1", False),
        ("apiKeys", "abcdefg1", True),
    ],
)
def test_a_word_of_a_list_is_secret_where_it_looks_so(name, value, told):
    assert is_listed_secret(name, value) is told
    assert is_secret_list(name) is (name != "names")


@pytest.mark.parametrize(
    ("name", "value", "told"),
    [
        ("Code", "a" * 19, False),
        ("code", "a" * 20, True),
        ("sig", "a", True),
        ("sig", "", False),
        ("SIG", "a", True),
        ("client_secret", "a", True),
        ("signature", "abcdefghijklmnop", False),
        ("signature", "abcdefghijklmno1", True),
        ("password", WORD, True),
        ("page", WORD, False),
    ],
)
def test_a_parameter_is_secret_by_its_name_or_its_length(name, value, told):
    assert is_secret_parameter(name, value) is told
