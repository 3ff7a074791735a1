"""Writes scan/pickles/allowlist.txt from installed scikit-learn, numpy and scipy. Run in an environment that has them.

Only classes are listed, and of functions only those that pickles are made of: an instance is data,
while a function that is called may do anything. Printed to stdout.
"""

from __future__ import annotations

import importlib
import inspect
import pkgutil
import warnings
from collections.abc import Iterator
from types import ModuleType

import numpy as np
import sklearn
from sklearn.base import BaseEstimator
from sklearn.utils import all_estimators

BUILTINS = [
    "bool",
    "bytearray",
    "bytes",
    "complex",
    "dict",
    "float",
    "frozenset",
    "int",
    "list",
    "object",
    "range",
    "set",
    "slice",
    "str",
    "tuple",
]
STANDARD = [
    "collections.OrderedDict",
    "collections.defaultdict",
    "collections.Counter",
    "collections.deque",
    "datetime.date",
    "datetime.datetime",
    "datetime.time",
    "datetime.timedelta",
    "datetime.timezone",
    "decimal.Decimal",
    "fractions.Fraction",
    "uuid.UUID",
    "functools.partial",
    "pathlib.PurePosixPath",
    "pathlib.PosixPath",
    "copyreg._reconstructor",
    "copyreg.__newobj__",
    "_codecs.encode",
    "array.array",
    "array._array_reconstructor",
    "joblib.numpy_pickle.NumpyArrayWrapper",
    "types.SimpleNamespace",
]
NUMPY = [
    "numpy.dtype",
    "numpy.ndarray",
    "numpy.matrix",
    "numpy.matrixlib.defmatrix.matrix",
    "numpy.ma.core.MaskedArray",
    "numpy.ma.MaskedArray",
    "numpy.ma.core._mareconstruct",
    *(f"numpy.{core}.multiarray.{name}" for core in ("core", "_core") for name in ("_reconstruct", "scalar")),
    *(f"numpy.{core}.numeric._frombuffer" for core in ("core", "_core")),
    *(f"numpy.random._pickle.{name}" for name in ("__randomstate_ctor", "__generator_ctor", "__bit_generator_ctor")),
    "numpy.random.mtrand.RandomState",
    "numpy.random._generator.Generator",
    "numpy.random._mt19937.MT19937",
    "numpy.random._pcg64.PCG64",
    "numpy.random._pcg64.PCG64DXSM",
    "numpy.random._philox.Philox",
    "numpy.random._sfc64.SFC64",
    "numpy.random.bit_generator.SeedSequence",
    "numpy.random.bit_generator.__pyx_unpickle_SeedSequence",
]
# Functions without side effects that people put into FunctionTransformer.
UFUNCS = [
    "log",
    "log1p",
    "log2",
    "log10",
    "exp",
    "expm1",
    "sqrt",
    "cbrt",
    "square",
    "abs",
    "absolute",
    "sin",
    "cos",
    "tan",
    "arcsinh",
    "tanh",
    "sign",
    "reciprocal",
]
SCIPY = [
    f"scipy.sparse._{kind}.{kind}_{shape}"
    for kind in ("bsr", "coo", "csc", "csr", "dia", "dok", "lil")
    for shape in ("matrix", "array")
]
TORCH = [
    "torch._utils._rebuild_tensor",
    "torch._utils._rebuild_tensor_v2",
    "torch._utils._rebuild_tensor_v3",
    "torch._utils._rebuild_parameter",
    "torch._utils._rebuild_qtensor",
    "torch._utils._rebuild_sparse_tensor",
    "torch.nn.parameter.Parameter",
    "torch.Size",
    "torch.Tensor",
    "torch.device",
    "torch.serialization._get_layout",
    "torch.storage.UntypedStorage",
    "torch.storage.TypedStorage",
    *(
        f"torch.{kind}Storage"
        for kind in [
            "Double",
            "Float",
            "Half",
            "Long",
            "Int",
            "Short",
            "Char",
            "Byte",
            "Bool",
            "BFloat16",
            "ComplexFloat",
            "ComplexDouble",
            "QInt8",
            "QUInt8",
            "QInt32",
        ]
    ),
    *(
        f"torch.{kind}"
        for kind in [
            "float64",
            "float32",
            "float16",
            "bfloat16",
            "int64",
            "int32",
            "int16",
            "int8",
            "uint8",
            "bool",
            "complex64",
            "complex128",
            "float8_e4m3fn",
            "float8_e5m2",
        ]
    ),
]
PANDAS = [
    "pandas.core.frame.DataFrame",
    "pandas.core.series.Series",
    "pandas.core.internals.managers.BlockManager",
    "pandas.core.internals.managers.SingleBlockManager",
    "pandas._libs.internals._unpickle_block",
    "pandas.core.indexes.base.Index",
    "pandas.core.indexes.base._new_Index",
    "pandas.core.indexes.range.RangeIndex",
    "pandas.core.indexes.multi.MultiIndex",
    "pandas.core.indexes.datetimes.DatetimeIndex",
    "pandas.core.arrays.categorical.Categorical",
    "pandas.core.dtypes.dtypes.CategoricalDtype",
    "pandas._libs.arrays.__pyx_unpickle_NDArrayBacked",
    "pandas._libs.tslibs.timestamps._unpickle_timestamp",
    "pandas._libs.tslibs.timedeltas._timedelta_unpickle",
]
BOOSTERS = [
    "xgboost.core.Booster",
    *(
        f"xgboost.sklearn.{name}"
        for name in ("XGBClassifier", "XGBRegressor", "XGBRanker", "XGBRFClassifier", "XGBRFRegressor", "XGBModel")
    ),
    "lightgbm.basic.Booster",
    *(f"lightgbm.sklearn.{name}" for name in ("LGBMClassifier", "LGBMRegressor", "LGBMRanker", "LGBMModel")),
]
# Their instances open files, fetch, or run what they are given.
LEFT_OUT = {"sklearn.utils._pprint", "sklearn.utils.parallel", "sklearn.utils._mocking", "sklearn.datasets"}
EXTENSION_TYPES = [
    "sklearn.tree._tree",
    "sklearn.neighbors._kd_tree",
    "sklearn.neighbors._ball_tree",
    "sklearn.metrics._dist_metrics",
    "sklearn._loss._loss",
    "sklearn.linear_model._sgd_fast",
    "sklearn.tree._criterion",
    "sklearn.tree._splitter",
    "sklearn.cluster._hierarchical_fast",
    "sklearn.neighbors._quad_tree",
    "sklearn.svm._libsvm",
]


