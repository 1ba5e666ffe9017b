"""Train a LightGBM classifier on the iris data and log its loss.

In: the path of iris.csv (a file, or a folder that holds one CSV), and the
hyperparameters that a sweep varies. Out: the metric ``test-multi_logloss``,
logged through MLflow after each boosting round, and ``model.txt`` in
``--output`` when that is given. This is the code that the Command job and each
trial of the Sweep job run.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import lightgbm
import mlflow
import pandas
from sklearn.model_selection import train_test_split

METRIC = "test-multi_logloss"


def parse_arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--iris-csv", type=Path, required=True)
    parser.add_argument("--learning_rate", type=float, default=0.1)
    parser.add_argument("--boosting", choices=["gbdt", "dart"], default="gbdt")
    parser.add_argument("--num_boost_round", type=int, default=10)
    parser.add_argument("--seed", type=int, default=42)
    parser.add_argument("--output", type=Path)
    return parser.parse_args()


def read_iris(path: Path) -> tuple[pandas.DataFrame, pandas.Series]:
    """Measures, and species as numbers 0 to 2, from a CSV or its folder."""
    file = next(iter(sorted(path.glob("*.csv")))) if path.is_dir() else path
    frame = pandas.read_csv(file)
    species = frame.pop("species").astype("category").cat.codes
    return frame, species


def train(options: argparse.Namespace) -> lightgbm.Booster:
    """Fit on 80 % of the rows, log the loss on the other 20 % after each round."""
    measures, species = read_iris(options.iris_csv)
    train_x, test_x, train_y, test_y = train_test_split(
        measures, species, test_size=0.2, random_state=options.seed, stratify=species
    )
    fitted = lightgbm.Dataset(train_x, train_y)
    parameters = {
        "objective": "multiclass",
        "num_class": 3,
        "metric": "multi_logloss",
        "learning_rate": options.learning_rate,
        "boosting": options.boosting,
        "seed": options.seed,
        "verbosity": -1,
    }

    def log_loss(round_: lightgbm.callback.CallbackEnv) -> None:
        for _, _, loss, *_ in round_.evaluation_result_list:
            mlflow.log_metric(METRIC, loss, step=round_.iteration)

    return lightgbm.train(
        parameters,
        fitted,
        num_boost_round=options.num_boost_round,
        valid_sets=[fitted.create_valid(test_x, test_y)],
        valid_names=["test"],
        callbacks=[log_loss],
    )


def main() -> None:
    options = parse_arguments()
    with mlflow.start_run():
        mlflow.log_params(
            {"learning_rate": options.learning_rate, "boosting": options.boosting}
        )
        booster = train(options)
        if options.output:
            options.output.mkdir(parents=True, exist_ok=True)
            booster.save_model(options.output / "model.txt")
    loss = booster.best_score["test"]["multi_logloss"]
    print(f"{METRIC}={loss:.6f}")


if __name__ == "__main__":
    main()
