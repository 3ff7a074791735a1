"""The digits classifier behind the Open Inference Protocol, version 2.

Reads the model from $MODEL_PATH once, at the start; until then nothing answers.
"""

from __future__ import annotations

import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import joblib
import numpy as np
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route

NAME = "digits"
PIXELS = 64
MAX_IMAGES = 4096
INPUT = {"name": "images", "datatype": "FP64", "shape": [-1, PIXELS]}
OUTPUTS = [
    {"name": "label", "datatype": "INT64", "shape": [-1]},
    {"name": "probabilities", "datatype": "FP64", "shape": [-1, 10]},
]


@asynccontextmanager
async def lifespan(app: Starlette) -> AsyncIterator[None]:
    app.state.model = joblib.load(os.environ.get("MODEL_PATH", "/models/model.joblib"))
    yield


async def live(request: Request) -> JSONResponse:
    return JSONResponse({"live": True})


async def ready(request: Request) -> JSONResponse:
    return JSONResponse({"ready": True})


async def server(request: Request) -> JSONResponse:
    return JSONResponse({"name": "digits-server", "version": "1", "extensions": []})


async def metadata(request: Request) -> JSONResponse:
    document = {"name": NAME, "versions": ["1"], "platform": "sklearn", "inputs": [INPUT], "outputs": OUTPUTS}
    return JSONResponse(document)


async def infer(request: Request) -> JSONResponse:
    try:
        body = await request.json()
    except (ValueError, RecursionError) as error:
        raise HTTPException(400, "the body is not JSON") from error
    images = read_images(body)
    model = request.app.state.model
    # One thread: a request is a fraction of a millisecond of arithmetic.
    outputs = {"label": model.predict(images), "probabilities": model.predict_proba(images)}
    answer = {"model_name": NAME, "outputs": [tensor(spec, outputs[spec["name"]]) for spec in OUTPUTS]}
    if isinstance(body.get("id"), str):
        answer["id"] = body["id"]
    return JSONResponse(answer)


def read_images(body: object) -> np.ndarray:
    """The images of a request, one a row. Answers 400 to anything else."""
    inputs = body.get("inputs") if isinstance(body, dict) else None
    if not isinstance(inputs, list) or len(inputs) != 1 or not isinstance(inputs[0], dict):
        raise HTTPException(400, "inputs: one tensor is expected")
    given = inputs[0]
    if given.get("name") != INPUT["name"] or given.get("datatype") not in ["FP64", "FP32", "INT64"]:
        raise HTTPException(400, "inputs[0]: a tensor named images, of datatype FP64, FP32 or INT64, is expected")
    try:
        values = np.asarray(given.get("data"), dtype=np.float64).reshape(-1, PIXELS)
    except (TypeError, ValueError) as error:
        raise HTTPException(400, f"inputs[0].data: images of {PIXELS} numbers are expected") from error
    if list(values.shape) != given.get("shape") or not 0 < len(values) <= MAX_IMAGES or not np.isfinite(values).all():
        raise HTTPException(400, f"inputs[0]: a shape of [1 to {MAX_IMAGES}, {PIXELS}] and finite data are expected")
    return values


def tensor(spec: dict, values: np.ndarray) -> dict:
    return {**spec, "shape": list(values.shape), "data": values.ravel().tolist()}


async def refuse(request: Request, error: Exception) -> JSONResponse:
    status, detail = (error.status_code, error.detail) if isinstance(error, HTTPException) else (500, "failed")
    return JSONResponse({"error": detail}, status_code=status)


app = Starlette(
    lifespan=lifespan,
    exception_handlers={HTTPException: refuse},
    routes=[
        Route("/v2/health/live", live),
        Route("/v2/health/ready", ready),
        Route("/v2", server),
        Route(f"/v2/models/{NAME}", metadata),
        Route(f"/v2/models/{NAME}/ready", ready),
        Route(f"/v2/models/{NAME}/infer", infer, methods=["POST"]),
    ],
)
