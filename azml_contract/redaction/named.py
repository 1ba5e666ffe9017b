"""Take secrets out of a text that are told by the names beside them.

In: text in which names and values stand: environment variables, YAML, `.env`,
configuration of docker and pip, command lines, headers, URLs. Out: the text without
the values of names that say secret. Reading it takes time linear in its length.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator

from azml_contract.redaction.chance import likeness_to_names
from azml_contract.redaction.command_lines import (
    GOES_ON,
    is_short_secret,
    redact_commands,
)
from azml_contract.redaction.manifests import redact_manifests
from azml_contract.redaction.secret_words import (
    is_listed_secret,
    is_named_secret,
    is_reference,
    is_secret_list,
    is_secret_name,
    is_word,
)
from azml_contract.redaction.tables import redact_tables

_TRIGGERS = (
    "pass", "pwd", "secret", "token", "key", "sas", "pat", "credential", "connstr",
    "connectionstring", "connection_string", "connection-string", "auth",
    "pw", "bearer", "jwt", "webhook", "signature", "dsn", "cookie", "kennw",
    "saml", "paßw", "wachtwoord", "contrase", "senha", "parola",
)  # fmt: skip

NAME_MARKERS = (
    *(word.encode() for word in _TRIGGERS if len(word) > 2), b"://", b"login", b"-u ",
)  # fmt: skip
"""What a name that says secret holds, in lower case: a fast way to find none."""

_REFERENCE = r"\$?\{\{[^{}\n]*\}\}|\$?\{[^{}\s]*\}|<[\w .-]{1,60}>|\$\([^()\n]*\)"
_VALUE = re.compile(
    r"(?:(?P<fence>\"{3}|'{3})(?P<fenced>[^\n]*?)(?P=fence)"
    r"|`(?P<listed>[^\s`$'\"(){}]{8,})`"
    r"|\\+\"(?P<escaped>[^\"\\\n]*)\\+\""
    r"|\"(?P<double>(?:[^\"\\\n]|\\[^\"\n])*)\"|\\*'(?P<single>[^'\n]*)'"
    rf"|(?P<bare>(?:{_REFERENCE}|[^\s\x00-\x1f\"'`,;&|<>(){{}}\[\]\\])+))"
)
# Names of which the last word alone says too little.
_BEFORE_KEY = (
    r"(?:(?i:access|account|api|app|application|client|encryption|license|master|primary"
    r"|private|secondary|secret|shared|signing|storage|subscription) (?=[Kk]ey\b)"
    r"|(?i:mots? de) (?=passe\b)|(?i:parola d['\u2019])(?=(?:ordine|accesso)\b))?"
)
# Of YAML, an anchor and a tag, with a value behind: a password may begin with the
# same sign.
_TAG = (
    r"(?:(?<=[ \t])&[A-Za-z_-]{1,40}[ \t]+(?=[^\s&|#,;]))?"
    r"(?:(?<=[ \t])!(?!secret[ \t])"
    r"(?:!?[a-z][a-z_/.-]{0,40}|ENV|GetAtt|ImportValue|Join|Ref|Sub)"
    r"[ \t]+(?=[^\s\x00-\x1f#,;&|>()}\[\]]|[|>][-+\d]{0,3}[ \t]*\r?\n[ \t]))?"
)
# What languages write before a text in quotes: letters, a bracket, another text.
_LEAD = (
    r"(?:\(\s{0,40}(?=[\"'][^\"'\n]{1,400}[\"']\s{0,40}\))"
    r"|\\*[\"'][ \t]{0,8}[+&.][ \t]{0,8}(?=[\"']))?"
    r"(?:(?:[bBfFrRuU]{1,2}|\$?@|\$)(?=[\"']))?"
)
_ASSIGNED = re.compile(
    rf"(?<![\w$.%-])(?P<name>-{{0,2}}{_BEFORE_KEY}[A-Za-z_][\w.-]{{0,120}})"
    r"(?:\\*[\"']\]?)?"
    rf"(?P<mark>[ \t]{{0,8}}(?:(?:=>|:=|:[-+](?=\S)|[?+]=|==?)[ \t]{{0,8}}"
    rf"|:[ \t]{{0,8}}{_TAG})"
    rf"(?:(?:[|>][-+\d]{{0,3}}|-)[ \t]+|{_LEAD}))"
)
# With its type between a name and what it is.
_TYPED = re.compile(
    r"(?<![\w$.%-])(?P<word>(?:param|var|const|let)[ \t]{1,8})?"
    r"(?P<name>[A-Za-z_]\w{0,80})"
    r"(?P<mark>(?(word)[ \t]{1,8}|[ \t]{0,8}:[ \t]{0,8})[A-Za-z][\w.\[\]|]{0,40}"
    rf"[ \t]{{0,8}}=[ \t]{{0,8}}{_LEAD})(?=[\"'])"
)
# An option and its value in a list of YAML, in lines or in one; a name with a remark.
_NEXT = re.compile(
    r"(?P<name>--(?<![\w-]--)[A-Za-z][\w-]{0,80})"
    r"(?P<mark>[\"']?[ \t]*(?:\r?\n[ \t]*-[ \t]+|,[ \t]*))(?!-)"
)
_REMARK = re.compile(r"[ \t][(\[][^()\[\]\n]{1,40}[)\]][ \t]{0,4}[:=]")
_REMARKED = re.compile(
    rf"(?<![\w$.%-])(?P<name>{_BEFORE_KEY}[A-Za-z_][\w.-]{{0,120}})"
    r"(?P<mark>[ \t]{1,4}(?:\([^()\n]{1,40}\)|\[[^\[\]\n]{1,40}\])"
    r"[ \t]{0,4}[:=][ \t]{0,4})"
)
# What ends there: no sentence goes on.
_LIKELY = re.compile(
    r"[\"'`]?(?P<listed>[^\s\"'`,;&|<>(){}\[\]\\]{6,})"
    r"(?=[\"'`]?[ \t]*(?:[,;#\]\\\r\n]|$))"
)
# What sed writes in place of a name that is marked as one, or in capitals.
_REPLACED = re.compile(
    r"s(?P<sign>[/|#,@~!:])(?<!\ws.)"
    r"(?:(?:(?!(?P=sign))[^\w\s]|_){1,6}|(?=[A-Z][A-Z0-9_]*\b))"
    r"(?P<name>[A-Za-z_]\w{0,80})(?:(?!(?P=sign))[^\w\s]){0,6}(?P<mark>(?P=sign))"
)
_REPLACEMENT = re.compile(
    r"(?<=(?P<sign>[/|#,@~!:]))(?P<listed>(?:(?!(?P=sign))[^\s\"'\\]){6,200})"
    r"(?=(?P=sign))"
)
# A name of many parts that begins a line, as Spark has them.
_PROPERTY = re.compile(
    r"(?m)^[ \t]{0,20}(?P<name>[A-Za-z_][\w-]{0,40}(?:\.[\w-]{1,40}){2,12})"
    r"(?P<mark>[ \t]{1,40})(?=\S+[ \t]*\r?$)"
)
_BELOW = re.compile(
    r"(?P<mark>(?:<name>|\b(?:name|key)=[\"'])\s{0,9}(?P<name>[A-Za-z_][\w.-]{0,120})"
    r"\s{0,9}(?:</name>|[\"'][^<>]{0,200}>)\s{0,40}<value>)"
)
_VARIABLE_BLOCK = re.compile(
    r"(?P<mark>\bvariable[ \t]+\"(?P<name>[A-Za-z_][\w-]{0,80})\"[ \t]*\{[^{}]{0,400}?"
    r"\bdefault[ \t]*=[ \t]*)(?=\")"
)
_OPTION = re.compile(
    r"(?P<name>-(?<![\w-]-)-?[A-Za-z][\w-]{0,80})(?P<mark>[ \t]+)(?!-)"
)
# The value before its name.
_PAIR_BACK = re.compile(
    r"(?P<mark>value(?<!\wvalue)[\"']?[ \t]*[:=][ \t]*)"
    r"(?:\"(?P<double>[^\"\n]{1,400})\"|'(?P<single>[^'\n]{1,400})'"
    r"|(?P<bare>[^\s\"',;&|<>(){}\[\]#][^\s,;]{0,400}))"
    r"(?:[ \t]*,?(?:[ \t]\#[^\n]{0,200})?\r?\n[ \t]+|[ \t]*,[ \t]*|[ \t]+)"
    r"[\"']?(?:name|key)[\"']?[ \t]*[:=][ \t]*[\"']?(?P<name>[A-Za-z_][\w.-]{0,80})"
)
_PAIR = re.compile(
    r"(?P<mark>\b(?:name|key)[\"']?[ \t]*[:=][ \t]*[\"']?"
    r"(?P<name>[A-Za-z_][\w.-]{0,80})[\"']?"
    r"(?:[ \t]*(?:,[ \t]*|\n[ \t]+|,\n[ \t]*)|[ \t]+)"
    r"[\"']?value[\"']?[ \t]*[:=][ \t]*)"
)
# Quoted, with a comma between them: of a tuple, or the arguments of a function.
_COMMA = re.compile(
    r"(?P<mark>(?P<quote>[\"'])(?P<name>-{0,2}[A-Za-z_][\w.-]{2,120})(?P=quote)"
    r"[ \t]*,[ \t]*)"
)
_LISTED = re.compile(
    r"(?P<quote>[\"'])(?P<listed>(?:(?!(?P=quote))[^\n\\]|\\[^\n]){6,})(?P=quote)"
)
_VARIABLE = re.compile(
    r"(?P<mark>\$(?:\w{1,9}:)?(?P<name>[A-Za-z_]\w{0,80})[ \t]*=[ \t]*)(?=[\"'])"
)
_ELEMENT = re.compile(
    r"(?P<mark><(?P<name>[A-Za-z_][\w.:-]{0,80})(?:\s[^<>]*)?>"
    r"(?:<!\[CDATA\[)?)"
)
_CONTENT = re.compile(r"(?P<bare>[^<>]+?)(?=</|\]\]>)")
# A field of a form in parts: its name, other headers, a blank line.
_FIELD = re.compile(
    r"(?P<mark>\bname=\"?(?P<name>[A-Za-z_][\w.-]{0,80})\"?[^\r\n]{0,200}\r?\n"
    r"(?:[\w-]{1,80}:[^\r\n]{0,200}\r?\n){0,5}\r?\n)"
)
_LINE = re.compile(r"(?P<bare>[^\r\n]+)")
# A cell of a table, beside the one that names it.
_ROW = re.compile(
    r"(?P<mark>\|[ \t]{0,40}[*`]{0,2}(?P<name>[A-Za-z_][\w.-]{0,80})[*`]{0,2}"
    r"[ \t]{0,40}\|[ \t]{0,40}[*`]{0,2})"
)
_CELL = re.compile(r"(?P<listed>[^\s|`*]{6,})(?=[ \t`*]*\|)")
_HEADER = re.compile(
    r"(?i)(?P<mark>\b(?P<name>(?:proxy-)?authorization)\\?[\"']?[ \t]*[:=,][ \t]*"
    r"\\?[\"']?(?P<scheme>(?:Bearer|Basic|Token|ApiKey|SharedKey|SharedAccessSignature"
    r"|Negotiate|Digest)[ \t]+)?)"
    rf"(?P<bare>(?:{_REFERENCE}|[^\s\"'\\,;<>])+)"
)
_USERINFO = re.compile(
    r"(?i)(?<![a-z0-9+.-])(?P<scheme>[a-z][a-z0-9+.-]{1,30}://)(?P<user>[^\s/?#@:\"'<>\\]*)"
    r"(?::(?P<word>[^\s/?#\"'<>\\@]*(?:@[^\s/?#@:\"'<>\\]*(?=@))*))?@(?=[\w\[$%{-])"
)
_SHORT = re.compile(
    r"(?P<mark>-(?<![\w-]-)[pP](?:[ \t]+(?!-)|[\"'],[ \t]*(?=[\"'][^\"'-])"
    r"|(?:(?<=-[ ]-\w)|(?<=-[ ][\"']-\w)[\"'])[ \t]*\r?\n[ \t]*-[ \t]+(?!-)"
    r"|(?=[^\s-])))" + _VALUE.pattern
)
# A name and a value with nothing but a blank between them.
_SET = re.compile(
    r"(?P<mark>(?:\bset(?:x|env)|(?:(?<!\S)|(?<=\\n))ENV)[ \t]+"
    r"(?P<name>[A-Za-z_]\w{0,80})[ \t]+)"
)
_TOLD = re.compile(
    r"(?i)(?P<mark>\b(?P<name>pass(?:word|phrase|code)|pwd|secret|token|api[ -]?key)"
    r"(?:[ \t]+(?P<said>(?:is|was)[ \t:]+|->[ \t]*|\([^()\n]{1,40}\)[ \t]*:[ \t]*)"
    r"|[ \t]+)[\"'`]?)"
    r"(?P<bare>[^\s\"'`<>{}()\[\],;]{6,})"
)
# Key and value in lines below each other, as YAML has them.
_ABOVE = re.compile(
    r"(?m)(?<![\w.$-])(?P<name>[A-Za-z_][\w.-]{0,80})[\"']?"
    r"[ \t]*:[ \t]*(?:![\w!/.-]{1,40}[ \t]+)?(?P<block>[|>][-+\d]{0,3}[ \t]*)?\r?$"
)
_FLOW = re.compile(
    r"(?<!\w)(?P<name>[A-Za-z_][\w.-]{0,80})[\"']?[ \t]*[:=][ \t]*"
    r"\[(?P<items>[^\[\]\n]{1,999})\]"
)
_FLOW_ITEM = re.compile(r"[^\s,\"']+")
_ITEM, _MAPPING = re.compile(r"-[ \t]+"), re.compile(r"[\w.\"'-]+[ \t]*:(?:[ \t]|$)")
_USER_OPTION = re.compile(
    r"(?P<mark>(?<![\w-])(?:-u|--user|--proxy-user)[ \t=]{1,8}[\"']?"
    r"[^\s\"':/]{1,200}:)"
    r"(?P<bare>[^\s\"':/@]+)(?![:/])"
)
_PERCENT = re.compile(r"%[0-9A-Fa-f]{2}")
_SHORTEST_TOKEN_USER, _SHORTEST_TOKEN = 20, 16
_NO_NAME, _COMMAND, _MOST_READ = -0.35, 300, 20
_HEX, _QUOTES = re.compile(r"[0-9a-f]{20,}"), frozenset("\"'`")
# Names of variables may end in a number; in passwords it is longer, or elsewhere.
_IDENTIFIER = re.compile(r"[A-Za-z_]+\d{0,2}(?:[.:][A-Za-z_]+\d{0,2})*")
_CALL = re.compile(
    rf"{_IDENTIFIER.pattern}(?:\((?:{_IDENTIFIER.pattern})?\)|\[[^\[\]]*\])*(?:![rsa])?"
)
_DOCUMENTS = re.compile(r":(?:param|keyword|type|paramtype|ivar|vartype)\b[^:\n]*$")
_WORD_BEFORE, _LOOKED_BACK = re.compile(r"[\w.-]+[ \t]{0,4}$"), 40
_BRACED = re.compile(r"\{([^{}\s]+)\}")
# What stands between a name and its value.
_BETWEEN = re.compile(r"[:=\s<]|-[pPu]|\([\"']")

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
    if "authorization" in lowered:
        text = _HEADER.sub(lambda m: _header(m, redact), text)
    text = redact_commands(text, lowered, redact)
    if "kind" in lowered and "secret" in lowered:
        text = redact_manifests(text, redact)
    if any(word in lowered for word in _TRIGGERS):
        text = _redact_triggered(text, lowered, redact)
    if " " not in text and _PERCENT.search(text):
        return text  # what is encoded is read again when it is decoded
    if "-p" in text or "-P" in text:
        text = _SHORT.sub(lambda m: _short(m, redact), text)
    if "-u" in text or "user" in lowered:
        text = _USER_OPTION.sub(lambda m: _always(m, redact), text)
    return text


def _redact_triggered(text: str, lowered: str, redact: Redact) -> str:
    if "value" in lowered:
        text = _sub_named(_PAIR, text, redact)
        text = _PAIR_BACK.sub(lambda m: _if_named(m, redact), text)
    if " " in text:
        text = _TOLD.sub(lambda m: _told(m, redact), text)
    if "\n" in text:
        text = redact_tables(_redact_below(text, redact), redact)
        if "form-data" in lowered:
            text = _sub_named(_FIELD, text, redact, _LINE)
    if "," in text:
        text = _sub_named(_COMMA, text, redact, _LISTED)
    if "|" in text:
        text = _sub_named(_ROW, text, redact, _CELL)
    if "[" in text:
        text = _FLOW.sub(lambda m: _redact_flow(m, redact), text)
    if "$" in text:
        text = _sub_named(_VARIABLE, text, redact)
    if "setx" in lowered or "setenv" in lowered or "ENV" in text:
        text = _sub_named(_SET, text, redact)
    if "</" in text:
        text = _sub_named(_ELEMENT, text, redact, _CONTENT)
        text = _sub_named(_BELOW, text, redact, _CONTENT)
    text = _sub_named(_ASSIGNED, text, redact)
    if "=" in text:
        text = _sub_named(_TYPED, text, redact)
        if "variable" in text:
            text = _sub_named(_VARIABLE_BLOCK, text, redact)
    if "." in text:
        text = _sub_named(_PROPERTY, text, redact)
    if "-" in text:
        text = _sub_named(_OPTION, text, redact)
        if "--" in text:
            text = _sub_named(_NEXT, text, redact, _LIKELY)
    if any(_is_told_before(text, one.start()) for one in _REMARK.finditer(text)):
        text = _sub_named(_REMARKED, text, redact, _LIKELY)
    if "sed" in lowered:
        text = _sub_named(_REPLACED, text, redact, _REPLACEMENT)
    return text


def _sub_named(
    heads: re.Pattern[str],
    text: str,
    redact: Redact,
    values: re.Pattern[str] = _VALUE,
) -> str:
    """Replace the values of secret names; other values are read for more names.

    A value is read where its name says secret, and where it is none it is read again
    for the names in it. A text that goes on like this is read some times and no more:
    what its names have is replaced then, whatever it is.
    """
    pieces: list[str] = []
    done = at = 0
    left = _MOST_READ * len(text)
    while head := heads.search(text, at):
        at = head.end()
        if not is_secret_name(head["name"]):
            continue
        found = values.match(text, at)
        if found is None:
            continue
        group, value = _value(found)
        start = found.start(group)
        at = max(at, start)
        left -= len(value)
        if left > 0:
            if not is_named_secret(head["name"], _unbraced(value)):
                continue
            if _says_nothing(head, found, group, value):
                continue
            if group == "listed" and not is_word(value):
                continue
        pieces += [text[done:start], redact(value)]
        done = at = start + len(value)
    return "".join([*pieces, text[done:]]) if pieces else text


def _value(found: re.Match[str]) -> tuple[str, str]:
    """Which group holds the value, and the value."""
    groups = found.groupdict()
    return next(
        (group, value)
        for group in ("fenced", "escaped", "double", "single", "bare", "listed")
        if (value := groups.get(group)) is not None
    )


def _says_nothing(
    head: re.Match[str], found: re.Match[str], group: str, value: str
) -> bool:
    """Whether what follows a name is an expression, a type, or the text about it."""
    if head["name"].lower() == "pass" and _which_pass(head.string, head.start()):
        return True
    mark, end = head["mark"], found.end()
    if group in ("double", "single"):
        return GOES_ON.match(value) is not None
    if group != "bare":
        return False
    before = found.string[max(0, head.start() - 2) : head.start()]
    if before == "${" and value.startswith("?"):  # what a shell says without it
        return True
    return (
        _is_object(value)
        or _is_code(mark, value, found.string, end)
        or (mark.startswith(":") and _is_prose(head.start(), value, found.string, end))
    )


def _is_told_before(text: str, at: int) -> bool:
    """Whether the words before a place are a name that says secret."""
    return is_secret_name(text[max(0, at - _LOOKED_BACK) : at].rpartition("\n")[2])


def _which_pass(text: str, at: int) -> bool:
    """Whether the word before tells which pass is meant: the first, the forward one."""
    word = _WORD_BEFORE.search(text, max(0, at - _LOOKED_BACK), at)
    return word is not None and not is_secret_name(f"{word[0]}pass")


def _is_object(value: str) -> bool:
    """Whether a value is JSON, which is read by its own names."""
    if value[:2] != '{"':
        return False
    try:
        return bool(json.loads(value))
    except (ValueError, RecursionError):
        return False


def _is_code(mark: str, value: str, text: str, end: int) -> bool:
    """Whether what follows a name is no value but an expression or a type."""
    if text[end : end + 1] in ("(", "["):
        return True
    spaced = mark.strip() in ("=", "==", ":=", "=>", "+=") and mark != mark.strip()
    return spaced and _IDENTIFIER.fullmatch(value) is not None


def _is_prose(start: int, value: str, text: str, end: int) -> bool:
    """Whether a sentence begins after a name, or what documents a parameter."""
    if _DOCUMENTS.search(text[max(0, start - _COMMAND) : start]):
        return True
    goes_on = text[end : end + 1] == " " and text[end + 1 : end + 2].isalpha()
    return goes_on and value.rstrip(".").isalpha()


def _unbraced(value: str) -> str:
    """What stands in the braces of a connection string; a reference keeps its own."""
    found = _BRACED.fullmatch(value)
    if found is None or _IDENTIFIER.fullmatch(found[1]):
        return value
    if _CALL.fullmatch(found[1]):
        return "{}"
    return found[1].strip("\"'")


def _redact_flow(found: re.Match[str], redact: Redact) -> str:
    """Replace the values of a list in one line whose name says secret."""
    name, items = found["name"], found["items"]
    if not is_secret_list(name):
        return found[0]

    def clean(item: re.Match[str]) -> str:
        is_secret = is_word(item[0]) and is_listed_secret(name, item[0])
        return redact(item[0]) if is_secret else item[0]

    return found[0].replace(items, _FLOW_ITEM.sub(clean, items))


def _redact_below(text: str, redact: Redact) -> str:
    """Replace what stands in the lines below a secret name, and further in."""
    pieces: list[str] = []
    done = 0
    for found in _ABOVE.finditer(text):
        if found.end() < done or not is_secret_list(found["name"]):
            continue
        for at, value in _values_below(text, found):
            if is_word(value) and is_listed_secret(found["name"], value):
                pieces += [text[done:at], redact(value)]
                done = at + len(value)
    return "".join([*pieces, text[done:]]) if pieces else text


def _values_below(text: str, found: re.Match[str]) -> Iterator[tuple[int, str]]:
    """Where the values below a name begin, and what they are."""
    line = text[text.rfind("\n", 0, found.start()) + 1 : found.start()]
    depth, at = len(line) - len(line.lstrip()), found.end() + 1
    while at < len(text):
        end = text.find("\n", at)
        end = len(text) if end < 0 else end
        line = text[at:end].strip()
        start = at + text[at:end].find(line)
        item = None if found["block"] else _ITEM.match(line)
        if line and start - at < depth + (item is None):
            return
        value = line[item.end() :] if item else line
        if not found["block"] and _MAPPING.match(value):
            return
        bare = value.rstrip(",").strip("\"'")
        if bare:
            yield text.index(bare, start), bare
        if bare and not (found["block"] or item):
            return
        at = end + 1


def _told(found: re.Match[str], redact: Redact) -> str:
    """What a sentence tells; a name that stands beside such a word is none."""
    value = found["bare"]
    has_digit = any(map(str.isdigit, value))
    mixed = value != value.lower() and value != value.upper()
    if is_reference(value) or not is_word(value):
        return found[0]
    if found["said"] or found["name"].lower().startswith("p"):
        is_quoted = found["mark"][-1] in _QUOTES
        likely = has_digit and (is_quoted or not (value.isalnum() or "=" in value))
        is_secret = mixed and bool(found["said"] or likely)
    else:
        is_drawn = likeness_to_names(value) < _NO_NAME or _HEX.fullmatch(value)
        is_secret = len(value) >= _SHORTEST_TOKEN and has_digit and bool(is_drawn)
    return _put(found, redact) if is_secret else found[0]


def _header(found: re.Match[str], redact: Redact) -> str:
    """What a header has; a variable, or the name of the next header, is nothing."""
    value = found["bare"].rstrip("()}]:")
    is_name = _IDENTIFIER.fullmatch(value) or is_secret_name(value)
    return found[0] if is_name and not found["scheme"] else _always(found, redact)


def _if_named(found: re.Match[str], redact: Redact) -> str:
    is_secret = is_named_secret(found["name"], _value(found)[1])
    return _put(found, redact) if is_secret else found[0]


def _always(found: re.Match[str], redact: Redact) -> str:
    return found[0] if is_reference(found["bare"]) else _put(found, redact)


def _short(found: re.Match[str], redact: Redact) -> str:
    value = _value(found)[1]
    line = found.string[max(0, found.start() - _COMMAND) : found.start()]
    is_secret = is_short_secret(
        value, line.rpartition("\n")[2], glued=found["mark"][-1] in "pP"
    )
    return _put(found, redact) if is_secret else found[0]


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
