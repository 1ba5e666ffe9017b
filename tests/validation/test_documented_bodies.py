"""The five bodies of "Train models with REST", as documented, in one pass each.

The files hold the bodies as the how-to prints them for 2021-03-01-preview,
placeholders for the shell's variables. What each deserves is the table of the
documented workflow against the official specification.
"""

from __future__ import annotations

from pathlib import Path

import pytest

BODIES = Path(__file__).with_name("documented")
OWN = "2021-03-01-preview"
LATER = ("2022-05-01", "2024-04-01", "2026-05-01")
PATHS = {
    "environment.txt": "environments/lightgbm-environment/versions/1",
    "data.json": "data/iris-data/versions/1",
    "code.json": "codes/train-lightgbm/versions/1",
    "command_job.json": "jobs/train-1",
    "sweep_job.json": "jobs/sweep-1",
}


@pytest.fixture
def check_documented(check):
    """Findings of one documented body: code, pointer, severity; and its cures."""

    def run(name, version, profile="service"):
        body = (BODIES / name).read_bytes()
        return check("PUT", PATHS[name], body, version=version, profile=profile)

    return run


def in_short(findings):
    return [(f.code, f.pointer, f.severity) for f in findings]


def cures_of(findings):
    return {f.pointer: f.cure for f in findings}


def test_the_environment_has_raw_line_breaks_and_three_miscased_names(
    check_documented,
):
    findings = check_documented("environment.txt", OWN)

    assert in_short(findings) == [
        ("AZC131", "/properties/condaFile", "warning"),
        ("AZC103", "/properties/Docker", "warning"),
        ("AZC103", "/properties/Docker/DockerSpecificationType", "warning"),
        ("AZC103", "/properties/Docker/DockerImageUri", "warning"),
    ]
    assert "Line 3, column 32." in findings[0].message
    assert [f.cure for f in findings[1:]] == [
        "Rename `Docker` to `docker`.",
        "Rename `DockerSpecificationType` to `dockerSpecificationType`.",
        "Rename `DockerImageUri` to `dockerImageUri`.",
    ]


def test_the_environment_is_four_errors_by_the_written_contract(check_documented):
    findings = check_documented("environment.txt", OWN, profile="strict")

    assert [f.severity for f in findings] == ["error"] * 4


@pytest.mark.parametrize("version", LATER)
def test_later_the_environment_has_an_image_instead_of_docker(
    check_documented, version
):
    findings = check_documented("environment.txt", version)

    assert in_short(findings) == [
        ("AZC131", "/properties/condaFile", "warning"),
        ("AZC111", "/properties/Docker", "error"),
    ]
    assert findings[1].cure.startswith("Send docker.dockerImageUri as `image`")


@pytest.mark.parametrize("name", ["data.json", "code.json", "command_job.json"])
@pytest.mark.parametrize("profile", ["service", "strict"])
def test_data_code_and_command_job_conform_to_their_own_version(
    check_documented, name, profile
):
    assert check_documented(name, OWN, profile=profile) == []


@pytest.mark.parametrize("version", LATER)
def test_later_data_needs_a_type_and_a_uri(check_documented, version):
    findings = check_documented("data.json", version)

    assert in_short(findings) == [
        ("AZC109", "/properties/dataType", "error"),
        ("AZC111", "/properties/datasetType", "error"),
        ("AZC111", "/properties/path", "error"),
        ("AZC101", "/properties/dataUri", "error"),
    ]
    cures = cures_of(findings)
    assert cures["/properties/path"].startswith("Rename `path` to `dataUri`")
    assert cures["/properties/datasetType"].startswith("Send `dataType` instead")


@pytest.mark.parametrize("version", LATER)
def test_later_code_has_one_uri(check_documented, version):
    findings = check_documented("code.json", version)

    assert in_short(findings) == [
        ("AZC111", "/properties/datastoreId", "error"),
        ("AZC111", "/properties/path", "error"),
    ]
    assert all("codeUri" in f.cure for f in findings)


@pytest.mark.parametrize("version", LATER)
def test_later_the_command_job_names_compute_and_inputs_otherwise(
    check_documented, version
):
    findings = check_documented("command_job.json", version)

    assert in_short(findings) == [
        ("AZC111", "/properties/inputDataBindings", "error"),
        ("AZC111", "/properties/compute", "error"),
    ]
    cures = cures_of(findings)
    assert '"inputs"' in cures["/properties/inputDataBindings"]
    assert "`computeId`" in cures["/properties/compute"]


def test_the_sweep_departs_where_the_service_is_known_to_follow(check_documented):
    findings = check_documented("sweep_job.json", OWN)

    assert in_short(findings) == [
        ("AZC107", "/properties/objective/goal", "warning"),
        ("AZC104", "/properties/searchSpace/--learning_rate", "warning"),
        ("AZC104", "/properties/searchSpace/--boosting", "warning"),
        ("AZC174", "/properties/trial/command", "warning"),
    ]
    assert findings[0].cure == 'Write "Minimize".'
    assert [f.evidence for f in findings[:3]] == ["live"] * 3
    assert "search-space-arrays" in findings[1].message
    assert findings[3].message == (
        "The command reads $AZURE_ML_INPUT_iris, and no input iris is bound."
    )


def test_the_sweep_is_all_errors_by_the_written_contract(check_documented):
    findings = check_documented("sweep_job.json", OWN, profile="strict")

    assert {f.severity for f in findings} == {"error"}
    assert len(findings) == 4


@pytest.mark.parametrize("version", LATER)
def test_later_the_sweep_moves_algorithm_compute_and_limits(check_documented, version):
    findings = check_documented("sweep_job.json", version)

    assert in_short(findings) == [
        ("AZC111", "/properties/algorithm", "error"),
        ("AZC111", "/properties/compute", "error"),
        ("AZC107", "/properties/objective/goal", "warning"),
        ("AZC111", "/properties/maxTotalTrials", "error"),
        ("AZC111", "/properties/maxConcurrentTrials", "error"),
        ("AZC111", "/properties/timeout", "error"),
        ("AZC101", "/properties/samplingAlgorithm", "error"),
        ("AZC174", "/properties/trial/command", "warning"),
    ]
    cures = cures_of(findings)
    assert '"samplingAlgorithmType": "Random"' in cures["/properties/algorithm"]
    assert '"limits"' in cures["/properties/timeout"]
