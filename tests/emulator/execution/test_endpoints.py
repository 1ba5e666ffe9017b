"""Endpoints that really score: keys, traffic, logs, failures, batches."""

from __future__ import annotations

import time
from collections import Counter
from urllib.parse import urlsplit

import pytest
from soak import FULL

from azml_contract.emulator.clock import RunningClock
from azml_contract.emulator.execution import scoring
from azml_contract.emulator.execution.keeping import Limits
from azml_contract.emulator.far_side import EmulatorSide
from azml_contract.emulator.server import Emulator
from azml_contract.gateway.far_side import Ask
from azml_contract.gateway.proxy import Refuse
from azml_contract.recording.http_client_calls import UNRECORDED
from tests.emulator.execution.conftest import Bench

pytestmark = pytest.mark.slow
SCRIPT = """
import json, os
def init():
    global model
    below = os.environ["AZUREML_MODEL_DIR"]
    (file,) = [os.path.join(p, f) for p, _, fs in os.walk(below) for f in fs]
    model = open(file).read()
    print("ready with", model)
def run(data):
    if isinstance(data, list):
        return [f"{os.path.basename(file)} {len(open(file).read())}" for file in data]
    asked = json.loads(data)
    if asked == "fail":
        raise ValueError("no such thing")
    return {"who": os.environ["WHO"], "model": model, "sum": sum(asked)}
"""

BRIEF = "def run(data): return data"


@pytest.fixture(scope="module")
def assets(bench):
    bench.upload("model-folder/weights.txt", "weights")
    uri = "azureml://datastores/workspaceblobstore/paths/model-folder"
    body = {"properties": {"modelUri": uri, "modelType": "custom_model"}}
    model = bench.client.put("models/scores/versions/1", body).json()["id"]
    return model, bench.code("scores", score=SCRIPT)


def deployment(bench, assets, who):
    model, code = assets
    return {
        "location": "westeurope",
        "sku": {"name": "Default", "capacity": 1},
        "properties": {
            "endpointComputeType": "Managed",
            "model": model,
            "codeConfiguration": {"codeId": code, "scoringScript": "score.py"},
            "environmentId": bench.environment,
            "environmentVariables": {"WHO": who},
        },
    }


def settled(bench, path):
    for _ in range(200):
        found = bench.client.get(path).json()["properties"]
        if found.get("scoringUri"):
            return found
    raise AssertionError(f"{path} is never ready")


@pytest.fixture(scope="module")
def endpoint(bench, assets):
    body = {"location": "westeurope", "properties": {"authMode": "Key"}}
    assert bench.client.put("onlineEndpoints/shop", body).status_code == 201
    for who in ("blue", "green"):
        path = f"onlineEndpoints/shop/deployments/{who}"
        made = bench.client.put(path, deployment(bench, assets, who))
        assert made.status_code == 201, made.text
    body["properties"]["traffic"] = {"blue": 90, "green": 10}
    bench.client.put("onlineEndpoints/shop", body)
    uri = settled(bench, "onlineEndpoints/shop")["scoringUri"]
    keys = bench.client.post("onlineEndpoints/shop/listKeys").json()
    return uri, bench.session(keys["primaryKey"])


def test_an_endpoint_answers_with_its_own_script_and_model(endpoint):
    uri, session = endpoint
    answer = session.post(uri, json=[1, 2, 3])
    assert answer.status_code == 200
    assert answer.json()["model"] == "weights"
    assert answer.json()["sum"] == 6
    assert answer.headers["azureml-model-deployment"] in ("blue", "green")


def test_a_recorders_gateway_stands_for_the_endpoint_alone(bench, endpoint):
    """And what the emulator asks a deployment is no call of a scenario."""
    side = EmulatorSide(bench.emulator)
    assert isinstance(side.reach(urlsplit(endpoint[0]).hostname, 443), Ask)
    assert isinstance(side.reach("x.elsewhere.inference.ml.azure.com", 443), Refuse)
    assert getattr(scoring._Connection, UNRECORDED) is True


def test_traffic_is_split_as_the_endpoint_says(endpoint):
    uri, session = endpoint
    asked = [session.post(uri, json=[1]).json()["who"] for _ in range(100)]
    assert Counter(asked) == {"blue": 90, "green": 10}


def test_a_header_names_the_deployment(endpoint):
    uri, session = endpoint
    for who in ("green", "blue"):
        head = {"azureml-model-deployment": who}
        assert session.post(uri, json=[1], headers=head).json()["who"] == who
    head = {"azureml-model-deployment": "red"}
    assert session.post(uri, json=[1], headers=head).status_code == 404


