"""What in a requirements file can't be locked."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tidegate.errors import ConfigError
from tidegate.packages import requirements


def check(folder: Path, text: str) -> None:
    path = folder / "requirements.txt"
    path.write_text(text)
    requirements.check(path)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "# nothing\n\n",
        "numpy==2.0  # why\nscipy>=1,<2; python_version < '3.12'",
        "uvicorn[standard]\n--only-binary :all:\n--pre",
        "numpy==2.0 \\\n    --hash=sha256:00 \\\n    --hash=sha256:11",
    ],
)
def test_packages_of_an_index_are_fine(tmp_path: Path, text: str) -> None:
    """With comments, markers, extras, hashes and continued lines."""
    check(tmp_path, text)


@pytest.mark.parametrize(
    ("line", "problem"),
    [
        ("-e .", "editable"),
        ("-e../digits", "editable"),
        ("--editable=git+https://git.acme.example/x", "editable"),
        ("git+ssh://git.acme.example/x", "address or path"),
        ("x @ git+https://git.acme.example/x", "address or path"),
        ("x@https://packages.acme.example/x-1-py3-none-any.whl", "address or path"),
        ("https://packages.acme.example/x-1-py3-none-any.whl", "address or path"),
        ("./wheels/x-1-py3-none-any.whl", "address or path"),
        ("x-1-py3-none-any.whl", "address or path"),
        ("--index-url https://packages.acme.example/simple", "index"),
        ("--extra-index-url=https://packages.acme.example/simple", "index"),
        ("-i https://packages.acme.example/simple", "index"),
        ("-f wheels", "index"),
    ],
)
def test_what_cannot_be_locked_is_named_with_its_line(tmp_path: Path, line: str, problem: str) -> None:
    """And with what to do instead."""
    with pytest.raises(ConfigError, match=rf"requirements\.txt, line 2: .*{problem}") as caught:
        check(tmp_path, f"numpy\n{line}\n")
    assert caught.value.hint


def test_included_files_are_checked(tmp_path: Path) -> None:
    """In either spelling."""
    (tmp_path / "more.txt").write_text("-e .")
    for line in ("-r more.txt", "-rmore.txt", "--requirement=more.txt"):
        with pytest.raises(ConfigError, match=r"more\.txt, line 1"):
            check(tmp_path, line)


@pytest.mark.parametrize("line", ["-r nosuch.txt", "-r requirements.txt", "-r ."])
def test_missing_and_circular_files_are_errors(tmp_path: Path, line: str) -> None:
    """That name the file."""
    with pytest.raises(ConfigError, match=str(tmp_path)):
        check(tmp_path, line)


def test_a_file_that_is_not_text_is_an_error(tmp_path: Path) -> None:
    """That names it."""
    path = tmp_path / "requirements.txt"
    path.write_bytes(b"numpy\xff\xfe")
    with pytest.raises(ConfigError, match="not UTF-8"):
        requirements.check(path)


@given(st.text(st.sampled_from("numpy=1 \\\n#-e.r/@:"), max_size=80))
def test_logical_lines_keep_what_is_not_a_comment(text: str) -> None:
    """None is empty, and numbers go up."""
    found = list(requirements.lines(text))
    assert all(line for _, line in found)
    assert [number for number, _ in found] == sorted({number for number, _ in found})
