"""Fit a ridge regression, and keep golden cases from the part of the data that it has never seen.

    pip install scikit-learn
    python3 train.py

writes weights/ridge.npz and tests/*.json. The data are the 442 diabetes patients that come with
scikit-learn (Efron et al., Least Angle Regression, 2004); scikit-learn is not needed to predict.
"""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
from predict import predict
from sklearn.datasets import load_diabetes

HERE = Path(__file__).parent
SEED = 7
HELD_OUT = 88
PENALTY = 1.0


def main() -> None:
    data = load_diabetes(scaled=False)
    order = np.random.default_rng(SEED).permutation(len(data.target))
    test, train = order[:HELD_OUT], order[HELD_OUT:]

    weights = fit(data.data[train], data.target[train]) | {"columns": np.array(data.feature_names)}
    (HERE / "weights").mkdir(exist_ok=True)
    np.savez(HERE / "weights" / "ridge.npz", **weights)

    patients = [dict(zip(data.feature_names, row.tolist(), strict=True)) for row in data.data[test]]
    predicted = np.array([row["progression"] for row in predict(weights, patients)])
    truth = data.target[test]
    print(f"R2 on {HELD_OUT} held-out patients: {1 - np.mean((truth - predicted) ** 2) / np.var(truth):.3f}")
    write("patients.in.json", patients[:5])
    write("patients.out.json", predict(weights, patients[:5]))


def fit(rows: np.ndarray, target: np.ndarray) -> dict[str, np.ndarray]:
    """Ridge regression on standardised columns, in closed form."""
    mean, scale = rows.mean(axis=0), rows.std(axis=0)
    scaled = (rows - mean) / scale
    normal = scaled.T @ scaled + PENALTY * np.eye(rows.shape[1])
    slope = np.linalg.solve(normal, scaled.T @ (target - target.mean()))
    return {"mean": mean, "scale": scale, "slope": slope, "intercept": np.array(target.mean())}


def write(name: str, document: object) -> None:
    (HERE / "tests" / name).write_text(json.dumps(document) + "\n")


if __name__ == "__main__":
    main()
