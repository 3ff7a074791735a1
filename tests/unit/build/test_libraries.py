from __future__ import annotations

import pytest

from tidegate.build.contents import Item
from tidegate.build.elf import Elf
from tidegate.build.filesystem import Filesystem
from tidegate.build.libraries import Missing, check, debian_package, missing
from tidegate.errors import ConfigError
from tidegate.oci.descriptor import Platform
from tidegate.oci.layer import FILE, SYMLINK

AMD = Platform.parse("linux/amd64")
SITE = "usr/local/lib/python3.11/dist-packages"


def elf(path: str, *needed: str, search: tuple[str, ...] = (), machine: int = 62) -> Item:
    return Item(path, FILE, elf=Elf(machine, needed, search))


def find(*items: Item, library_path: str = "") -> list[str]:
    return [one.library for one in missing(Filesystem([items]), items, AMD, library_path)]


def test_library_that_is_nowhere_is_missing() -> None:
    """The file that needs it is named."""
    item = elf(f"{SITE}/sklearn/x.so", "libstdc++.so.6")
    assert missing(Filesystem([(item,)]), [item], AMD) == [Missing(item.path, "libstdc++.so.6")]


@pytest.mark.parametrize(
    "place", ["lib/x86_64-linux-gnu", "usr/lib/x86_64-linux-gnu", "lib", "usr/lib", "lib64", "usr/lib64"]
)
def test_standard_folders_are_searched(place: str) -> None:
    """Where the dynamic linker looks without being told."""
    assert find(elf("bin/x", "liba.so"), Item(f"{place}/liba.so", FILE)) == []


@pytest.mark.parametrize("search", ["$ORIGIN/../libs", "${ORIGIN}/../libs", "/opt/libs"])
def test_folders_that_the_file_names_are_searched(search: str) -> None:
    """RUNPATH, relative to the file too."""
    assert find(elf("opt/x/a.so", "liba.so", search=(search,)), Item("opt/libs/liba.so", FILE)) == []


def test_configured_folders_count_only_with_the_linkers_cache() -> None:
    """Without ldconfig's cache nobody reads ld.so.conf."""
    item, library = elf("bin/x", "liba.so"), Item("opt/liba.so", FILE)
    conf = Item("etc/ld.so.conf.d/opt.conf", FILE, text="# here\n/opt\n")
    assert find(item, library, conf) == ["liba.so"]
    assert find(item, library, conf, Item("etc/ld.so.cache", FILE)) == []


def test_library_path_of_the_image_is_searched() -> None:
    """LD_LIBRARY_PATH is part of how it runs."""
    assert find(elf("bin/x", "liba.so"), Item("opt/liba.so", FILE), library_path="/none:/opt") == []


def test_library_of_another_wheel_is_there() -> None:
    """torchvision relies on torch having loaded its libraries."""
    assert find(elf(f"{SITE}/torchvision/_C.so", "libc10.so"), Item(f"{SITE}/torch/lib/libc10.so", FILE)) == []


@pytest.mark.parametrize("library", ["libcuda.so.1", "libnvidia-ml.so.1"])
def test_driver_brings_its_own_libraries(library: str) -> None:
    """They come into the container with the GPU."""
    assert find(elf(f"{SITE}/torch/x.so", library)) == []


def test_link_to_a_library_counts_and_a_dead_one_does_not() -> None:
    """A name is followed to a file."""
    item = elf("bin/x", "liba.so")
    assert find(item, Item("usr/lib/liba.so", SYMLINK, "liba.so.1")) == ["liba.so"]
    assert find(item, Item("usr/lib/liba.so", SYMLINK, "liba.so.1"), Item("usr/lib/liba.so.1", FILE)) == []


def test_file_for_another_cpu_is_data() -> None:
    """It can't be loaded here anyway."""
    assert find(elf("data/x.so", "liba.so", machine=183)) == []


def test_replaced_file_is_not_checked() -> None:
    """What a later layer hides needs nothing."""
    below, above = elf("bin/x", "liba.so"), elf("bin/x")
    assert missing(Filesystem([(below,), (above,)]), [below, above], AMD) == []


def test_failure_names_file_library_and_package() -> None:
    """The next step for a Debian base is a package to add."""
    with pytest.raises(ConfigError, match=r"linux/amd64.*/a/x\.so needs libstdc\+\+\.so\.6") as caught:
        check([Missing("a/x.so", "libstdc++.so.6")], AMD, "debian")
    assert "libstdc++6" in caught.value.hint
    with pytest.raises(ConfigError) as caught:
        check([Missing("a/x.so", "liba.so")] * 9, AMD, "image")
    assert "and 4 more" in caught.value.message
    assert "liba.so" in caught.value.hint
    check([], AMD, "debian")


@pytest.mark.parametrize(
    ("library", "package"),
    [("libgomp.so.1", "libgomp1"), ("libGL.so.1", "libgl1"), ("libssl.so.3", "libssl3"),
     ("libsndfile.so.1", "libsndfile1"), ("libicui18n.so.72", "libicui18n72"),
     ("libglib-2.0.so.0", "libglib2.0-0"), ("libdb5.so.3", "libdb5-3"), ("libfoo_bar.so.2", "libfoo-bar2")],
)  # fmt: skip
def test_package_is_guessed_by_debians_rule(library: str, package: str) -> None:
    """Name and version joined, with a dash after a digit."""
    assert debian_package(library) == package
