"""Slots of templates: which stand bare, and which in a string."""

from __future__ import annotations

import pytest

from azml_contract.documents.document import open_template
from azml_contract.slots import fill_bare, find_bare

TEXTS = {
    '{"n": {{ nodes }}, "of": "{{ name }}"}': (
        "{{ nodes }}",
        '{"n": 1, "of": "{{ name }}"}',
    ),
    '{"a": "up to {{ nodes }} nodes", "b": {{b}}}': (
        "{{b}}",
        '{"a": "up to {{ nodes }} nodes", "b": 1}',
    ),
    '{"a": "a \\" {{ x }}", "b": "${{inputs.x}}"}': (
        "",
        '{"a": "a \\" {{ x }}", "b": "${{inputs.x}}"}',
    ),
    "[${{ no }}, {{ 1 }}, {{yes}}]": ("{{yes}}", "[${{ no }}, {{ 1 }}, 1]"),
}


@pytest.mark.parametrize("text", TEXTS)
def test_a_slot_is_bare_where_no_string_holds_it(text, tmp_path):
    bare, filled = TEXTS[text]
    file = tmp_path / "body.json"
    file.write_text(text, "utf-8")

    assert find_bare(text) == bare
    assert fill_bare(text, "1") == open_template(file) == filled
