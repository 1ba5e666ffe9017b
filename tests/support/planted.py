"""Secrets of many kinds, texts that only look like them, and places to stand in.

Kinds are made by the formats that their issuers document, not from the tables that
the rules use; places are of the API and of free text.
"""

from __future__ import annotations

import base64
import gzip
import hashlib
import html
import json
import quopri
import random
import string
from collections.abc import Callable
from urllib.parse import quote

from in_memory import answer, put

from azml_contract.exchange import Exchange, Request, Response

ALNUM = string.ascii_letters + string.digits
HEX = "0123456789abcdef"
HOST = "https://x.example"
WORKSPACE = (
    "https://management.azure.com/subscriptions/00000000-0000-0000-0000-000000000000"
    "/resourceGroups/resource-group/providers/Microsoft.MachineLearningServices"
    "/workspaces/workspace"
)
VERSION = "?api-version=2024-04-01"
FORM = (("content-type", "application/x-www-form-urlencoded"),)


class Dice:
    """Draws what services draw, from a seed."""

    def __init__(self, seed: int) -> None:
        self.random = random.Random(seed)

    def chars(self, length: int, alphabet: str = ALNUM) -> str:
        return "".join(self.random.choice(alphabet) for _ in range(length))

    def base64(self, size: int) -> str:
        return base64.b64encode(self.random.randbytes(size)).decode()

    def url_safe(self, size: int) -> str:
        raw = self.random.randbytes(size)
        return base64.urlsafe_b64encode(raw).decode().rstrip("=")

    def word(self) -> str:
        """A password of a person: it has a digit at least."""
        return self.chars(8) + "7x"

    def digest(self, name: str) -> bytes:
        return hashlib.new(name, self.random.randbytes(9)).digest()


Kind = Callable[[Dice], tuple[str, str]]
"""Makes a text, and the part of it that must not be kept."""


def whole(make: Callable[[Dice], str]) -> Kind:
    return lambda dice: (value := make(dice), value)


def within(before: str, make: Callable[[Dice], str], after: str = "") -> Kind:
    def kind(dice: Dice) -> tuple[str, str]:
        secret = make(dice)
        return f"{before}{secret}{after}", secret

    return kind


def docker(dice: Dice) -> tuple[str, str]:
    secret = base64.b64encode(f"u:{dice.word()}".encode()).decode()
    return json.dumps({"auths": {"r.io": {"auth": secret}}}), secret


def pem(dice: Dice) -> tuple[str, str]:
    secret = dice.base64(48)
    lines = "\n".join([dice.base64(48), secret])
    name = "PRIVATE KEY"
    return f"-----BEGIN {name}-----\n{lines}\n-----END {name}-----", secret


