"""Tables and objects of many secrets, told by one name; and what looks like them."""

from __future__ import annotations

import json
from functools import partial

import pytest

from azml_contract.documents.lint import Linter
from azml_contract.documents.scrub_document import DocumentScrubber
from azml_contract.exchange import Exchange, Request, Response
from azml_contract.redaction.learn import learn
from azml_contract.redaction.redact import Redactor
from azml_contract.redaction.rules import RedactionRules, secret_names
from azml_contract.redaction.scan import Scanner
from tests.support.in_memory import record, replay

RULES = RedactionRules()
REDACTOR = Redactor(RULES)
WORD = "kT4vXq9Zm7"

TABLES = {
    "commas": "name,password\nada,{}\nbob,{}\n",
    "semicolons": "user;api_key;at\nada;{};1\n",
    "tabs and CR": "user\tpassword\r\nada\t{}\r\n",
    "quotes": '"name","db_password"\n"ada, b","{}"\n',
    "behind a text": "what we have:\nname,access_token\nada,{}\n\nand more, of it",
    "the first column": "secret,name\n{},ada",
    "names of two words": "User Name (old),API Key\nada,{}\n",
    "names of two words in quotes": '"User Name";"Access Key"\n"ada";"{}"\n',
    "single quotes": "'name','password'\n'ada','{}'\n",
    "a blank behind each comma": "name, password, at\nada, {}, 1\n",
    "blanks and quotes": 'name, "password"\n"ada, b", "{}"\n',
    "a mark of the byte order": "\ufeffapiKey,userName\n{},ada\n",
    "a column without a name": ",name,ACCESS_TOKEN\n0,ada,{}\n",
    "a name for each of many": "sep=;\nuser-name;sas-token;;\nada;{};;\n",
    "bars": "name|password|at\nada|{}|1\n",
    "Markdown": "| user | api key |\n|:-----|:---:|\n| ada | `{}` |\n| bob | {} |\n",
    "Markdown without bars around": "user | Password\n--- | ---\nada | **{}**\n\nx8",
    "a bar in a cell": "| a | apiKey | b |\r\n|-|-|-|\r\n| x \\| y | {} | 1 |\r\n",
    "a row that is too short": "| a | API_KEY |\n|---|---|\n| x |\n| y | {} |\n",
    "psql": " name | password \n------+----------\n ada  | {}\n(1 row)\n",
    "mysql": "+----+---------+\n| a  | db_pass |\n+----+---------+\n"
    "| b  | {} |\n+-+-+\n",
    "what az prints": "AppId  Password    At\n-----  ----------  --\na1     {}  t1\n",
    "what PowerShell prints": "\nName Password\n---- --------\nada  {}\n\nx8\n",
    "reStructuredText": "====  ========\nName  Password\n====  ========\nada   {}\n",
    "a box": "┏━━━━━━┳━━━━━━━┓\n┃ name ┃ token ┃\n┡━━━━━━╇━━━━━━━┩\n│ ada  │ {} │\n"
    "└──────┴───────┘\n",
    "polars": "┌──────┬──────────┐\n│ name ┆ password │\n│ ---  ┆ ---      │\n"
    "│ str  ┆ str      │\n╞══════╪══════════╡\n│ ada  ┆ {} │\n└──────┴──────────┘\n",
}
LIKE_TABLES = [
    "epoch,tokens,key\n1,2000,alpha1beta\n",
    "id,password_hash_kind\n1,argon2id-v19\n",
    "text,token\nhello,world\nfoo,##ing\n",
    "suite,pass,fail\nunit,completed12,0\n",
    "Enter a name, a password\nand go on, with Kt4vXq9Zm7\n",
    "name,password\nada,${DB_PASSWORD}\nbob,<your-password>\n",
    "name,password\nonly-one-cell-kT4vXq9Zm7\n",
    "Give a user,a password must\nadd8more,to-what-is-there\n",
    "| option | token |\n|---|---|\n| `--a` | Required8 by all |\n| b | optional |\n",
    "| test | pass | fail |\n|---|---|---|\n| unit | completed12 | none |\n",
    "Password | at\n--- | ---\n\nada8more | west\n",
    "The password\n------------\nconsists8of-words\n",
    "--- a/password.txt\n+++ b/token8.txt\n",
    "password | - - -\nkept8more-or-less\n",
    "Name  Password\n----  --------\nada   <your-password>\nbob   $DB_PASSWORD8\n",
]
OBJECTS = [
    {"secrets": {"db": "{}"}},
    {"tags": {"dbSecrets": {"at west": "{}", "name": "regcred"}}},
    {"passwords": {"ada": "{}", "bob": "{}"}},
    {"SECRETS": {"db": {"password": "{}", "user": "ada"}}},
]
LISTS = [
    {"columns": ["user", "password"], "rows": [["ada", "{}"], ["bob", "{}"]]},
    {"columns": ["user", "api_key"], "index": [0], "data": [["ada", "{}"]]},
    {"a": {"header": ["Access Token", "user"], "values": [["{}", "ada", 1]]}},
    {"tables": [{"columns": [{"name": "secret"}, {"type": "x"}], "rows": [["{}", 1]]}]},
    {"columns": ["user", "password"], "data": ["ada", "{}"]},
    {"username": "ada", "key": "{}"},
    {"args": ["sqlcmd", "-P", "{}"]},
    {"args": ["-p", "{}"]},
    {"args": ["--password", "{}"]},
    {"contrasena": "{}", "motDePasse": "{}", "kennwort": "{}", "wachtwoord": "{}"},
]
OBJECTS += LISTS
LIKE_OBJECTS = [
    {"columns": ["text", "token"], "data": [["a", "hello"], ["b", "##ing"]]},
    {"columns": ["suite", "pass"], "data": [["a", "completed12"]]},
    {"columns": ["password"], "rows": [["$DB"], [None], ["<your-password>"]]},
    {"columns": ["user", "name"], "data": [["a", "kT4vXq9Zm7"]]},
    {"columns": 3, "data": [["password", "at", "completed12"]]},
    {"columns": ["password"], "data": {"at": "completed12"}},
    {"columns": ["password", "at"], "data": [["$DB", "completed12", "completed13"]]},
    {"username": "ada", "key": "region"},
    {"username": 1, "key": "0123456789abcdef-a1"},
    {"args": ["mkdir", "-p", "/data/x8"]},
    {"args": ["ssh", "-p", "2222", "-P", "alpha=0.5", "-p", "a8.txt", "-p8080"]},
    {"secrets": {"db": "$DB", "k": "${{secrets.K}}", "name": "regcred", "n": 3}},
    {"secrets": {"vault": "https://kv.vault.azure.net/secrets/db", "type": "Opaque12"}},
    {"imagePullSecrets": [{"name": "regcred12"}]},
    {"tokens": {"start": "bos12345", "end": "eos12345"}},
    {"secretNames": {"db": "db-password-3"}},
    {"secrets": {"updatedAt": "2026-04-01T10:00:00Z", "since": "2026-04-01"}},
    {"secrets": {"seen": "2026-04-01T10:00:00.1234567+02:00", "rotated": "P1DT2H"}},
    {"secrets": {"seen": "Wed, 01 Apr 2026 10:00:00 GMT", "provider": "csi-v1beta1"}},
    {"secrets": {"scope": "workspace-7b", "region": "westeurope2", "location": "we-2"}},
    {"secrets": {"status": "Succeeded", "provisioningState": "Succeeded2"}},
    {"secrets": {"$ref": "#/definitions/Secret1", "db": "#/definitions/Secret1"}},
    {"secrets": {"rotation": "P90D", "algorithm": "HS256", "version": "2026-04-01b"}},
    {"passwords": {"title": "Of 2 databases", "description": "Two, since May 2026"}},
]


