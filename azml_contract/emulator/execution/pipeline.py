"""Pipelines that really run: each step a job, as soon as what it needs is there.

In: a pipeline in its neutral form. Out: its steps, jobs named ``{pipeline}.step.{n}``,
what one made handed to the next. A step that was done before with the same inputs is
reused, unless the pipeline forces it to run. Conditions choose between steps.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from azml_contract.emulator.courses import TERMINAL
from azml_contract.emulator.execution.bindings import as_word
from azml_contract.emulator.execution.executor import Executor
from azml_contract.emulator.execution.places import (
    Unreachable,
    locate,
    uri_of_output,
)
from azml_contract.emulator.execution.run import End
from azml_contract.emulator.job_lives import STEP, step_properties
from azml_contract.emulator.paths import split_asset_id
from azml_contract.emulator.store import Body, Resource

_BINDING = re.compile(r"\$\{\{\s*parent\.([^}\s]+)\s*\}\}")
_OUTPUT = re.compile(r"jobs\.([^.]+)\.outputs\.(.+)")
_BLOCK = re.compile(r"\$\{\{\s*parent\.jobs\.([^.}\s]+)\s*\}\}")
_CONDITION = "if_else"
_NAMES = {
    "environmentVariables": "environment_variables",
    "environmentId": "environment",
    "codeId": "code",
    "computeId": "compute",
}


def run_pipeline(executor: Executor, pipeline: Resource) -> End:
    """Run a pipeline's steps to the end of the last one."""
    return _Pipeline(executor, pipeline).go()


@dataclass
class _Step:
    """A step that was begun: where its outputs are, and what it depends on."""

    job_id: str
    outputs: dict[str, Body] = field(default_factory=dict)
    fingerprint: str = ""