def test_only_the_endpoints_own_key_opens_it(bench, endpoint):
    uri, _ = endpoint
    assert bench.session("wrong").post(uri, json=[1]).status_code == 401
    secondary = bench.client.post("onlineEndpoints/shop/listKeys").json()
    session = bench.session(secondary["secondaryKey"])
    assert session.post(uri, json=[1]).status_code == 200
    asked = {"keyType": "Secondary"}
    bench.client.post("onlineEndpoints/shop/regenerateKeys", asked)
    assert session.post(uri, json=[1]).status_code == 401


def test_a_script_that_fails_says_why_and_goes_on(bench, endpoint):
    uri, session = endpoint
    head = {"azureml-model-deployment": "blue"}
    failed = session.post(uri, json="fail", headers=head)
    assert failed.status_code == 500
    assert "no such thing" in failed.text
    assert session.post(uri, json=[1], headers=head).status_code == 200
    path = "onlineEndpoints/shop/deployments/blue/getLogs"
    for _ in range(100):
        said = bench.client.post(path, {}).json()["content"]
        if "no such thing" in said:
            break
    assert "ready with weights" in said
    # Without the time, so that two recordings of the same calls are the same.
    assert '\n"POST /score HTTP/1.1" 200 -\n' in said
    assert "no such thing" in said


def test_a_deployment_whose_init_fails_is_told(bench, assets):
    model, _ = assets
    code = bench.code("broken", score="def init(): raise OSError('no gpu')\n")
    body = {"location": "westeurope", "properties": {"authMode": "AADToken"}}
    bench.client.put("onlineEndpoints/broken", body)
    bench.client.put(
        "onlineEndpoints/broken/deployments/d", deployment(bench, (model, code), "d")
    )
    uri = settled(bench, "onlineEndpoints/broken")["scoringUri"]
    session = bench.session(bench.emulator.issue_token("https://ml.azure.com"))
    assert session.post(uri, json=[1]).status_code == 424
    head = {"azureml-model-deployment": "d"}
    answer = session.post(uri, json=[1], headers=head)
    assert answer.status_code == 502
    assert "init() did not succeed" in answer.text
    path = "onlineEndpoints/broken/deployments/d/getLogs"
    assert "no gpu" in bench.client.post(path, {}).json()["content"]


def test_a_reset_ends_what_serves_at_once():
    with Emulator(clock=RunningClock(1000), execute=Limits()) as emulator:
        emulator.wait_ready()
        bench = Bench(emulator)
        body = {"location": "westeurope", "properties": {"authMode": "AADToken"}}
        bench.client.put("onlineEndpoints/brief", body)
        code = bench.code("brief", score=BRIEF)
        made = deployment(bench, (None, code), "d")
        bench.client.put("onlineEndpoints/brief/deployments/d", made)
        uri = settled(bench, "onlineEndpoints/brief")["scoringUri"]
        session = bench.session(emulator.issue_token("https://ml.azure.com"))
        head = {"azureml-model-deployment": "d"}
        assert session.post(uri, json=[1], headers=head).text == '"[1]"'
        begun = time.monotonic()
        emulator.reset()
        assert time.monotonic() - begun < 10
        assert list((emulator.state_dir / "deployments").iterdir()) == []


def test_a_batch_invocation_writes_its_predictions(bench, assets):
    model, code = assets
    body = {"location": "westeurope", "properties": {"authMode": "AADToken"}}
    bench.client.put("batchEndpoints/many", body)
    made = {
        "location": "westeurope",
        "properties": {
            "compute": "c",
            "model": {"referenceType": "Id", "assetId": model},
            "codeConfiguration": {"codeId": code, "scoringScript": "score.py"},
            "environmentId": bench.environment,
            "miniBatchSize": 2,
        },
    }
    path = "batchEndpoints/many/deployments/d"
    assert bench.client.put(path, made).status_code == 201
    for number in range(3):
        bench.upload(f"batch/{number}.txt", "x" * number)
    uri = settled(bench, "batchEndpoints/many")["scoringUri"]
    session = bench.session(bench.emulator.issue_token("https://ml.azure.com"))
    source = {
        "JobInputType": "UriFolder",
        "Uri": "azureml://datastores/workspaceblobstore/paths/batch",
    }
    asked = {"properties": {"InputData": {"data": source}}}
    refused = session.post(uri, json={"properties": "none"})
    assert (refused.status_code, "names no input" in refused.text) == (400, True)
    begun = session.post(uri, json=asked)
    assert begun.status_code == 201
    name = begun.json()["name"]
    assert bench.wait(name)["status"] == "Completed", bench.log(name)
    predictions = bench.read(f"azureml/{name}/score/predictions.csv")
    assert predictions == "0.txt 0\n1.txt 1\n2.txt 2\n"
    listed = [one["name"] for one in session.get(uri).json()["value"]]
    assert listed == [name]
    front = "https://westeurope.api.azureml.ms/mferp/managementfrontend"
    found = session.get(f"{front}{bench.client.workspace}/batchEndpoints/many/jobs")
    assert [one["name"] for one in found.json()["value"]] == [name]