SECRETS: dict[str, Kind] = {
    "account key": whole(lambda d: d.base64(64)),
    "AWS id": whole(lambda d: "AKIA" + d.chars(16, string.ascii_uppercase + "2345")),
    "GitHub": whole(lambda d: "ghp_" + d.chars(36)),
    "GitHub, fine": whole(lambda d: f"github_pat_{d.chars(22)}_{d.chars(59)}"),
    "GitLab": whole(lambda d: "glpat-" + d.chars(20)),
    "Slack": whole(
        lambda d: f"xoxb-{d.chars(12, '123')}-{d.chars(12, '4')}-{d.chars(24)}"
    ),
    "Slack app": whole(
        lambda d: f"xapp-1-A{d.chars(10)}-{d.chars(13, '12')}-{d.chars(64, HEX)}"
    ),
    "webhook": within(
        "https://hooks.slack.com/services/T12/B34/", lambda d: d.chars(24)
    ),
    "Hugging Face": whole(lambda d: "hf_" + d.chars(34)),
    "OpenAI": whole(lambda d: f"sk-proj-{d.chars(40)}T3BlbkFJ{d.chars(40)}"),
    "OpenAI, old": whole(lambda d: "sk-" + d.chars(48)),
    "Anthropic": whole(lambda d: "sk-ant-api03-" + d.url_safe(70)),
    "Databricks": whole(lambda d: "dapi" + d.chars(32, HEX)),
    "npm": whole(lambda d: "npm_" + d.chars(36)),
    "PyPI": whole(lambda d: "pypi-AgEIcHlwaS5vcmc" + d.url_safe(100)),
    "Google": whole(lambda d: "AIza" + d.chars(35)),
    "Stripe": whole(lambda d: "sk_live_" + d.chars(24)),
    "SendGrid": whole(lambda d: f"SG.{d.url_safe(16)}.{d.url_safe(32)}"),
    "Docker Hub": whole(lambda d: "dckr_pat_" + d.url_safe(20)),
    "Groq": whole(lambda d: "gsk_" + d.chars(52)),
    "JWT": whole(
        lambda d: f"eyJ{d.url_safe(27)}.eyJ{d.url_safe(90)}.{d.url_safe(256)}"
    ),
    "client secret": whole(lambda d: f"{d.chars(3)}8Q~{d.chars(34)}"),
    "Azure DevOps": whole(lambda d: d.chars(76) + "AZDO" + d.chars(4)),
    "Azure DevOps, old": whole(
        lambda d: d.chars(52, string.ascii_lowercase + "234567")
    ),
    "registry": whole(lambda d: f"{d.chars(42)}+ACRA{d.chars(5)}"),
    "search": whole(lambda d: f"{d.chars(42)}AzSeA{d.chars(5)}"),
    "unknown": whole(lambda d: d.chars(43)),
    "private key": pem,
    "storage": within("AccountName=acct1;AccountKey=", lambda d: d.base64(64), ";X=1"),
    "bus": within("Endpoint=sb://n/;SharedAccessKey=", lambda d: d.base64(32)),
    "SQL": within("Server=s;User ID=sa;Password=", Dice.word, ";"),
    "SAS": within(
        "https://a.blob.core.windows.net/c?sv=2022-11-02&sp=rl&sig=",
        lambda d: quote(d.base64(32), safe=""),
    ),
    "PostgreSQL": within("postgresql://u:", Dice.word, "@db.example:5432/x"),
    "git": within("https://me:", Dice.word, "@dev.azure.com/o/_git/p"),
    "MongoDB": within("mongodb+srv://u:", Dice.word, "@h.mongodb.net/x"),
    "option": within("python main.py --password ", Dice.word, " --lr 0.1"),
    "short option": within("docker login -u me -p ", Dice.word, " r.io"),
    "export": within("export WANDB_API_KEY=", lambda d: d.chars(40, HEX), " && x"),
    ".env": within("A=1\nDB_PASSWORD=", Dice.word, "\nB=2"),
    "YAML": within("name: x\nenv:\n  MY_SECRET: ", Dice.word, "\n"),
    "quoted": within("apiKey: '", lambda d: d.chars(32), "'"),
    "basic": within("Authorization: Basic ", lambda d: d.base64(15)),
    "bearer": within("Authorization: Bearer ", lambda d: d.chars(30)),
    "docker": docker,
    "numbered name": within("API_KEY_2=", lambda d: d.chars(20)),
    "stage of a name": within("DB_PASSWORD_PROD: ", Dice.word),
    "glued": within("mysql -u root -p", Dice.word, " db"),
    "Dockerfile": within("FROM x\nENV API_TOKEN ", Dice.word, "\n"),
    "tag of YAML": within("secret: !vault ", Dice.word, "\n"),
    "subscript": within("os.environ['API_KEY'] = '", Dice.word, "'"),
    "told": within("the password is ", lambda d: "aB" + d.word(), ", as ever"),
    "JSON": within('{"HF_TOKEN": "', Dice.word, '"}'),
    "below": within("db:\n  password:\n    ", Dice.word, "\n  port: 1\n"),
    "block": within("password: |-\n  ", Dice.word, "\nport: 1\n"),
    "listed": within('{"passwords": ["', Dice.word, '"]}'),
    "parameter": within('{"adminPassword": {"value": "', Dice.word, '"}}'),
    "pair by key": within('{"key": "auth_token", "value": "', Dice.word, '"}'),
    "bare": within(
        "then use token ", lambda d: d.chars(12) + "4x7Q" + d.chars(12), "."
    ),
    "bare password": within(
        "log in with password ", lambda d: f"Aq7!{d.chars(6)}", " please"
    ),
    "prompt": within("Password (of root): aB", Dice.word, "\n"),
    "redis-cli": within("redis-cli -h h -a ", Dice.word, " ping"),
    "PowerShell": within('ConvertTo-SecureString "', Dice.word, '" -AsPlainText'),
    "sqlplus": within("sqlplus scott/", Dice.word, "@db"),
}