class _Pipeline:
    def __init__(self, executor: Executor, pipeline: Resource) -> None:
        self._executor, self._pipeline = executor, pipeline
        self._properties: Body = pipeline.body["properties"]
        settings = self._properties.get("settings") or {}
        self._goes_on = bool(settings.get("continue_on_step_failure"))
        self._forces = bool(settings.get("force_rerun"))
        self._compute = self._properties.get("computeId") or settings.get(
            "default_compute"
        )
        nodes = self._properties.get("jobs") or {}
        self._waiting: dict[str, Body] = {
            str(name): dict(node) for name, node in nodes.items()
        }
        self._begun: dict[str, _Step] = {}
        self._left_out: set[str] = set()

    def go(self) -> End:
        """Begin steps as what they need is there, until nothing is left to do."""
        self._executor.mark(self._pipeline.id, "Running")
        cancelled = self._executor.was_cancelled(self._pipeline.id)
        choosing = {
            block: name
            for name, node in self._waiting.items()
            if node.get("type") == _CONDITION
            for block in _blocks(node)
        }
        while True:
            states = {
                name: self._executor.state_of(step.job_id)
                for name, step in self._begun.items()
            }
            failed = [n for n, s in states.items() if s in ("Failed", "Canceled")]
            stopping = cancelled.is_set() or (failed and not self._goes_on)
            running = [n for n, s in states.items() if s not in TERMINAL]
            if cancelled.is_set():
                for name in running:
                    self._executor.cancel(self._begun[name].job_id)
            begun = False if stopping else self._begin_ready(states, choosing)
            if not running and not begun:
                break
            if not begun:
                self._executor.wait()
        if cancelled.is_set():
            return End("Canceled")
        if failed:
            return End("Failed", f"These steps failed: {', '.join(failed)}.")
        if self._waiting:
            left = ", ".join(sorted(self._waiting))
            return End("Failed", f"These steps wait for each other: {left}.")
        return End("Completed")

    def _begin_ready(self, states: dict[str, str], choosing: dict[str, str]) -> bool:
        """Begin every step whose needs are met; whether there was one."""
        begun = False
        for name, node in list(self._waiting.items()):
            if name not in self._waiting:
                continue  # a condition has left it out meanwhile
            needs = _needs(node)
            if needs & self._left_out:
                del self._waiting[name]
                self._left_out.add(name)
                begun = True
            elif choosing.get(name) in self._waiting:
                continue
            elif all(states.get(need) == "Completed" for need in needs):
                del self._waiting[name]
                self._begin(name, node)
                begun = True
            elif any(states.get(need) in ("Failed", "Canceled") for need in needs):
                del self._waiting[name]
                self._left_out.add(name)
                begun = True
        return begun

    def _begin(self, name: str, node: Body) -> None:
        if node.get("type") == _CONDITION:
            self._choose(node)
            return
        step_id = f"{self._pipeline.id}{STEP}{name}"
        try:
            step, job = self._make(step_id, name, node)
        except Unreachable as error:
            step = _Step(step_id)
            job = self._as_job(step_id, name, {"command": ""})
            self._begun[name] = step
            self._executor.add_ended(job, End("Failed", f"{error}."))
            return
        self._begun[name] = step
        done = None if self._forces else self._find_done(step, job)
        if done is None:
            self._executor.add_child(job)
            return
        reused = {"azureml.isreused": "true", "azureml.reusedrunid": done.name}
        properties = dict(job.body["properties"])
        properties["properties"] = {**properties["properties"], **reused}
        step.outputs = {
            name: {**out, "uri": out.get("uri") or uri_of_output(done.name, name)}
            for name, out in done.body["properties"]["outputs"].items()
        }
        properties["outputs"] = step.outputs
        ended = replace(job, body={"properties": properties})
        self._executor.add_ended(ended, End("Completed"))

    def _choose(self, node: Body) -> None:
        """Leave out the block of a condition that is not taken."""
        holds = self._read_condition(node.get("condition"))
        name = "false_block" if holds else "true_block"
        for block in _block(node.get(name)):
            self._waiting.pop(block, None)
            self._left_out.add(block)

    def _read_condition(self, condition: Any) -> bool:
        if isinstance(condition, bool):
            return condition
        given = self._resolve({"value": str(condition)})
        text = str(given.get("value", ""))
        if given.get("uri"):
            place = locate(self._executor.world, str(given["uri"]))
            storage = self._executor.storage
            data = storage.get(place.container, place.path.strip("/"))
            if data is None:
                names = storage.list(place.container, place.path.strip("/") + "/")
                data = storage.get(place.container, names[0]) if names else b""
            text = (data or b"").decode("utf-8", "replace")
        return text.strip().lower() in ("true", "1", "yes")

    # -- one step ------------------------------------------------

    def _make(self, step_id: str, name: str, node: Body) -> tuple[_Step, Resource]:
        spec = {**self._component(node), **_own(node)}
        inputs = {
            key: _default(item)
            for key, item in (spec.get("inputs") or {}).items()
            if isinstance(item, Mapping) and item.get("default") is not None
        }
        traces: dict[str, Any] = dict(inputs)
        for key, given in (node.get("inputs") or {}).items():
            inputs[key] = self._resolve(given)
            traces[key] = self._trace(given, inputs[key])
        outputs = self._outputs(spec, node)
        properties: Body = {
            "command": str(spec.get("command") or ""),
            "codeId": spec.get("code"),
            "environmentId": spec.get("environment"),
            "environmentVariables": spec.get("environment_variables"),
            "distribution": spec.get("distribution"),
            "limits": spec.get("limits"),
            "computeId": spec.get("compute"),
            "componentId": node.get("componentId"),
            "inputs": inputs,
            "outputs": outputs,
            "displayName": node.get("display_name") or name,
        }
        same = ("command", "codeId", "environmentId", "environmentVariables")
        told = [[properties[key] for key in same], traces, sorted(outputs)]
        text = json.dumps(told, sort_keys=True, default=str)
        fingerprint = hashlib.sha256(text.encode()).hexdigest()
        step_name = step_id.rpartition("/")[2]
        placed = {
            key: {**out, "uri": out.get("uri") or uri_of_output(step_name, key)}
            for key, out in outputs.items()
        }
        job = self._as_job(step_id, name, properties)
        facts = {**job.facts, "fingerprint": fingerprint}
        return _Step(step_id, placed, fingerprint), replace(job, facts=facts)

    def _as_job(self, step_id: str, name: str, properties: Body) -> Resource:
        made: Body = {
            **step_properties(self._pipeline, name),
            **{key: value for key, value in properties.items() if value is not None},
        }
        made.setdefault("computeId", self._compute)
        job = self._executor.world.new_resource(step_id, {"properties": made})
        facts = {"parent": self._pipeline.name, "is_step": True}
        return replace(job, created_by=self._pipeline.created_by, facts=facts)

    def _component(self, node: Body) -> Body:
        """What the component of a node says; nothing for a node without one."""
        reference = str(node.get("componentId") or node.get("component") or "")
        if not reference:
            return {}
        world = self._executor.world
        asset_id = reference.removeprefix("azureml:")
        if split_asset_id(asset_id) is None:
            name, _, version = asset_id.partition(":")
            base = f"{world.workspace_id}/components/{name}/versions"
            newest = world.store.newest(base) if not version else None
            asset_id = newest.id if newest else f"{base}/{version}"
        found = world.store.get(asset_id)
        if found is None:
            raise Unreachable(f"the component {reference} is not in this workspace")
        return dict(found.body["properties"].get("componentSpec") or {})

    def _outputs(self, spec: Body, node: Body) -> dict[str, Body]:
        declared = spec.get("outputs") or {}
        given = node.get("outputs") or {}
        made: dict[str, Body] = {}
        for name in {**declared, **given}:
            about = declared.get(name)
            kind = about.get("type") if isinstance(about, Mapping) else None
            told = given.get(name)
            item = told if isinstance(told, Mapping) else {"value": told}
            output: Body = {"jobOutputType": _kind_of(kind, item)}
            bound = _BINDING.fullmatch(str(item.get("value") or ""))
            if item.get("uri"):
                output["uri"] = item["uri"]
            elif bound and bound[1].startswith("outputs."):
                output["uri"] = self._place_of_own(bound[1].removeprefix("outputs."))
            made[name] = output
        return made

    def _place_of_own(self, name: str) -> str:
        """Where an output of the whole pipeline goes."""
        own = (self._properties.get("outputs") or {}).get(name)
        uri = own.get("uri") if isinstance(own, Mapping) else None
        return str(uri or uri_of_output(self._pipeline.name, name))

    def _resolve(self, given: Any) -> Body:
        """An input of a step as a command job has it."""
        item = dict(given) if isinstance(given, Mapping) else {"value": given}
        if item.get("uri") and "value" not in item:
            kind = item.get("jobInputType") or item.get("job_input_type")
            return {**item, "jobInputType": kind or "uri_folder"}
        value = item.get("value")
        text = as_word(value)
        whole = _BINDING.fullmatch(text.strip())
        if whole:
            return self._find(whole[1])
        filled = _BINDING.sub(lambda m: str(self._find(m[1]).get("value", "")), text)
        return {"jobInputType": "literal", "value": filled}

    def _find(self, name: str) -> Body:
        """What ``parent.`` and this name mean."""
        if name.startswith("inputs."):
            key = name.removeprefix("inputs.")
            found = (self._properties.get("inputs") or {}).get(key)
            if found is None:
                raise Unreachable(f"the pipeline has no input {key}")
            return dict(found)
        output = _OUTPUT.fullmatch(name)
        if output is None:
            raise Unreachable(f"parent.{name} means nothing")
        step = self._begun.get(output[1])
        found = step.outputs.get(output[2]) if step else None
        if found is None:
            raise Unreachable(f"the step {output[1]} has no output {output[2]}")
        return {"jobInputType": found["jobOutputType"], "uri": found["uri"]}

    def _trace(self, given: Any, resolved: Body) -> Any:
        """An input as the same in another run: by what made it, not by where it is."""
        value = given.get("value") if isinstance(given, Mapping) else given
        bound = _BINDING.fullmatch(str(value).strip())
        output = _OUTPUT.fullmatch(bound[1]) if bound else None
        if output is None:
            return resolved
        return [self._begun[output[1]].fingerprint, output[2]]

    def _find_done(self, step: _Step, job: Resource) -> Resource | None:
        """A completed step of an earlier pipeline that was the same."""
        world = self._executor.world
        with world.store.lock:
            for other in world.store.list(job.id.rpartition("/")[0]):
                if (
                    other.facts.get("fingerprint") == step.fingerprint
                    and other.facts["run"]["steps"][-1][0] == "Completed"
                    and "azureml.isreused" not in other.body["properties"]["properties"]
                ):
                    return other
        return None


