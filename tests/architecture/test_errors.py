from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from tidegate import errors

PACKAGE = Path(__file__).resolve().parents[2] / "src" / "tidegate"
_LINE = re.compile(r"^[│├└─\s]*(?P<name>[A-Z]\w+)\s+(?P<code>\d+)", re.MULTILINE)

_EXCEPTION = re.compile(r"(?:Error|Exception)$")


def tree(kind: type[errors.Error]) -> Iterator[type[errors.Error]]:
    yield kind
    for child in kind.__subclasses__():
        if child.__module__ == errors.__name__:
            yield from tree(child)


def test_the_drawn_tree_is_the_real_one() -> None:
    """Every class in the order of the drawing, with its exit code."""
    drawn = _LINE.findall((errors.__doc__ or "").replace("exit code", ""))
    real = [(kind.__name__, str(kind.exit_code)) for kind in tree(errors.Error) if kind is not errors.Error]
    assert drawn == real


def own_exceptions() -> set[tuple[str, str]]:
    """Module and name of each class outside the tree that is an exception: a package's way to talk to itself."""
    return {
        (".".join(path.relative_to(PACKAGE.parent).with_suffix("").parts), node.name)
        for path in PACKAGE.rglob("*.py")
        if path.name != "errors.py"
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.ClassDef) and any(_EXCEPTION.search(ast.unparse(base)) for base in node.bases)
    }


def test_only_errors_of_the_tree_leave_a_package() -> None:
    """No package imports an exception that another one made for itself."""
    own = own_exceptions()
    crossing = [
        f"{path.relative_to(PACKAGE)} imports {alias.name} from {node.module}"
        for path in PACKAGE.rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.ImportFrom) and node.module
        for alias in node.names
        if (node.module, alias.name) in own and node.module.split(".")[1] != path.relative_to(PACKAGE).parts[0]
    ]
    assert not crossing, "\n".join(crossing)


@pytest.mark.parametrize("kind", list(tree(errors.Error)), ids=lambda kind: kind.__name__)
def test_an_error_says_what_and_what_next(kind: type[errors.Error]) -> None:
    """The message, and below it the hint."""
    extra = {"status": 403} if kind is errors.RegistryError else {}
    error = kind("key: wrong", hint="write it right", **extra)
    assert str(error) == "key: wrong\n  write it right"
