from __future__ import annotations

import argparse
import ast
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest

from tidegate.cli.arguments import load
from tidegate.cli.main import COMMANDS, main
from tidegate.project.config import Config

ROOT = Path(__file__).resolve().parents[2]
PACKAGE = ROOT / "src" / "tidegate"
DOCS = ROOT / "docs"
_ENVIRONS = frozenset({"environ", "_environ", "env", "present"})
_OURS = re.compile(r"(TIDEGATE|PIP|UV)_[A-Z_]*[A-Z]")


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_is_documented(name: str) -> None:
    """The list of `--help`, the module and docs/reference/commands.md say the same; every option is there."""
    page = (DOCS / "reference" / "commands.md").read_text()
    module = load(name)
    assert COMMANDS[name] == module.HELP
    assert f"tidegate {name}" in page
    parser = argparse.ArgumentParser(add_help=False)
    module.configure(parser)
    missing = {option for option in options(parser) if option not in page}
    assert not missing, " ".join(sorted(missing))


def options(parser: argparse.ArgumentParser) -> Iterator[str]:
    """The long options of a parser and of those below it."""
    for action in parser._actions:
        if action.help is not argparse.SUPPRESS:
            yield from (option for option in action.option_strings if option.startswith("--"))
        if isinstance(action, argparse._SubParsersAction):
            for child in action.choices.values():
                yield from (option for option in options(child) if option != "--help")


def test_help_lists_every_command(capsys: pytest.CaptureFixture[str]) -> None:
    """And exits with 0."""
    with pytest.raises(SystemExit) as caught:
        main(["--help"], {})
    assert caught.value.code == 0
    printed = capsys.readouterr().out
    assert all(re.search(rf"^ +{name}\s", printed, re.MULTILINE) for name in COMMANDS)


def keys(kind: Any, place: str = "") -> Iterator[str]:
    """The dotted keys of a section and of those inside it; a list's items are one level below it."""
    for field in msgspec.structs.fields(kind):
        name = f"{place}{field.encode_name}"
        yield name
        for inner in sections(field.type):
            yield from keys(inner, f"{name}.")


def sections(kind: Any) -> Iterator[Any]:
    if isinstance(kind, type) and issubclass(kind, msgspec.Struct):
        yield kind
    for argument in getattr(kind, "__args__", ()):
        yield from sections(argument)


def test_every_key_is_documented() -> None:
    """docs/reference/configuration.md has each key of tidegate.yaml in code font."""
    page = (DOCS / "reference" / "configuration.md").read_text().replace("[]", "")
    words = set(re.findall(r"`([^`\n]+)`", page))
    missing = {key for key in keys(Config) if key not in words and not any(w.startswith(f"{key}.") for w in words)}
    assert not missing, " ".join(sorted(missing))


def variables(path: Path) -> Iterator[str]:
    """The environment variables that a module names: literals looked up in an environment, and our own names."""
    for node in ast.walk(ast.parse(path.read_text())):
        found: ast.expr | None = None
        if (
            isinstance(node, ast.Call)
            and isinstance(node.func, ast.Attribute)
            and node.func.attr == "get"
            and node.args
        ):
            found = node.args[0] if last_name(node.func.value) in _ENVIRONS else None
        elif isinstance(node, ast.Subscript) and isinstance(node.ctx, ast.Load):
            found = node.slice if last_name(node.value) in _ENVIRONS else None
        elif isinstance(node, ast.Constant) and _OURS.fullmatch(str(node.value)):
            found = node
        if isinstance(found, ast.Constant) and isinstance(found.value, str):
            yield found.value


def last_name(node: ast.expr) -> str:
    return node.attr if isinstance(node, ast.Attribute) else getattr(node, "id", "")


def test_every_environment_variable_is_documented() -> None:
    """docs/reference/environment.md has each, or its family as `CIRCLE_*`."""
    page = (DOCS / "reference" / "environment.md").read_text()
    words = set(re.findall(r"`([A-Za-z0-9_*]+)`", page))
    families = tuple(word.removesuffix("*") for word in words if word.endswith("*"))
    read = {name for path in PACKAGE.rglob("*.py") for name in variables(path)}
    missing = {name for name in read if name not in words and not name.startswith(families)}
    assert not missing, " ".join(sorted(missing))


def test_every_folder_has_a_line_in_the_architecture() -> None:
    """docs/architecture.md names each folder of src/tidegate, and none that is gone."""
    page = (DOCS / "architecture.md").read_text()
    folders = {f"{path.parent.relative_to(PACKAGE)}/" for path in PACKAGE.rglob("__init__.py")} - {"./"}
    named = set(re.findall(r"^\| `([a-z_/]+/)`", page.partition("\n## Tests")[0], re.MULTILINE))
    assert named == folders


def test_links_between_pages_lead_somewhere() -> None:
    """Every relative link of a Markdown page names a file that is there."""
    pages = [*ROOT.glob("*.md"), *DOCS.rglob("*.md"), *(ROOT / "examples").rglob("*.md")]
    broken = {
        f"{page.relative_to(ROOT)}: {target}"
        for page in pages
        for target in re.findall(r"\]\(([^)#\s]+)[^)]*\)", page.read_text())
        if not target.startswith(("http://", "https://", "mailto:")) and not (page.parent / target).exists()
    }
    assert not broken, "\n".join(sorted(broken))


def test_next_steps_are_commands_that_exist() -> None:
    """No message sends the user to a command that isn't there."""
    named = {
        f"{path.relative_to(PACKAGE)}: tidegate {name}"
        for path in PACKAGE.rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
        for name in re.findall(r"(?:`|: )tidegate ([a-z]+)", node.value)
        if name not in COMMANDS
    }
    assert not named, "\n".join(sorted(named))


def test_pages_that_the_code_names_are_there() -> None:
    """In docstrings, comments, messages and generated reports."""
    named = {
        f"{path.relative_to(ROOT)}: {page}"
        for path in PACKAGE.rglob("*.py")
        for page in re.findall(r"(?<!git-lfs, )\bdocs/[a-z0-9/_-]+\.md", path.read_text())
        if not (ROOT / page).exists()
    }
    assert not named, "\n".join(sorted(named))


def test_every_page_is_reached_from_the_index() -> None:
    """A page that nobody finds is not there."""
    docs = ROOT / "docs"
    index = (docs / "index.md").read_text()
    pages = {path.relative_to(docs).as_posix() for path in docs.rglob("*.md")} - {"index.md"}
    assert {page for page in pages if f"({page})" not in index} == set()
