"""Which hosts are Azure's, by cloud, and which hosts nobody needs an answer from.

In: the name of a cloud. Out: patterns of host names. Knows nothing of who answers.
"""

from __future__ import annotations

from collections.abc import Iterable
from fnmatch import fnmatchcase

CLOUDS: dict[str, tuple[str, ...]] = {
    "public": (
        "management.azure.com",
        "*.management.azure.com",
        "login.microsoftonline.com",
        "*.login.microsoftonline.com",
        "login.windows.net",
        "login.microsoft.com",
        "*.api.azureml.ms",
        "*.experiments.azureml.net",
        "*.modelmanagement.azureml.net",
        "*.notebooks.azure.net",
        "ml.azure.com",
        "*.inference.ml.azure.com",
        "*.blob.core.windows.net",
        "*.dfs.core.windows.net",
        "*.file.core.windows.net",
        "*.queue.core.windows.net",
        "*.table.core.windows.net",
        "*.vault.azure.net",
        "*.azurecr.io",
        "graph.microsoft.com",
    ),
    "china": (
        "management.chinacloudapi.cn",
        "login.chinacloudapi.cn",
        "login.partner.microsoftonline.cn",
        "*.api.ml.azure.cn",
        "*.experiments.ml.azure.cn",
        "studio.ml.azure.cn",
        "ml.azure.cn",
        "*.inference.ml.azure.cn",
        "*.blob.core.chinacloudapi.cn",
        "*.dfs.core.chinacloudapi.cn",
        "*.file.core.chinacloudapi.cn",
        "*.vault.azure.cn",
        "*.azurecr.cn",
        "microsoftgraph.chinacloudapi.cn",
    ),
    "us-government": (
        "management.usgovcloudapi.net",
        "login.microsoftonline.us",
        "*.api.ml.azure.us",
        "*.experiments.ml.azure.us",
        "ml.azure.us",
        "*.inference.ml.azure.us",
        "*.blob.core.usgovcloudapi.net",
        "*.dfs.core.usgovcloudapi.net",
        "*.file.core.usgovcloudapi.net",
        "*.vault.usgovcloudapi.net",
        "*.azurecr.us",
        "graph.microsoft.us",
    ),
}
UNASKED = (
    # Where a virtual machine would find an identity: credentials look there first.
    "169.254.169.254",
    "metadata.google.internal",
    # What tools tell their makers.
    "dc.services.visualstudio.com",
    "*.in.applicationinsights.azure.com",
    "*.livediagnostics.monitor.azure.com",
    "*.events.data.microsoft.com",
    "*.exp-tas.com",
    "azcliextensionsync.blob.core.windows.net",
    "azurecliprod.blob.core.windows.net",
    "aka.ms",
)
"""Hosts whose refusal is no fault: every client goes on without them."""


def matches(host: str, patterns: Iterable[str]) -> bool:
    """Whether a host name is one of those; letters of either case are the same."""
    return any(fnmatchcase(host.lower(), pattern.lower()) for pattern in patterns)


def azure_domains(hosts: Iterable[str] = ()) -> tuple[str, ...]:
    """The domains of every cloud's hosts, and of others, for a certificate."""
    return subtrees([*(one for found in CLOUDS.values() for one in found), *hosts])


def subtrees(patterns: Iterable[str]) -> tuple[str, ...]:
    """The domains that hold every name of some patterns, for a certificate."""
    found = {one.rpartition("*.")[2].lower() for one in patterns}
    return tuple(
        sorted(
            one
            for one in found
            if not any(one.endswith(f".{other}") for other in found)
        )
    )
