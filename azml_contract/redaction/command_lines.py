"""Take secrets out of command lines and calls that are told by where they stand.

In: a text. Out: the text without what certain commands and classes are given as
secrets. No name stands beside these. Reading it takes time linear in its length.
"""

from __future__ import annotations

import re
from collections.abc import Callable

from azml_contract.redaction.secret_words import is_reference

_LOGIN = re.compile(
    r"\b(?:\w{0,60}(?:Credentials?|BasicAuth)|auth[ \t]{0,4}=[ \t]{0,4})\("
    r"(?:[^()\n]{0,200},)?[ \t]{0,8}(?P<quote>[\"'])(?!https?://)"
    r"(?=[^\"'\s]{0,200}[\d!@#$%^&*+=?~])(?P<bare>[^\"'\s]{6,200})(?P=quote)"
    r"[ \t]*,?[ \t]*\)"
)
# What must be there, in lower case, and where the value is then.
_COMMANDS = (
    (
        " login ",
        re.compile(
            r"(?P<mark>\b(?:wandb|hf|huggingface-cli|vault)[ \t]+(?:auth[ \t]+)?"
            r"login[ \t]+(?!-))(?P<bare>[^\s\"'`;&|<>]{8,})"
        ),
    ),
    ("login", re.compile(r"(?P<mark>\blogin\s+\S+\s+password\s+)(?P<bare>\S+)")),
    ("code=", re.compile(r"(?P<mark>[?&](?:amp;)?code=)(?P<bare>[^&\s\"'<>]{20,})")),
    (
        "redis-cli",
        re.compile(
            r"(?P<mark>\bredis-cli\b[^\n;&|]{0,200}?[ \t]-a[ \t]+[\"']?)"
            r"(?P<bare>[^\s\"']+)"
        ),
    ),
    (
        "identified",
        re.compile(
            r"(?i)\b(?:(?:create|alter)[ \t]+user|grant)\b[^\n;]{1,200}?\b"
            r"identified[ \t]+(?:with[ \t]+\S{1,80}[ \t]+)?by[ \t]+[\"']"
            r"(?P<bare>[^\"'\n]+)"
        ),
    ),
    (
        "|",
        re.compile(
            r"\b(?:echo|printf)[ \t]+(?:-n[ \t]+)?[\"']?(?P<bare>[^\s\"'|;&]{1,400})"
            r"[\"']?[ \t]*\|(?=[^|\n]{0,200}(?:--password-stdin|--with-token|chpasswd"
            r"|\bsecret[ \t]+(?:create|set)\b))"
        ),
    ),
    (
        "<<<",
        re.compile(
            r"(?:--password-stdin|--with-token|chpasswd|\bsecret[ \t]+(?:create|set)\b)"
            r"[^|\n<]{0,200}<<<[ \t]*[\"']?(?P<bare>[^\s\"'|;&<>]{1,400})"
        ),
    ),
    (
        "cookie:",
        re.compile(
            r"(?i)(?P<mark>(?<![\w-])(?:set-)?cookie:[ \t]*)"
            r"(?=\S{12}|\S+;)"
            r"(?P<bare>[\w.!#$%&*+^`|~-]{1,80}=[^\s;\"']+(?:;[ \t]?[^\s;\"']+)*)"
        ),
    ),
    (
        "curl",
        re.compile(
            r"\bcurl\b[^\n;&|]{0,400}?[ \t](?:-b|--cookie)[ \t=]+[\"']?"
            r"(?P<bare>[\w.-]{1,80}=[^\s\"']+)"
        ),
    ),
    (
        "jdbc:oracle",
        re.compile(r"\bjdbc:oracle:\w+:[^\s/:@\"']{1,80}/(?P<bare>[^\s@\"'/]+)@"),
    ),
    (
        "user-secrets set",
        re.compile(
            r"\buser-secrets set[ \t]+[\"']?[\w:.-]+[\"']?[ \t]+[\"']?"
            r"(?P<bare>[^\s\"']+)"
        ),
    ),
    # Of a class that logs somebody in: the last of what it is given.
    ("cred", _LOGIN),
    ("auth", _LOGIN),
    (
        "keyvault secret",
        re.compile(
            r"\bkeyvault[ \t]+secret[ \t]+set\b[^\n;&|]{0,400}?--value[ \t=]+[\"']?"
            r"(?P<bare>[^\s\"']+)"
        ),
    ),
    (
        "ssh-keygen",
        re.compile(
            r"\bssh-keygen\b[^\n;&|]{0,200}?[ \t]-[NP][ \t]+[\"']?"
            r"(?P<bare>[^\s\"'-][^\s\"']*)"
        ),
    ),
    (
        "convertto-securestring",
        re.compile(
            r"(?i)(?P<mark>\bConvertTo-SecureString[ \t]+(?:-String[ \t]+)?[\"'])"
            r"(?P<bare>[^\"'\n]+)"
        ),
    ),
    (
        "net use",
        re.compile(
            r"(?i)(?P<mark>\bnet use[ \t]+\S+[ \t]+\\\\\S+[ \t]+)(?P<bare>[^\s/*]\S*)"
        ),
    ),
    (
        "sqlplus",
        re.compile(
            r"(?P<mark>\bsqlplus[ \t]+(?:-\S{1,40}[ \t]+){0,9}[\w.]{1,80}/)"
            r"(?P<bare>[^\s@/]+)(?=@)"
        ),
    ),
)


def redact_commands(text: str, lowered: str, redact: Callable[[str], str]) -> str:
    """The text without what commands are given as secrets.

    Args:
        text: Of any kind.
        lowered: The same in lower case.
        redact: What is written for a value.
    """

    def clean(found: re.Match[str]) -> str:
        value, at = found["bare"], found.start("bare") - found.start()
        if is_reference(value):
            return found[0]
        return found[0][:at] + redact(value) + found[0][at + len(value) :]

    for literal, pattern in _COMMANDS:
        if literal in lowered:
            text = pattern.sub(clean, text)
    return text
