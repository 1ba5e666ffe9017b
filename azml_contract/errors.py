"""Every exception of the package, and how their messages name a file.

Errors mean that we could not do what was asked. A body that breaks the
contract is a `Finding`, not an error; an ARM answer of 4xx is an ordinary
response until a caller asks for more than the raw answer.

    AzmlContractError
    +-- SettingsError            a setting is missing or malformed
    +-- UsageError               a command, option or marker was used wrongly
    +-- InputError               a file could not be read as what it should be
    |   +-- NothingToCheck       it was read, and holds no call and no body
    +-- OutputError              a file could not be written
    +-- ContractError            no contract for what was asked
    |   +-- UnknownApiVersion
    |   +-- SpecificationError   an official specification could not be imported
    +-- CassetteError            a cassette is missing, corrupt or of another format
    |   +-- NoMatchingInteraction
    |   +-- UnusedInteractions
    |   +-- NetworkRefused       replay was about to open a connection
    |   +-- SecretFound          a secret was about to be written
    +-- ArmError                 the service answered with an error
    +-- ServiceUnreachable       no answer from the service at all
    +-- OperationTimeout         no terminal state in time
    +-- EmulatorError            the local service could not start or stop
    +-- UploadError              a blob could not be written

A subclass may live beside the code that raises it when its constructor takes
values of that module; it still derives from one of these.
"""

from __future__ import annotations

from pathlib import Path


class AzmlContractError(Exception):
    """Root of every error of this package; `str()` is what a user reads."""


class SettingsError(AzmlContractError):
    """A setting is missing or malformed; names it and the variable that sets it."""


class UsageError(AzmlContractError):
    """A command, an option or a marker was used in a way that has no meaning."""


class InputError(AzmlContractError):
    """A file or stream could not be read as what it should be."""


class NothingToCheck(InputError):
    """A file was read, and holds neither calls nor a body that can be checked."""


class OutputError(AzmlContractError):
    """A file could not be written; what was there is still there, whole."""

    def __init__(self, path: str, reason: str) -> None:
        super().__init__(f"{path} could not be written: {reason}.")
        self.path = path
        self.reason = reason


class ContractError(AzmlContractError):
    """There is no contract for what was asked."""


class UnknownApiVersion(ContractError):
    """An api-version that no contract is known for."""

    def __init__(self, asked: str, *, nearest: list[str]) -> None:
        hint = f" Nearest known: {', '.join(nearest)}." if nearest else ""
        super().__init__(
            f"No contract for api-version {asked!r}.{hint}\n"
            "All known versions: azml-contract contract list"
        )
        self.asked = asked
        self.nearest = nearest


class SpecificationError(ContractError):
    """An official specification could not be imported; says where and why.

    Args:
        file: The specification, or the folder that should hold one.
        pointer: JSON pointer to the offending place; empty for the whole file.
        problem: What is wrong there, a sentence without its full stop.
        cure: What the reader can do about it, a sentence.
    """

    def __init__(self, file: object, pointer: str, problem: str, *, cure: str) -> None:
        place = f"{file}#{pointer}" if pointer else str(file)
        super().__init__(f"{place}: {problem}.\n{cure}")
        self.file = file
        self.pointer = pointer
        self.problem = problem
        self.cure = cure


class CassetteError(AzmlContractError):
    """A cassette is missing, corrupt or of another format."""


class ArmError(AzmlContractError):
    """The service answered with an error where a result was needed.

    Args:
        status: HTTP status.
        code: ``error.code``; empty when the body was empty.
        message: ``error.message``; empty when the body was empty.
        inner_codes: ``InnerError`` chain, outermost first.
        details: One line for each of ``error.details``.
        request_id: ``x-ms-request-id``, or the correlation id; may be empty.
        request: Verb and URL of the call, e.g. ``PUT https://...``.
    """

    def __init__(
        self,
        *,
        status: int,
        code: str,
        message: str,
        inner_codes: tuple[str, ...] = (),
        details: tuple[str, ...] = (),
        request_id: str = "",
        request: str = "",
    ) -> None:
        nothing = "no error code" if message else "no error body"
        chain = "/".join((code, *inner_codes)) if code else nothing
        text = f"{status} {chain}: {message or '(no message)'}"
        if status < 400 and not code and not message:
            text = f"{status} is no error, and was not expected"
        text += "".join(f"\n  {detail}" for detail in details)
        if request:
            text += f"\nRequest: {request}"
        if request_id:
            text += f"\nRequest id: {request_id}"
        super().__init__(text)
        self.status = status
        self.code = code
        self.message = message
        self.inner_codes = inner_codes
        self.details = details
        self.request_id = request_id


class ServiceUnreachable(AzmlContractError):
    """A call got no answer: no route, no TLS, or the connection dropped."""

    def __init__(self, request: str, *, reason: str, attempts: int, cure: str) -> None:
        times = "once" if attempts == 1 else f"{attempts} times"
        super().__init__(f"No answer to {request} (sent {times}): {reason}.\n{cure}")
        self.request = request
        self.reason = reason
        self.attempts = attempts


class OperationTimeout(AzmlContractError):
    """An operation or job reached no terminal state in time."""

    def __init__(self, what: str, *, timeout_s: float, last_state: str) -> None:
        super().__init__(
            f"{what} reached no terminal state within {timeout_s:g} s; "
            f"last state: {last_state or 'none'}."
        )
        self.what = what
        self.timeout_s = timeout_s
        self.last_state = last_state


class EmulatorError(AzmlContractError):
    """The local service could not start, or a part of it died."""


class UploadError(AzmlContractError):
    """A blob could not be written; names the file and the remedy."""


def say_reason(error: Exception) -> str:
    """Why a file could not be read or written, without number and name of the file."""
    return getattr(error, "strerror", None) or str(error)


def show_path(path: Path) -> str:
    """A path as a reader would type it: from here, where it leads below."""
    here = Path.cwd()
    return str(path.relative_to(here)) if path.is_relative_to(here) else str(path)
