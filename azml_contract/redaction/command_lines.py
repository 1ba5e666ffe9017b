"""Take secrets out of command lines and calls that are told by where they stand.

In: a text. Out: the text without what certain commands and classes are given as
secrets. No name stands beside these. Reading it takes time linear in its length.
"""

from __future__ import annotations

import re
from collections.abc import Callable

from azml_contract.redaction.secret_words import is_path, is_reference

GOES_ON = re.compile(r"[ \t]*[-+,&.%)|]+[ \t]")
"""What follows a quote that closes a text, and does not begin a value."""

_PASS_COMMANDS = re.compile(
    r"\b(?:login|sshpass|mysql\w*|mongo\w*|sqlcmd|redis-cli|htpasswd|7z|zip|unzip|psql"
    r"|smbclient|bcp)\b"
)
_STRONG = re.compile(r"(?=.*[A-Za-z])(?=.*[\d!@#$%^&*+=?~])[^/\\:]{6,}")
_WITH_SIGN = re.compile(r"[^\s\"'-]*[^\w\s:/-]")
# As parameters are given one by one, of MLflow for one.
_PARAMETER = re.compile(r"[A-Za-z_][\w.-]*=")
_FILE = re.compile(r"[\w-]+(?:\.[a-z]{1,5}\d?)+")
# All that a secret is made of, but who has it.
_CREATED = re.compile(r"\bcreate[ \t]+secret[ \t](?:\\\r?\n|[^\n;&|]){1,2000}")
_LITERAL = re.compile(
    r"--from-literal[ \t=]{1,4}[\"']?(?!user|host|port)[\w.-]{1,200}=[\"']?"
    r"(?P<bare>(?:(?<=[\"'])[^\"'\n]+|[^\s\"'\n]+))"
)
_LOGIN = re.compile(
    r"\b(?:\w{0,60}(?:Credentials?|BasicAuth)|auth[ \t]{0,4}=[ \t]{0,4})\("
    r"(?:[^()\n]{0,200},)?[ \t]{0,8}(?P<quote>[\"'])(?!https?://)"
    r"(?=[^\"'\s]{0,200}[\d!@#$%^&*+=?~])(?P<bare>[^\"'\s]{6,200})(?P=quote)"
    r"[ \t]*,?[ \t]*\)"
)
# Of one command, over the lines that it has.
_WITHIN = r"(?:\\\r?\n|[^\n;&|]){0,400}?"
_OPERAND = r"(?:\"[^\"\n]{1,200}\"|'[^'\n]{1,200}'|[^\s\"'>|;&-][^\s\"'>|;&]{0,200})"
_SAMBA = re.compile(
    rf"\b(?:smb|rpc)client\b{_WITHIN}[ \t](?:-U|--user)[ \t=]*[\"']?[^\s\"'%]{{1,80}}%"
    r"(?P<bare>[^\s\"']+)"
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
        "ldap",
        re.compile(
            rf"\bldap(?:search|modify|add|delete|passwd|whoami|compare|modrdn)\b"
            rf"{_WITHIN}[ \t]-w[ \t]*[\"']?(?P<bare>[^\s\"'-][^\s\"']*)"
        ),
    ),
    ("smbclient", _SAMBA),
    ("rpcclient", _SAMBA),
    (
        "htpasswd",
        re.compile(
            r"\bhtpasswd[ \t]+(?=(?:-\S{1,20}[ \t]+){0,6}-\w{0,8}b)"
            r"(?:-\w{1,10}[ \t]+(?:\d{1,2}[ \t]+)?){1,8}"
            rf"(?:{_OPERAND}[ \t]+){{1,2}}[\"']?(?P<bare>(?=\S*[^A-Za-z\s.,\"'])"
            r"[^\s\"'-][^\s\"']{2,})(?=[\"']?[ \t]*(?:[\n\r;&|>)]|$))"
        ),
    ),
    (
        "net user",
        re.compile(
            r"(?i)\bnet[ \t]+user[ \t]+(?:\"[^\"\n]{1,80}\"|[\w.$-]{1,80})[ \t]+[\"']?"
            r"(?=\S*[a-z])(?P<bare>[^\s\"'/*][^\s\"']{2,})[\"']?(?:(?=[ \t]+/[a-z])"
            r"|(?<=\d|[!@#$^&*+=?~])(?=[ \t]*(?:[\n\r;&|]|$)))"
        ),
    ),
    (
        "rootpw",
        re.compile(
            r"(?m)^[ \t]*rootpw[ \t]+(?:--[a-z-]{1,20}[ \t]+){0,3}[\"']?"
            r"(?P<bare>[^\s\"'=:-][^\s\"']{2,})[\"']?(?=[ \t]*(?:--|\#|[\r\n]|$))"
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


_PROMPTS = re.compile(r"\bread(?:[ \t]+-\w{1,9}){0,9}[ \t]*\Z")
"""What `read -p` of a shell shows is a question."""


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

    if "from-literal" in lowered:
        text = _CREATED.sub(lambda one: _LITERAL.sub(clean, one[0]), text)
    for literal, pattern in _COMMANDS:
        if literal in lowered:
            text = pattern.sub(clean, text)
    return text


def is_short_secret(value: str, before: str, *, glued: bool = False) -> bool:
    """Whether a value behind `-p` is a password, and not a port or a path.

    Args:
        value: What is behind it.
        before: The command up to there.
        glued: Whether nothing stands between the two.
    """
    if _PROMPTS.search(before):
        return False
    known = _PASS_COMMANDS.search(before) is not None
    if is_reference(value) or is_path(value) or GOES_ON.match(value):
        return False
    if not known and (_PARAMETER.match(value) or _FILE.fullmatch(value)):
        return False
    likely = _STRONG.fullmatch(value) is not None or (known and not value.isdigit())
    if glued and not known:
        return likely and _WITH_SIGN.match(value) is not None
    return likely
