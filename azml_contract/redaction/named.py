"""Take secrets out of a text that are told by the names beside them.

In: text in which names and values stand: environment variables, YAML, `.env`,
configuration of docker and pip, command lines, headers, URLs. Out: the text without
the values of names that say secret. Reading it takes time linear in its length.
"""

from __future__ import annotations

import re
from collections.abc import Callable

from azml_contract.redaction.secret_words import is_named_secret, is_path, is_reference

_TRIGGERS = (
    "pass", "pwd", "secret", "token", "key", "sas", "pat", "credential", "connstr",
    "connectionstring", "connection_string", "connection-string", "authorization",
    "auth", "pw", "bearer", "jwt", "webhook", "signature", "dsn", "cookie",
)  # fmt: skip

_REFERENCE = r"\$?\{\{[^{}\n]*\}\}|\$?\{[^{}\s]*\}|<[\w .-]{1,60}>|\$\([^()\n]*\)"
_VALUE = (
    r"(?:\\+\"(?P<escaped>[^\"\\\n]*)\\+\""
    r"|\"(?P<double>(?:[^\"\\\n]|\\[^\"\n])*)\"|\\*'(?P<single>[^'\n]*)'"
    rf"|(?P<bare>(?:{_REFERENCE}|[^\s\"'`,;&|<>(){{}}\[\]\\])+))"
)
_ASSIGNED = re.compile(
    r"(?<![\w$.%-])(?P<name>-{0,2}[A-Za-z_][\w.-]{0,80})(?:\\*[\"']\]?)?"
    r"(?P<mark>[ \t]{0,8}(?:=>|:=|==?|:)[ \t]{0,8}(?:![\w!/.-]{1,40}[ \t]+)?)"
    rf"{_VALUE}"
)
_OPTION = re.compile(
    rf"(?<![\w-])(?P<name>--?[A-Za-z][\w-]{{0,80}})(?P<mark>[ \t]+)(?!-){_VALUE}"
)
_PAIR = re.compile(
    r"(?P<mark>\bname[\"']?[ \t]*:[ \t]*[\"']?(?P<name>[A-Za-z_][\w.-]{0,80})[\"']?"
    rf"[ \t]*(?:,[ \t]*|\n[ \t]+|,\n[ \t]*)[\"']?value[\"']?[ \t]*:[ \t]*){_VALUE}"
)
_ELEMENT = re.compile(
    r"(?P<mark><(?P<name>[A-Za-z_][\w.:-]{0,80})(?:\s[^<>]*)?>)(?P<bare>[^<>]+)(?=</)"
)
_HEADER = re.compile(
    r"(?i)(?P<mark>\b(?P<name>(?:proxy-)?authorization)\\?[\"']?[ \t]*[:=,][ \t]*"
    r"\\?[\"']?(?:(?:Bearer|Basic|Token|ApiKey|SharedKey|SharedAccessSignature"
    r"|Negotiate|Digest)[ \t]+)?)"
    rf"(?P<bare>(?:{_REFERENCE}|[^\s\"'\\,;<>])+)"
)
_USERINFO = re.compile(
    r"(?i)(?<![a-z0-9+.-])(?P<scheme>[a-z][a-z0-9+.-]{1,30}://)(?P<user>[^\s/?#@:\"'<>\\]*)"
    r"(?::(?P<word>[^\s/?#\"'<>\\@]*(?:@[^\s/?#@:\"'<>\\]*(?=@))*))?@(?=[\w\[$%{-])"
)
_SHORT = re.compile(r"(?P<mark>(?<![\w-])-[pP](?:[ \t]+|(?=[^\s-])))" + _VALUE)
_WITH_SIGN = re.compile(r"[^\s\"'-]*[^\w\s:/-]")
# A name and a value with nothing but a blank between them.
_SET = re.compile(
    r"(?P<mark>(?:\bsetx|(?:(?<!\S)|(?<=\\n))ENV)[ \t]+"
    rf"(?P<name>[A-Za-z_]\w{{0,80}})[ \t]+){_VALUE}"
)
_LOGIN = re.compile(
    r"(?P<mark>\b(?:wandb|hf|huggingface-cli)[ \t]+(?:auth[ \t]+)?login[ \t]+(?!-))"
    r"(?P<bare>[^\s\"'`;&|<>]{8,})"
)
_TOLD = re.compile(
    r"(?i:(?P<mark>\b(?:pass(?:word|phrase|code)|pwd|secret|token|api[ -]?key)[ \t]+"
    r"(?:is|was)[ \t:]+[\"'`]?))"
    r"(?P<bare>(?=\S*[A-Z])(?=\S*[a-z])(?=\S*[\d!@#$%^&*+=?~])[^\s\"'`<>{}()\[\],;]{6,})"
)
_USER_OPTION = re.compile(
    r"(?P<mark>(?<![\w-])(?:-u|--user|--proxy-user)[ \t=]+[\"']?[^\s\"':/]+:)"
    r"(?P<bare>[^\s\"':/@]+)(?![:/])"
)
_PERCENT = re.compile(r"%[0-9A-Fa-f]{2}")
_NETRC = re.compile(r"(?P<mark>\blogin\s+\S+\s+password\s+)(?P<bare>\S+)")
_STRONG = re.compile(r"(?=.*[A-Za-z])(?=.*[\d!@#$%^&*+=?~])[^/\\:]{6,}")
_PASS_COMMANDS = re.compile(
    r"\b(?:login|sshpass|mysql\w*|mongo\w*|sqlcmd|redis-cli|htpasswd|7z|zip|unzip|psql"
    r"|smbclient|bcp)\b"
)
_SHORTEST_TOKEN_USER = 20
# What stands between a name and its value.
_BETWEEN = re.compile(r"[:=\s<]|-[pPu]")

