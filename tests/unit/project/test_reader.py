from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tidegate.errors import ConfigError
from tidegate.project.config import CodeItem
from tidegate.project.reader import parse, read_project

MINIMAL: dict[str, Any] = {"tidegate": 1, "model": {"name": "digits"}}
ROOT = Path(__file__).resolve().parents[3]


def write(folder: Path, text: str, name: str = "tidegate.yaml") -> Path:
    (folder / name).write_text(text)
    return folder


@pytest.mark.parametrize("example", ["digits", "batch"])
def test_the_examples_are_read(example: str) -> None:
    """The configuration of each example is valid."""
    assert read_project(ROOT / "examples" / example, {}).config.weights[0].name == "main"


def test_defaults_make_a_name_enough() -> None:
    """Two lines configure a model."""
    config = parse(MINIMAL, {})
    assert config.build.base.debian == "bookworm"
    assert config.build.platforms == ("linux/amd64",)
    assert config.scan.advisories.required


def test_every_key_of_the_contract_is_read() -> None:
    """Code items as text and as mappings, and YAML's own spelling of numbers and dates."""
    config = parse(
        MINIMAL
        | {
            "build": {"code": ["app.py", {"from": "src/digits", "to": "/app/digits"}], "port": 8080},
            "ignore": [{"id": "CVE-2026-0001", "statement": "s", "owner": "@me", "expired_at": "2026-12-01"}],
        },
        {},
    )
    assert config.build.code == ("app.py", CodeItem(source="src/digits", to="/app/digits"))
    assert config.ignore[0].expired_at == "2026-12-01"


def test_pyproject_holds_the_same_keys(tmp_path: Path) -> None:
    """[tool.tidegate] in pyproject.toml stands for tidegate.yaml."""
    write(tmp_path, '[tool.tidegate]\ntidegate = 1\nmodel = {name = "digits"}\n', "pyproject.toml")
    project = read_project(tmp_path, {})
    assert project.config.model.name == "digits"
    assert project.source == tmp_path / "pyproject.toml"


def test_a_pyproject_of_another_tool_is_no_configuration(tmp_path: Path) -> None:
    """Without [tool.tidegate] the next step is init."""
    write(tmp_path, "[project]\nname = 'x'\n", "pyproject.toml")
    with pytest.raises(ConfigError) as caught:
        read_project(tmp_path, {})
    assert "tidegate init" in caught.value.hint


def test_two_configurations_are_an_error(tmp_path: Path) -> None:
    """Neither of the two wins silently."""
    write(tmp_path, "tidegate: 1\nmodel: {name: a}\n")
    write(tmp_path, "[tool.tidegate]\ntidegate = 1\n", "pyproject.toml")
    with pytest.raises(ConfigError, match="both"):
        read_project(tmp_path, {})


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("tidegate: 1\nmodel: {name: a}\nbuild: {requirement: r.txt}\n", "build.requirement"),
        ("tidegate: 1\nmodel: {name: a}\nweigths: []\n", "weigths"),
        ("tidegate: 1\nmodel: {name: A B}\n", "model.name"),
        ("tidegate: 2\nmodel: {name: a}\n", "tidegate"),
        ("model: {name: a}\n", "tidegate"),
        ("tidegate: 1\nmodel: {name: a, version: 1.4}\n", "model.version"),
        ("tidegate: 1\nmodel: {name: a}\ntest: {protocol: soap}\n", "test.protocol"),
        ("tidegate: 1\nmodel: {name: a}\ntest: {protocol: http}\n", "build.port"),
        ("tidegate: 1\nmodel: {name: a}\nbuild: {base: {}}\n", "build.base"),
        ("tidegate: 1\nmodel: {name: a}\nbuild: {base: {debian: bookworm, image: python}}\n", "build.base"),
        ("tidegate: 1\nmodel: {name: a}\nbuild: {dockerfile: D, code: [a.py]}\n", "build.code"),
        ("tidegate: 1\nmodel: {name: a}\nbuild: {platforms: []}\n", "build.platforms"),
        ("tidegate: 1\nmodel: {name: a}\nmodel: {name: b}\n", "line 3"),
        ("tidegate: 1\nmodel: [\n", "line"),
        ("- tidegate\n", "mapping"),
        ("", "mapping"),
        ("\tx", "line 1"),
    ],
)
def test_a_wrong_file_is_one_error_with_the_key_or_line(tmp_path: Path, text: str, said: str) -> None:
    """Every mistake names the file and the place, and exits with 2."""
    with pytest.raises(ConfigError) as caught:
        read_project(write(tmp_path, text), {})
    assert said in caught.value.message
    assert "tidegate.yaml" in caught.value.message
    assert caught.value.exit_code == 2


