"""How a model's program is started, read from its source without running it."""

from __future__ import annotations

import ast
import re
import warnings
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum

_ASGI = frozenset({"FastAPI", "Starlette", "Litestar", "Quart", "BlackSheep"})
_WSGI = frozenset({"Flask", "Bottle", "Falcon"})
_READY = ("/v2/health/ready", "/ready", "/readyz", "/health", "/healthz", "/health/ready", "/ping", "/livez", "/status")
_OPEN_INFERENCE = "/v2/models"
_MODEL_ROUTE = re.compile(r"/v2/models/([a-z0-9]+(?:[._-][a-z0-9]+)*)(?:/|$)")
_MODEL_VARIABLE = re.compile(r"(?=.*(?:MODEL|WEIGHT|CHECKPOINT))(?=.*(?:PATH|DIR|FILE))[A-Z][A-Z0-9_]*")


class Kind(StrEnum):
    ASGI = "an ASGI application"
    WSGI = "a WSGI application"
    SCRIPT = "a program"


@dataclass(frozen=True, slots=True)
class Source:
    """What one Python file tells about itself.

    `application` is the name of its web application, empty when it has none. `ready` is a path that answers 200
    once it serves, `model_name` the name that its Open Inference routes have, `imports` the top-level modules that
    it names, `variables` the environment variables that seem to say where the model lies, `texts` its string literals.
    """

    kind: Kind | None = None
    application: str = ""
    ready: str = ""
    open_inference: bool = False
    model_name: str = ""
    imports: tuple[str, ...] = ()
    variables: tuple[str, ...] = ()
    texts: frozenset[str] = frozenset()


def read_source(text: str) -> Source | None:
    """Look at a file's syntax tree; None when it isn't Python."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            tree = ast.parse(text)
        nodes = list(ast.walk(tree))
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None
    texts = frozenset(node.value for node in nodes if isinstance(node, ast.Constant) and isinstance(node.value, str))
    kind, application, framework = _application(tree)
    constants = dict(_constants(tree))
    routes = texts | {_filled(node, constants) for node in nodes if isinstance(node, ast.JoinedStr)}
    names = sorted({match[1] for route in routes if (match := _MODEL_ROUTE.match(route))})
    return Source(
        kind=kind,
        application=application,
        ready=next((path for path in _READY if path in texts), "/openapi.json" if framework == "FastAPI" else ""),
        open_inference=any(route.startswith(_OPEN_INFERENCE) for route in routes),
        model_name=names[0] if len(names) == 1 else "",
        imports=tuple(dict.fromkeys(_imports(nodes))),
        variables=tuple(sorted(text for text in texts if _MODEL_VARIABLE.fullmatch(text))),
        texts=texts,
    )


def _application(tree: ast.Module) -> tuple[Kind | None, str, str]:
    for node in tree.body:
        if isinstance(node, ast.Assign | ast.AnnAssign) and isinstance(node.value, ast.Call):
            framework = _called(node.value)
            kind = Kind.ASGI if framework in _ASGI else Kind.WSGI if framework in _WSGI else None
            target = node.targets[0] if isinstance(node, ast.Assign) else node.target
            if kind and isinstance(target, ast.Name):
                return kind, target.id, framework
        if isinstance(node, ast.AsyncFunctionDef) and [a.arg for a in node.args.args] == ["scope", "receive", "send"]:
            return Kind.ASGI, node.name, ""
    return (Kind.SCRIPT if any(map(_is_main, tree.body)) else None), "", ""


def _called(call: ast.Call) -> str:
    function = call.func
    return function.attr if isinstance(function, ast.Attribute) else getattr(function, "id", "")


def _is_main(node: ast.stmt) -> bool:
    return (
        isinstance(node, ast.If)
        and isinstance(node.test, ast.Compare)
        and isinstance(node.test.left, ast.Name)
        and node.test.left.id == "__name__"
    )


def _constants(tree: ast.Module) -> Iterator[tuple[str, str]]:
    for node in tree.body:
        if isinstance(node, ast.Assign) and isinstance(node.value, ast.Constant) and isinstance(node.value.value, str):
            yield from ((target.id, node.value.value) for target in node.targets if isinstance(target, ast.Name))


def _filled(node: ast.JoinedStr, constants: Mapping[str, str]) -> str:
    """An f-string with the constants in it filled in; anything else as {}."""
    return "".join(
        str(part.value)
        if isinstance(part, ast.Constant)
        else constants.get(getattr(getattr(part, "value", None), "id", ""), "{}")
        for part in node.values
    )


def _imports(nodes: list[ast.AST]) -> Iterator[str]:
    for node in nodes:
        if isinstance(node, ast.Import):
            yield from (alias.name.partition(".")[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            yield node.module.partition(".")[0]