Redact = Callable[[str], str]


def redact_named(text: str, redact: Redact) -> str:
    """The text without the values that names beside them say are secret.

    Args:
        text: Of any kind.
        redact: What is written for a value.
    """
    if len(text) < 6 or _BETWEEN.search(text) is None:
        return text
    if "://" in text and "@" in text:
        text = _USERINFO.sub(lambda m: _without_userinfo(m, redact), text)
    lowered = text.lower()
    if any(word in lowered for word in _TRIGGERS):
        text = _redact_triggered(text, lowered, redact)
    if " " not in text and _PERCENT.search(text):
        return text  # what is encoded is read again when it is decoded
    if "-p" in text or "-P" in text:
        known = _PASS_COMMANDS.search(text) is not None
        text = _SHORT.sub(lambda m: _short(m, redact, known=known), text)
    if " login " in text:
        text = _LOGIN.sub(lambda m: _always(m, redact), text)
    if "-u" in text or "user" in lowered:
        text = _USER_OPTION.sub(lambda m: _always(m, redact), text)
    return text


def _redact_triggered(text: str, lowered: str, redact: Redact) -> str:
    if "authorization" in lowered:
        text = _HEADER.sub(lambda m: _always(m, redact), text)
    if "value" in lowered:
        text = _sub_named(_PAIR, text, redact)
    if "login" in lowered:
        text = _NETRC.sub(lambda m: _always(m, redact), text)
    if " is " in lowered or " was " in lowered:
        text = _TOLD.sub(lambda m: _always(m, redact), text)
    if "setx" in lowered or "ENV" in text:
        text = _sub_named(_SET, text, redact)
    if "</" in text:
        text = _sub_named(_ELEMENT, text, redact)
    text = _sub_named(_ASSIGNED, text, redact)
    if "-" in text:
        text = _sub_named(_OPTION, text, redact)
    return text


def _sub_named(pattern: re.Pattern[str], text: str, redact: Redact) -> str:
    """Replace the values of secret names; other values are read for more names."""
    pieces: list[str] = []
    done = at = 0
    while found := pattern.search(text, at):
        group, value = _value(found)
        start = found.start(group)
        at = max(start, found.start() + 1)
        if not is_named_secret(found["name"], value):
            continue
        if group == "bare" and _is_code(found, value):
            continue
        pieces += [text[done:start], redact(value)]
        done = at = start + len(value)
    return "".join([*pieces, text[done:]]) if pieces else text


def _value(found: re.Match[str]) -> tuple[str, str]:
    """Which group holds the value, and the value."""
    groups = found.groupdict()
    return next(
        (group, value)
        for group in ("escaped", "double", "single", "bare")
        if (value := groups.get(group)) is not None
    )


def _is_code(found: re.Match[str], value: str) -> bool:
    """Whether what follows a name is no value but an expression or a type."""
    after = found.string[found.end() : found.end() + 1]
    if after in ("(", "["):
        return True
    mark = found["mark"]
    spaced = mark.strip() in ("=", "==", ":=", "=>") and mark != mark.strip()
    return spaced and re.fullmatch(r"[A-Za-z_][\w]*(?:\.\w+)*", value) is not None


def _always(found: re.Match[str], redact: Redact) -> str:
    return found[0] if is_reference(found["bare"]) else _put(found, redact)


def _short(found: re.Match[str], redact: Redact, *, known: bool) -> str:
    value = _value(found)[1]
    if is_reference(value) or is_path(value):
        return found[0]
    is_word = _STRONG.fullmatch(value) is not None or (known and not value.isdigit())
    glued = found["mark"][-1] in "pP"
    if glued and not known:
        is_word = is_word and _WITH_SIGN.match(value) is not None
    return _put(found, redact) if is_word else found[0]


def _put(found: re.Match[str], redact: Redact) -> str:
    group, value = _value(found)
    at = found.start(group) - found.start()
    return found[0][:at] + redact(value) + found[0][at + len(value) :]


def _without_userinfo(found: re.Match[str], redact: Redact) -> str:
    user, word = found["user"], found["word"]
    if word:
        if is_reference(word):
            return found[0]
        return f"{found['scheme']}{user}:{redact(word)}@"
    if len(user) >= _SHORTEST_TOKEN_USER and not is_reference(user):
        return f"{found['scheme']}{redact(user)}{':' if word == '' else ''}@"
    return found[0]
