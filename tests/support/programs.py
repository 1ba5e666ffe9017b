"""Programs that know nothing of us, and the environment that they take all from."""

from __future__ import annotations

import os

CLIENT = """
import json, os, sys, urllib.parse, urllib.request
env = os.environ
base = "https://management.azure.com"
place = (
    f"/subscriptions/{env['AZURE_SUBSCRIPTION_ID']}/resourceGroups"
    f"/{env['AZURE_RESOURCE_GROUP']}/providers/Microsoft.MachineLearningServices"
    f"/workspaces/{env['AZML_WORKSPACE']}"
)
def ask(method, path, body=None, version="2024-04-01", token=""):
    headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
    data = None if body is None else json.dumps(body).encode()
    url = f"{base}{place}/{path}?api-version={version}"
    asked = urllib.request.Request(url, data, headers, method=method)
    with urllib.request.urlopen(asked, timeout=30) as answer:
        return json.load(answer)
def login():
    form = urllib.parse.urlencode({
        "grant_type": "client_credentials", "client_id": env["AZURE_CLIENT_ID"],
        "client_secret": env["AZURE_CLIENT_SECRET"],
        "scope": "https://management.azure.com/.default"}).encode()
    url = f"https://login.microsoftonline.com/{env['AZURE_TENANT_ID']}/oauth2/v2.0/token"
    return json.load(urllib.request.urlopen(url, form, timeout=30))["access_token"]
"""
STORY = (
    CLIENT
    + """
token = login()
image = {"properties": {"image": "mcr.microsoft.com/" + (sys.argv[1:] or ["x"])[0]}}
print(ask("PUT", "environments/e/versions/1", image, token=token)["name"])
print(len(ask("GET", "datastores", token=token)["value"]))
"""
)


def own_environ() -> dict[str, str]:
    """The environment of a client: without proxies, and what is meant for us."""
    return {
        name: value
        for name, value in os.environ.items()
        if not name.upper().endswith("_PROXY") and not name.startswith(("AZ", "PYTHON"))
    }
