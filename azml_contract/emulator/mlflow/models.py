"""Models, as MLflow's clients register and log them.

In: what a client asks, JSON. Out: JSON. A version that is registered from a run is a
model version of the workspace, with the flavors that its MLmodel file names; a model
that is logged (MLflow 3) lies among the artifacts of its run.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from azml_contract.emulator.execution.places import (
    Place,
    Unreachable,
    describe,
    locate,
)
from azml_contract.emulator.execution.tracking import Tracking, now_ms
from azml_contract.emulator.flavors import read_flavors
from azml_contract.emulator.mlflow.artifacts import Artifacts
from azml_contract.emulator.mlflow.errors import Refused, absent, need
from azml_contract.emulator.mlflow.pairs import read_pairs, write_pairs
from azml_contract.emulator.mlflow.search import matches
from azml_contract.emulator.store import Body, Resource
from azml_contract.emulator.world import World

Asked = Mapping[str, Any]
_LOGGED = ".models"
_READY = "READY"


class Models:
    """Registered models, their versions, and models that runs logged."""

    def __init__(self, world: World, tracking: Tracking, artifacts: Artifacts) -> None:
        self._world, self._tracking, self._artifacts = world, tracking, artifacts

    def handlers(self) -> dict[str, Callable[[Asked], Any]]:
        """What answers a path."""
        return {
            "registered-models/create": self._create,
            "registered-models/get": lambda asked: self._show(need(asked, "name")),
            "registered-models/update": self._update,
            "registered-models/search": self._search,
            "registered-models/list": self._search,
            "registered-models/delete": self._delete,
            "registered-models/get-latest-versions": self._latest,
            "registered-models/set-tag": self._tag,
            "model-versions/create": self._create_version,
            "model-versions/get": self._get_version,
            "model-versions/update": self._update_version,
            "model-versions/search": self._search_versions,
            "model-versions/delete": self._delete_version,
            "model-versions/set-tag": self._tag_version,
            "model-versions/get-download-uri": self._download_uri,
            "model-versions/transition-stage": self._move_version,
        }

    # -- registered models ------------------------------------------------

    def _create(self, asked: Asked) -> Any:
        name = need(asked, "name")
        if self._world.store.get(self._place(name)) is not None:
            raise Refused(
                400,
                "RESOURCE_ALREADY_EXISTS",
                f"Registered Model (name={name}) already exists.",
            )
        body = {
            "isArchived": False,
            "description": asked.get("description"),
            "tags": read_pairs(asked.get("tags")),
        }
        made = self._world.new_resource(self._place(name), {"properties": body})
        self._world.store.put(made)
        return self._show(name)

    def _show(self, name: str) -> Body:
        model = self._world.store.get(self._place(name))
        if model is None:
            raise absent(f"Registered Model with name={name}")
        return {"registered_model": self._show_model(model)}

    def _show_model(self, model: Resource) -> Body:
        properties = model.body.get("properties") or {}
        newest = self._world.store.newest(f"{model.id}/versions")
        return {
            "name": model.name,
            "creation_timestamp": int(model.created_s * 1000),
            "last_updated_timestamp": int(model.modified_s * 1000),
            "description": properties.get("description") or "",
            "tags": write_pairs(properties.get("tags")),
            "latest_versions": [self._show_version(newest)] if newest else [],
        }

    def _update(self, asked: Asked) -> Any:
        name = need(asked, "name")
        self._change(self._place(name), name, description=asked.get("description"))
        return self._show(name)

    def _tag(self, asked: Asked) -> Any:
        name = need(asked, "name")
        self._add_tag(self._place(name), name, asked)
        return {}

    def _search(self, asked: Asked) -> Any:
        place = f"{self._world.workspace_id}/models"
        shown = [self._show_model(one) for one in self._world.store.list(place)]
        text = str(asked.get("filter") or "")
        found = [one for one in shown if matches(text, {"attributes": one})]
        return {"registered_models": found}

    def _delete(self, asked: Asked) -> Any:
        name = need(asked, "name")
        self._show(name)
        self._world.store.delete(self._place(name))
        return {}

    def _latest(self, asked: Asked) -> Any:
        model = self._show(need(asked, "name"))["registered_model"]
        return {"model_versions": model["latest_versions"]}

    # -- versions ------------------------------------------------

    def _create_version(self, asked: Asked) -> Any:
        name, source = need(asked, "name"), need(asked, "source")
        self._show(name)
        versions = f"{self._place(name)}/versions"
        version = self._world.store.highest(versions) + 1
        run_id = str(asked.get("run_id") or "")
        place = self._find_source(source)
        properties: Body = {
            "modelType": "mlflow_model",
            "modelUri": describe(self._world, place) if place else source,
            "description": asked.get("description"),
            "tags": read_pairs(asked.get("tags")),
            "properties": {},
            "isArchived": False,
            "source": source,
        }
        if run_id:
            properties["jobName"] = run_id
        flavors = read_flavors(self._world, properties["modelUri"])
        if flavors:
            properties["flavors"] = flavors
        made = self._world.new_resource(
            f"{versions}/{version}", {"properties": properties}
        )
        self._world.store.put(made)
        return {"model_version": self._show_version(made)}

    def _find_source(self, source: str) -> Place | None:
        if source.startswith("models:/"):
            logged = self._find_logged(source.removeprefix("models:/").strip("/"))
            source = logged["artifact_uri"] if logged else source
        known = self._artifacts.place_of(source)
        if known is not None:
            return known
        try:
            return locate(self._world, source, "models")
        except Unreachable:
            return None

    def _version(self, asked: Asked) -> Resource:
        name, version = need(asked, "name"), need(asked, "version")
        found = self._world.store.get(f"{self._place(name)}/versions/{version}")
        if found is None:
            raise absent(f"Model Version (name={name}, version={version})")
        return found

    def _get_version(self, asked: Asked) -> Any:
        return {"model_version": self._show_version(self._version(asked))}

    def _show_version(self, version: Resource) -> Body:
        properties = version.body.get("properties") or {}
        return {
            "name": version.id.rsplit("/", 3)[1],
            "version": version.name,
            "creation_timestamp": int(version.created_s * 1000),
            "last_updated_timestamp": int(version.modified_s * 1000),
            "current_stage": properties.get("stage") or "None",
            "description": properties.get("description") or "",
            "source": properties.get("source") or properties.get("modelUri") or "",
            "run_id": properties.get("jobName") or "",
            "status": _READY,
            "tags": write_pairs(properties.get("tags")),
        }

    def _update_version(self, asked: Asked) -> Any:
        found = self._version(asked)
        self._change(found.id, found.name, description=asked.get("description"))
        return self._get_version(asked)

    def _move_version(self, asked: Asked) -> Any:
        found = self._version(asked)
        self._change(found.id, found.name, stage=need(asked, "stage"))
        return self._get_version(asked)

    def _tag_version(self, asked: Asked) -> Any:
        found = self._version(asked)
        self._add_tag(found.id, found.name, asked)
        return {}

    def _search_versions(self, asked: Asked) -> Any:
        models = self._world.store.list(f"{self._world.workspace_id}/models")
        shown = [
            self._show_version(version)
            for model in models
            for version in self._world.store.list(f"{model.id}/versions")
        ]
        text = str(asked.get("filter") or "")
        found = [one for one in shown if matches(text, {"attributes": one})]
        return {"model_versions": found}

    def _delete_version(self, asked: Asked) -> Any:
        self._world.store.delete(self._version(asked).id)
        return {}

    def _download_uri(self, asked: Asked) -> Any:
        uri = str(self._version(asked).body["properties"].get("modelUri") or "")
        place = self._find_source(uri)
        if place is None:
            return {"artifact_uri": uri}
        run, _, path = place.path.partition("dcid.")[2].partition("/")
        return {"artifact_uri": self._artifacts.uri_of(run, path) if run else uri}

    # -- logged models ------------------------------------------------

    def logged(self, method: str, rest: str, asked: Asked) -> Any:
        """A model that a run logged, of MLflow 3."""
        if not rest:
            return {"model": self._log(asked)}
        if rest == "search":
            return {"models": [_show_logged(one) for one in self._all_logged()]}
        model_id, _, what = rest.partition("/")
        body = self._find_logged(model_id)
        if body is None:
            raise absent(f"Logged model {model_id}")
        changed = dict(body)
        if what == "params":
            changed["params"] = {**body["params"], **read_pairs(asked.get("params"))}
        elif what == "tags":
            changed["tags"] = {**body["tags"], **read_pairs(asked.get("tags"))}
        elif method == "PATCH":
            changed["status"] = str(asked.get("status") or body["status"])
        if changed != body:
            self._keep_logged(changed)
        return {"model": _show_logged(changed)}

    def _log(self, asked: Asked) -> Body:
        drawn = self._world.store.draw_guid().replace("-", "")
        model_id = f"m-{drawn}"
        run_id = str(asked.get("source_run_id") or "")
        body: Body = {
            "model_id": model_id,
            "experiment_id": str(asked.get("experiment_id") or ""),
            "name": str(asked.get("name") or model_id),
            "model_type": asked.get("model_type") or "",
            "source_run_id": run_id,
            "artifact_uri": self._artifacts.uri_of(
                run_id or model_id, f"models/{model_id}/artifacts"
            ),
            "status": "LOGGED_MODEL_PENDING",
            "created_ms": now_ms(),
            "params": read_pairs(asked.get("params")),
            "tags": read_pairs(asked.get("tags")),
        }
        self._keep_logged(body)
        return _show_logged(body)

    def _find_logged(self, model_id: str) -> Body | None:
        place = f"{self._world.workspace_id}/{_LOGGED}/{model_id}"
        found = self._world.store.get(place)
        return found.body if found else None

    def _all_logged(self) -> list[Body]:
        place = f"{self._world.workspace_id}/{_LOGGED}"
        return [one.body for one in self._world.store.list(place)]

    def _keep_logged(self, body: Body) -> None:
        place = f"{self._world.workspace_id}/{_LOGGED}/{body['model_id']}"
        self._world.store.put(self._world.new_resource(place, body))

    # -- the store ------------------------------------------------

    def _place(self, name: str) -> str:
        return f"{self._world.workspace_id}/models/{name}"

    def _change(self, place: str, name: str, **changed: Any) -> None:
        found = self._world.store.get(place)
        if found is None:
            raise absent(f"Model {name}")
        properties = {**(found.body.get("properties") or {}), **changed}
        self._world.store.put(replace(found, body={"properties": properties}))

    def _add_tag(self, place: str, name: str, asked: Asked) -> None:
        found = self._world.store.get(place)
        known = (found.body.get("properties") or {}).get("tags") if found else None
        tags = {**(known or {}), need(asked, "key"): str(asked.get("value", ""))}
        self._change(place, name, tags=tags)


def _show_logged(body: Body) -> Body:
    return {
        "info": {
            "model_id": body["model_id"],
            "experiment_id": body["experiment_id"],
            "name": body["name"],
            "creation_timestamp_ms": body["created_ms"],
            "last_updated_timestamp_ms": body["created_ms"],
            "artifact_uri": body["artifact_uri"],
            "status": body["status"],
            "model_type": body["model_type"],
            "source_run_id": body["source_run_id"],
            "tags": write_pairs(body["tags"]),
        },
        "data": {"params": write_pairs(body["params"]), "metrics": []},
    }
