"""Scores with a model: a deployment's own ``init()`` and ``run()``, in this process.

A program of its own: ``scorer.py serve SOCKET`` answers HTTP on a socket of this
machine's files, ``scorer.py batch INPUT OUTPUT`` scores the files of a folder. In:
``AZML_SCRIPT`` (empty: an MLflow model), ``AZUREML_MODEL_DIR``. Uses nothing but the
standard library and what the script needs.
"""

from __future__ import annotations

import importlib.util
import json
import os
import socketserver
import sys
import traceback
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any

Run = Callable[[Any], Any]


def load() -> Run:
    """The function that scores, made ready."""
    script = os.environ.get("AZML_SCRIPT", "")
    if not script:
        return _load_mlflow()
    path = Path(script).resolve()
    sys.path.insert(0, str(path.parent))
    spec = importlib.util.spec_from_file_location("azml_scoring", path)
    if spec is None or spec.loader is None:
        raise FileNotFoundError(f"{script} is no Python file")
    module = importlib.util.module_from_spec(spec)
    sys.modules["azml_scoring"] = module
    spec.loader.exec_module(module)
    if hasattr(module, "init"):
        module.init()
    run: Run = module.run
    return run


def _load_mlflow() -> Run:
    import mlflow.pyfunc
    import pandas  # type: ignore[import-untyped]

    folder = Path(os.environ["AZUREML_MODEL_DIR"])
    found = sorted(folder.rglob("MLmodel"))
    if not found:
        raise FileNotFoundError(f"no MLmodel file below {folder}")
    model = mlflow.pyfunc.load_model(str(found[0].parent))

    def run(data: Any) -> Any:
        asked = json.loads(data) if isinstance(data, str | bytes) else data
        given = asked.get("input_data", asked) if isinstance(asked, dict) else asked
        if isinstance(given, dict) and "data" in given:
            columns, index = given.get("columns"), given.get("index")
            given = pandas.DataFrame(given["data"], columns=columns, index=index)
        elif isinstance(given, list | dict):
            given = pandas.DataFrame(given)
        return model.predict(given)

    return run


def as_json(value: Any) -> Any:
    """What ``json`` cannot write, as lists: arrays, frames, numbers of NumPy."""
    if hasattr(value, "to_dict"):
        is_frame = hasattr(value, "columns")
        return value.to_dict(orient="records") if is_frame else list(value)
    if hasattr(value, "tolist"):
        return value.tolist()
    raise TypeError(f"{type(value).__name__} is not JSON")


class Handler(BaseHTTPRequestHandler):
    """Answers one request with the script's ``run``."""

    protocol_version = "HTTP/1.1"
    run: Run

    def do_GET(self) -> None:
        """The script is ready, else nobody would answer."""
        self._send(200, b"Healthy", "text/plain")

    def do_POST(self) -> None:
        """Score the body."""
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        try:
            result = type(self).run(body.decode("utf-8"))
            text = json.dumps(result, default=as_json).encode()
        except Exception as error:  # noqa: BLE001 - whatever the script does
            traceback.print_exc()
            sys.stderr.flush()
            self._send(500, f"{type(error).__name__}: {error}".encode(), "text/plain")
            return
        self._send(200, text, "application/json")

    def _send(self, status: int, body: bytes, kind: str) -> None:
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002
        """A line for each call, without the time: two recordings of it are equal."""
        sys.stderr.write(f"{format % args}\n")


class Server(socketserver.ThreadingMixIn, socketserver.UnixStreamServer):
    """HTTP on a socket of this machine's files."""

    daemon_threads = True


def serve(place: str) -> None:
    """Answer until somebody ends the process."""
    Handler.run = staticmethod(load())
    with Server(place, Handler) as server:
        server.serve_forever()


def score_batch(source: str, target: str, size: int) -> None:
    """Score a file, or a folder's, some at a time; a line for each result."""
    run = load()
    place = Path(source)
    below = [place] if place.is_file() else sorted(place.rglob("*"))
    files = [path for path in below if path.is_file()]
    lines: list[str] = []
    is_script = bool(os.environ.get("AZML_SCRIPT"))
    for start in range(0, len(files), size):
        some = [str(p) for p in files[start : start + size]]
        result = run(some) if is_script else _score_tables(run, some)
        lines += _as_lines(result)
    Path(target).parent.mkdir(parents=True, exist_ok=True)
    Path(target).write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")
    print(f"{len(files)} files, {len(lines)} lines of predictions")  # noqa: T201


def _score_tables(run: Run, files: list[str]) -> list[str]:
    import pandas

    lines = []
    for file in files:
        frame = pandas.read_csv(file)
        for prediction in run({"input_data": frame.to_dict(orient="records")}):
            lines.append(f"{json.dumps(prediction, default=as_json)},{Path(file).name}")
    return lines


def _as_lines(result: Any) -> list[str]:
    if hasattr(result, "to_csv"):
        text = result.to_csv(header=False, index=False, sep=" ")
        return [line for line in str(text).splitlines() if line]
    return [str(item) for item in result]


if __name__ == "__main__":
    verb, *rest = sys.argv[1:]
    if verb == "serve":
        serve(rest[0])
    else:
        score_batch(rest[0], rest[1], int(rest[2]))