@pytest.mark.parametrize("table", TABLES.values(), ids=TABLES)
def test_a_column_is_secret_by_the_name_above_it(table):
    text = table.replace("{}", WORD)

    clean = REDACTOR.text(text)

    assert clean == table.replace("{}", "REDACTED")
    assert REDACTOR.text(clean) == clean
    assert Scanner(REDACTOR).kinds(text, entropy=False)
    assert not Scanner(REDACTOR).kinds(clean, entropy=False)


@pytest.mark.parametrize("text", LIKE_TABLES)
def test_what_only_looks_like_such_a_table_stays(text):
    assert REDACTOR.text(text) == text


@pytest.mark.parametrize("body", OBJECTS, ids=json.dumps)
def test_an_object_of_secrets_holds_one_at_each_name(body):
    told = json.loads(json.dumps(body).replace("{}", WORD))

    clean = REDACTOR.json(told, REDACTOR.text)

    assert clean == json.loads(json.dumps(body).replace("{}", "REDACTED"))
    assert REDACTOR.text(json.dumps(told)) == json.dumps(clean)
    assert Scanner(REDACTOR).kinds(json.dumps(told), entropy=False)


@pytest.mark.parametrize("body", LISTS, ids=json.dumps)
def test_lint_and_scrub_know_lists_too(body):
    told = json.loads(json.dumps(body).replace("{}", WORD))
    clean = json.loads(json.dumps(body).replace("{}", "REDACTED"))
    linter = partial(Linter, Scanner(REDACTOR), secret_names(RULES))

    assert linter().lint(told)
    assert DocumentScrubber(REDACTOR).scrub(told) == clean
    assert not linter().lint(clean)


