"""Call the REST API of one workspace, in one api-version, with visible bodies.

In: settings, an api-version, paths, JSON. Out: answers as they came. Adds what
every call needs (address, api-version, token, retries, paging, waiting) and
nothing of what a body means. Knows neither pytest nor cassettes: a recorder,
a clock and a read tracker come in as values.
"""

from __future__ import annotations

import copy
import json
import threading
from collections.abc import Callable, Mapping
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self, TypeVar
from urllib.parse import unquote, urlsplit

import requests

from azml_contract.errors import UsageError
from azml_contract.lro import SYSTEM_CLOCK, Clock, PollAnswer, await_terminal
from azml_contract.rest.addresses import add_query, resolve_url
from azml_contract.rest.arm_response import ArmResponse, Wrap
from azml_contract.rest.bodies import load_body
from azml_contract.rest.credentials import (
    BearerToken,
    TokenCredential,
    build_credential,
    close_credential,
)
from azml_contract.rest.operations import poll_after, poll_of_resource, read_poll
from azml_contract.rest.paging import collect_pages
from azml_contract.rest.transport import Transport, describe_call, make_session
from azml_contract.settings import Settings

if TYPE_CHECKING:
    from azml_contract.blobs import Upload

__all__ = ["ArmResponse", "Workspace"]

_USER_AGENT = "azml-contract"

T = TypeVar("T")
Body = dict[str, Any] | list[Any] | str | bytes | None
Items = list[Any]  # inside the class, `list` is a method
Params = Mapping[str, Any]


