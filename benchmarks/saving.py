"""Saving: what sanitising, scanning and writing a recording takes, by its size.

Traffic like that of the live service (traffic.py), all of it distinct. `save` is
what the recorder does when a scenario has passed, but for `prove`, the proof that
what was recorded will replay; `import` makes a cassette of a
test-proxy recording of 1 MB; `lint` reads recordings from the disk, as many as are
asked for, and the time of all 3,300 is told from them. Times are of the processor.
"""

from __future__ import annotations

import math
import tempfile
from collections.abc import Callable
from functools import partial
from pathlib import Path

from measure import Row, Target, make_parser, show, time_call
from traffic import SEEDS, as_proxy, make_traffic, read_seeds, write_recordings

from azml_contract.cassette.cassette import Cassette, render_cassette
from azml_contract.cassette.store import write_cassette
from azml_contract.commands.cassette.lint import lint_file
from azml_contract.documents.document import open_document
from azml_contract.documents.importing import import_exchanges
from azml_contract.exchange import Exchange
from azml_contract.recording.identity import Logins, is_identity
from azml_contract.recording.playing import make_player
from azml_contract.recording.proof import Proof
from azml_contract.recording.recorder_settings import Mode, RecorderSettings
from azml_contract.recording.scrub import Scrubber
from azml_contract.recording.tape import Tape
from azml_contract.recording.uncollected import uncollected
from azml_contract.redaction.scan import Scanner
from azml_contract.scenario import redaction_rules
from azml_contract.settings import PLACEHOLDERS

SIZES = (500, 1_000, 2_000, 5_000)
LINTED, LINTED_BYTES, ALL_FILES = 165, 51_500, 3_300
IMPORTED_BYTES = 1_000_000
HEADER = Cassette("benchmark", "2023-04-01", "azure", "2026-01-01T00:00:00Z", "none")


def save(exchanges: list[Exchange], path: Path) -> None:
    """Everything that the recorder does from the tape to the disk."""
    rules = redaction_rules(PLACEHOLDERS)
    tape = Tape(Logins())
    for one in exchanges:
        tape.add(one, tape.start())
    with uncollected():
        scrubber = Scrubber(rules, exchanges)
        rendered = render_cassette(tape.to_cassette(HEADER, scrubber, {}))
        found = Scanner(scrubber.redactor).scan(rendered, scrubber.side_files)
    if found:
        raise SystemExit(f"refused: {found[0].place}: {found[0].kind}")
    write_cassette(path, rendered, scrubber.side_files)


def prepare_proof(exchanges: list[Exchange], path: Path) -> Callable[[], None]:
    """What the recorder does between `save`'s scan and its writing.

    A person's name that answers bring up cannot be sent by a scenario of its own.
    """
    exchanges = [one for one in exchanges if b"Test User" not in one.request.body]
    rules = redaction_rules(PLACEHOLDERS)
    tape = Tape(Logins())
    for one in exchanges:
        tape.add(one, tape.start())
    scrubber = Scrubber(rules, exchanges)
    rendered = render_cassette(tape.to_cassette(HEADER, scrubber, {}))
    told = RecorderSettings(path, Mode.RECORD, "benchmark", "", "azure", rules)
    player = partial(make_player, told, redactor=scrubber.redactor)
    logins = [one for one in exchanges if is_identity(one.request)]

    def prove() -> None:
        proof = Proof(path, rendered, scrubber.side_files, player)
        proof.require(tape.sent(), rules, logins)

    return prove


def exponent(rows: list[Row]) -> float:
    """How the time grows with the size: 1 is linear, 2 is quadratic."""
    first, last = rows[0], rows[-1]
    return math.log(last["seconds"] / first["seconds"]) / math.log(
        last["size"] / first["size"]
    )


def measure(folder: Path, sizes: tuple[int, ...], linted: int) -> list[Row]:
    """One row for each thing that is done, and each size."""
    seeds = read_seeds()
    rows: list[Row] = []
    for size in sizes:
        traffic = make_traffic(size, seeds)
        seconds = time_call(lambda t=traffic: save(t, folder / "c.json"))
        rows.append({"work": "save", "size": size, "seconds": seconds})
    for size in sizes:
        prove = prepare_proof(make_traffic(size, seeds), folder / "c.json")
        rows.append({"work": "prove", "size": size, "seconds": time_call(prove)})
    for share in (0.25, 1.0):
        file = folder / "import.json"
        traffic = make_traffic(4_000, seeds)
        count = 1
        while len(as_proxy(traffic[:count])) < IMPORTED_BYTES * share:
            count += 20
        file.write_text(as_proxy(traffic[:count]), "utf-8")
        seconds = time_call(lambda f=file: do_import(f))
        rows.append({"work": "import", "size": file.stat().st_size, "seconds": seconds})
    recordings = folder / "recordings"
    recordings.mkdir()
    total = write_recordings(recordings, linted, LINTED_BYTES)
    rules = redaction_rules(PLACEHOLDERS)
    files = sorted(recordings.iterdir())
    seconds = time_call(lambda: [lint_file(one, rules) for one in files])
    rows.append({"work": "lint", "size": total, "seconds": seconds, "files": linted})
    return rows


def do_import(file: Path) -> None:
    """What the command does, but for the writing."""
    exchanges = [one.exchange for one in open_document(file).recorded()]
    import_exchanges(
        exchanges, HEADER, redaction_rules(PLACEHOLDERS), path=file.with_suffix(".out")
    )


def main() -> None:
    given = make_parser(__doc__ or "").parse_args()
    if not SEEDS.is_dir():
        absent = "no recordings of the live service beside the repository"
        show("saving", [{"work": "all", "absent": absent}], [], as_json=given.json)
        return
    sizes = (50, 100) if given.quick else SIZES
    with tempfile.TemporaryDirectory() as folder:
        rows = measure(Path(folder), sizes, 5 if given.quick else LINTED)
    saved = [row for row in rows if row["work"] == "save"]
    proven = [row for row in rows if row["work"] == "prove"]
    imported = [row for row in rows if row["work"] == "import"]
    (linted,) = (row for row in rows if row["work"] == "lint")
    whole = linted["seconds"] / linted["files"] * ALL_FILES
    targets = [
        Target(f"seconds to save {saved[-1]['size']:,}", saved[-1]["seconds"], 3.0),
        Target("growth of saving, exponent", exponent(saved), 1.15),
        Target(
            f"ms to prove an interaction of {proven[-1]['size']:,}",
            proven[-1]["seconds"] / proven[-1]["size"] * 1000,
            1.0,
        ),
        Target("seconds to import 1 MB", imported[-1]["seconds"], 1.0),
        Target("growth of importing, exponent", exponent(imported), 1.15),
        Target(
            f"seconds to lint {ALL_FILES:,} files, 170 MB, "
            f"told from {linted['files']} files",
            whole,
            60.0,
        ),
    ]
    show("saving", rows, targets, as_json=given.json)


if __name__ == "__main__":
    main()
