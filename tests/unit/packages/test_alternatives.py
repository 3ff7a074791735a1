"""The links of update-alternatives."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from tidegate.packages.alternatives import Alternative, links, merged, parse

BLAS = """#!/bin/sh
set -e
if [ "$1" = configure ]; then
    update-alternatives --install /usr/lib/x/libblas.so.3 \\
        libblas.so.3-x /usr/lib/x/blas/libblas.so.3 10 \\
        --slave /usr/lib/x/libcblas.so.3 libcblas.so.3-x /usr/lib/x/blas/libcblas.so.3
fi
"""


def test_links_and_their_slaves_are_read() -> None:
    """With continued lines, and with the priority of the call."""
    assert list(parse(BLAS)) == [
        Alternative("/usr/lib/x/libblas.so.3", "libblas.so.3-x", "/usr/lib/x/blas/libblas.so.3", 10),
        Alternative("/usr/lib/x/libcblas.so.3", "libcblas.so.3-x", "/usr/lib/x/blas/libcblas.so.3", 10),
    ]


def test_calls_with_shell_variables_are_left_out() -> None:
    """They could name anything."""
    assert list(parse('update-alternatives --install "$link" x /usr/bin/a 10')) == []


def test_the_highest_priority_is_taken() -> None:
    """Of those whose file is there."""
    scripts = {
        "a": "update-alternatives --install /bin/x x /usr/bin/a 10",
        "b": "update-alternatives --install /bin/x x /usr/bin/b 20",
        "c": "update-alternatives --install /bin/x x /usr/bin/c 30",
    }
    found = {entry.path: entry.target for entry in links(scripts, {"usr/bin/a", "usr/bin/b"})}
    assert found == {"etc/alternatives/x": "/usr/bin/b", "usr/bin/x": "/etc/alternatives/x"}


def test_a_shipped_file_is_not_replaced() -> None:
    """A link's place must be free."""
    assert not list(links({"a": "update-alternatives --install /bin/x x /bin/a 1"}, {"usr/bin/a", "usr/bin/x"}))


def test_usr_is_merged() -> None:
    """Only below the folders that are links."""
    assert [merged(path) for path in ("/bin/sh", "lib64/ld.so", "usr/bin/a", "etc/bin/x", "bin")] == [
        "usr/bin/sh",
        "usr/lib64/ld.so",
        "usr/bin/a",
        "etc/bin/x",
        "bin",
    ]


@given(st.text(st.sampled_from("update-alternatives --install /a b\\\n'\"$;"), max_size=200))
def test_any_script_is_read_without_failing(script: str) -> None:
    """Nothing but a well-formed call gives a link."""
    assert all(found.path.startswith("/") for found in parse(script))