@pytest.mark.parametrize("body", LIKE_OBJECTS, ids=json.dumps)
def test_what_only_looks_like_such_an_object_stays(body):
    assert REDACTOR.json(body, REDACTOR.text) == body
    assert REDACTOR.text(json.dumps(body)) == json.dumps(body)
    assert not Scanner(REDACTOR).kinds(json.dumps(body), entropy=False)
    assert not learned_from(body)


def learned_from(body):
    told = Response(200, (), json.dumps(body).encode())
    return learn([Exchange(Request("GET", "https://x.example/a"), told)], RULES).secrets


@pytest.mark.parametrize(
    ("body", "learned"),
    [
        ({"secrets": {"db": WORD, "mode": "Rotating", "zone": "west-eu"}}, {WORD}),
        ({"passwords": {"ada": "dragon-fly"}}, {"dragon-fly"}),
        ({"secrets": {"dbPassword": "dragon-fly"}}, {"dragon-fly"}),
        ({"secret": {"value": "dragon-fly"}}, {"dragon-fly"}),
    ],
)
def test_the_name_of_an_object_alone_makes_no_word_a_secret_elsewhere(body, learned):
    assert learned_from(body) == learned


@pytest.mark.parametrize(
    "body",
    [
        json.dumps({"secrets": {"db": WORD}}),
        json.dumps({"columns": ["user", "password"], "rows": [["ada", WORD]]}),
        json.dumps(["docker", "login", "-p", WORD]),
        json.dumps({"username": "ada", "key": WORD}),
        f"name,password\nada,{WORD}\n",
    ],
)
def test_what_was_told_so_is_known_wherever_it_stands_and_replays(body):
    kind = "application/json" if body[0] in "{[" else "text/csv"
    sent = Request(
        "PUT", "https://x.example/a", (("content-type", kind),), body.encode()
    )
    told = Response(200, (("content-type", kind),), body.encode())
    logged = Exchange(
        Request("GET", "https://x.example/b"), Response(200, (), body.encode())
    )

    recorded = record([Exchange(sent, told), logged], RULES)

    assert not recorded.found
    assert WORD not in recorded.text
    answers = replay(recorded, [sent, logged.request], RULES)
    assert [one.status for one in answers] == [200, 200]
    assert all(WORD not in one.body.decode() for one in answers)


@pytest.mark.parametrize(
    "piece", ["name,password\n", "password,", 'password,"', "a,password\n1,x1234567\n"]
)
def test_a_large_table_is_read_at_once(piece):
    import time

    text = piece * (400_000 // len(piece))
    started = time.process_time()
    REDACTOR.plain(text)
    assert time.process_time() - started < 5
