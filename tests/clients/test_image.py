"""The image of the Dockerfile, step by step in a plain Debian, as there is no engine.

Each instruction is done as Docker documents it, in a root that mmdebstrap made
(`make test-clients`); one that is not known here fails. The emulator then runs as the
documentation says, with the network of the machine and one folder of it.
"""

from __future__ import annotations

import json
import os
import re
import shlex
import shutil
import signal
import subprocess
import sys
import tarfile
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from pathspec import PathSpec
from programs import CLIENT, own_environ

from azml_contract.settings import read_dotenv

ROOT = Path(__file__).parents[2]
PLAIN = ROOT / ".clients" / "debian" / "bookworm.tar"
STORY = (
    CLIENT
    + """
import base64, hashlib, hmac, email.utils
token = login()
key = ask("POST", "datastores/workspaceblobstore/listSecrets", {}, token=token)["key"]
account, day = env["AZML_STORAGE_ACCOUNT"], email.utils.formatdate(usegmt=True)
lines = ["PUT", *[""] * 11, f"x-ms-date:{day}", "x-ms-version:2021-08-06"]
said = "\\n".join([*lines, f"/{account}/mine", "restype:container"])
mac = hmac.new(base64.b64decode(key), said.encode(), hashlib.sha256).digest()
asked = urllib.request.Request(
    f"https://{account}.blob.core.windows.net/mine?restype=container",
    headers={
        "x-ms-date": day,
        "x-ms-version": "2021-08-06",
        "Authorization": f"SharedKey {account}:{base64.b64encode(mac).decode()}",
    },
    method="PUT",
)
with urllib.request.urlopen(asked, timeout=60) as answer:
    print(answer.status, len(ask("GET", "datastores", token=token)["value"]))
"""
)

pytestmark = pytest.mark.slow


class Image:
    """A root filesystem, and what the instructions said of programs that run in it."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.environ = {"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "HOME": "/root"}
        self.trusted: dict[str, str] = {}
        self.folder = "/"
        self.user = "root"
        self.entry: list[str] = []

    def build(self, dockerfile: str) -> None:
        """Do what each instruction says."""
        joined = re.sub(r"\\\n", " ", re.sub(r"(?m)^\s*#.*\n", "", dockerfile))
        for line in filter(None, map(str.strip, joined.splitlines())):
            verb, _, rest = line.partition(" ")
            getattr(self, f"do_{verb.lower()}")(rest.strip())

    def do_from(self, name: str) -> None:
        assert name == "debian:bookworm-slim"
        with tarfile.open(PLAIN) as held:
            held.extractall(self.root, filter="fully_trusted")
        shutil.copy("/etc/resolv.conf", self.root / "etc" / "resolv.conf")
        self._trust_what_the_machine_trusts()

    def _trust_what_the_machine_trusts(self) -> None:
        """As build arguments do, where a company's own authority is between."""
        for name, value in os.environ.items():
            if re.search("CERT|CA_BUNDLE", name) and Path(value).is_file():
                shutil.copy(value, self.root / "etc" / "machine.pem")
                self.trusted[name] = "/etc/machine.pem"

    def do_env(self, words: str) -> None:
        for word in shlex.split(words):
            name, _, value = word.partition("=")
            self.environ[name] = value.replace("$PATH", self.environ["PATH"])

    def do_workdir(self, folder: str) -> None:
        self.folder = folder
        self.root.joinpath(folder.lstrip("/")).mkdir(parents=True, exist_ok=True)

    def do_copy(self, words: str) -> None:
        assert words == ". ."
        # The last pattern counts, also below a folder that another left out.
        lines = ROOT.joinpath(".dockerignore").read_text().splitlines()
        ignored = PathSpec.from_lines("gitignore", lines)
        named = ["git", "-C", str(ROOT), "ls-files", "-co", "--exclude-standard"]
        for name in subprocess.check_output(named, text=True).splitlines():
            if not ignored.match_file(name) and ROOT.joinpath(name).is_file():
                to = self.root / self.folder.lstrip("/") / name
                to.parent.mkdir(parents=True, exist_ok=True)
                shutil.copy(ROOT / name, to)

    def do_run(self, line: str) -> None:
        done = subprocess.run(
            self.command("sh", "-c", line),
            env=self.environ | self.trusted,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
        )
        assert done.returncode == 0, f"{line}\n{done.stdout}"

    def do_user(self, name: str) -> None:
        self.user = name

    def do_entrypoint(self, words: str) -> None:
        self.entry = json.loads(words)

    def command(self, *words: str, shared: Path | None = None) -> list[str]:
        """What runs a program in the image, with one folder of the machine."""
        mounts = f"mount -t proc proc {self.root}/proc"
        if shared is not None:
            inside = self.root / str(shared).lstrip("/")
            inside.mkdir(parents=True, exist_ok=True)
            mounts += f"; mount --bind {shared} {inside}"
        leave = f'cd {self.folder} && exec "$@"'
        enter = ["chroot", f"--userspec={self.user}", str(self.root), "sh", "-c", leave]
        script = f'{mounts}; exec {shlex.join(enter)} sh "$@"'
        apart = ["unshare", "--mount", "--pid", "--fork"]
        return [*apart, "sh", "-ec", script, "sh", *words]


@pytest.fixture(scope="module")
def image(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Image]:
    assert os.geteuid() == 0, "a root filesystem takes root"
    assert PLAIN.is_file(), "no plain Debian here: make test-clients"
    made = Image(tmp_path_factory.mktemp("image"))
    # In memory: some 30,000 files, which a disk takes a minute to remove.
    subprocess.run(["mount", "-t", "tmpfs", "image", str(made.root)], check=True)
    try:
        made.build((ROOT / "Dockerfile").read_text())
        yield made
    finally:
        subprocess.run(["umount", str(made.root)], check=True)


def test_the_emulator_of_the_image_answers_a_client_of_the_machine(
    image: Image, tmp_path: Path
) -> None:
    tmp_path.chmod(0o777)
    for folder in tmp_path.parents[:3]:
        folder.chmod(0o755)
    file = tmp_path / "emulator.env"
    words = [*image.entry, "--state", str(tmp_path / "state"), "--env-file", str(file)]
    with subprocess.Popen(
        image.command(*words, "--format", "dotenv", shared=tmp_path),
        env=image.environ,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    ) as running:
        try:
            until = time.monotonic() + 60
            while not file.exists() and time.monotonic() < until:
                assert running.poll() is None, running.communicate()[0]
                time.sleep(0.1)
            done = subprocess.run(
                [sys.executable, "-c", STORY],
                env=own_environ() | read_dotenv(file),
                capture_output=True,
                text=True,
                check=False,
            )
        finally:
            os.killpg(running.pid, signal.SIGKILL)
    assert (done.stdout, done.stderr) == ("201 3\n", "")


def test_nothing_of_the_source_is_left_in_the_image(image: Image) -> None:
    assert list(image.root.joinpath("opt/azml/source").glob("*")) == []
    assert image.root.joinpath("opt/azml/bin/azml-contract").is_file()
    assert image.user == "nobody"