@pytest.mark.parametrize(
    ("document", "hint"),
    [
        ({"biuld": {}}, "build"),
        ({"build": {"platform": []}}, "platforms"),
        ({"build": {"base": {"debain": "x"}}}, "debian"),
        ({"weights": [{"name": "a", "source": "b", "paht": "/c"}]}, "path"),
        ({"scan": {"advisories": {"max-age": "7d"}}}, "max_age"),
    ],
)
def test_an_unknown_key_names_the_nearest_one(document: dict[str, Any], hint: str) -> None:
    """Also deep inside lists and mappings."""
    with pytest.raises(ConfigError) as caught:
        parse(MINIMAL | document, {})
    assert f"did you mean {hint}?" in caught.value.hint


def test_a_number_where_text_is_meant_is_told_to_be_quoted() -> None:
    """`version: 1.4` is a number to YAML."""
    with pytest.raises(ConfigError) as caught:
        parse({"tidegate": 1, "model": {"name": "a", "version": 1.4}}, {})
    assert "quotes" in caught.value.hint


def test_listed_variables_are_replaced_everywhere() -> None:
    """In nested lists too, and nothing else that looks like one is touched."""
    document = MINIMAL | {"variables": ["SITE"], "push": [{"to": "${SITE}/models/digits"}], "tags": ["$SITE"]}
    config = parse(document, {"SITE": "registry.acme.example", "HOME": "/root"})
    assert config.push[0].to == "registry.acme.example/models/digits"
    assert config.tags == ("$SITE",)


def test_a_variable_that_is_not_listed_is_an_error() -> None:
    """So that no secret of the environment slips into an image."""
    with pytest.raises(ConfigError, match=r"push\[0\]\.to.*HOME"):
        parse(MINIMAL | {"push": [{"to": "${HOME}"}]}, {"HOME": "/root"})


def test_a_listed_variable_that_is_not_set_is_an_error() -> None:
    """An empty string would build something else than was meant."""
    with pytest.raises(ConfigError, match="SITE is not set"):
        parse(MINIMAL | {"variables": ["SITE"], "tags": ["${SITE}"]}, {})


def test_weights_have_names_of_their_own() -> None:
    """Two layers of one name could not be told apart."""
    weights = {"name": "main", "source": "a", "path": "/a"}
    with pytest.raises(ConfigError, match="'main'"):
        parse(MINIMAL | {"weights": [weights, weights | {"path": "/b"}]}, {})


def test_a_folder_that_is_not_there_is_said(tmp_path: Path) -> None:
    """The message names the folder."""
    with pytest.raises(ConfigError, match="nowhere"):
        read_project(tmp_path / "nowhere", {})


@pytest.mark.parametrize("data", [b"\xff\xfe", b"tidegate: 1 # " + b"x" * (1 << 20)], ids=["not text", "too large"])
def test_bytes_that_are_no_configuration_are_refused(tmp_path: Path, data: bytes) -> None:
    """Neither a binary file nor a huge one is parsed."""
    (tmp_path / "tidegate.yaml").write_bytes(data)
    with pytest.raises(ConfigError, match=r"tidegate\.yaml"):
        read_project(tmp_path, {})


def test_a_repository_that_should_be_created_is_refused() -> None:
    """What can't be done is not left out silently."""
    with pytest.raises(ConfigError, match=r"push\[0\]\.create"):
        parse(MINIMAL | {"push": [{"to": "registry.acme.example/digits", "create": True}]}, {})