ENCODINGS: dict[str, Callable[[str], str]] = {
    "plain": lambda text: text,
    "in a sentence": lambda text: f"see '{text}' here",
    "base64": lambda text: base64.b64encode(text.encode()).decode(),
    "base64url": lambda text: base64.urlsafe_b64encode(text.encode()).decode(),
    "base64 twice": lambda text: base64.b64encode(
        base64.b64encode(text.encode())
    ).decode(),
    "percent": lambda text: quote(text, safe=""),
    "percent twice": lambda text: quote(quote(text, safe=""), safe=""),
    "HTML": html.escape,
    "JSON": lambda text: json.dumps({"a": text}),
    "JSON twice": lambda text: json.dumps({"a": json.dumps([text])}),
    "gzip": lambda text: base64.b64encode(gzip.compress(text.encode())).decode(),
    "UTF-16": lambda text: base64.b64encode(text.encode("utf-16")).decode(),
    "hex": lambda text: text.encode().hex(),
    "base64 in lines": lambda text: base64.encodebytes(
        f"{'what stands before it, ' * 4}{text}".encode()
    ).decode(),
    "quoted-printable": lambda text: quopri.encodestring(
        f"{'é' * 20} {text}".encode()
    ).decode(),
}


def job(**properties: object) -> Request:
    return put(f"{WORKSPACE}/jobs/j{VERSION}", {"properties": properties})


def get(url: str) -> Request:
    return Request("GET", url, (), b"")


def echoed(request: Request) -> Exchange:
    return Exchange(request, answer(json.loads(request.body)))


PLACES: dict[str, Callable[[str], Exchange]] = {
    "environment": lambda s: echoed(job(environmentVariables={"X": s})),
    "tag": lambda s: echoed(job(tags={"t": s})),
    "command": lambda s: echoed(job(jobType="Command", command=s)),
    "conda file": lambda s: echoed(
        put(
            f"{WORKSPACE}/environments/e/versions/1{VERSION}",
            {"properties": {"condaFile": f"dependencies:\n- pip:\n  - x\n# {s}\n"}},
        )
    ),
    "answer": lambda s: Exchange(
        get(f"{WORKSPACE}/jobs/j{VERSION}"), answer({"properties": {"description": s}})
    ),
    "error": lambda s: Exchange(
        job(description=s), answer({"error": {"message": f"bad '{s}' given"}}, 400)
    ),
    "query": lambda s: Exchange(get(f"{HOST}/a?v={quote(s, safe='')}&b=1"), answer({})),
    "form": lambda s: Exchange(
        Request("POST", f"{HOST}/a", FORM, f"a=1&v={quote(s, safe='')}".encode()),
        answer({}),
    ),
    "header": lambda s: Exchange(
        get(f"{HOST}/a"),
        Response(200, (("x-ms-meta-a", s.replace("=\n", "").replace("\n", " ")),), b""),
    ),
    "location": lambda s: Exchange(
        get(f"{HOST}/a"),
        Response(202, (("location", f"{HOST}/o?v={quote(s, safe='')}"),), b""),
    ),
    "text": lambda s: Exchange(
        Request(
            "PUT",
            f"{HOST}/f",
            (("content-type", "text/plain"),),
            f"hello\n{s}\nbye".encode(),
        ),
        Response(201, (), b""),
    ),
    "name of a property": lambda s: echoed(put(f"{HOST}/a", {s: 1})),
    "list": lambda s: echoed(put(f"{HOST}/a", {"args": ["--x", s]})),
}