def _own(node: Body) -> Body:
    """What a node says itself, in the words of components."""
    own = {
        key: node[key]
        for key in ("command", "distribution", "limits", "environment_variables")
        if node.get(key) is not None
    }
    for name, word in _NAMES.items():
        value = node.get(name) or node.get(word)
        if value:
            own[word] = value
    return own


def _default(item: Mapping[str, Any]) -> Body:
    return {"jobInputType": "literal", "value": as_word(item["default"])}


def _kind_of(declared: Any, given: Mapping[str, Any]) -> str:
    kinds = (declared, given.get("jobOutputType"), given.get("job_output_type"))
    return next((str(k) for k in kinds if k and k != "literal"), "uri_folder")


def _needs(node: Body) -> set[str]:
    """Names of the steps whose outputs a node reads."""
    holders = [node.get("inputs") or {}, node.get("condition")]
    bound = _BINDING.findall(json.dumps(holders, default=str))
    return {found[1] for one in bound if (found := _OUTPUT.fullmatch(one))}


def _block(given: Any) -> list[str]:
    listed = given if isinstance(given, list) else [given]
    return [found[1] for one in listed if (found := _BLOCK.fullmatch(str(one or "")))]


def _blocks(node: Body) -> list[str]:
    return [*_block(node.get("true_block")), *_block(node.get("false_block"))]