def modules() -> Iterator[ModuleType]:
    for found in pkgutil.walk_packages(sklearn.__path__, "sklearn."):
        if ".tests" in found.name or ".conftest" in found.name or found.name.startswith(tuple(LEFT_OUT)):
            continue
        try:
            yield importlib.import_module(found.name)
        except ImportError:
            continue


def estimators() -> Iterator[str]:
    for _, kind in all_estimators():
        yield f"{kind.__module__}.{kind.__qualname__}"


def classes() -> Iterator[str]:
    """Estimators that all_estimators leaves out, kernels, losses, links, trees and what they hold."""
    wanted = (
        "sklearn.model_selection._split",
        "sklearn.neural_network._stochastic",
        "sklearn._loss",
        "sklearn.ensemble._hist_gradient_boosting",
        "sklearn.gaussian_process.kernels",
    )
    for module in modules():
        for name, kind in vars(module).items():
            own = inspect.isclass(kind) and kind.__module__ == module.__name__ and not issubclass(kind, BaseException)
            if own and (issubclass(kind, BaseEstimator) or module.__name__.startswith((*wanted, *EXTENSION_TYPES))):
                yield f"{module.__name__}.{name}"
            if name.startswith("__pyx_unpickle_") and not name.endswith("Enum"):
                yield f"{module.__name__}.{name}"
            if name == "newObj":
                yield f"{module.__name__}.newObj"


def section(title: str, entries: list[str]) -> None:
    print(f"\n# {title}")
    print("\n".join(sorted(set(entries))))


def main() -> None:
    warnings.simplefilter("ignore")
    print(
        "# Globals that a model's pickle may name: module.name, exactly. Made by tests/assets/scan/make_allowlist.py;"
    )
    print(
        "# what it may hold: docs/explanation/model-files.md. What imports, or calls what it is given, never goes in."
    )
    section("Python", [*(f"builtins.{name}" for name in BUILTINS), *STANDARD])
    ufuncs = [
        f"{module}.{name}"
        for module in ("numpy", "numpy.core._multiarray_umath", "numpy._core._multiarray_umath")
        for name in UFUNCS
    ]
    types = [f"numpy.{kind.__name__}" for kind in set(np.sctypeDict.values()) if kind is not np.object_]
    section("numpy", [*NUMPY, *ufuncs, *types])
    section("scipy", SCIPY)
    others = [
        "sklearn.utils._bunch.Bunch",
        "sklearn.calibration._CalibratedClassifier",
        "sklearn.calibration._SigmoidCalibration",
        "sklearn.tree._tree.Tree",
        "sklearn.metrics._scorer._PassthroughScorer",
    ]
    section(f"scikit-learn {sklearn.__version__}", [*estimators(), *classes(), *others])
    section("pandas", PANDAS)
    section("PyTorch state dicts", TORCH)
    section("boosters", BOOSTERS)


if __name__ == "__main__":
    main()
