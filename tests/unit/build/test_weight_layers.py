from __future__ import annotations

import io
import os
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tidegate.build import weight_layers
from tidegate.build.contents import Item
from tidegate.build.digest_cache import SETTLED, DigestCache
from tidegate.build.filesystem import Filesystem
from tidegate.build.weight_layers import HashedLayer, WeightLayer
from tidegate.build.weights import WeightFile
from tidegate.errors import LockError, SourceChanged, VerificationError
from tidegate.oci.digest import Digest
from tidegate.oci.layer import DIRECTORY, read_layer
from tidegate.oci.recipe import FileKey, FilePart
from tidegate.project.config import Weights
from tidegate.project.lock import LockedWeights

MAIN = Weights(name="main", source="weights", path="/models")


def made(folder: Path, files: dict[str, bytes]) -> tuple[WeightFile, ...]:
    found = []
    for name, data in files.items():
        (folder / name).write_bytes(data)
        found.append(WeightFile(name, FilePart.of(folder / name), f"models/{name}"))
    return tuple(found)


def sized(*sizes: int) -> tuple[WeightFile, ...]:
    return tuple(
        WeightFile(f"{n:04}", FilePart(f"/{n}", FileKey(1, n, size, 0, 0)), f"m/{n:04}") for n, size in enumerate(sizes)
    )


def later() -> int:
    return 2**63 - 1 - SETTLED


def run(
    layers: tuple[WeightLayer, ...],
    cache: Path,
    progress: Callable[[str, int, int], None] = lambda _label, _count, _total: None,
) -> tuple[HashedLayer, ...]:
    with closing(DigestCache(cache)) as digests:
        return weight_layers.hash_layers(layers, digests, later, progress)


def test_layer_is_a_tar_of_the_files(tmp_path: Path) -> None:
    """With folders above, owned by root and readable by all."""
    files = made(tmp_path, {"a": b"x" * 1000, "b": b"y"})
    with weight_layers.recipe(files, Filesystem()).open() as stream:
        data = stream.readall() or b""
    found = [(e.path, e.mode, e.uid, c.read() if c else None) for e, c in read_layer(io.BytesIO(data), "here")]
    assert found == [
        ("models", 0o755, 0, None),
        ("models/a", 0o644, 0, b"x" * 1000),
        ("models/b", 0o644, 0, b"y"),
    ]


def test_folder_below_keeps_its_mode(tmp_path: Path) -> None:
    """Weights in a folder of the base don't change that folder."""
    below = Filesystem([(Item("models", DIRECTORY, mode=0o700, uid=7),)])
    with weight_layers.recipe(made(tmp_path, {"a": b"x"}), below).open() as stream:
        entries = [entry for entry, _ in read_layer(io.BytesIO(stream.readall() or b""), "here")]
    assert (entries[0].mode, entries[0].uid) == (0o700, 7)


def test_digests_are_those_of_layer_and_files(tmp_path: Path) -> None:
    """Both come from one pass."""
    data = os.urandom(9 << 20)
    layers = weight_layers.plan([(MAIN, made(tmp_path, {"a": data, "b": b"y"}))], 10, Filesystem())
    (hashed,) = run(layers, tmp_path / "cache")
    with layers[0].recipe.open() as stream:
        assert hashed.layer.diff_id == Digest.of(stream.readall() or b"")
    assert hashed.layer.descriptor.size == layers[0].recipe.size
    assert [file.sha256 for file in hashed.files] == [Digest.of(data).hex, Digest.of(b"y").hex]


def test_unchanged_files_are_not_read_again(tmp_path: Path) -> None:
    """The second time no byte is read."""
    layers = weight_layers.plan([(MAIN, made(tmp_path, {"a": b"x" * 5000}))], 10, Filesystem())
    read: list[int] = []
    first = run(layers, tmp_path / "cache", lambda _label, count, _total: read.append(count))
    assert sum(read) == layers[0].recipe.size
    again = run(layers, tmp_path / "cache", lambda _label, count, _total: read.append(count))
    assert sum(read) == layers[0].recipe.size
    assert (first[0].reused, again[0].reused) == (False, True)
    assert first[0].layer == again[0].layer


def test_changed_file_is_found_while_it_is_hashed(tmp_path: Path) -> None:
    """A file that was written to since it was looked at stops the build with its name."""
    layers = weight_layers.plan([(MAIN, made(tmp_path, {"a": b"x"}))], 10, Filesystem())
    (tmp_path / "a").write_bytes(b"yy")
    with pytest.raises(SourceChanged, match=str(tmp_path / "a")):
        run(layers, tmp_path / "cache")


@given(st.lists(st.integers(1, 3 << 30), min_size=1, max_size=80), st.integers(1, 40))
def test_shards_are_grouped_in_order_below_the_limit(sizes: list[int], limit: int) -> None:
    """Every file is in one layer, in name order, and there are never more layers than possible."""
    files = sized(*sizes)
    layers = weight_layers.plan([(MAIN, files)], limit, Filesystem())
    assert len(layers) <= limit
    assert [file for layer in layers for file in layer.files] == list(files)


def test_entries_do_not_share_a_layer() -> None:
    """Each has a reason of its own to change."""
    other = Weights(name="other", source="o", path="/o")
    layers = weight_layers.plan([(MAIN, sized(1, 1)), (other, sized(1))], 1, Filesystem())
    assert [(layer.name, len(layer.files)) for layer in layers] == [("main", 2), ("other", 1)]


def locked(hashed: tuple[HashedLayer, ...]) -> list[LockedWeights]:
    return [LockedWeights(name="main", source="weights", files=weight_layers.files_of(hashed, MAIN))]


def test_lock_holds_every_file(tmp_path: Path) -> None:
    """A file more, a file less and other bytes are each found and named."""
    hashed = run(
        weight_layers.plan([(MAIN, made(tmp_path, {"a": b"x", "b": b"y"}))], 9, Filesystem()), tmp_path / "digests"
    )
    weight_layers.check_locked(hashed, MAIN, locked(hashed))
    for change in ({"a": b"X", "b": b"y"}, {"a": b"x"}, {"a": b"x", "b": b"y", "c": b""}):
        other = run(weight_layers.plan([(MAIN, made(tmp_path, change))], 9, Filesystem()), tmp_path / "digests")
        with pytest.raises(LockError, match=r"weights/[abc] is not the file that was locked"):
            weight_layers.check_locked(other, MAIN, locked(hashed))
    with pytest.raises(LockError, match="not in it"):
        weight_layers.check_locked(hashed, MAIN, [])


def test_other_sha256_than_configured_is_refused(tmp_path: Path) -> None:
    """The configuration's digest is a promise about the file."""
    hashed = run(weight_layers.plan([(MAIN, made(tmp_path, {"a": b"x"}))], 9, Filesystem()), tmp_path / "digests")
    files = weight_layers.files_of(hashed, MAIN)
    good = Weights(name="main", source="a", path="/a", sha256=Digest.of(b"x").hex)
    weight_layers.check_sha256(good, files)
    bad = Weights(name="main", source="a", path="/a", sha256="0" * 64)
    with pytest.raises(VerificationError, match="has sha256"):
        weight_layers.check_sha256(bad, files)
