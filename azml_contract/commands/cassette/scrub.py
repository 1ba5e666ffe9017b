"""`azml-contract cassette scrub`: clean recordings that exist, in their own format."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from azml_contract.commands.cassette.files import (
    Unread,
    find_unread,
    project_rules,
    report_unread,
)
from azml_contract.commands.cassette.wording import count
from azml_contract.commands.kinds import RECORDING
from azml_contract.commands.options import text_or_json
from azml_contract.commands.printing import print_json
from azml_contract.errors import CassetteError, InputError, UsageError

if TYPE_CHECKING:
    from azml_contract.documents.document import Document
    from azml_contract.redaction.redact import Redactor
    from azml_contract.redaction.rules import RedactionRules
    from azml_contract.redaction.scan import Suspicion

_SHOWN = 20


@click.command("scrub")
@click.argument("paths", nargs=-1, required=True, type=RECORDING, metavar="FILE...")
@click.option("--in-place", is_flag=True, help="Write each file where it is.")
@click.option("-o", "--output", default="", metavar="FILE", help="Write it there.")
@text_or_json
@click.pass_context
def command(
    ctx: click.Context, paths: tuple[str, ...], in_place: bool, output: str, form: str
) -> None:
    """Take secrets and names out of recordings of any format.

    Each file keeps its format and all else that is in it. Names of subscription,
    workspace, accounts and people become placeholders, those that the recording
    itself tells included. A file that would still hold what looks like a secret
    is not written, and the exit code is 1.
    """
    if in_place == bool(output) or (output and len(paths) > 1):
        raise UsageError("Say where to write: --in-place, or -o FILE for one FILE.")
    if output and not Path(output).parent.is_dir():
        raise UsageError(f"{output}: there is no folder {Path(output).parent}.")
    rules = project_rules()
    unread: list[Unread] = []
    done: list[_Scrubbed] = []
    for name in paths:
        target = Path(output or name)
        try:
            done.append(_scrub_file(Path(name), target, rules))
        except (CassetteError, InputError) as error:
            unread.append(Unread(name, str(error)))
        else:
            if form == "text":
                _say(done[-1])
    if form == "json":
        found = [one.to_json() for one in find_unread(unread, done=len(done))]
        print_json(files=[one.to_json() for one in done], findings=found)
    code = report_unread(unread, done=len(done))
    ctx.exit(code or (1 if any(one.suspicions for one in done) else 0))


@dataclass(frozen=True, slots=True)
class _Scrubbed:
    """What came of one file.

    `size_bytes` is 0 where nothing was written: there was nothing to remove, or it
    would still hold the `suspicions`. `left` are side files that hold what was removed.
    """

    target: Path
    size_bytes: int = 0
    suspicions: tuple[Suspicion, ...] = ()
    left: tuple[Path, ...] = ()

    def to_json(self) -> dict[str, Any]:
        return {
            "path": self.target.as_posix(),
            "written": bool(self.size_bytes),
            "suspicions": [
                {"place": one.place, "kind": str(one.kind)} for one in self.suspicions
            ],
            "left": [one.as_posix() for one in self.left],
        }


def _scrub_file(path: Path, target: Path, rules: RedactionRules) -> _Scrubbed:
    """Clean one file; it is not written where it would still hold a secret."""
    from azml_contract.documents.document import open_recording
    from azml_contract.recording.scrub import Scrubber

    document = open_recording(path)
    exchanges = [one.exchange for one in document.recorded()]
    redactor = Scrubber(_with_own_names(document, rules), exchanges).redactor
    data, side_files = _scrub_document(document, redactor)
    rendered = render_like(document, data)
    found = _look_again(target, rendered, side_files, document, redactor)
    if found:
        return _Scrubbed(target, suspicions=found)
    return _write(document, target, rendered, side_files)


def _with_own_names(document: Document, rules: RedactionRules) -> RedactionRules:
    from dataclasses import replace

    from azml_contract.redaction.origin import learn_identifiers, learn_stray_ids

    is_ours = document.format is None or document.format.mark(document.data)
    learn = learn_stray_ids if is_ours else learn_identifiers
    learned = learn(one.exchange for one in document.recorded())
    usable = [one for one in learned if one.value not in one.placeholder]
    return replace(rules, identifiers=(*rules.identifiers, *usable))


def _scrub_document(
    document: Document, redactor: Redactor
) -> tuple[Any, dict[str, bytes]]:
    """The data without secrets, and its side files under their new names."""
    import hashlib

    from azml_contract.commands.cassette.lint import side_files_of
    from azml_contract.documents.scrub_document import DocumentScrubber, fix_lengths
    from azml_contract.redaction.drawn import Numbers

    variables = document.cassette.variables if document.cassette else {}
    numbers = Numbers(json.dumps(variables, ensure_ascii=False).lower())
    numbers.go_on_from(document.text)
    scrubber = DocumentScrubber(redactor, numbers)
    data = scrubber.scrub(document.data)
    renamed: dict[str, str] = {}
    side_files: dict[str, bytes] = {}
    for name, raw in side_files_of(document).items():
        clean = scrubber.scrub_bytes(raw)
        renamed[name] = hashlib.sha256(clean).hexdigest()
        side_files[renamed[name]] = clean
    for part in _bodies(data) if renamed else ():
        if "file" in part:
            part["file"] = renamed[part["file"]]
    if document.format is not None:
        from azml_contract.documents.formats import read_recording

        after = read_recording(data, document.format)
        fix_lengths(data, document.format, document.recorded(), after)
    return data, side_files


def _bodies(data: Any) -> list[dict[str, Any]]:
    return [
        one[side]["body"]
        for one in data["interactions"]
        for side in ("request", "response")
        if "body" in one[side]
    ]


def render_like(document: Document, data: Any) -> bytes:
    """A document in the layout of the file it came from."""
    if document.is_yaml:
        import yaml

        dumper = getattr(yaml, "CSafeDumper", yaml.SafeDumper)
        text: str = yaml.dump(data, Dumper=dumper)
        return text.encode()
    found = re.match(r"\s*[{\[]\r?\n([ \t]*)", document.text)
    indent: str | None = found[1] if found else None
    ascii_only = document.cassette is None and document.text.isascii()
    dense = indent is None and '": ' not in document.text[:2000]
    text = json.dumps(
        data,
        indent=indent,
        ensure_ascii=ascii_only,
        separators=(",", ":") if dense else None,
    )
    return (text + ("\n" if document.text.endswith("\n") else "")).encode(
        "utf-8", "surrogatepass"
    )


def _look_again(
    target: Path,
    rendered: bytes,
    side_files: Mapping[str, bytes],
    document: Document,
    redactor: Redactor,
) -> tuple[Suspicion, ...]:
    """Read the finished bytes as anybody could."""
    from azml_contract.documents.document import Document
    from azml_contract.documents.lint import Linter
    from azml_contract.redaction.scan import Scanner

    text = rendered.decode("utf-8", "surrogatepass")
    data = Document(target, text, rendered, document.is_yaml).data
    variables = document.cassette.variables if document.cassette else {}
    linter = Linter(Scanner(redactor, variables), redactor.secret_names)
    found = linter.lint(data)
    for name, raw in side_files.items():
        found += linter.lint_bytes(raw, f"blobs/{name}")
    return found


def _say(one: _Scrubbed) -> None:
    if one.suspicions:
        _say_refused(one.target, one.suspicions)
    elif not one.size_bytes:
        click.echo(f"{one.target}: nothing to remove.")
    else:
        click.echo(f"{one.target}: written, {count(one.size_bytes, 'byte')}.")
    for path in one.left:
        click.echo(
            f"  {path} holds what was removed, and may "
            "belong to other cassettes too: azml-contract cassette prune --yes"
        )


def _say_refused(target: Path, found: tuple[Suspicion, ...]) -> None:
    lines = [f"{target} was not written: it would still hold what looks secret."]
    lines += [f"  {one.place}: {one.kind}" for one in found[:_SHOWN]]
    if len(found) > _SHOWN:
        lines.append(f"  and {len(found) - _SHOWN} more")
    lines.append(
        "Values are not shown. Name the properties, or the variables that hold "
        "the values, in [tool.azml-contract.redact] of pyproject.toml."
    )
    click.echo("\n".join(lines), err=True)


def _write(
    document: Document, target: Path, rendered: bytes, side_files: Mapping[str, bytes]
) -> _Scrubbed:
    from azml_contract.cassette.store import write_cassette
    from azml_contract.commands.cassette.lint import side_files_of

    same_place = target.resolve() == document.path.resolve()
    if same_place and rendered == document.raw:
        return _Scrubbed(target)
    write_cassette(target, rendered, side_files)
    left = sorted(side_files_of(document).keys() - side_files.keys())
    blobs = target.parent / "blobs"
    names = left if same_place else ()
    return _Scrubbed(target, len(rendered), left=tuple(blobs / name for name in names))
