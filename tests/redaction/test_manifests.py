"""What secrets of Kubernetes hold goes; all around it stays byte for byte."""

from __future__ import annotations

import json

import pytest
from in_memory import answer, record, replay

from azml_contract.documents.lint import Linter
from azml_contract.documents.scrub_document import DocumentScrubber
from azml_contract.exchange import Exchange, Request
from azml_contract.redaction.manifests import redact_manifests
from azml_contract.redaction.redact import Redactor
from azml_contract.redaction.rules import RedactionRules, secret_names
from azml_contract.redaction.scan import Scanner

RULES = RedactionRules()
REDACTOR = Redactor(RULES)
WORD = "kT4vXq9Zm7"

MANIFESTS = {
    "comments": "kind: Secret\ndata:\n  # of Ada\n  db: @ # mine\n  # last\n# end\n",
    "templates": "kind: Secret\ndata:\n  {{- if .Values.x }}\n  db: @\n"
    "  {{- end }}\n  c: {{ .Values.c | b64enc }}\n",
    "templates at the margin": "kind: Secret\ndata:\n{{- if .Values.x }}\n  db: @\n"
    "{{- else }}\n  db: @\n{{- end }}\ntype: Opaque\n",
    "a name that is filled in": "kind: Secret\ndata:\n  {{ .Values.k }}: @\n",
    "a value that is filled in": "kind: Secret\nstringData:\n  c: {{ .a }}:{{ .b }}\n"
    "  db: @\n",
    "templates in lines": "{{- /*\ndata:\n  a: b8cd\n*/ -}}\nkind: Secret\ndata:\n"
    "{{- with (dict\n  \"a\" 1) }}\n  db: '@'\n{{- end }}\n",
    "another object of a list": "items:\n- kind: Secret\n  data:\n    db: @\n"
    "- kind: ConfigMap\n  data:\n    at: west8\n",
    "a list in a list": "- - kind: Secret\n    data:\n      db: @\n  - data:\n"
    "      at: west8\n",
    "a manifest in a block": "kind: ConfigMap\ndata:\n  at: west8\n  m.yaml: |\n"
    "    ---\n    kind: Secret\n    data:\n      db: @\n    ---\n    data:\n"
    "      at: west8\n",
    "data of something within": "kind: Secret\nmetadata:\n  annotations:\n    data:\n"
    "      at: west8\ndata:\n  db: @\n",
    "quotes": "kind: Secret\nstringData:\n  a: '@'\n  b: \"@\" # b\n  'c': @\n",
    "quotes in lines": 'kind: Secret\nstringData:\n  a: "@\n    @\n  @" # c\n'
    "  b: '@\n\n    @'\n  c: @\n",
    "lines without quotes": "kind: Secret\nstringData:\n  a: @\n    @\n  # b\n  b: @",
    "a block with signs": "kind: Secret\nstringData:\n  a: |- # of Ada\n    @\n\n"
    "    @\n  # of b\n  b: @\n",
    "a tag and an anchor": "kind: Secret\ndata:\n  a: &x @\n  b: *x\n"
    "  c: !!str @\n  d: &y !!binary |\n    @\n",
    "blanks behind": "kind: Secret \r\ndata: \r\n  db:   @  \r\n  a: '@' \r\n",
    "in a line": "kind: Secret\ndata: {db: @, 'x': \"@\" , y: '@'} # c\ntype: Opaque\n",
    "in braces": "kind: Secret\ndata: {\n  db: @,\n  x: '@'\n}\ntype: Opaque\n",
    "JSON with a template": '{\n  "kind": "Secret",\n  "data": {\n    "db": "@",\n'
    '    "x": "@"\n  },\n  {{ .Values.more }}\n  "type": "Opaque"\n}\n',
    "JSON in a text": 'applied {"kind":"Secret","stringData":{"at":"@"}} at west8',
    "JSON in JSON": json.dumps(
        {"last": json.dumps({"data": {"a": "@"}, "kind": "Secret"}), "data": {"a": "b"}}
    ),
}  # fmt: skip


@pytest.mark.parametrize("manifest", MANIFESTS.values(), ids=MANIFESTS)
def test_the_data_of_a_secret_goes_and_all_else_stays(manifest):
    text = manifest.replace("@", WORD)

    clean = REDACTOR.text(text)

    assert clean == manifest.replace("@", "REDACTED")
    assert REDACTOR.text(clean) == clean
    assert Scanner(REDACTOR).kinds(text, entropy=False)
    assert not Scanner(REDACTOR).kinds(clean, entropy=False)


@pytest.mark.parametrize(
    ("held", "left"),
    [
        (f"'it''s {WORD}'", "'REDACTED'"),
        (f'"so \\"{WORD}"', '"REDACTED"'),
        (f"so\u00a0{WORD}#1 # c", "REDACTED # c"),
        (
            f"|\n    # of {WORD}\n    {{{{ .a }}}} {WORD}",
            "|\n    REDACTED\n    REDACTED",
        ),
    ],
)
def test_a_value_goes_as_a_whole(held, left):
    text = f"kind: Secret\nstringData:\n  a: {held}\n  b: {WORD}\n"

    assert REDACTOR.text(text) == (
        f"kind: Secret\nstringData:\n  a: {left}\n  b: REDACTED\n"
    )


SECRET = {
    "kind": "Secret",
    "metadata": {"name": "d8"},
    "data": {"type": WORD, "location": "https://x.example/z8", "db": WORD},
    "type": "Opaque",
}
CLEAN = {**SECRET, "data": dict.fromkeys(("type", "location", "db"), "REDACTED")}


def test_remarks_among_data_stay_and_what_a_value_goes_on_as_goes():
    text = (
        "kind: Secret\ndata:\n  # of8 it: mine8\n  c: first8x\n    d: eDh5eDh5\n"
        "# b: x8y9z0\ntype: Opaque\n"
    )

    assert redact_manifests(text, lambda _: "<>") == (
        "kind: Secret\ndata:\n  # of8 it: mine8\n  c: <>\n    <>\n"
        "# b: x8y9z0\ntype: Opaque\n"
    )


def test_a_manifest_in_json_holds_secrets_at_all_its_names():
    linter = Linter(Scanner(REDACTOR), secret_names(RULES))

    assert REDACTOR.json(SECRET, REDACTOR.text) == CLEAN
    assert DocumentScrubber(REDACTOR).scrub(SECRET) == CLEAN
    assert [one.place for one in linter.lint(SECRET)] == [
        "/data/type", "/data/location", "/data/db",
    ]  # fmt: skip
    assert not linter.lint(CLEAN)


def test_data_beside_a_reference_to_a_secret_stays():
    text = (
        "resources:\n- target:\n    kind: Secret\n  data:\n    at: west8\n"
        "data:\n  at: west8\n"
    )

    assert REDACTOR.text(text) == text


def test_data_of_another_kind_stays():
    other = {**SECRET, "kind": "ConfigMap"}

    assert REDACTOR.json(other, REDACTOR.text) == other
    assert not Linter(Scanner(REDACTOR), secret_names(RULES)).lint(other)


def test_what_a_manifest_held_is_known_elsewhere_and_replays():
    applied = Exchange(
        Request("PUT", "https://x.example/a", (), json.dumps(SECRET).encode()),
        answer(SECRET),
    )
    logged = Exchange(
        Request("GET", "https://x.example/b"), answer({"line": f"with {WORD}"})
    )

    recorded = record([applied, logged], RULES)

    assert not recorded.found
    assert WORD not in recorded.text
    replay(recorded, [applied.request, logged.request], RULES)
