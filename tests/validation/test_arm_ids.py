"""Ids are taken apart and held against property and place, by the quick way as well."""

from __future__ import annotations

import random
from dataclasses import replace
from typing import Any

import pytest
from soak import sized

from azml_contract.finding import Act, Edit, Finding, Fix, Severity, Side
from azml_contract.validation import arm_ids
from azml_contract.validation.arm_ids import (
    ArmId,
    Place,
    check_ids,
    check_related,
    parse_arm_id,
)
from azml_contract.validation.grade import Grader, Profile

GRADER = Grader(Profile.SERVICE, "2024-04-01", "Jobs_CreateOrUpdate", Side.REQUEST)
GROUP = "/subscriptions/s/resourceGroups/g"
ML = f"{GROUP}/providers/Microsoft.MachineLearningServices"
HOME = f"{ML}/workspaces/w"
PLACE = Place("s", "g", "w")
PROVIDER = "microsoft.machinelearningservices"


@pytest.mark.parametrize(
    ("text", "parsed"),
    [
        (
            f"{HOME}/codes/C/versions/1",
            ArmId("s", "g", PROVIDER, "workspaces", "w", "codes/versions"),
        ),
        (
            f"{HOME}/Computes/c",
            ArmId("s", "g", PROVIDER, "workspaces", "w", "computes"),
        ),
        (
            f"{ML}/Registries/R/models/m/labels/latest",
            ArmId("s", "g", PROVIDER, "registries", "R", "models/labels"),
        ),
        (HOME, ArmId("s", "g", PROVIDER, "workspaces", "w", "")),
        (f"{HOME}/a/1/b/2/c/3", ArmId("s", "g", PROVIDER, "workspaces", "w", "a/b/c")),
        (
            f"{GROUP}/providers/Microsoft.Storage/storageAccounts/a",
            ArmId("s", "g", "microsoft.storage", "", "", "storageaccounts"),
        ),
        (GROUP, ArmId("s", "g", "", "", "", "")),
        ("/subscriptions/s", ArmId("s", "", "", "", "", "")),
        (
            "/subscriptions/s/providers/Microsoft.X/a/1/b/2",
            ArmId("s", "", "microsoft.x", "", "", "a/b"),
        ),
        (
            "/subscriptions/providers/resourceGroups/providers/providers/P/a/providers",
            ArmId("providers", "providers", "p", "", "", "a"),
        ),
        (f"{HOME}/", "it ends in a slash"),
        (
            f"{GROUP}/providers//workspaces/w",
            "nothing stands after providers; was a variable empty?",
        ),
        (
            f"{HOME}/codes//versions/1",
            "nothing stands after codes; was a variable empty?",
        ),
        (f"{HOME}/codes/c/versions", "no name stands after versions"),
        ("/subscriptions/s/resourceGroups", "no name stands after resourceGroups"),
    ],
)
def test_an_id_is_taken_apart_or_told_why_it_is_none(
    text: str, parsed: ArmId | str
) -> None:
    assert parse_arm_id(text) == parsed
    again = parse_arm_id(text.replace("/subscriptions", "/SUBSCRIPTIONS"))
    assert isinstance(again, str) or again == parsed


def test_the_home_of_ids_is_known_where_all_of_the_place_is() -> None:
    assert PLACE.home == f"{HOME}/"
    assert Place("", "g", "w").home == ""
    assert Place("s", "", "w").home == ""


def find(body: Any, place: Place | None = PLACE) -> list[Finding]:
    """Findings by the quick way, which must be those of the whole way."""
    quick = check_ids(GRADER, body, place)
    assert quick == arm_ids._tell_ids(GRADER, body, place)
    judge = arm_ids._judge_ids(place.home) if place and place.home else None
    if quick and judge is not None:
        assert not judge(body)
    return quick


def tell(body: Any, place: Place | None = PLACE) -> list[tuple[str, str]]:
    return [(one.code, one.pointer) for one in find(body, place)]


@pytest.mark.parametrize(
    ("key", "kind"),
    [
        ("codeId", "codes/c/versions/1"),
        ("componentId", "components/c/versions/1"),
        ("componentId", "components/c/labels/l"),
        ("computeId", "computes/c"),
        ("computeId", "virtualclusters/c"),
        ("dataId", "data/d/versions/1"),
        ("dataId", "datasets/d/versions/1"),
        ("datastoreId", "datastores/d"),
        ("environmentId", "environments/e/versions/1"),
        ("environmentId", "environments/e/labels/l"),
        ("target", "computes/c"),
        ("target", "virtualclusters/c"),
        ("uri", "data/d/versions/1"),
        ("uri", "models/m/versions/1"),
        ("uri", "data/d/labels/l"),
        ("uri", "models/m/labels/l"),
        ("other", "anything/a/at/all"),
    ],
)
def test_each_property_holds_ids_of_its_kinds(key: str, kind: str) -> None:
    assert tell({key: f"{HOME}/{kind}"}) == []
    assert tell({key.lower(): f"{HOME.lower()}/{kind}"}) == []
    assert tell([{"a": {key: f"{HOME}/{kind}"}}]) == []
    if key != "other":
        assert tell({key: f"{HOME}/codes/c/versions/1/more/x"}) == [
            ("AZC161", f"/{key}")
        ]
        assert tell({"a": [{key: f"{HOME[1:]}/{kind}"}]}) == [("AZC162", f"/a/0/{key}")]
        assert tell({key: f"{HOME}/{kind}/"}) == [("AZC162", f"/{key}")]
    elsewhere = HOME.replace("workspaces/w", "workspaces/x")
    assert tell({key: f"{elsewhere}/{kind}"}) == [("AZC160", f"/{key}")]