class Workspace:
    """One workspace, called in one api-version.

    Paths are relative to the workspace (``"jobs/j1"``; ``""`` is the workspace
    itself). A leading slash makes a path absolute in ARM; an ``https://`` URL
    is used as it is. The token goes to the settings' endpoint and to no other
    host.

    Args:
        settings: Which workspace, and how to reach it.
        api_version: Added to each call whose URL has none.
        credential: Gives tokens; made from the settings when None, and only
            when the first token is needed.
        session: Sends the calls; one of our own when None.
        clock: Time source of retries and waits.
        draw: ``draw(name, make)`` draws and records a variable; None: ``make()``.
        wrap: Builds `.json` of answers from the parsed body, to note reads.
        bodies: Folder of `body`.
        progress: Takes a line each time something takes long.
        guard: Told verb and path of each call before it goes out; may raise.

    Use it as a context manager, or `close` it, so that no connection stays open.
    """

    def __init__(
        self,
        settings: Settings,
        *,
        api_version: str,
        credential: TokenCredential | None = None,
        session: requests.Session | None = None,
        clock: Clock = SYSTEM_CLOCK,
        draw: Callable[[str, Callable[[], Any]], Any] | None = None,
        wrap: Wrap | None = None,
        bodies: Path | None = None,
        progress: Callable[[str], None] | None = None,
        guard: Callable[[str, str], None] | None = None,
    ) -> None:
        self.settings = settings
        self.api_version = api_version
        self.clock = clock
        self.progress = progress
        self._credential = credential
        self._owns_credential = credential is None
        self.session = session or make_session()
        self._owns_session = session is None
        self._draw = draw
        self._wrap = wrap
        self._bodies = bodies
        self._here = threading.local()
        self._failures: Items = []
        self._created: dict[str, None] = {}
        self._absent: set[str] = set()
        self._guard = guard
        self._transport = Transport(
            settings,
            session=self.session,
            token=BearerToken(
                self.get_credential, f"{settings.endpoint}/.default", settings, clock
            ),
            clock=clock,
            announce=progress,
        )

    def get(
        self, path: str, *, params: Params | None = None, headers: Params | None = None
    ) -> ArmResponse:
        """GET a path; see `arm` for what comes back and what is raised."""
        return self._call("GET", path, None, params, headers)

    def put(
        self,
        path: str,
        body: Body = None,
        *,
        params: Params | None = None,
        headers: Params | None = None,
    ) -> ArmResponse:
        """PUT a body; see `arm`."""
        return self._call("PUT", path, body, params, headers)

    def patch(
        self,
        path: str,
        body: Body = None,
        *,
        params: Params | None = None,
        headers: Params | None = None,
    ) -> ArmResponse:
        """PATCH with a body; see `arm`."""
        return self._call("PATCH", path, body, params, headers)

    def post(
        self,
        path: str,
        body: Body = None,
        *,
        params: Params | None = None,
        headers: Params | None = None,
    ) -> ArmResponse:
        """POST a body; see `arm`. Repeated only where that cannot do harm."""
        return self._call("POST", path, body, params, headers)

    def delete(
        self, path: str, *, params: Params | None = None, headers: Params | None = None
    ) -> ArmResponse:
        """DELETE a path; see `arm`."""
        return self._call("DELETE", path, None, params, headers)

    def arm(
        self,
        method: str,
        path_or_url: str,
        body: Body = None,
        *,
        api_version: str | None = None,
        params: Params | None = None,
        headers: Params | None = None,
    ) -> ArmResponse:
        """Call any ARM path, also of another provider and api-version.

        Args:
            method: Verb.
            path_or_url: See the class.
            body: A dict or list goes out as JSON; text as UTF-8, unchecked, for
                bodies that are deliberately broken; bytes as they are.
            api_version: Instead of the workspace's.
            params: Query parameters. None is left out, True becomes ``true``, a
                list repeats its name.
            headers: Added to ours, or in their place.

        Returns:
            The answer, whatever its status.

        Raises:
            LoginFailed: There was no token.
            ServiceUnreachable: There was no answer.
            UsageError: The body is not JSON, or the URL not https.
        """
        return self._call(
            method.upper(), path_or_url, body, params, headers, api_version
        )

    def list(self, path: str, *, params: Params | None = None) -> Items:
        """The items of all pages, in the order of the service.

        Follows ``nextLink`` as it is, until there is none; see
        `paging.collect_pages`.

        Raises:
            ArmError: A page is an error or no page, or a ``nextLink`` repeats.
        """
        return collect_pages(self.get(path, params=params), self.get)

    def wait(
        self,
        target: str | ArmResponse,
        *,
        timeout_s: float = 3600.0,
        interval_s: float = 1.0,
    ) -> ArmResponse:
        """Wait for a job, a resource, or the operation that an answer started.

        A job's path polls ``properties.status`` until Completed, Failed or
        Canceled; another path ``provisioningState``. An answer's
        ``Azure-AsyncOperation`` is followed first, then the ``Location`` of a
        202, else the resource that was called. States we do not know are polled
        on. Retry-After wins over `interval_s`, which grows gently.

        Args:
            target: A path or URL of a resource, or an answer.
            timeout_s: Longest wait, in seconds of the clock.
            interval_s: First wait between two polls, in seconds.

        Returns:
            The last answer. Failed and Canceled are returned, not raised. What
            an operation made is not fetched: GET it. An answer that started
            nothing comes back as it is.

        Raises:
            ArmError: A poll's answer is an error, or no state can be read in it.
            OperationTimeout: No terminal state within `timeout_s`.
        """
        if isinstance(target, ArmResponse):
            next_poll = poll_after(target)
            if next_poll is None:
                return target
            first_wait_s = 0.0 if next_poll.url == target.url else interval_s
        else:
            next_poll = poll_of_resource(self.url_of(target))
            first_wait_s = 0.0

        def poll_once() -> PollAnswer[ArmResponse]:
            nonlocal next_poll
            assert next_poll is not None
            answer = self.get(next_poll.url)
            now_s = self.clock.now()
            next_poll, seen = read_poll(next_poll, answer, now_s=now_s)
            return seen

        return await_terminal(
            poll_once,
            what=self._short_name(next_poll.url),
            timeout_s=timeout_s,
            clock=self.clock,
            interval_s=interval_s,
            first_wait_s=first_wait_s,
            announce=self.progress,
        )

    def upload(
        self,
        source: Path,
        *,
        auth: str | None = None,
        to: str | None = None,
        datastore: str | Mapping[str, Any] | None = None,
        code: tuple[str, str] | None = None,
    ) -> Upload:
        """Upload a file or a folder to blob storage; see `blobs.upload`."""
        from azml_contract.blobs import upload

        return upload(self, source, auth=auth, to=to, datastore=datastore, code=code)

    def var(self, name: str, draw: Callable[[], T]) -> T:
        """A value that is drawn when recording, and comes back in replay."""
        if self._draw is None:
            return draw()
        value: T = self._draw(name, draw)
        return value

    def body(self, step: str, **slots: Any) -> Any:
        """The body of a step for this api-version; see `bodies.load_body`.

        The slots ``subscription``, ``resource_group``, ``workspace``,
        ``workspace_id``, ``compute``, ``compute_id`` and ``api_version`` are
        filled without being given.
        """
        if self._bodies is None:
            raise UsageError(f"body({step!r}): this workspace has no folder of bodies.")
        return load_body(
            self._bodies,
            step,
            api_version=self.api_version,
            given=slots,
            built_in=self._built_in_slots(),
        )

    def use_bodies(self, folder: Path | None) -> None:
        """Take bodies from this folder from now on."""
        self._bodies = folder

    @property
    def is_sending(self) -> bool:
        """Whether this thread is within a call of this client, not of another."""
        return bool(getattr(self._here, "sends", False))

    @property
    def unacknowledged(self) -> Items:
        """Answers of status 400 and above that nobody looked at, oldest first."""
        return [answer for answer in self._failures if not answer.acknowledged]

    @property
    def created(self) -> Items:
        """ARM ids of what PUTs of this client made, oldest first, once each.

        A compute counts only after a GET that did not find it.
        """
        return [*self._created]

    def get_credential(self) -> TokenCredential:
        """The credential in use; made from the settings at the first call."""
        if self._credential is None:
            self._credential = build_credential(self.settings)
        return self._credential

    def url_of(self, path_or_url: str, *, api_version: str | None = None) -> str:
        """The absolute URL that a path stands for; see `addresses.resolve_url`."""
        version = api_version or self.api_version
        return resolve_url(self.settings, path_or_url, version)

    def close(self) -> None:
        """Close the connections that are ours; a session that came in stays open."""
        if self._owns_session:
            self.session.close()
        if self._owns_credential and self._credential is not None:
            close_credential(self._credential)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def _call(
        self,
        method: str,
        path: str,
        body: Body,
        params: Params | None,
        headers: Params | None,
        api_version: str | None = None,
    ) -> ArmResponse:
        url = add_query(self.url_of(path, api_version=api_version), params or {})
        if self._guard is not None:
            self._guard(method, unquote(urlsplit(url).path))
        data = _encode(body)
        sent = {"Accept": "application/json", "User-Agent": _USER_AGENT}
        if data is not None:
            sent["Content-Type"] = "application/json"
        sent.update({name: str(value) for name, value in (headers or {}).items()})
        self._here.sends = True
        try:
            response = self._transport.send(method, url, headers=sent, body=data)
        finally:
            self._here.sends = False
        answer = ArmResponse(response, self._wrap)
        if answer.failed:
            self._failures.append(answer)
        self._note_creation(answer)
        return answer

    def _note_creation(self, answer: ArmResponse) -> None:
        path = unquote(urlsplit(answer.url).path)
        if answer.met_nothing:
            self._absent.add(path)
        # Azure answers 201 to the PUT of a cluster that was there, and a cluster
        # is somebody's work: ours is one that we have seen missing.
        elif answer.created and ("/computes/" not in path or path in self._absent):
            self._created[path] = None

    def _short_name(self, url: str) -> str:
        """A resource of this workspace by its relative path, others by their URL."""
        path = urlsplit(url).path
        start = f"{self.settings.workspace_id}/"
        return (
            path.removeprefix(start)
            if path.startswith(start)
            else describe_call("", url)
        )

    def _built_in_slots(self) -> dict[str, str]:
        settings = self.settings
        return {
            "subscription": settings.subscription,
            "resource_group": settings.resource_group,
            "workspace": settings.workspace,
            "workspace_id": settings.workspace_id,
            "compute": settings.compute,
            "compute_id": f"{settings.workspace_id}/computes/{settings.compute}",
            "api_version": self.api_version,
        }


def _encode(body: Body) -> bytes | None:
    if body is None or isinstance(body, bytes):
        return body
    if isinstance(body, str):
        return body.encode()
    try:
        # A copy, because an answer's JSON notes who looks at it, and sending it
        # back is not reading it.
        text = json.dumps(copy.deepcopy(body), ensure_ascii=False, allow_nan=False)
    except (TypeError, ValueError) as error:
        raise UsageError(f"The body is not JSON: {error}.") from error
    return text.encode()
