from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tidegate.project.entry import Kind, Source, read_source


def read(text: str) -> Source:
    source = read_source(text)
    assert source is not None
    return source


@pytest.mark.parametrize(
    ("text", "kind", "name"),
    [
        ("from fastapi import FastAPI\napi = FastAPI(title='x')\n", Kind.ASGI, "api"),
        ("import fastapi\napp: object = fastapi.FastAPI()\n", Kind.ASGI, "app"),
        ("from starlette.applications import Starlette\napp = Starlette()\n", Kind.ASGI, "app"),
        ("async def serve(scope, receive, send):\n    pass\n", Kind.ASGI, "serve"),
        ("from flask import Flask\nserver = Flask(__name__)\n", Kind.WSGI, "server"),
        ("if __name__ == '__main__':\n    print(1)\n", Kind.SCRIPT, ""),
        ("def predict():\n    app = FastAPI()\n", None, ""),
        ("", None, ""),
    ],
)
def test_the_kind_of_program_is_read_from_its_source(text: str, kind: Kind | None, name: str) -> None:
    """A web application is found by how it is made, a program by its main guard; nothing is run."""
    source = read(text)
    assert (source.kind, source.application) == (kind, name)


def test_a_path_that_answers_when_ready_is_recognised() -> None:
    """A health route that the code names; without one, FastAPI answers on its own document."""
    assert read("from flask import Flask\napp = Flask('a')\n@app.get('/healthz')\ndef f(): ...\n").ready == "/healthz"
    assert read("app = FastAPI()").ready == "/openapi.json"
    assert read("app = Starlette()").ready == ""


def test_the_open_inference_protocol_is_recognised() -> None:
    """Also where the model's name is put into the path."""
    assert read("app = Starlette()\nroute = f'/v2/models/{NAME}/infer'").open_inference
    assert read("route = '/v2/models/digits/infer'").open_inference
    assert not read("route = '/v1/models'").open_inference


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("route = '/v2/models/digits/infer'", "digits"),
        ("NAME = 'digits'\nroutes = [f'/v2/models/{NAME}', f'/v2/models/{NAME}/infer']", "digits"),
        ("route = f'/v2/models/{name()}/infer'", ""),
        ("route = '/v2/models/{model_name}/infer'", ""),
        ("routes = ['/v2/models/a/infer', '/v2/models/b/infer']", ""),
    ],
)
def test_the_name_that_a_model_is_served_by_is_read(text: str, name: str) -> None:
    """The test asks for the model by this name; where routes name several or none, it stays open."""
    assert read(text).model_name == name


def test_what_it_imports_and_where_its_model_lies_are_listed() -> None:
    """Top-level names, relative imports aside; environment variables that name a model's path."""
    source = read("import os, a.b\nfrom c.d import e\nfrom . import f\nx = os.environ['MODEL_PATH'], 'PATH', 'm.pkl'\n")
    assert source.imports == ("os", "a", "c")
    assert source.variables == ("MODEL_PATH",)
    assert "m.pkl" in source.texts


@given(st.text())
def test_any_text_is_read_or_refused(text: str) -> None:
    """Nothing that somebody calls .py ends in a traceback."""
    assert read_source(text) is None or isinstance(read_source(text), Source)


@pytest.mark.parametrize("text", ["print 'old'", "\0", "(" * 10_000, "-" * 100_000 + "1"])
def test_what_is_not_python_is_none(text: str) -> None:
    """Old, binary or hostile files are passed over."""
    assert read_source(text) is None