HARMLESS: dict[str, Callable[[Dice], str]] = {
    **{
        f"{name} in {form}": lambda d, name=name, write=write: write(
            name, d.digest(name)
        )
        for name in ("md5", "sha1", "sha224", "sha256", "sha512")
        for form, write in {
            "hex": lambda name, raw: raw.hex(),
            "upper hex": lambda name, raw: raw.hex().upper(),
            "SRI": lambda name, raw: f"{name}-{base64.b64encode(raw).decode()}",
            "an image": lambda name, raw: f"r.io/a@{name}:{raw.hex()}",
            "base64": lambda name, raw: (
                f"{'sha512: ' * (name == 'sha512')}{base64.b64encode(raw).decode()}"
            ),
        }.items()
    },
    "SSH key": lambda d: (
        "ssh-ed25519 "
        + base64.b64encode(
            b"\0\0\0\x0bssh-ed25519\0\0\0 " + d.random.randbytes(32)
        ).decode()
    ),
    "upload": lambda d: (
        f"azureml://datastores/w/paths/LocalUpload/{d.chars(32, HEX)}/src"
    ),
    "job": lambda d: "polite_garden_" + d.chars(10, "abcdefghjk0123456789"),
    "deployment": lambda d: "DeployPrivateEndpoint-" + d.chars(13, "bcdfg23456789"),
    "component": lambda d: f"azureml_anonymous_{d.chars(8, HEX)}",
    "subscription": lambda d: "Contoso_ABC_Core_XyZ_" + d.chars(6, "0123456789"),
    "model": lambda d: d.random.choice(
        [
            "Meta-Llama-3-1-8B-Instruct-2407",
            "mistralai-Mixtral-8x22B-Instruct-v0-1",
            "OpenAI-CLIP-Image-Text-Embeddings-ViT-Base-Patch32",
        ]
    ),
    **{
        text: lambda d, text=text: text
        for text in (
            "signature=serving_v3",
            "https://x.example/?code=123",
            "PWD=/mnt/azureml/cr/j",
            "Server=x;Password=$DB_PASS",
            "run --api-key ${API_KEY}",
            "export TOKEN=${{secrets.X}}",
            "password: {{ pw }}",
            "https://$USER:$PAT@dev.azure.com/x",
            "set SECRET=%SECRET%",
            "--token <your-token>",
            "max_tokens=2048, eos_token='</s>', num_tokens: 128000",
            "token = get_token(scope); key=os.environ['KEY']; f(password: str)",
            "The password is required; a token was not given.",
            "partition_key=customer_id sort_key: created_at",
            "docker run -p 8080:80 x && mkdir -p /a/b",
            "pytorch=1.13.1=py3.8_cuda11.6_cudnn8.3.2_0",
            "git@github.com:org/repo.git",
            "https://v.vault.azure.net/secrets/my-secret-name",
            "workspaceSecretName: db-password-prod",
            "Standard_NC24ads_A100_v4",
            "The token is base64-encoded; a password was set in 2024.",
            "docker run -p8080:80 x; mkdir -parents /a; az ml job create -f job.yml",
            "ENV PYTHONPATH /opt/app ENV KEY_COUNT 12",
            "wandb login --relogin && huggingface-cli login",
            "num_tokens_text: 12, partition_key_1: customer, key_value: abc",
            "SECRET_SAUCE=ketchup2go COOKIE_JAR=kitchen1 cookie_jar: 'jar-7.txt'",
            "the token GPT2Tokenizer was split; secret AzureKeyVault1 is a name",
        )
    },
}
