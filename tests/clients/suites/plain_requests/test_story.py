import os
import time
import unittest

import pytest
import requests
from azure.identity import EnvironmentCredential

VERSION = "2024-04-01"
IMAGE = "registry.example.org/train:1"


@pytest.mark.azml(api_versions="client", compute=True)
class TestTraining(unittest.TestCase):
    def setUp(self):
        credential = EnvironmentCredential()
        token = credential.get_token("https://management.azure.com/.default").token
        self.http = requests.Session()
        self.http.headers["Authorization"] = f"Bearer {token}"
        self.workspace = (
            "https://management.azure.com"
            f"/subscriptions/{os.environ['AZURE_SUBSCRIPTION_ID']}"
            f"/resourceGroups/{os.environ['AZURE_RESOURCE_GROUP']}"
            "/providers/Microsoft.MachineLearningServices"
            f"/workspaces/{os.environ['AZML_WORKSPACE']}"
        )

    def tearDown(self):
        self.http.close()

    def call(self, method, path, body=None):
        url = f"{self.workspace}/{path}"
        answer = self.http.request(
            method, url, params={"api-version": VERSION}, json=body
        )
        answer.raise_for_status()
        return answer

    def finish(self, answer):
        """Follow a long-running operation as ARM asks."""
        while answer.headers.get("Azure-AsyncOperation"):
            time.sleep(int(answer.headers.get("Retry-After", "0")))
            operation = self.http.get(answer.headers["Azure-AsyncOperation"]).json()
            if operation["status"] in ("Succeeded", "Failed", "Canceled"):
                return operation["status"]
        return answer.json()["properties"]["provisioningState"]

    def test_job(self):
        environment = self.call(
            "PUT",
            "environments/train/versions/1",
            {"properties": {"image": IMAGE}},
        ).json()
        cluster = self.call(
            "PUT",
            "computes/cpu",
            {
                "location": "westeurope",
                "properties": {
                    "computeType": "AmlCompute",
                    "properties": {"vmSize": "Standard_DS3_v2"},
                },
            },
        )
        self.assertEqual(self.finish(cluster), "Succeeded")
        job = {
            "properties": {
                "jobType": "Command",
                "command": "echo hello",
                "environmentId": environment["id"],
                "computeId": f"{self.workspace[len('https://management.azure.com') :]}"
                "/computes/cpu",
            }
        }
        self.call("PUT", "jobs/train-1", job)
        for _ in range(60):
            status = self.call("GET", "jobs/train-1").json()["properties"]["status"]
            if status in ("Completed", "Failed", "Canceled"):
                break
        self.assertEqual(status, "Completed")

    def test_schedule_and_endpoint(self):
        endpoint = self.call(
            "PUT",
            "onlineEndpoints/scoring",
            {"location": "westeurope", "properties": {"authMode": "Key"}},
        )
        self.assertEqual(self.finish(endpoint), "Succeeded")
        self.finish(self.call("DELETE", "onlineEndpoints/scoring"))
