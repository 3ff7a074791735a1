from __future__ import annotations

import ast
import re
import sys
import tomllib
from importlib.metadata import packages_distributions
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).resolve().parents[2]
PACKAGE = ROOT / "src" / "tidegate"


def declared() -> set[str]:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    return {canonicalize_name(Requirement(line).name) for line in project["dependencies"]}


def imported() -> set[str]:
    """The distributions whose modules src imports, outside the standard library."""
    trees = (ast.parse(path.read_text()) for path in PACKAGE.rglob("*.py"))
    nodes = [node for tree in trees for node in ast.walk(tree)]
    names = {alias.name for node in nodes if isinstance(node, ast.Import) for alias in node.names}
    names |= {node.module for node in nodes if isinstance(node, ast.ImportFrom) and node.module}
    top = {name.partition(".")[0] for name in names} - sys.stdlib_module_names - {"tidegate"}
    known = packages_distributions()
    return {canonicalize_name(distribution) for name in top for distribution in known[name]}


def test_what_is_declared_is_what_is_imported() -> None:
    """No dependency that nobody uses, and none that is there only because another one brings it."""
    assert declared() - imported() == set()
    assert imported() - declared() == set()


def test_every_dependency_has_its_reason() -> None:
    """docs/explanation/dependencies.md has a row for each, and none for others."""
    page = (ROOT / "docs" / "explanation" / "dependencies.md").read_text()
    rows = {canonicalize_name(name) for name in re.findall(r"^\| ([A-Za-z0-9-]+) \|", page, re.MULTILINE)}
    assert rows - {"package"} == declared()
