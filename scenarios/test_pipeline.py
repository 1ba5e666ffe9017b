"""Build a pipeline of components, run it, and stop another.

Two components are registered, one with a container that was described first. A pipeline
job binds the output of one step to the input of the next; its steps are jobs of their
own. A second pipeline is cancelled; what was registered is removed.
"""

from __future__ import annotations

from uuid import uuid4

import pytest
from story import MODERN, draw_name, draw_version, register_environment
from test_train_and_sweep import ensure_cluster

from azml_contract import ArmResponse, Workspace


@pytest.mark.azml(api_versions=MODERN, compute=True)
def test_run_and_cancel(azml: Workspace) -> None:
    compute = ensure_cluster(azml)
    environment = register_environment(azml)
    version = draw_version(azml)
    steps = {}
    for step in ("prepare", "train"):
        name = draw_name(azml, step)
        described = azml.body("stories/component_container", note=f"{step} tables")
        azml.put(f"components/{name}", described).expect(200, 201)
        made = azml.put(
            f"components/{name}/versions/{version}",
            azml.body(
                "stories/component",
                name=name,
                version=version,
                environment_id=environment,
            ),
        ).expect(200, 201)
        steps[step] = str(made.json["id"])

    pipeline = submit(azml, steps, compute, "pipeline").expect(200, 201).json
    ended = azml.wait(f"jobs/{pipeline['name']}").json
    assert ended["properties"]["status"] == "Completed"
    listed = azml.list("jobs", params={"jobType": "Pipeline"})
    assert pipeline["name"] in [one["name"] for one in listed]

    other = submit(azml, steps, compute, "other").expect(200, 201).json["name"]
    azml.wait(azml.post(f"jobs/{other}/cancel").expect(200, 202))
    assert azml.wait(f"jobs/{other}").json["properties"]["status"] == "Canceled"
    azml.wait(azml.delete(f"jobs/{other}").expect(200, 202, 204))

    for step in steps.values():
        container = step.rpartition("/versions/")[0]
        assert azml.get(step).expect(200).json["name"] == version
        listed = azml.list(f"{container}/versions")
        assert [one["name"] for one in listed] == [version]
        assert azml.get(container).expect(200).json["id"] == container
        azml.delete(step).expect(200, 204)
        azml.delete(container).expect(200, 202, 204)
    left = {one["id"] for one in azml.list("components")}
    assert not left & {step.rpartition("/versions/")[0] for step in steps.values()}


def submit(
    azml: Workspace, steps: dict[str, str], compute: str, name: str
) -> ArmResponse:
    """PUT a pipeline job; gives the answer as it is."""
    job = azml.var(name, lambda: str(uuid4()))
    body = azml.body("stories/pipeline_job", compute_id=compute, **steps)
    return azml.put(f"jobs/{job}", body)