@pytest.mark.parametrize(
    "text",
    [
        *("azureml:e:1", "a name", "", "/", "subscriptions", "s", "/data/file.csv"),
        *("Subscriptions are fine", "https://host/data/subscriptions/s"),
        "azureml://registries/azureml/environments/e/versions/1",
    ],
)
def test_what_does_not_start_as_an_id_is_none(text: str) -> None:
    assert tell({"codeId": text, "other": [text]}) == []


def test_a_text_without_its_slash_is_an_id_only_where_one_is_wanted() -> None:
    cut = f"{HOME[1:]}/codes/c/versions/1"
    assert tell({"description": cut}) == []
    (one,) = find({"codeId": cut})

    assert one.message.endswith(" is no ARM id: it must start with a slash.")
    assert one.cure == "Put a slash in front."
    assert one.fix == Fix((Edit(Act.SET, "/codeId", f"/{cut}"),), certain=True)


def test_the_users_own_words_may_name_whatever_they_like() -> None:
    bad = f"{HOME}/codes//versions/1"
    for name in ("tags", "environmentVariables", "searchSpace"):
        assert tell({name: {"codeId": bad, "a": [bad]}}) == []
    assert tell({"inputs": {"codeId": bad}, "list": [{"x": bad}]}) == [
        ("AZC162", "/inputs/codeId"),
        ("AZC162", "/list/0/x"),
    ]
    assert tell({"tags": bad}) == [("AZC162", "/tags")]


@pytest.mark.parametrize(
    ("text", "place", "said"),
    [
        (
            HOME.replace("/s/", "/other/"),
            PLACE,
            "This id names subscription other; the call goes to s.",
        ),
        (
            HOME.replace("/g/", "/other/"),
            PLACE,
            "This id names resource group other; the call goes to g.",
        ),
        (
            HOME.replace("workspaces/w", "workspaces/other"),
            replace(PLACE, configured=True),
            "This id names workspace other; configured is w.",
        ),
        (
            HOME.replace("/s/", "/other/").replace("workspaces/w", "workspaces/x"),
            PLACE,
            "This id names subscription other; the call goes to s.",
        ),
    ],
)
def test_an_id_of_another_place_names_both(text: str, place: Place, said: str) -> None:
    (one,) = find({"codeId": f"{text}/codes/c/versions/1"}, place)

    wanted = said.rstrip(".").rpartition(" ")[2]
    assert (one.code, one.message) == ("AZC160", said)
    assert one.cure == f"Use the id of the resource in {wanted}."
    assert one.expected == (wanted,)
    assert one.severity is (Severity.ERROR if place.configured else Severity.WARNING)


@pytest.mark.parametrize("start", ["https://management.azure.com", "HTTP://[::1]:8"])
@pytest.mark.parametrize("key", ["codeId", "computeid", "uri", "target"])
def test_a_url_that_leads_to_a_resource_is_no_id(start: str, key: str) -> None:
    """As a script writes it that takes its base, host included, for an id."""
    text = f"{HOME}/codes/c/versions/1"

    (one,) = find({"a": {key: f"{start}{text}?api-version=2024-04-01"}})

    assert (one.code, one.pointer) == ("AZC162", f"/a/{key}")
    assert one.message.endswith(" is no ARM id: it is a URL.")
    assert one.cure == "Leave the host out: begin at /subscriptions."
    assert one.fix == Fix((Edit(Act.SET, f"/a/{key}", text),), certain=True)


@pytest.mark.parametrize("key", ["codeId", "uri", "target", "endpoint"])
def test_a_url_that_leads_elsewhere_is_no_concern_of_ids(key: str) -> None:
    for path in ("", "/data/subscriptions/x.csv", "/subs", "/providers/subscriptions"):
        assert tell({key: f"https://x.example{path}"}) == []


def test_where_a_place_is_not_known_it_is_not_compared() -> None:
    other = f"{HOME.replace('/s/', '/other/')}/codes/c/versions/1"

    assert tell({"codeId": other}, None) == []
    assert tell({"codeId": other}, Place("", "g", "w")) == []
    assert tell({"codeId": other}, Place("", "g", "x")) == [("AZC160", "/codeId")]
    registry = f"{ML}/registries/r/environments/e/versions/1"
    assert tell({"environmentId": registry}) == []
    storage = f"{GROUP}/providers/Microsoft.Storage/storageAccounts/a"
    assert tell({"codeId": storage, "environmentId": GROUP}) == []


