"""Azurite for the commands that need it: found, or installed before the eyes."""

from __future__ import annotations

import sys

import click

from azml_contract.printable import plain


def provide_azurite(explicit: str = "") -> None:
    """Find Azurite; where it is nowhere, install it, and tell how far that is.

    Raises:
        EmulatorError: It is not where it was said to be, or could not be installed.
    """
    from azml_contract.emulator.azurite import find_azurite, is_installed

    if explicit or is_installed():
        find_azurite(explicit)
        return
    from azml_contract.emulator.azurite_install import azurite_folder, install_azurite
    from azml_contract.emulator.node import find_npm

    find_npm()
    click.echo(
        "Installing Azurite, the emulator's blob storage, into "
        f"{azurite_folder().parent} "
        "(190 MB, a minute or two, once).",
        err=True,
    )
    if not sys.stderr.isatty():
        install_azurite(lambda there, wanted: None)
        return
    with click.progressbar(length=100, label="Packages", file=plain(sys.stderr)) as bar:
        install_azurite(
            lambda there, wanted: bar.update(100 * there // wanted - bar.pos)
        )
