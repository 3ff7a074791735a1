from __future__ import annotations

from collections.abc import Mapping

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from tidegate.project import yaml12
from tidegate.project.config import CodeItem, Config
from tidegate.project.draft import Draft, draft
from tidegate.project.inspection import inspect
from tidegate.project.reader import parse

FASTAPI = "from fastapi import FastAPI\napp = FastAPI()\n"
FLASK = "from flask import Flask\napp = Flask(__name__)\n@app.get('/ping')\ndef ping(): ...\n"
MAIN = "if __name__ == '__main__':\n    open('weights/m.pkl')\n"


def write(texts: Mapping[str, str]) -> tuple[Draft, Config]:
    written = draft(inspect("model", sorted(texts), texts.__getitem__))
    return written, parse(yaml12.load(written.text), {})


def test_an_asgi_application_is_started_by_uvicorn() -> None:
    """On a port, reached over HTTP, ready when FastAPI's own document is there."""
    written, config = write({"app.py": FASTAPI, "requirements.txt": "fastapi\n"})
    assert config.build.command[:4] == ("python3", "-m", "uvicorn", "app:app")
    assert (config.build.port, config.test.protocol, config.test.ready) == (8080, "http", "/openapi.json")
    assert any("add it to requirements.txt" in line for line in written.check)


def test_a_wsgi_application_is_started_by_gunicorn() -> None:
    """On the port that a Dockerfile beside it exposes."""
    _, config = write({"main.py": FLASK, "requirements.txt": "gunicorn\n", "Dockerfile": "EXPOSE 9000\n"})
    assert config.build.command == ("python3", "-m", "gunicorn", "main:app", "--bind", "0.0.0.0:9000")
    assert (config.build.port, config.build.dockerfile, config.test.ready) == (9000, None, "/ping")


def test_a_program_is_tested_as_a_command() -> None:
    """Its model lies in the image where its source opens it."""
    written, config = write({"predict.py": MAIN, "weights/m.pkl": "", "in.json": "", "out.json": ""})
    assert (config.build.command, config.test.protocol) == (("python3", "predict.py"), "command")
    assert config.weights[0].path == "/app/weights/m.pkl"
    assert config.test.golden[0].expect == "out.json"
    assert not any("must read its model" in line for line in written.check)


def test_a_model_path_in_the_environment_is_set() -> None:
    """The variable that the program reads names the place in the image."""
    _, config = write({"app.py": FASTAPI + "import os\nos.getenv('MODEL_FILE')\n", "m.onnx": ""})
    assert config.build.env == {"MODEL_FILE": "/models/m.onnx"}


def test_a_model_that_the_program_is_not_seen_to_read_is_said() -> None:
    """The author must make the two meet."""
    written, _ = write({"app.py": FASTAPI, "m.onnx": ""})
    assert any("must read its model from /models/m.onnx" in line for line in written.check)


def test_another_python_asks_for_another_base() -> None:
    """Debian bookworm has 3.11; any other comes with an image of its own."""
    _, config = write({"app.py": FASTAPI, ".python-version": "3.13\n"})
    assert (config.build.base.image, config.build.base.debian) == ("python:3.13-slim", None)
    assert config.build.python == "3.13"


def test_a_dockerfile_alone_is_taken_as_it_is() -> None:
    """Nothing beside it would have an effect."""
    _, config = write({"Dockerfile": "FROM x\nEXPOSE 80\n", "requirements.txt": "a\n"})
    assert (config.build.dockerfile, config.build.port, config.build.requirements) == ("Dockerfile", 80, None)


def test_packages_that_wheels_miss_are_added() -> None:
    """lightgbm loads libgomp without bringing it."""
    _, config = write({"app.py": FASTAPI, "requirements.txt": "lightgbm\n"})
    assert config.build.system_packages == ("libgomp1",)


def test_code_below_src_keeps_its_import_name() -> None:
    """src/digits becomes /app/digits."""
    _, config = write({"app.py": "import digits\n" + FASTAPI, "src/digits/__init__.py": ""})
    assert config.build.code == ("app.py", CodeItem(source="src/digits", to="/app/digits"))


def test_an_empty_folder_gets_a_file_that_says_what_to_fill_in() -> None:
    """It is valid, and the program, the requirements and the model are asked for."""
    written, config = write({})
    assert config.test.protocol == "none"
    assert len(written.check) == 3


NAMES = st.text(st.characters(exclude_characters="/$"), min_size=1, max_size=12).filter(str.isprintable)


@given(st.sets(NAMES, max_size=5))
@example({"", ":2", "{"})
def test_whatever_model_files_are_called_the_draft_is_valid(stems: set[str]) -> None:
    """Names with quotes, colons, braces or emoji come back as the same sources."""
    files = {f"m{stem}.onnx": "" for stem in stems}
    _, config = write(files)
    assert {weights.source for weights in config.weights} == set(files)


@pytest.mark.parametrize("name", ["no.pkl", "null", "1e3.pkl", "a: b.pkl", "{x}.pkl", "~.pkl", "- a.pkl", "#.pkl"])
def test_names_that_yaml_would_misread_are_quoted(name: str) -> None:
    """A file's name is text whatever it looks like."""
    _, config = write({name if name.endswith(".pkl") else f"{name}.pkl": ""})
    assert config.weights[0].source.startswith(name)
