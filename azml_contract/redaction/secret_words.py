"""Which names say that their value is a secret, and which values are none.

In: a name, a value. Out: yes or no. All spellings of a name count: camel, snake,
kebab, upper. What only refers to a secret is none, whatever its name; a word that
tables, language models and pages use too needs a value that looks the part. The words
are in `words.toml`.
"""

from __future__ import annotations

import re
import tomllib
import unicodedata
from functools import lru_cache
from pathlib import Path

from azml_contract.redaction.rules import QUERY_SECRETS

_TABLE = tomllib.loads(Path(__file__).with_name("words.toml").read_text("utf-8"))
(
    _ENDINGS,
    _OBJECTS,
    _DESCRIBED,
    _ALONE,
    _WHICH,
    _NO_TOKEN,
    _NO_KEY,
    _NO_PASS,
    _NOTHING,
) = (
    frozenset(_TABLE[name].split())
    for name in (
        *(
            "endings",
            "objects",
            "described",
            "alone",
            "which",
            "no_token",
            "no_key",
            "no_pass",
            "nothing",
        ),
    )
)
# Spark names the account that a secret is of behind what it is.
_OF_ACCOUNT = re.compile(r"\.[a-z0-9-]{1,63}\.(?:blob|dfs|file)\.core\.[a-z.]{1,40}$")
_WORDS = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|\d+")
_REFERENCE = re.compile(
    r"\$+\(?[A-Za-z_][\w.:]*\)?|\$\{.*\}|\$\[\[?.*\]\]?|\$\(.*\)|\{\{.*\}\}|\{[\w.]*\}"
    r"|<[^<>]*>|%[A-Za-z_]\w*%|%\(\w+\)s|@Microsoft\.KeyVault\(.*\)|`.*`|\$env:\w+"
    r"|(?:os|process|env|secrets|vars?|self|args|config|settings)\.[\w.\[\]()'\"]*"
    r"|(?:\$[A-Za-z_]\w*+[:./@-]?)+"
    r"|azureml:.*|urn:.*|/subscriptions/.*"
    # Of Home Assistant; of a path in Vault, not what Vault encrypted.
    r"|!secret(?:[ \t]+\w+)?|vault:[\w-]+(?:/[\w.-]+)+(?:#[\w.#-]*)?",
    re.DOTALL,
)
YOUR_OWN = r"your[-_ ][a-z_ -]+"
"""What documents write for a value that the reader has to put there."""
# What is filled in, in the middle of a value.
_FILLED = re.compile(r"\$\{[^{}]*\}|\$\([^()]*\)|\$?\{\{[^{}]*\}\}|\{[A-Za-z_][^{}]*\}")
_STAND_IN = re.compile(
    rf"REDACTED|Sanitized|{YOUR_OWN}|\*+|x{{3,}}|\.{{3,}}|\u2022+|value\d*"
    r"|\(\.[*+]\??\).*|(?:3D)?A{40,86}(?:=(?:3D)?){0,2}(?:/.*)?|drawn-\d+x+|user@example\.com",
    re.IGNORECASE,
)
_TIME = re.compile(
    r"\d{4}-\d\d-\d\d(?:[Tt ]\d\d:\d\d[\d:.,]*(?: ?(?:[Zz]|[+-][\d:]+))?)?"
    r"|[A-Z][a-z]{2}, \d\d? [A-Z][a-z]{2} \d{4} [\d:]+ [A-Z]+"
    r"|P(?=.*\d)(?:\d+[YMWD])*(?:T(?:[\d.]+[HMS])+)?"
)
_VARIABLE, _KIND = re.compile(r"[A-Za-z_.]+"), re.compile(r"[A-Za-z -]+")
_BETWEEN = re.compile(r"[ .:_-]")
# A key of a dictionary: words of letters alone.
_OF_WORDS = re.compile(r"[A-Za-z][a-z]++(?:[_.-]?[A-Z]?[a-z]{2,}+)*+")
_COLUMN = re.compile(r"[A-Za-z]{2,20}(?:[_.-][A-Za-z]{2,20}){0,4}[_.-]?\d{0,4}")
_TOKEN = re.compile(r"[\w.~+/=:-]+")
_GLUED_TOKEN = re.compile(r"(?<=.)tokens?$")
_SIGNATURE = re.compile(r"(?:[\w.~+/=:-]|%(?:25){0,3}(?:2[BbFf]|3[AaDd]))+")
# Of a header, where a name says that it is one.
_NAMES_HEADER, _HEADER = (
    re.compile(r"(?i)header$"),
    re.compile(r"[A-Za-z]+(-[A-Za-z]+)+"),
)
_SCHEME = re.compile(r"(?:Bearer|Basic|Token) +(?=[{<$%])")
_PATH = re.compile(r"(?:[A-Za-z]:)?[\\/.~][\w\\/. -]*")
_SHORTEST, _SHORTEST_CODE, _SHORTEST_LISTED, _SHORTEST_WORD = 3, 20, 8, 6
_SHORT_ENDING, _SHORTEST_LONG = 4, 12
# Others end in it that mean none, such as a review in Portuguese.
_WHOLE = frozenset({"senha", "senhas"})
_LONG = frozenset({"webhook", "url", "uri", "cookie", "dsn", "sas", "response"})
_SIGN, _BLANK = re.compile(r"[\d!@#$%^&*+=?~]"), re.compile(r"\s")


