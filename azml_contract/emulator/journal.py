"""What an emulator holds, in a folder: it survives the emulator, also when killed.

In: changes of a store. Out: the same resources and operations at the next
start. SQLite in WAL mode: what was committed before an answer went out is
there, however the process ended. Knows tables; not what a resource means.
"""

from __future__ import annotations

import json
import sqlite3
from dataclasses import fields
from pathlib import Path

from azml_contract.emulator.store import Operation, Resource
from azml_contract.errors import EmulatorError, OutputError

FILE = "resources.sqlite"
_SCHEMA = """
CREATE TABLE IF NOT EXISTS resources (
    place INTEGER PRIMARY KEY AUTOINCREMENT,
    key TEXT UNIQUE NOT NULL,
    value TEXT NOT NULL
);
CREATE TABLE IF NOT EXISTS operations (id TEXT PRIMARY KEY, value TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS facts (name TEXT PRIMARY KEY, value REAL NOT NULL);
"""


class SqliteJournal:
    """A store's changes in a SQLite file. One thread at a time.

    Args:
        folder: Where the file is, or will be.

    Raises:
        EmulatorError: The file is no database of an emulator.
        OutputError: It cannot be written: the disk is full.
    """

    def __init__(self, folder: Path) -> None:
        self._path = folder / FILE
        try:
            self._db = sqlite3.connect(self._path, check_same_thread=False)
            self._path.chmod(0o600)  # it holds secrets of datastores
            self._db.execute("PRAGMA journal_mode=WAL")
            self._db.execute("PRAGMA synchronous=NORMAL")
            self._db.executescript(_SCHEMA)
        except sqlite3.OperationalError as error:
            raise OutputError(str(self._path), str(error)) from error
        except sqlite3.Error as error:
            raise EmulatorError(
                f"{self._path} is no state of an emulator: {error}. Name another "
                "folder, or remove the file"
            ) from error
        self._is_dirty = False

    def write(self, key: str, resource: Resource) -> None:
        """Add or replace a resource; a replaced one keeps its place."""
        self._run(
            "INSERT INTO resources (key, value) VALUES (?, ?) "
            "ON CONFLICT (key) DO UPDATE SET value = excluded.value",
            key,
            _as_text(resource),
        )

    def remove(self, key: str) -> None:
        """Remove a resource and all below it."""
        # "0" comes after "/": everything that begins with the key and a slash.
        self._run("DELETE FROM resources WHERE key = ?", key)
        self._run(
            "DELETE FROM resources WHERE key > ? AND key < ?",
            f"{key.lower()}/",
            f"{key.lower()}0",
        )

    def write_operation(self, operation: Operation) -> None:
        """Add a long-running operation."""
        self._run(
            "INSERT OR REPLACE INTO operations VALUES (?, ?)",
            operation.id.lower(),
            _as_text(operation),
        )

    def clear(self) -> None:
        """Remove everything."""
        self._run("DELETE FROM resources")
        self._run("DELETE FROM operations")
        self._run("DELETE FROM facts")

    def load(self) -> tuple[list[Resource], list[Operation]]:
        """What was written before, in its order."""
        resources = self._db.execute("SELECT value FROM resources ORDER BY place")
        operations = self._db.execute("SELECT value FROM operations")
        return (
            [Resource(**json.loads(value)) for (value,) in resources],
            [Operation(**json.loads(value)) for (value,) in operations],
        )

    @property
    def now_s(self) -> float:
        """Time of the emulated service at the last commit; 0 for none."""
        found = self._db.execute(
            "SELECT value FROM facts WHERE name = 'now'"
        ).fetchone()
        return float(found[0]) if found else 0.0

    def commit(self, now_s: float) -> None:
        """Make what changed last, before the answer goes out."""
        if self._is_dirty:
            self._run("INSERT OR REPLACE INTO facts VALUES ('now', ?)", now_s)
            self._db.commit()
            self._is_dirty = False

    def close(self) -> None:
        """Commit, and close the file."""
        self._db.commit()
        self._db.close()

    def _run(self, statement: str, *values: object) -> None:
        self._is_dirty = True
        self._db.execute(statement, values)


def _as_text(value: Resource | Operation) -> str:
    # asdict would copy the body, however deep it is.
    named = {field.name: getattr(value, field.name) for field in fields(value)}
    return json.dumps(named, separators=(",", ":"))