def test_an_id_of_another_kind_says_what_is_wanted() -> None:
    (container,) = find({"codeId": f"{HOME}/codes/c"})
    assert container.message == (
        "`codeId` needs an id with a version: this one ends at the name."
    )
    assert container.severity is Severity.WARNING
    (known,) = find({"codeId": f"{HOME}/environments/e/versions/1"})
    assert known.cure == "Such an id belongs into environmentId."
    (unknown,) = find({"codeId": f"{HOME}/things/t"})
    assert unknown.message == "`codeId` wants codes/versions, this id names things."
    assert unknown.cure == (
        "Name a resource of that kind: .../w/codes/.../versions/...."
    )
    (none,) = find({"codeId": HOME})
    assert none.message == "`codeId` wants codes/versions, this id names none."
    # Connections have a target too.
    assert tell({"target": f"{HOME}/connections/c"}) == []
    assert tell({"target": f"{HOME}/codes/c/versions/1"}) == [("AZC161", "/target")]


def test_ids_that_hold_the_home_twice_are_not_passed_by() -> None:
    twice = f"{HOME}/codes/c/workspaces/w/codes/c/versions/1"

    assert tell({"codeId": twice}) == [("AZC161", "/codeId")]


def related(**properties: Any) -> list[Finding]:
    return list(check_related(GRADER, {"properties": properties}))


@pytest.mark.parametrize(
    ("key", "kind"),
    [
        ("applicationInsights", "Microsoft.Insights/components"),
        ("containerRegistry", "Microsoft.ContainerRegistry/registries"),
        ("keyVault", "Microsoft.KeyVault/vaults"),
        ("storageAccount", "Microsoft.Storage/storageAccounts"),
    ],
)
def test_what_a_workspace_stands_on_is_of_its_kind(key: str, kind: str) -> None:
    assert related(**{key: f"{GROUP}/providers/{kind}/a"}) == []
    assert related(**{key.lower(): f"{GROUP}/providers/{kind.lower()}/a"}) == []
    assert related(**{key: "", "other": "x"}) == []
    assert related(**{key: GROUP}) == []
    assert related(**{key: f"{GROUP}/providers/{kind}/"}) == []
    (name,) = related(**{key: "a"})
    assert name.message == '"a" is no ARM id: it is a name.'
    assert (
        name.cure == f"Write /subscriptions/S/resourceGroups/R/providers/{kind}/NAME."
    )
    assert name.pointer == f"/properties/{key}"
    assert name.fix is None
    (other,) = related(**{key: f"{GROUP}/providers/Microsoft.Sql/servers/a"})
    assert other.message == (
        f"`{key}` wants {kind}, this id names microsoft.sql/servers."
    )
    assert other.cure == f"Name a resource of that kind: .../{kind}/NAME."
    assert (other.expected, other.seen) == ((kind,), "microsoft.sql/servers")
    (twin,) = related(**{key: f"{GROUP}/providers/{kind.split('/')[0]}/others/a"})
    assert twin.code == "AZC161"


def test_a_body_that_is_none_of_a_workspace_has_none_of_its_ids() -> None:
    assert list(check_related(GRADER, None)) == []
    assert list(check_related(GRADER, {"properties": []})) == []
    assert related(keyVault=5) == []


_STEPS = (
    "codes",
    "data",
    "environments",
    "versions",
    "w",
    "labels",
    "workspaces",
    "computes",
)


@pytest.mark.parametrize(
    "workspace",
    [
        "w",
        "environments",
        "codes",
        "data",
        "space-codes",
        "odata",
        "computes",
        "versions",
    ],
)
def test_an_id_that_is_known_by_how_it_begins_and_ends_is_right(workspace: str) -> None:
    """Names like steps, steps that come twice, and names of any length."""
    dice = random.Random(workspace)
    place = Place("s", "g", workspace)
    judge, usual = arm_ids._judge_ids(place.home), 0
    count = sized(6_000, 200_000)
    for _ in range(count):
        steps = dice.choices(_STEPS, k=dice.choice((1, 2, 3, 4, 4, 4, 5, 6, 8)))
        steps[::2] = (
            (dice.choice(_STEPS), "versions") if len(steps) == 4 else steps[::2]
        )
        tail = "/".join(step * dice.choice((1, 1, 1, 9)) for step in steps)
        key = dice.choice(("codeId", "dataId", "computeId", "uri", "environmentId"))
        start = dice.choice((place.home, place.home, f"{place.home}codes/", HOME))
        body = {key: f"{start}{tail}"}
        if judge(body):
            usual += 1
            assert arm_ids._tell_ids(GRADER, body, place) == [], body
    assert usual > count / 300
