"""What packages are chosen for."""

from __future__ import annotations

import pytest
from packaging.markers import Marker
from packaging.tags import Tag

from tidegate.errors import ConfigError
from tidegate.oci.descriptor import Platform
from tidegate.packages.target import Target, suite_glibc

ARM = Target("3.11", Platform.parse("linux/arm64"))


def test_tags_go_from_specific_to_general() -> None:
    """Newer C library before older, compiled before pure."""
    tags = ARM.tags()
    order = [
        "cp311-cp311-manylinux_2_36_aarch64",
        "cp311-cp311-manylinux2014_aarch64",
        "cp311-abi3-manylinux_2_28_aarch64",
    ]
    places = [tags.index(Tag(*text.split("-"))) for text in [*order, "py3-none-any"]]
    assert places == sorted(places)


@pytest.mark.parametrize(
    "tag",
    [
        "cp311-cp311-manylinux_2_37_aarch64",
        "cp311-cp311-manylinux_2_28_x86_64",
        "cp311-cp311-musllinux_1_2_aarch64",
        "cp312-cp312-manylinux_2_28_aarch64",
        "cp311-cp311-macosx_11_0_arm64",
        "cp311-cp311-win_amd64",
    ],
)
def test_tags_of_other_platforms_do_not_fit(tag: str) -> None:
    """Neither a newer C library nor another one, CPU, Python or system."""
    assert Tag(*tag.split("-")) not in ARM.tags()


def test_uv_gets_the_nearest_platform_that_it_knows() -> None:
    """Never a newer one than the image has."""
    amd = Platform.parse("linux/amd64")
    assert ARM.uv_platform == "aarch64-manylinux_2_36"
    assert Target("3.13", amd, glibc=41).uv_platform == "x86_64-manylinux_2_40"
    assert Target("3.13", amd, glibc=30).uv_platform == "x86_64-manylinux_2_28"


def test_markers_see_the_target_and_not_this_machine() -> None:
    """CPU, system and Python."""
    text = "platform_machine == 'aarch64' and sys_platform == 'linux' and python_version == '3.11'"
    assert Marker(text).evaluate(dict(ARM.markers()))


@pytest.mark.parametrize("platform", ["linux/riscv64", "windows/amd64", "linux/386"])
def test_other_platforms_are_refused(platform: str) -> None:
    """By the key that names them."""
    with pytest.raises(ConfigError, match=r"build\.platforms"):
        Target("3.11", Platform.parse(platform))


def test_suites_have_their_c_library() -> None:
    """An unknown one counts as bookworm."""
    assert (suite_glibc("trixie"), suite_glibc("bookworm"), suite_glibc("forky")) == (41, 36, 36)
