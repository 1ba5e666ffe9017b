"""One table of variables, and texts that set them and undo it."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from pathlib import Path

import pytest
from dotenv import dotenv_values

from azml_contract.gateway.certificates import Authority
from azml_contract.gateway.environment import (
    FORMATS,
    add_to,
    guess_format,
    make_environment,
    open_doors,
    render,
    render_undo,
)

PROXY = "http://127.0.0.1:4711"
ODD = {"A": "plain", "B": 'it\'s a "test" $HOME `x` \\ end', "C": "a b|c"}


@pytest.fixture
def environ(tmp_path: Path) -> dict[str, str]:
    bundle = tmp_path / "bundle.pem"
    Authority(["management.azure.com"]).write_bundle(bundle)
    return make_environment(
        open_doors(tmp_path, PROXY, bundle), {"AZML_WORKSPACE": "w"}
    )


@pytest.mark.parametrize(
    "name", ["HTTPS_PROXY", "https_proxy", "HTTP_PROXY", "all_proxy"]
)
def test_proxies_are_set_in_both_cases(environ, name):
    assert environ[name] == PROXY


@pytest.mark.parametrize(
    "name",
    [
        *("REQUESTS_CA_BUNDLE", "SSL_CERT_FILE", "CURL_CA_BUNDLE"),
        *("NODE_EXTRA_CA_CERTS", "GIT_SSL_CAINFO", "AZML_CA_BUNDLE"),
    ],
)
def test_everybody_is_told_whom_to_trust(environ, name):
    assert Path(environ[name]).read_text().startswith("-----BEGIN CERTIFICATE")


def test_services_of_this_machine_are_reached_without_the_gateway(environ):
    assert environ["NO_PROXY"] == environ["no_proxy"] == "localhost,127.0.0.1,::1"


def test_lists_keep_what_a_user_has_in_them(environ):
    merged = add_to(environ, {"NODE_OPTIONS": "--max-old-space-size=64"})
    assert merged["NODE_OPTIONS"].startswith("--max-old-space-size=64 --require=")
    assert add_to(merged, merged)["NODE_OPTIONS"] == merged["NODE_OPTIONS"]


@pytest.mark.skipif(not shutil.which("bash"), reason="bash is not here")
def test_bash_reads_what_was_written_and_undoes_it(tmp_path):
    path = tmp_path / "some.env"
    path.write_text(render(ODD, "sh"))
    undo = render_undo(ODD, {"A": "before it"}, "sh")
    show = 'printf "%s\\n" "$A" "$B" "$C"'
    script = f". {path}; {show}; {undo}; {show}"
    done = subprocess.run(
        ["bash", "-c", script], env={}, capture_output=True, text=True, check=True
    )
    assert done.stdout.splitlines() == [*ODD.values(), "before it", "", ""]


def test_dotenv_and_json_come_back_as_they_were(tmp_path):
    path = tmp_path / ".env"
    path.write_text(render(ODD, "dotenv"))
    assert dotenv_values(path, interpolate=False) == ODD
    assert json.loads(render(ODD, "json")) == ODD


@pytest.mark.parametrize(
    ("form", "line"),
    [
        ("fish", "set -gx B 'it\\'s'"),
        ("powershell", "$Env:B = 'it''s'"),
        ("github", "B=it's"),
    ],
)
def test_each_format_has_its_way_to_quote(form, line):
    assert render({"B": "it's"}, form) == f"{line}\n"


def test_a_value_of_many_lines_is_one_for_github():
    assert render({"B": "a\nb"}, "github") == "B<<AZML_END\na\nb\nAZML_END\n"


@pytest.mark.parametrize(
    ("form", "line"),
    [
        ("sh", "unset B; export A=1"),
        ("fish", "set -e B; set -gx A '1'"),
        ("powershell", "Remove-Item 'Env:B'; $Env:A = '1'"),
        ("json", ""),
    ],
)
def test_one_line_undoes_it(form, line):
    assert render_undo({"A": "x", "B": "y"}, {"A": "1"}, form) == line


@pytest.mark.parametrize(
    ("name", "form"),
    [("x.env", "sh"), (".env", "dotenv"), ("x.fish", "fish"), ("x.json", "json")],
)
def test_the_name_of_a_file_tells_its_format(name, form):
    assert guess_format(Path(name)) == form
    assert form in FORMATS


NODE = """
fetch(process.argv[1]).then(async r => console.log(r.status, await r.text()));
const told = r => r.resume().on("end", () => console.log(r.statusCode));
require("node:https").get(process.argv[1], told);
"""


@pytest.mark.skipif(not shutil.which("node"), reason="Node is not here")
def test_nodes_own_fetch_and_https_go_through_the_gateway(tmp_path):
    """Both look at no variable before Node 24."""
    from azml_contract.exchange import Response
    from azml_contract.gateway.https import serve_tls
    from azml_contract.gateway.proxy import Gateway, Serve
    from azml_contract.gateway.sockets import Connections

    authority, connections = Authority(["management.azure.com"]), Connections()

    def serve(connection):
        serve_tls(
            connection,
            authority.context("management.azure.com"),
            lambda request: Response(200, (), request.url.encode()),
            connections,
            authority="x",
        )

    gateway = Gateway(lambda *_: Serve(serve))
    gateway.start()
    folder = tmp_path / "a folder with blanks"
    folder.mkdir()
    authority.write_bundle(folder / "bundle.pem")
    environ = make_environment(open_doors(folder, gateway.url, folder / "bundle.pem"))
    url = "https://management.azure.com/x"
    done = subprocess.run(
        ["node", "-e", NODE, url],
        env={"PATH": os.environ["PATH"], **environ},
        capture_output=True,
        text=True,
        timeout=60,
    )
    gateway.close()
    assert sorted(done.stdout.splitlines()) == ["200", f"200 {url}"], done.stderr