@lru_cache(maxsize=16_384)
def is_secret_name(name: str) -> bool:
    """Whether a name says that its value is a secret."""
    words = _telling_words(name)
    if not words:
        return False
    last, before = words[-1], words[-2] if len(words) > 1 else ""
    if len(words) == 1 and last in _ALONE:
        return True
    joined = "".join(words)
    if last == "key":
        return bool(before) and before not in _NO_KEY
    if last == "token" and before in _NO_TOKEN:
        return False
    if _GLUED_TOKEN.sub("", last) in _NO_TOKEN:  # maxtokens
        return False
    if last in ("auth", "pass", "pw", "conn") and before:
        return last in ("pass", "pw") and before + last not in _NO_PASS
    if last.endswith(("pass", "pwd")):  # DBPASS
        return last not in _NO_PASS
    if last in _WHOLE:
        return True
    return any(
        joined.endswith(ending)
        for ending in _ENDINGS
        if len(ending) > _SHORT_ENDING or last == ending
    )


def _telling_words(name: str) -> list[str]:
    """The words of a name, without those at its end that only say which or of what."""
    told = _OF_ACCOUNT.sub("", name[-160:])
    if not told.isascii():  # of another language
        told = unicodedata.normalize("NFKD", told.replace("ß", "ss"))
        told = told.encode("ascii", "ignore").decode()
    words = [word.lower() for word in _WORDS.findall(told[-120:])]
    while len(words) > 1 and (words[-1].isdigit() or words[-1] in _WHICH):
        words.pop()
    return words


def is_reference(value: str) -> bool:
    """Whether a value only says where the secret is, or that there is none."""
    stripped = _SCHEME.sub("", value.strip())
    if "$" in stripped or "{" in stripped:
        stripped = _FILLED.sub("", stripped)
    return (
        len(stripped) < _SHORTEST
        or stripped.lower().rstrip("?") in _NOTHING
        or _REFERENCE.fullmatch(stripped) is not None
        or "REDACTED" in stripped
        or "REDACTED".startswith(stripped)  # cut where a line ends
        or _STAND_IN.fullmatch(stripped) is not None
    )


def _is_name(value: str, name: str) -> bool:
    """Whether a value is a name itself: of what holds the secret, or of its kind."""
    squashed = _BETWEEN.sub("", value).lower()
    if _BETWEEN.sub("", name).lower().endswith(squashed):
        return True
    if _NAMES_HEADER.search(name) and _HEADER.fullmatch(value):
        return is_secret_name(value)
    if "." in value or "_" in value:
        last = value.rpartition(".")[2]
        return _VARIABLE.fullmatch(value) is not None and is_secret_name(last)
    # How somebody logs in, not with what.
    is_way = _telling_words(name)[-1] == "authorization"
    return is_way and _KIND.fullmatch(value) is not None and is_secret_name(value)


