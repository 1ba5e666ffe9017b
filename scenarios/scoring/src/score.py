"""Scores with a table of weights: what the endpoints of the stories run."""

import json
import os
from pathlib import Path

WEIGHTS: dict[str, float] = {}


def init() -> None:
    """Read the model once, when the deployment starts."""
    below = Path(os.environ["AZUREML_MODEL_DIR"])
    (file,) = below.rglob("weights.json")
    WEIGHTS.update(json.loads(file.read_text("utf-8")))


def run(asked: str | list[str]) -> object:
    """One score for a request; one line for each file of a batch."""
    if isinstance(asked, list):
        return [
            f"{Path(file).name} {score(Path(file).read_text('utf-8'))}"
            for file in asked
        ]
    return {"score": score(asked)}


def score(text: str) -> float:
    """The weighted sum of what a JSON object names."""
    return sum(WEIGHTS[name] * value for name, value in json.loads(text).items())
