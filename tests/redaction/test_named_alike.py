"""A workspace that is called as its resource group: each place tells which it is."""

from __future__ import annotations

from azml_contract.redaction.names import Names
from azml_contract.redaction.rules import Identifier

NAMES = Names(
    [
        Identifier("resource_group", "contoso-ml", "resource-group"),
        Identifier("workspace", "contoso-ml", "workspace"),
    ]
)


def test_each_place_of_a_shared_name_gets_its_own_placeholder():
    path = "/resourceGroups/contoso-ml/providers/P/workspaces/contoso-ml/jobs/1"

    assert NAMES.replace(path) == (
        "/resourceGroups/resource-group/providers/P/workspaces/workspace/jobs/1"
    )
    assert NAMES.replace_property("workspacename", "Contoso-ML", "") == "workspace"


def test_a_shared_name_without_a_place_is_replaced_all_the_same():
    assert NAMES.find(NAMES.replace("made by the contoso-ml team")) == ""
    assert "contoso" not in NAMES.replace("made by the contoso-ml team")
