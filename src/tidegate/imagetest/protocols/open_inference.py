"""The Open Inference Protocol, version 2, over HTTP (KServe, Triton, MLServer)."""

from __future__ import annotations

import math
from typing import Any
from urllib.parse import quote

from tidegate.errors import ConfigError
from tidegate.imagetest.client import Answer, Request
from tidegate.imagetest.compare import Tolerance, difference
from tidegate.imagetest.plan import Case
from tidegate.imagetest.protocols import body


class OpenInference:
    """A golden case's input is the body of an inference request, its expectation the response.

    What the expectation leaves out is not compared: an `id`, a version, an output.
    """

    def __init__(self, model: str) -> None:
        self._path = f"/v2/models/{quote(model, safe='')}/infer"

    def ready(self) -> Request:
        return Request("GET", "/v2/health/ready")

    def request(self, case: Case) -> Request:
        return Request("POST", self._path, case.input)

    def compare(self, case: Case, answer: Answer) -> str | None:
        if answer.status != 200:
            return f"status {answer.status}: {body.shorten(answer.body)}"
        expected = body.expected_json(case)
        if not isinstance(expected, dict) or not isinstance(expected.get("outputs"), list):
            raise ConfigError(f"{case.expect_path}: not an inference response: it has no list `outputs`")
        try:
            actual = body.answered_json(answer.body)
        except body.NotJson as error:
            return str(error)
        if not isinstance(actual, dict) or not isinstance(actual.get("outputs"), list):
            return f"the answer has no list `outputs`: {body.shorten(answer.body)}"
        return _responses(expected, actual, case.tolerance)


def _responses(expected: dict[str, Any], actual: dict[str, Any], tolerance: Tolerance) -> str | None:
    for key, value in expected.items():
        if key != "outputs":
            found = difference({key: value}, {key: actual[key]} if key in actual else {}, tolerance)
            if found:
                return found
    named = {output.get("name"): output for output in actual["outputs"] if isinstance(output, dict)}
    for index, output in enumerate(expected["outputs"]):
        place = f"outputs[{index}]"
        if not isinstance(output, dict) or output.get("name") not in named:
            name = output.get("name") if isinstance(output, dict) else output
            return f"{place}: there is no output {name!r} in the answer"
        found = _outputs(output, named[output["name"]], tolerance, place)
        if found:
            return found
    return None


def _outputs(expected: dict[str, Any], actual: dict[str, Any], tolerance: Tolerance, place: str) -> str | None:
    for key, value in expected.items():
        if key not in actual:
            return f"{place}: {key!r} is missing"
        # Data may be nested or flat, row by row (v2 REST protocol, "Tensor Data").
        one, other = (value, actual[key]) if key != "data" else (_flat(value), _flat(actual[key]))
        found = difference(one, other, tolerance if key == "data" else Tolerance(), f"{place}.{key}")
        if found:
            return found
    return _shape(actual, place)


def _shape(output: dict[str, Any], place: str) -> str | None:
    """An answer whose data don't fill its shape is wrong even if the expectation says no shape."""
    shape, data = output.get("shape"), _flat(output.get("data"))
    if not isinstance(shape, list) or not isinstance(data, list) or not all(type(n) is int for n in shape):
        return None
    if math.prod(shape) != len(data):
        return f"{place}.shape: {shape} does not fit {len(data)} elements of data"
    return None


def _flat(value: Any) -> Any:
    """Nested lists as one list, without recursion, as an answer may be nested at will."""
    if not isinstance(value, list):
        return value
    flat, waiting = [], [iter(value)]
    while waiting:
        for item in waiting[-1]:
            if isinstance(item, list):
                waiting.append(iter(item))
                break
            flat.append(item)
        else:
            waiting.pop()
    return flat
