"""E-mail addresses: told by themselves, wherever they stand.

In: text. Out: the text with every address of a person replaced. Not taken for one:
the user before the host of a URL, of a clone over SSH or of a package, and addresses
of domains that stand for no one.
"""

from __future__ import annotations

import re

from azml_contract.redaction.rules import EMAIL

_ADDRESS = re.compile(
    r"(?<![\w.%+:/$@-])(?!git@)[\w.%+-]{1,64}@"
    r"(?:[A-Za-z0-9-]{1,63}\.){1,8}[A-Za-z]{2,24}(?![\w-]|:\w)",
    re.ASCII,
)
_NO_ONES = re.compile(
    r"@example\.(?:com|org|net)$|^(?:no-?reply|notifications?)@", re.IGNORECASE
)


def replace_addresses(text: str) -> str:
    """The text with every person's address replaced by a placeholder."""
    return _ADDRESS.sub(_stand_in, text) if "@" in text else text


def find_addresses(text: str) -> list[str]:
    """The addresses of persons in a text."""
    if "@" not in text:
        return []
    return [one for one in _ADDRESS.findall(text) if not _NO_ONES.search(one)]


def _stand_in(found: re.Match[str]) -> str:
    return found[0] if _NO_ONES.search(found[0]) else EMAIL
