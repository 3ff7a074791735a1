"""What each protocol asks, and how it takes the answer."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tidegate.errors import ConfigError
from tidegate.imagetest.client import Answer
from tidegate.imagetest.compare import Tolerance
from tidegate.imagetest.plan import Case
from tidegate.imagetest.protocols.http import Http
from tidegate.imagetest.protocols.open_inference import OpenInference

RESPONSE = {"outputs": [{"name": "y", "shape": [2, 2], "datatype": "FP64", "data": [1, 2, 3, 4]}]}


def case(expect: object, name: str = "out.json", *, rtol: float = 0.0) -> Case:
    """A golden case with this expectation."""
    data = expect if isinstance(expect, bytes) else json.dumps(expect).encode()
    return Case("in.json", Path("in.json"), b"{}", Path(name), data, Tolerance(rtol), "/predict", "POST")


def answer(body: object, status: int = 200) -> Answer:
    """An answer with this body."""
    return Answer(status, body if isinstance(body, bytes) else json.dumps(body).encode(), 0.01)


def changed(**fields: object) -> dict[str, object]:
    """The response with other fields in its output."""
    return {"outputs": [{**RESPONSE["outputs"][0], **fields}]}


def test_open_inference_request() -> None:
    """The request goes to the model by its name, the question about readiness to the server."""
    protocol = OpenInference("my model")
    assert protocol.request(case(RESPONSE)).path == "/v2/models/my%20model/infer"
    assert protocol.ready().path == "/v2/health/ready"


@pytest.mark.parametrize(
    "body",
    [
        RESPONSE,
        {**RESPONSE, "id": "1", "model_version": "7"},
        changed(data=[[1, 2], [3, 4]]),
        {"outputs": [{"name": "other", "data": []}, *RESPONSE["outputs"]]},
    ],
)
def test_open_inference_alike(body: object) -> None:
    """What the expectation doesn't name is not compared; data may be nested; the order of outputs is nothing."""
    assert OpenInference("m").compare(case(RESPONSE), answer(body)) is None


@pytest.mark.parametrize(
    ("body", "message"),
    [
        (changed(data=[1, 2, 3, 5]), "outputs[0].data[3]: 5 is not 4"),
        (changed(shape=[4]), "outputs[0].shape: 1 elements, 2 were expected"),
        (changed(datatype="FP32"), "outputs[0].datatype: 'FP32' is not 'FP64'"),
        (changed(name="z"), "outputs[0]: there is no output 'y' in the answer"),
        ({"outputs": {}}, "the answer has no list `outputs`"),
        ([], "the answer has no list `outputs`"),
        (b"<html>", "the answer is not JSON"),
        (b"[" * 100_000, "the answer is not JSON"),
    ],
)
def test_open_inference_differs(body: object, message: str) -> None:
    """A wrong answer is named by its place; one that is none, by its beginning."""
    found = OpenInference("m").compare(case(RESPONSE), answer(body))
    assert found is not None
    assert found.startswith(message)


def test_shape_without_expectation() -> None:
    """Data that don't fill the shape are wrong even when no shape is expected."""
    expected = {"outputs": [{"name": "y", "data": [1, 2, 3, 4]}]}
    found = OpenInference("m").compare(case(expected), answer(changed(shape=[3])))
    assert found == "outputs[0].shape: [3] does not fit 4 elements of data"


def test_status() -> None:
    """An error's status and text are shown."""
    found = OpenInference("m").compare(case(RESPONSE), answer(b"no model", 500))
    assert found == "status 500: 'no model'"


def test_broken_expectation() -> None:
    """A golden file that is no response is the configuration's fault, not the model's."""
    for broken in (b"{", b"[]", b'{"predictions": []}'):
        with pytest.raises(ConfigError, match=r"out\.json"):
            OpenInference("m").compare(case(broken), answer(RESPONSE))


@pytest.mark.parametrize(
    ("name", "expected", "actual", "message"),
    [
        ("out.json", b'{"a": 1.0}', b'{"a": 1.00001}', None),
        ("out.json", b'{"a": 1}', b'{"a": 2}', "a: 2 is not 1 (rtol 0.001)"),
        ("out.txt", b"yes\n", b"yes", None),
        ("out.txt", b"yes", b"no", "line 1: 'no' is not 'yes'"),
        ("out.jsonl", b'{"a": 1}\n{"a": 2}\n', b'{"a":1}\n{"a":3}', "line[1].a: 3 is not 2 (rtol 0.001)"),
        ("out.bin", b"\x00\x01", b"\x00\x02", "byte 1: 0x02 is not 0x01"),
        ("out.bin", b"\x00\x01", b"\x00", "1 bytes, 2 were expected"),
    ],
)
def test_http_bodies(name: str, expected: bytes, actual: bytes, message: str | None) -> None:
    """The expectation's file name says how bodies are compared."""
    assert Http("/health").compare(case(expected, name, rtol=1e-3), answer(actual)) == message


def test_http_request() -> None:
    """Route, method and body come from the case, the path that tells readiness from the configuration."""
    protocol = Http("/health")
    request = protocol.request(case({}))
    assert (request.method, request.path, request.body) == ("POST", "/predict", b"{}")
    assert protocol.ready().path == "/health"
