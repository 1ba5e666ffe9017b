"""``{region}.api.azureml.ms`` and ``ml.azure.com``, as far as clients look there.

In: requests to those hosts. Out: the addresses of the service's parts, and a
page for people. Run history is in `history`.
"""

from __future__ import annotations

from urllib.parse import unquote, urlsplit

from azml_contract.emulator.replies import Reply
from azml_contract.emulator.world import World
from azml_contract.exchange import Request

_API_HOST = ".api.azureml.ms"
_STUDIO = "ml.azure.com"


def answers_portal(request: Request) -> bool:
    """Whether a request is for one of these hosts, or for their addresses."""
    path = unquote(request.path)
    return (
        request.host.endswith(_API_HOST)
        or request.host == _STUDIO
        or path.rstrip("/").endswith("/discovery")
    )


def answer_portal(world: World, request: Request) -> Reply:
    """The addresses of the service's parts; 404 for everything else."""
    split = urlsplit(request.url)
    if unquote(split.path).rstrip("/").endswith("/discovery"):
        region = f"https://{world.seed.location}{_API_HOST}"
        parts = ("api", "history", "experimentation", "metrics", "artifact")
        return Reply(200, dict.fromkeys(parts, region))
    return Reply(
        404,
        {
            "error": {
                "code": "NotFound",
                "message": (
                    f"The azml-contract emulator has nothing at {split.netloc}"
                    f"{split.path}: artifacts, metrics and the studio are not emulated."
                ),
            }
        },
    )
