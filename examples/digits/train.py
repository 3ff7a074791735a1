"""Train the classifier, and keep golden cases from the part of the data that it has never seen.

    python3 train.py

writes weights/model.joblib and tests/*.json. It needs only what requirements.txt pins, and no download:
the data are the 1,797 scanned digits that come with scikit-learn (Alpaydin and Kaynak, UCI, CC BY 4.0).
"""

from __future__ import annotations

import json
from pathlib import Path

import joblib
import numpy as np
from sklearn.datasets import load_digits
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import train_test_split
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

HERE = Path(__file__).parent
SEED = 7
# Each case is one request: a single image, and a batch.
CASES = {"one": slice(0, 1), "batch": slice(1, 17)}


def main() -> None:
    images, labels = load_digits(return_X_y=True)
    train_x, test_x, train_y, test_y = train_test_split(
        images, labels, test_size=0.2, random_state=SEED, stratify=labels
    )
    model = make_pipeline(StandardScaler(), LogisticRegression(C=0.1, max_iter=1000, random_state=SEED))
    model.fit(train_x, train_y)
    print(f"accuracy on {len(test_y)} held-out images: {model.score(test_x, test_y):.3f}")

    (HERE / "weights").mkdir(exist_ok=True)
    joblib.dump(model, HERE / "weights" / "model.joblib")
    right = model.predict(test_x) == test_y
    for name, chosen in CASES.items():
        keep_golden(name, model, test_x[right][chosen])


def keep_golden(name: str, model, images: np.ndarray) -> None:
    """Write a request and its answer, which is right, in the words of the Open Inference Protocol."""
    # Six digits of each: more than the tolerance asks for, and short to read.
    probabilities = np.array([[float(f"{p:.6g}") for p in row] for row in model.predict_proba(images)])
    request = {"inputs": [tensor("images", "FP64", images)]}
    answer = {
        "model_name": "digits",
        "outputs": [
            tensor("label", "INT64", model.predict(images)),
            tensor("probabilities", "FP64", probabilities),
        ],
    }
    for kind, document in (("in", request), ("out", answer)):
        (HERE / "tests" / f"{name}.{kind}.json").write_text(json.dumps(document) + "\n")


def tensor(name: str, datatype: str, values: np.ndarray) -> dict:
    return {"name": name, "shape": list(values.shape), "datatype": datatype, "data": values.ravel().tolist()}


if __name__ == "__main__":
    main()
