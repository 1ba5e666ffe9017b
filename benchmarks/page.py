"""Run every benchmark, and write docs/benchmarks.md from what they print.

In: nothing but the folder of specifications. Out: the page: of each benchmark its own
docstring, its rows and its targets, as measured on this machine, today. A benchmark
that fails ends the run, and the page stays as it was.

    python benchmarks/page.py --specs DIR
"""

from __future__ import annotations

import argparse
import ast
import json
import os
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

from measure import render_table

from azml_contract.whole_file import write_whole

HERE = Path(__file__).parent
PAGE = HERE.parent / "docs" / "benchmarks.md"
WITH_SPECS = ("verdicts", "cold", "contract")
OTHERS = (
    "replay",
    "regress",
    "cluster",
    "html_page",
    "saving",
    "emulator",
    "gateway",
    "execution",
)
HEAD = """# Benchmarks

Made by `make bench` from what the benchmarks print. Contenders take turns within one
run, and a ratio is the median of the ratios of each round: ratios carry over to another
machine better than absolute figures do. A contender that is not installed is absent.
`make bench-kept` holds small ratios to those kept in the repository.
"""


def run(name: str, specs: str) -> dict[str, Any]:
    """What a benchmark prints with ``--json``."""
    more = ["--specs", specs] if name in WITH_SPECS else []
    command = [sys.executable, str(HERE / f"{name}.py"), "--json", *more]
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=False)
    if done.returncode:
        raise SystemExit(f"benchmarks/{name}.py failed, and the page stays as it was")
    document: dict[str, Any] = json.loads(done.stdout)
    return document


def render(name: str, document: dict[str, Any]) -> str:
    """One benchmark in Markdown."""
    text = ast.get_docstring(ast.parse((HERE / f"{name}.py").read_text("utf-8"))) or ""
    title, _, rest = text.partition("\n")
    targets = [_say(target) for target in document["targets"]]
    parts = (
        f"## {title.rstrip('.')}",
        f"`python benchmarks/{name}.py`: {document['machine']}.",
        rest.strip(),
        render_table(document["rows"]).rstrip(),
        "\n".join(targets),
    )
    return "\n\n".join(part for part in parts if part) + "\n"


def _say(target: dict[str, Any]) -> str:
    bound = "at_least" if "at_least" in target else "at_most"
    wanted = f"{bound.replace('_', ' ')} {target[bound]}"
    if target["holds"] is None:
        return f"- {target['target']}: not measured (expected {wanted})"
    told = "holds" if target["holds"] else "**missed**"
    return f"- {target['target']}: **{target['figure']}** (expected {wanted}: {told})"


def main() -> None:
    """Run them, print each as it ends, and write the page."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    specs = str(Path(os.pardir, "shared", "specs51"))
    parser.add_argument("--specs", default=specs, help="specifications, for oav")
    given = parser.parse_args()
    parts = [HEAD]
    for name in (*WITH_SPECS, *OTHERS):
        started = time.monotonic()
        parts.append(render(name, run(name, given.specs)))
        print(parts[-1])
        print(f"({name}: {time.monotonic() - started:.0f} s)\n", flush=True)
    write_whole(PAGE, "\n".join(parts))


if __name__ == "__main__":
    main()
