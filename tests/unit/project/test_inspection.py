from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pytest

from tidegate.errors import ConfigError
from tidegate.project.inspection import (
    Findings,
    find_golden,
    find_weights,
    inspect,
    inspect_folder,
    normalise_name,
)

APP = "from starlette.applications import Starlette\napp = Starlette()\n"


def look(texts: Mapping[str, str]) -> Findings:
    return inspect("model", sorted(texts), texts.__getitem__)


@pytest.mark.parametrize(
    ("folder", "name"),
    [("digits", "digits"), ("My Model_v2", "my-model-v2"), ("..", "model"), ("Größe", "gr-e"), ("a" * 300, "a" * 128)],
)
def test_a_folder_name_becomes_a_model_name(folder: str, name: str) -> None:
    """Lower-case letters, digits and dashes are left."""
    assert normalise_name(folder) == name


def test_the_name_that_the_program_serves_goes_before_the_folders() -> None:
    """Otherwise the test would ask for a model that isn't served."""
    assert look({"app.py": APP + "route = '/v2/models/digits/infer'\n"}).name == "digits"
    assert look({"app.py": APP}).name == "model"


@pytest.mark.parametrize(
    ("texts", "requirements"),
    [
        ({"requirements.txt": "numpy\n", "uv.lock": "version = 1\n"}, "uv.lock"),
        (
            {"requirements.txt": "numpy\n", "pyproject.toml": "[project]\ndependencies = ['numpy']\n"},
            "requirements.txt",
        ),
        ({"pyproject.toml": "[project]\ndependencies = ['numpy']\n"}, "pyproject.toml"),
        ({"pyproject.toml": "[tool.ruff]\n"}, None),
        ({"pyproject.toml": "broken = [\n"}, None),
        ({"app.py": APP}, None),
    ],
)
def test_the_most_exact_requirements_are_taken(texts: dict[str, str], requirements: str | None) -> None:
    """A lock before a list, a list before a project, and a project only if it names dependencies."""
    assert look(texts).requirements == requirements


def test_packages_are_named_whatever_pins_them() -> None:
    """Markers, extras, hashes, comments and options do not hide a name."""
    text = (
        "--index-url https://packages.acme.example/simple\nScikit_Learn[x]==1.5 ; python_version>'3' # c\nuvicorn \\\n"
    )
    assert look({"requirements.txt": text}).packages == {"scikit-learn", "uvicorn"}
    assert look({"uv.lock": "[[package]]\nname = 'numpy'\n"}).packages == {"numpy"}
    assert look({"pyproject.toml": "[project]\ndependencies = ['a>1', 3]\n"}).packages == {"a"}


@pytest.mark.parametrize(
    ("texts", "version"),
    [
        ({".python-version": "3.12.4\n"}, "3.12"),
        ({"pyproject.toml": "[project]\nrequires-python = '>=3.12'\n"}, "3.12"),
        ({"pyproject.toml": "[project]\nrequires-python = '>=3.9.2,<3.13'\n"}, "3.11"),
        ({"pyproject.toml": "[project]\nrequires-python = '>=3.11.4'\n"}, "3.11"),
        ({"pyproject.toml": "[project]\nrequires-python = 'three'\n"}, None),
        ({".python-version": "pypy\n"}, None),
        ({}, None),
    ],
)
def test_the_python_version_is_the_one_asked_for(texts: dict[str, str], version: str | None) -> None:
    """The pinned one, else the first that is allowed, Debian's own before others."""
    assert look(texts).python == version


def test_an_application_goes_before_a_program() -> None:
    """And well-known names before others; training code and tests start nothing."""
    main = "if __name__ == '__main__':\n    pass\n"
    assert look({"app.py": main, "web.py": APP}).entry.path == "web.py"  # type: ignore[union-attr]
    assert look({"other.py": main, "predict.py": main}).entry.path == "predict.py"  # type: ignore[union-attr]
    assert look({"train.py": main, "test_app.py": main, "setup.py": main}).entry is None


def test_code_is_what_the_entry_imports() -> None:
    """Modules and packages of the folder, also in src, and what they import in turn; nothing else."""
    texts = {
        "app.py": "import helper, numpy\n" + APP,
        "helper.py": "from digits.io import load\n",
        "src/digits/io.py": "",
        "notebook.py": "",
    }
    assert look(texts).code == ("app.py", "helper.py", "src/digits")


@pytest.mark.parametrize(
    ("files", "weights"),
    [
        (["weights/model.joblib", "app.py"], ("weights/model.joblib",)),
        (["model.ONNX"], ("model.ONNX",)),
        (["llm/config.json", "llm/model-00001-of-2.safetensors", "llm/model-00002-of-2.safetensors"], ("llm",)),
        (["sm/saved_model.pb", "sm/variables/variables.index"], ("sm",)),
        (["m/a.pt", "m/config.json", "m/extra/b.pt"], ("m",)),
        (["pkg/__init__.py", "pkg/a.pkl", "pkg/b.pkl"], ("pkg/a.pkl", "pkg/b.pkl")),
        (["a.pkl", "b.pkl"], ("a.pkl", "b.pkl")),
        (["data.csv", "readme.md"], ()),
    ],
)
def test_model_files_are_known_by_their_names(files: list[str], weights: tuple[str, ...]) -> None:
    """A file alone is named itself, several that belong together by their folder."""
    assert find_weights(files) == weights


def test_golden_cases_are_pairs() -> None:
    """Names that differ in `in` and `out` alone; `main.json` has no `in` of its own."""
    files = [
        "tests/a.in.json",
        "tests/a.out.json",
        "input.json",
        "expected.json",
        "main.json",
        "maout.json",
        "x_in.json",
    ]
    assert find_golden(files) == (("input.json", "expected.json"), ("tests/a.in.json", "tests/a.out.json"))


def test_a_dockerfile_tells_its_port() -> None:
    """The first that it exposes, if it is a number."""
    assert look({"Dockerfile": "FROM x\nexpose 9000/tcp 9001\n"}).port == 9000
    assert look({"Dockerfile": "EXPOSE 99999\n"}).port is None
    assert look({"Dockerfile": "EXPOSE $PORT\n"}).port is None


def test_hidden_files_links_and_environments_are_passed_over(tmp_path: Path) -> None:
    """Nothing outside the folder and nothing that was installed counts as the model's."""
    for path in (".git/a.pkl", "env/lib/b.pkl", "__pycache__/c.pkl", "weights/d.pkl"):
        (tmp_path / path).parent.mkdir(parents=True)
        (tmp_path / path).touch()
    (tmp_path / "env" / "pyvenv.cfg").touch()
    (tmp_path / "e.pkl").symlink_to("/etc/passwd")
    (tmp_path / "loop").symlink_to(tmp_path)
    assert inspect_folder(tmp_path).weights == ("weights/d.pkl",)


def test_unreadable_text_does_not_stop_it(tmp_path: Path) -> None:
    """A file that is not text, or is huge, tells nothing."""
    (tmp_path / "app.py").write_bytes(b"\xff\xfe")
    (tmp_path / "main.py").write_text("#" * (2 << 20) + "\n" + APP)
    assert inspect_folder(tmp_path).entry is None


def test_a_file_is_not_a_folder(tmp_path: Path) -> None:
    """What is named must be a folder that is there."""
    (tmp_path / "file").touch()
    for path in (tmp_path / "file", tmp_path / "nowhere"):
        with pytest.raises(ConfigError, match=f"{path.name}: not a folder"):
            inspect_folder(path)
