"""Writes small real model files into a folder, as scikit-learn, joblib, numpy and torch write them.

Run in an environment with scikit-learn: `python make_models.py models`.
"""

from __future__ import annotations

import pickle
import sys
import zipfile
from collections import OrderedDict
from pathlib import Path

import joblib
import numpy as np
from scipy import sparse
from sklearn import (
    cluster,
    decomposition,
    ensemble,
    feature_extraction,
    linear_model,
    naive_bayes,
    neighbors,
    svm,
    tree,
)
from sklearn.calibration import CalibratedClassifierCV
from sklearn.compose import ColumnTransformer
from sklearn.datasets import load_iris
from sklearn.gaussian_process import GaussianProcessRegressor, kernels
from sklearn.impute import SimpleImputer
from sklearn.model_selection import GridSearchCV
from sklearn.neural_network import MLPClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer, LabelEncoder, OneHotEncoder, StandardScaler

X, Y = load_iris(return_X_y=True)
X, Y = X[::10], Y[::10]
TEXTS = ["one small step", "one giant leap", "for mankind"]


def fitted() -> dict[str, object]:
    columns = ColumnTransformer([("scale", StandardScaler(), [0, 1]), ("hot", OneHotEncoder(), [2])])
    words = feature_extraction.text.TfidfVectorizer()
    return {
        "forest": ensemble.RandomForestClassifier(2, random_state=0).fit(X, Y),
        "forest-state": ensemble.ExtraTreesClassifier(2, random_state=np.random.RandomState(0)).fit(X, Y),
        "boosting": ensemble.GradientBoostingClassifier(n_estimators=1).fit(X, Y),
        "histogram": ensemble.HistGradientBoostingClassifier(max_iter=1).fit(X, Y),
        "pipeline": make_pipeline(SimpleImputer(), columns, linear_model.LogisticRegression()).fit(X, Y),
        "words": make_pipeline(words, naive_bayes.MultinomialNB()).fit(TEXTS, [0, 1, 2]),
        "svm": svm.SVC().fit(X, Y),
        "kmeans": cluster.KMeans(2, n_init=1).fit(X),
        "pca": decomposition.PCA(2).fit(X),
        "neighbors": neighbors.KNeighborsClassifier(1, algorithm="kd_tree").fit(X, Y),
        "balls": neighbors.KNeighborsClassifier(1, algorithm="ball_tree").fit(X, Y),
        "sgd": linear_model.SGDClassifier().fit(X, Y),
        "tree": tree.DecisionTreeRegressor(max_depth=2).fit(X, Y),
        "network": MLPClassifier((2,), max_iter=2).fit(X, Y),
        "process": GaussianProcessRegressor(kernels.RBF() + kernels.WhiteKernel()).fit(X, Y),
        "calibrated": CalibratedClassifierCV(naive_bayes.GaussianNB(), cv=2).fit(X[:, :2], Y > 0),
        "search": GridSearchCV(linear_model.Ridge(), {"alpha": [1, 2]}, cv=2).fit(X, Y),
        "function": make_pipeline(FunctionTransformer(np.log1p), LabelEncoder()),
    }


def arrays(folder: Path) -> None:
    np.save(folder / "floats.npy", X)
    np.save(folder / "objects.npy", np.array(["a", 1, None], dtype=object), allow_pickle=True)
    np.savez(folder / "some.npz", x=X, o=np.array([{"a": 1}], dtype=object))
    joblib.dump({"o": np.array(["a", None], dtype=object), "e": np.empty((0, 3))}, folder / "objects.joblib")
    joblib.dump(np.array([(1, 2.0)], dtype=[("a", "i4"), ("b", "f8")]), folder / "records.joblib")
    joblib.dump(
        [sparse.csr_matrix(X), np.array(["2020-01-01"], dtype="M8[D]"), np.array(["text"])], folder / "mix.joblib"
    )


class _Storage:
    def __init__(self, key: str) -> None:
        self.key = key


class _TorchPickler(pickle.Pickler):
    def persistent_id(self, value: object) -> object:
        return ("storage", OrderedDict, value.key, "cpu", 4) if isinstance(value, _Storage) else None


def state_dict(path: Path) -> None:
    """A zip as torch.save writes it, without torch: storages by persistent ids, tensors beside the pickle."""
    with zipfile.ZipFile(path, "w") as archive:
        with archive.open("archive/data.pkl", "w") as member:
            _TorchPickler(member, 2).dump(OrderedDict(weight=_Storage("0"), bias=_Storage("1")))
        archive.writestr("archive/data/0", bytes(16))
        archive.writestr("archive/data/1", bytes(range(16)))
        archive.writestr("archive/version", "3\n")


def main() -> None:
    folder = Path(sys.argv[1])
    folder.mkdir(exist_ok=True)
    for name, model in fitted().items():
        joblib.dump(model, folder / f"{name}.joblib", compress=("zlib", 9))
    forest = fitted()["forest"]
    for suffix, compress in {"gz": "gzip", "bz2": "bz2", "xz": "xz", "lzma": "lzma"}.items():
        joblib.dump(forest, folder / f"forest.joblib.{suffix}", compress=(compress, 3))
    joblib.dump(fitted()["svm"], folder / "plain.joblib")
    joblib.dump(fitted()["svm"], folder / "plain2.joblib", protocol=2)
    for protocol in range(6):
        (folder / f"pca{protocol}.pkl").write_bytes(pickle.dumps(fitted()["pca"], protocol))
    arrays(folder)
    state_dict(folder / "state.pt")


if __name__ == "__main__":
    main()
