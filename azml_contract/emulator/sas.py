"""Shared access signatures, computed offline with the account's key.

In: account, key, container. Out: query strings. Times are those of this
machine, because Azurite compares them with its own.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

_CLOCK_SKEW = timedelta(minutes=10)
_OWN_LIFETIME = timedelta(days=30)
_UPLOAD_LIFETIME = timedelta(hours=8)


def sign_account(account: str, key: str) -> str:
    """A query string that may create and read containers, for the emulator itself."""
    from azure.storage.blob import (
        AccountSasPermissions,
        ResourceTypes,
        generate_account_sas,
    )

    return generate_account_sas(
        account,
        key,
        ResourceTypes(service=True, container=True, object=True),
        AccountSasPermissions(read=True, write=True, add=True, create=True, list=True),
        datetime.now(UTC) + _OWN_LIFETIME,
    )


def sign_upload(account: str, key: str, container: str) -> str:
    """A query string for one upload: read, create, write, list; eight hours.

    Source: startPendingUpload of the live service, ``sr=c sp=rcwl``.
    """
    from azure.storage.blob import ContainerSasPermissions, generate_container_sas

    now = datetime.now(UTC)
    return generate_container_sas(
        account,
        container,
        key,
        permission=ContainerSasPermissions(
            read=True, create=True, write=True, list=True
        ),
        start=now - _CLOCK_SKEW,
        expiry=now + _UPLOAD_LIFETIME,
    )
