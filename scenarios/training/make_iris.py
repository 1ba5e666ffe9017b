"""Write iris.csv from scikit-learn's copy of Fisher's iris data.

Run it from anywhere: ``python scenarios/training/make_iris.py``. The data set
is in the public domain; a test proves that the committed file is what this
script writes.
"""

from __future__ import annotations

from pathlib import Path

import pandas
from sklearn.datasets import load_iris

COLUMNS = ["sepal_length", "sepal_width", "petal_length", "petal_width"]


def render_iris() -> str:
    """The data as CSV text: four measures in centimetres and the species' name."""
    iris = load_iris()
    frame = pandas.DataFrame(iris.data, columns=COLUMNS)
    frame["species"] = [iris.target_names[index] for index in iris.target]
    return str(frame.to_csv(index=False, lineterminator="\n"))


if __name__ == "__main__":
    target = Path(__file__).with_name("iris.csv")
    target.write_text(render_iris(), encoding="utf-8", newline="")
    print(f"wrote {target}")