def is_path(value: str) -> bool:
    """Whether a value is a path of files."""
    return _PATH.fullmatch(value) is not None


def is_word(value: str) -> bool:
    """Whether a value looks like a password or a token, and not like a text."""
    return (
        len(value) >= _SHORTEST_WORD
        and _BLANK.search(value) is None
        and any(map(str.isalpha, value))
        and (_SIGN.search(value) is not None)
    )


def is_named_secret(name: str, value: str) -> bool:
    """Whether a value is secret because of its name."""
    if not is_secret_name(name) or is_reference(value) or _is_name(value, name):
        return False
    last = _telling_words(name)[-1]
    if (last.endswith(("pwd", "pass")) or last == "pat") and is_path(value):
        return False
    if last == "key":
        return _looks_like_key(value) and not _is_column(name, value)
    if last in ("auth", "credential", "credentials"):
        return is_word(value)
    if last == "pat" and _TOKEN.fullmatch(value) is None:  # a pattern
        return False
    if last == "signature":
        is_one = _SIGNATURE.fullmatch(value) is not None  # a model has one in JSON
        return is_one and len(value) >= 16 and _is_mixed(value)
    if last in _LONG and len(value) < _SHORTEST_LONG:
        return False
    if last in ("token", "pat", "jwt") and value.isdigit():
        return len(value) >= 6
    return True


@lru_cache(maxsize=16_384)
def holds_secrets(name: str) -> bool:
    """Whether the name of an object says that the texts in it are secrets."""
    words = _telling_words(name)
    return bool(words) and words[-1] in _OBJECTS


def is_description(name: str, value: str) -> bool:
    """Whether a text in an object of secrets only says something of them."""
    if name.startswith("$") or value.startswith(("https://", "http://", "#/")):
        return True
    words = _WORDS.findall(name[-120:])
    if words and words[-1].lower() in _DESCRIBED:
        return True
    return _TIME.fullmatch(value) is not None


def is_secret_list(name: str) -> bool:
    """Whether the name of a list says that its values are secrets."""
    return is_secret_name(name) or is_secret_name(_singular(name))


def is_listed_secret(name: str, value: str) -> bool:
    """Whether one of a list of values is secret because of the name of the list.

    Language models have lists of tokens too, which are words.
    """
    if not (is_named_secret(name, value) or is_named_secret(_singular(name), value)):
        return False
    if _telling_words(name)[-1].startswith("pass"):
        return True
    return len(value) >= _SHORTEST_LISTED and any(map(str.isdigit, value))


def _singular(name: str) -> str:
    return name[:-1] if name.endswith(("s", "S")) else name


def is_secret_parameter(name: str, value: str) -> bool:
    """Whether a parameter of a query is secret; many ordinary ones are called so."""
    lower = name.lower()
    if lower == "code":  # of a login, or of a function; a short one is of an answer
        return len(value) >= _SHORTEST_CODE
    if lower in QUERY_SECRETS and lower != "signature":
        return bool(value)
    return is_named_secret(name, value)


def _looks_like_key(value: str) -> bool:
    """Keys are also of dictionaries and tables; those are words and short numbers."""
    if len(value) < 6 or value.startswith(("http://", "https://")):
        return False
    if _OF_WORDS.fullmatch(value):
        return False
    if len(value) < 32:
        return _is_mixed(value) and not is_path(value)
    return not is_path(value) or "." not in value


def _is_column(name: str, value: str) -> bool:
    """Whether a value is what a table has as a primary key."""
    of_table = _telling_words(name)[-2:-1] in (["primary"], ["secondary"])
    return of_table and _COLUMN.fullmatch(value) is not None


def _is_mixed(value: str) -> bool:
    kinds = (str.isdigit, str.isupper, str.islower)
    return sum(any(map(kind, value)) for kind in kinds) > 1 or any(
        not (char.isalnum() or char in "_-. ") for char in value
    )