TRAIN_A_TREE = """
import mlflow, pandas
from sklearn.tree import DecisionTreeClassifier
seen = pandas.DataFrame({"x": range(10), "y": [0] * 10})
model = DecisionTreeClassifier().fit(seen, ["low"] * 5 + ["high"] * 5)
mlflow.sklearn.save_model(
    model, "outputs/model", pip_requirements=[], serialization_format="cloudpickle")
"""
# Read in the same way; scikit-learn takes a second and a half to import, three times.
TRAIN_A_FUNCTION = """
import mlflow
class Model(mlflow.pyfunc.PythonModel):
    def predict(self, context, model_input, params=None):
        return ["low" if x < 5 else "high" for x in model_input["x"]]
mlflow.pyfunc.save_model("outputs/model", python_model=Model(), pip_requirements=[])
"""
TRAIN, FLAVOR = (
    (TRAIN_A_TREE, "sklearn") if FULL else (TRAIN_A_FUNCTION, "python_function")
)


@pytest.fixture(scope="module")
def trained(bench):
    """The id of a model that a job trained, as MLflow writes it."""
    code = bench.code("trains", main=TRAIN)
    done = bench.run("trains", "python main.py", codeId=code)
    assert done["status"] == "Completed", bench.log("trains")
    uri = "azureml://jobs/trains/outputs/artifacts/paths/outputs/model"
    body = {"properties": {"modelUri": uri, "modelType": "mlflow_model"}}
    made = bench.client.put("models/tree/versions/1", body).json()
    assert FLAVOR in made["properties"]["flavors"]
    return made["id"]


@pytest.mark.soak
def test_a_model_of_mlflow_needs_no_script(bench, trained):
    body = {"location": "westeurope", "properties": {"authMode": "AMLToken"}}
    bench.client.put("onlineEndpoints/tree", body)
    made = deployment(bench, (trained, None), "d")
    del made["properties"]["codeConfiguration"]
    bench.client.put("onlineEndpoints/tree/deployments/d", made)
    body["properties"]["traffic"] = {"d": 100}
    bench.client.put("onlineEndpoints/tree", body)
    uri = settled(bench, "onlineEndpoints/tree")["scoringUri"]
    asked = {"input_data": {"columns": ["x", "y"], "data": [[1, 0], [8, 0]]}}
    # A token of the endpoint's own opens it, one of the directory's does not.
    token = bench.client.post("onlineEndpoints/tree/token").json()["accessToken"]
    answer = bench.session(token).post(uri, json=asked)
    assert (answer.status_code, answer.json()) == (200, ["low", "high"])
    other = bench.emulator.issue_token("https://ml.azure.com")
    assert bench.session(other).post(uri, json=asked).status_code == 401


@pytest.mark.soak
def test_a_batch_over_tables_needs_no_script(bench, trained):
    body = {"location": "westeurope", "properties": {"authMode": "AADToken"}}
    bench.client.put("batchEndpoints/trees", body)
    model = {"referenceType": "Id", "assetId": trained}
    made = {"location": "westeurope", "properties": {"compute": "c", "model": model}}
    answer = bench.client.put("batchEndpoints/trees/deployments/d", made)
    assert answer.status_code == 201, answer.text
    bench.upload("tables/a.csv", "x,y\n0,0\n9,0\n")
    uri = settled(bench, "batchEndpoints/trees")["scoringUri"]
    session = bench.session(bench.emulator.issue_token("https://ml.azure.com"))
    source = {
        "JobInputType": "UriFile",
        "Uri": "azureml://datastores/workspaceblobstore/paths/tables/a.csv",
    }
    begun = session.post(uri, json={"properties": {"InputData": {"data": source}}})
    name = begun.json()["name"]
    assert bench.wait(name)["status"] == "Completed", bench.log(name)
    predictions = bench.read(f"azureml/{name}/score/predictions.csv")
    assert predictions == '"low",a.csv\n"high",a.csv\n'
