"""What commands are given as secrets, and what only stands at such a place."""

from __future__ import annotations

import pytest

from azml_contract.redaction.command_lines import is_short_secret, redact_commands

WORD = "kT4vXq9Zm7"

COMMANDS = """
wandb login {}
huggingface-cli login {}
hf auth login {}
vault login {}
machine x.example login ada password {}
curl https://f.example/x?code={}{}
curl 'https://f.example/x?a=1&amp;code={}{}'
redis-cli -h x -a {} ping
redis-cli -a '{}'
ALTER USER ada IDENTIFIED BY '{}'
grant all to ada identified by "{}"
printf '{}' | docker login --password-stdin
echo -n {} | gh auth login --with-token
echo {} | docker secret create x -
docker login --password-stdin <<< '{}'
gh auth login --with-token <<<{}
kubectl secret create x <<< {}
jdbc:oracle:thin:ada/{}@//h:1521/x
dotnet user-secrets set Db:Word '{}'
ClientSecretCredential(a, b, '{}')
HTTPBasicAuth("ada", "{}")
requests.get(u, auth = ("ada", "{}", ))
az keyvault secret set --name n --value={}
ssh-keygen -N {} -f k
ssh-keygen -f k -P '{}'
ConvertTo-SecureString "{}" -AsPlainText
ConvertTo-SecureString -String '{}'
net use Z: \\\\s\\share {}
ldapsearch -x -w {} -b dc=x
ldappasswd -D cn=a -w'{}'
smbclient //h/s --user ada%{}
rpcclient -U 'ada%{}' h
htpasswd -cb f ada {}
htpasswd -nb -C 10 ada '{}'
net user ada {} /add
net user "ada b" {}
rootpw {}
rootpw --plaintext '{}'
sqlplus -S ada/{}@db
kubectl create secret generic x --from-literal=a='{}'
""".strip().splitlines()
IN_PARTS = {
    "echo ada:{} | chpasswd": "echo <> | chpasswd",
    "Set-Cookie: session={}{}; Path=/": "Set-Cookie: <>",
    "cookie: a=b; c={}": "cookie: <>",
    "curl --cookie 'a={}' x": "curl --cookie '<>' x",
}


def redact(text: str) -> str:
    return redact_commands(text, text.lower(), lambda _: "<>")


@pytest.mark.parametrize("command", COMMANDS)
def test_what_a_command_is_given_goes_and_the_rest_stays(command):
    text = command.replace("{}{}", "{}").replace("{}", WORD * 2)
    assert redact(text) == text.replace(WORD * 2, "<>")
    variable = text.replace(WORD * 2, "$WORD")
    assert redact(variable) == variable


@pytest.mark.parametrize("command", IN_PARTS)
def test_what_has_parts_goes_as_a_whole(command):
    assert redact(command.replace("{}", WORD)) == IN_PARTS[command]


@pytest.mark.parametrize(
    "text",
    [
        "wandb login --relogin1",
        "wandb login short1",
        "login ada with a password",
        "x?code=short",
        "echo hello1 | cat",
        "cookie: a=b",
        "ClientSecretCredential(a, b, 'ofletters')",
        'TokenCredential("https://x1.example")',
        "ssh-keygen -N '' -f k",
        "net use Z: \\\\s\\share /user:ada1",
        "ldapsearch -W -x",
        "htpasswd -c f ada word1",
        "htpasswd -b f ada of letters",
        "net user ada /delete",
        "rootpw --lock",
        "sqlplus ada@db",
        "kubectl create secret generic x --from-literal=user=ada1",
        "kubectl create configmap x --from-literal=a=b1",
    ],
)
def test_what_only_stands_at_such_a_place_stays(text):
    assert redact(text) == text


@pytest.mark.parametrize(
    ("value", "before", "told", "glued"),
    [
        ("hunter2", "az login -u x", True, False),
        ("hunter", "az login -u x", True, None),
        ("hunter", "cp -r x", False, False),
        ("hunter2", "cp -r x", True, False),
        ("hunt2!", "cp -r x", True, True),
        ("hunt2", "cp -r x", False, False),
        ("8080:80", "docker run", False, False),
        ("8080", "docker login", False, False),
        ("/a/b2x", "docker login", False, False),
        ("$WORD", "docker login", False, False),
        ("alpha=0.5", "mlflow run .", False, False),
        ("alpha=0.5", "docker login", True, True),
        ("a8.txt", "cp x", False, False),
        ("a8.txt", "docker login", True, True),
        ("hunter2?", "read -r", False, False),
        ("hunter2?", "read", False, False),
    ],
)
def test_behind_a_short_option_stands_a_password_or_something_else(
    value, before, told, glued
):
    assert is_short_secret(value, before) is told
    if glued is not None:
        assert is_short_secret(value, before, glued=True) is (
            glued or (told and "login" in before)
        )
