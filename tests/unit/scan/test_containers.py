from __future__ import annotations

import gzip
import io
import pickle

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.assets.scan.malicious import SYSTEM, corpus, npy, tarred, zipped

from tidegate.scan.containers import NOT_ANALYSED, Concern, examine
from tidegate.scan.pickles.allowlist import load

MALICIOUS = corpus()
CLEAN = pickle.dumps({"a": [1.0, 2.0]})


def look(name: str, data: bytes, *, rewindable: bool = False) -> list[Concern]:
    return examine(name, io.BytesIO(data), len(data), load(), rewindable=rewindable)


@pytest.mark.parametrize("name", MALICIOUS)
def test_nothing_that_runs_code_passes(name: str) -> None:
    """Every trick is a finding or not analysed, and the same for both ways of reading."""
    concerns = look(name, MALICIOUS[name])
    assert concerns
    assert concerns == look(name, MALICIOUS[name], rewindable=True)


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("m.pkl", CLEAN),
        ("m.pkl", CLEAN + CLEAN),
        ("m.joblib.gz", gzip.compress(CLEAN)),
        ("m.zip", zipped({"a.pkl": CLEAN, "b.txt": b"text"})),
        ("m.tar", tarred({"config.json": b"{}"})),
        ("x.npy", npy(bytes(8), "'<f8'")),
        ("x.pth", b"import os\n"),
        ("GPL.txt", b"copyright (c)\nall rights reserved\n"),
        ("list", b"cat\ndog\n."),
        ("x.py", b"import os\nos.system('true')\n"),
        ("empty.pkl", b""),
        ("x.svg", b"x^2"),
    ],
)
def test_what_is_harmless_is_clean(name: str, data: bytes) -> None:
    """Text is no pickle, and clean pickles are no finding."""
    assert look(name, data) == []


def test_the_place_inside_a_container_is_told() -> None:
    """Each layer of packing after an exclamation mark."""
    data = zipped({"in/a.tar": tarred({"m.bin": SYSTEM})})
    assert {item.location for item in look("models/m.zip", data)} == {"models/m.zip!in/a.tar!m.bin"}


def test_what_unpacks_to_too_much_is_not_analysed() -> None:
    """A small file that would unpack to more than 1 GiB."""
    bomb = b"\x80\x04" + b"\x8e" + (1 << 31).to_bytes(8, "little")
    zeros = gzip.compress(bytes(1 << 22), 9) * 300
    (concern,) = look("m.pkl.gz", gzip.compress(bomb) + zeros)
    assert concern.code == NOT_ANALYSED
    assert "more than" in concern.detail


@given(st.binary(max_size=600), st.sampled_from(["m.pkl", "m.npy", "m.pt", "m.bin"]))
def test_any_file_is_judged(data: bytes, name: str) -> None:
    """Never by an error."""
    look(name, data)
