"""Predict the progression of diabetes a year on, for a list of patients.

    python3 predict.py < patients.json
    python3 predict.py monday.json tuesday.json

Reads lists of patients from stdin or files; writes one list of predictions to stdout.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np


def main(paths: Sequence[str]) -> int:
    with np.load(os.environ.get("MODEL_PATH", "/models/ridge.npz"), allow_pickle=False) as file:
        weights = dict(file)
    try:
        texts = [Path(path).read_text() for path in paths] or [sys.stdin.read()]
        patients = [patient for text in texts for patient in json.loads(text)]
        answer = predict(weights, patients)
    except (OSError, ValueError, TypeError, KeyError) as error:
        print(f"predict: {type(error).__name__}: {error}", file=sys.stderr)
        return 1
    print(json.dumps(answer))
    return 0


def predict(weights: Mapping[str, np.ndarray], patients: Sequence[Mapping[str, float]]) -> list[dict[str, float]]:
    """One prediction a patient. Raises KeyError when one lacks a column."""
    columns = [str(name) for name in weights["columns"]]
    rows = np.array([[patient[name] for name in columns] for patient in patients], dtype=np.float64)
    scaled = (rows.reshape(-1, len(columns)) - weights["mean"]) / weights["scale"]
    return [{"progression": round(float(value), 4)} for value in scaled @ weights["slope"] + weights["intercept"]]


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
