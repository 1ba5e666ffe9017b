"""Servers that a test starts itself: the machine gives them another port each time."""

from __future__ import annotations

import json
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest
import requests
from serving import serving

from azml_contract.recording.engine import Mode
from azml_contract.recording.miss import NoMatchingInteraction


class OwnServer:
    """Answers with a name and its own address; use as a context."""

    def __init__(self, name: str) -> None:
        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                body = json.dumps({"name": name, "next": f"{server.url}/next"})
                self.send_response(200)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body.encode())

            def log_message(self, *_: object) -> None:
                """Silent."""

        server = self
        self._server = HTTPServer(("127.0.0.1", 0), Handler)
        self.port = self._server.server_port
        self.url = f"http://127.0.0.1:{self.port}"
        self._serving = serving(self._server)

    def __enter__(self):
        self._serving.__enter__()
        return self

    def __exit__(self, *failure):
        self._serving.__exit__(*failure)


def story(recorder):
    """Two servers are asked in turn, and one leads back to itself."""
    with OwnServer("first") as first, OwnServer("second") as second:
        for server, name in ((second, "second"), (first, "first"), (second, "second")):
            answer = requests.get(f"{server.url}/start").json()
            assert answer == {"name": name, "next": f"{server.url}/next"}
            assert requests.get(answer["next"]).json()["name"] == name


def test_a_port_of_loopback_stands_for_the_one_that_was_recorded(record, make_recorder):
    record(story)
    for _ in range(3):
        with make_recorder(Mode.REPLAY) as recorder:
            story(recorder)
        recorder.finish()


def test_another_path_or_another_host_is_a_miss(record, make_recorder):
    with OwnServer("one") as server:
        record(lambda recorder: requests.get(f"{server.url}/start"))
    for url in ("http://127.0.0.1:1/other", "http://10.0.0.1:8000/start"):
        with make_recorder(Mode.REPLAY), pytest.raises(NoMatchingInteraction):
            requests.get(url)


def test_one_port_stands_for_one_server(record, make_recorder):
    with OwnServer("first") as first, OwnServer("second") as second:

        def ask(recorder):
            for server in (first, second):
                requests.get(f"{server.url}/start")

        record(ask)
    with make_recorder(Mode.REPLAY):
        assert requests.get("http://127.0.0.1:1234/start").json()["name"] == "first"
        assert requests.get("http://127.0.0.1:1235/start").json()["name"] == "second"
        with pytest.raises(NoMatchingInteraction):
            requests.get("http://127.0.0.1:1236/start")
