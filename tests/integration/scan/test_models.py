from __future__ import annotations

from pathlib import Path

import pytest

from tidegate.scan.containers import examine
from tidegate.scan.pickles.allowlist import load

# Made by tests/assets/scan/make_models.py.
MODELS = sorted((Path(__file__).parents[2] / "assets" / "scan" / "models").iterdir())


@pytest.mark.parametrize("path", MODELS, ids=lambda path: path.name)
@pytest.mark.parametrize("rewindable", [True, False])
def test_real_models_are_clean(path: Path, rewindable: bool) -> None:
    """As scikit-learn, joblib, numpy and torch write them: no false alarm, nothing left unread."""
    with path.open("rb") as stream:
        assert examine(path.name, stream, path.stat().st_size, load(), rewindable=rewindable) == []


@pytest.mark.parametrize("path", MODELS, ids=lambda path: path.name)
def test_a_real_model_that_was_cut_is_not_clean(path: Path, tmp_path: Path) -> None:
    """Whatever it is packed in; arrays of numbers alone hold no code."""
    if path.name == "floats.npy":
        pytest.skip("no code can be in it")
    cut = tmp_path / path.name
    cut.write_bytes(path.read_bytes()[:-30])
    with cut.open("rb") as stream:
        assert examine(cut.name, stream, cut.stat().st_size, load())


def test_there_are_enough_of_them() -> None:
    """The claim is about this many kinds of model."""
    assert len(MODELS) >= 25
