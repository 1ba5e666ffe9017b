"""What the gateways of one session share: an authority, and the files that tell of it.

In: a private folder. Out: values. Certificates are written, and no key.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from azml_contract.gateway.certificates import Authority
from azml_contract.gateway.environment import Doors, open_doors
from azml_contract.gateway.hosts import azure_domains


@dataclass(frozen=True, slots=True)
class SharedDoors:
    """The authority that the gateways of a session share, and its files."""

    authority: Authority
    doors: Doors


def open_shared_doors(folder: Path, roots: bytes = b"") -> SharedDoors:
    """An authority for the gateways of a session.

    Args:
        folder: Private; certificates go there, and no key.
        roots: What programs trust besides, PEM.
    """
    authority = Authority(azure_domains())
    authority.write_bundle(folder / "bundle.pem", roots)
    return SharedDoors(authority, open_doors(folder, "", folder / "bundle.pem"))
