"""azure-cli: login, generic resources, ARM deployments, storage, raw REST."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

from steps import step

FOLDER = Path(tempfile.mkdtemp())
GROUP, NAME = os.environ["AZURE_RESOURCE_GROUP"], os.environ["AZML_WORKSPACE"]
SUBSCRIPTION = os.environ["AZURE_SUBSCRIPTION_ID"]
WORKSPACE = (
    f"/subscriptions/{SUBSCRIPTION}/resourceGroups/{GROUP}/providers"
    f"/Microsoft.MachineLearningServices/workspaces/{NAME}"
)
TEMPLATE = {
    "$schema": "https://schema.management.azure.com/schemas/2019-04-01/"
    "deploymentTemplate.json#",
    "contentVersion": "1.0.0.0",
    "parameters": {"name": {"type": "string"}},
    "resources": [
        {
            "type": "Microsoft.MachineLearningServices/workspaces",
            "apiVersion": "2023-10-01",
            "name": "[parameters('name')]",
            "location": "[resourceGroup().location]",
            "identity": {"type": "SystemAssigned"},
            "properties": {"friendlyName": "[concat(parameters('name'), '-friendly')]"},
        }
    ],
}


def az(*words: str):
    """What a command prints."""
    done = subprocess.run(
        [sys.executable, "-m", "azure.cli", *words, "-o", "json"],
        env={**os.environ, "AZURE_CONFIG_DIR": str(FOLDER / "azure")},
        capture_output=True,
        text=True,
    )
    if done.returncode:
        raise RuntimeError(done.stderr.strip() or done.stdout.strip())
    return json.loads(done.stdout) if done.stdout.strip() else True


template = FOLDER / "template.json"
template.write_text(json.dumps(TEMPLATE))
login = ("-u", os.environ["AZURE_CLIENT_ID"], "-p", os.environ["AZURE_CLIENT_SECRET"])
step(
    "login",
    lambda: az(
        "login", "--service-principal", *login, "-t", os.environ["AZURE_TENANT_ID"]
    ),
)
step("account", lambda: az("account", "show"), lambda a: a["id"] == SUBSCRIPTION)
step("groups", lambda: az("group", "list"), lambda g: g[0]["name"] == GROUP)
step("resources", lambda: az("resource", "list", "-g", GROUP), lambda r: len(r) >= 4)
step(
    "provider",
    lambda: az("provider", "show", "-n", "Microsoft.MachineLearningServices"),
)
step(
    "rest",
    lambda: az("rest", "--url", f"https://management.azure.com{WORKSPACE}/datastores"
               "?api-version=2023-10-01"),
    lambda d: len(d["value"]) == 3,
)  # fmt: skip
deployment = ("-g", GROUP, "-n", "d", "-f", str(template), "-p", "name=deployed")
step(
    "what-if",
    lambda: az("deployment", "group", "what-if", "--no-pretty-print", *deployment),
)
step(
    "deploy",
    lambda: az("deployment", "group", "create", *deployment),
    lambda d: d["properties"]["provisioningState"] == "Succeeded",
)
step(
    "the workspace of it",
    lambda: az("resource", "show", "--ids", WORKSPACE.replace(NAME, "deployed"),
               "--api-version", "2023-10-01"),
    lambda w: w["properties"]["friendlyName"] == "deployed-friendly",
)  # fmt: skip
