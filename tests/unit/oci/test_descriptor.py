from __future__ import annotations

import pytest

from tidegate.errors import UsageError
from tidegate.oci.descriptor import Platform


@pytest.mark.parametrize("text", ["linux/amd64", "linux/arm64", "linux/arm/v7"])
def test_platform_reads_as_it_is_written(text: str) -> None:
    """Parsing and printing agree."""
    assert str(Platform.parse(text)) == text


@pytest.mark.parametrize("text", ["", "linux", "linux/", "/amd64", "linux/arm/v7/x", "amd64"])
def test_other_text_is_not_a_platform(text: str) -> None:
    """The message shows how one is written."""
    with pytest.raises(UsageError, match="not a platform"):
        Platform.parse(text)


def test_machine_names_are_translated() -> None:
    """What uname prints becomes Go's words; an unknown machine stays as it is."""
    assert str(Platform.of_machine("x86_64")) == "linux/amd64"
    assert str(Platform.of_machine("aarch64")) == "linux/arm64"
    assert str(Platform.of_machine("riscv64")) == "linux/riscv64"


def test_variant_does_not_keep_an_image_from_running() -> None:
    """linux/arm64 runs linux/arm64/v8, and not linux/amd64."""
    arm = Platform.parse("linux/arm64")
    assert arm.runs(Platform.parse("linux/arm64/v8"))
    assert not arm.runs(Platform.parse("linux/amd64"))
