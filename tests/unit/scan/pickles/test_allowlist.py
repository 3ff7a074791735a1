from __future__ import annotations

import pytest

from tidegate.errors import ConfigError
from tidegate.scan.pickles.allowlist import is_plausible, load, rename
from tidegate.scan.pickles.values import UNRESOLVED, Global

# Each of them runs, imports or opens what it is given.
DANGEROUS = [
    "os.system", "posix.system", "builtins.eval", "builtins.exec", "builtins.getattr", "builtins.__import__",
    "builtins.type", "builtins.open", "builtins.compile", "builtins.map", "operator.attrgetter",
    "operator.methodcaller",
    "functools.reduce", "pickle.loads", "_pickle.loads", "marshal.loads", "types.FunctionType", "types.CodeType",
    "numpy.load", "numpy.memmap", "numpy.vectorize", "numpy.core._ufunc_reconstruct", "numpy.fromfile",
    "joblib.load", "joblib.memory.Memory", "torch.load", "torch.storage._load_from_bytes", "importlib.import_module",
    "sklearn.datasets._openml.fetch_openml", "shutil.rmtree", "subprocess.Popen", "copyreg.__newobj_ex__",
]  # fmt: skip


@pytest.mark.parametrize("name", DANGEROUS)
def test_nothing_that_runs_what_it_is_given_is_allowed(name: str) -> None:
    """The list holds data types and what rebuilds them."""
    module, _, attribute = name.rpartition(".")
    assert not load().allows(Global(module, attribute))


def test_a_configuration_adds_its_own() -> None:
    """Exactly as written; the digest tells the lists apart."""
    added = load(["acme.models.Ranker"])
    assert added.allows(Global("acme.models", "Ranker"))
    assert not added.allows(Global("acme", "models.Ranker"))
    assert not load().allows(Global("acme.models", "Ranker"))
    assert added.digest != load().digest


@pytest.mark.parametrize("entry", ["eval", "", "a b.c", "a.*", "a..b"])
def test_a_wrong_entry_is_an_error(entry: str) -> None:
    """That names the key."""
    with pytest.raises(ConfigError, match=r"scan\.pickle_allow"):
        load([entry])


def test_python_2_names_are_those_of_python_3() -> None:
    """Only where a loader maps them: before protocol 3."""
    assert rename("__builtin__", "eval", 2) == Global("builtins", "eval")
    assert rename("__builtin__", "xrange", 1) == Global("builtins", "range")
    assert rename("__builtin__", "eval", 4) == Global("__builtin__", "eval")


def test_an_unresolved_name_is_never_allowed() -> None:
    """Nor is text a name."""
    assert not load().allows(UNRESOLVED)
    assert not is_plausible(Global("opyright (c) 2026", "x"))
    assert is_plausible(Global("os.path", "join"))
