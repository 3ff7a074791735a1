"""A first tidegate.yaml from what was found in a folder, and what its author should check."""

from __future__ import annotations

import itertools
import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath

from tidegate.project.entry import Kind
from tidegate.project.inspection import REQUIREMENTS, Entry, Findings, normalise_name

_DEBIAN_PYTHON = "3.11"
_WORKDIR = "/app"
_PORT = 8080
# Words that YAML reads as they stand.
_PLAIN = re.compile(r"[A-Za-z_/.][A-Za-z0-9_/.+-]*")
_NOT_TEXT = frozenset({"null", "true", "false", "yes", "no", "on", "off", "~", "."})
# Debian packages that well-known wheels load at run time without bringing them.
_SYSTEM_PACKAGES = {"lightgbm": ("libgomp1",), "opencv-python": ("libgl1", "libglib2.0-0"), "pyzbar": ("libzbar0",)}
# The server that starts each kind of application.
_SERVERS = {Kind.ASGI: "uvicorn", Kind.WSGI: "gunicorn"}


@dataclass(frozen=True, slots=True)
class Draft:
    """The file's text, what was found, and what to check, a sentence each."""

    text: str
    found: tuple[str, ...]
    check: tuple[str, ...]


def draft(findings: Findings) -> Draft:
    """Write the file. Pure: the same findings give the same text."""
    blocks = [
        "# What this model's image is made of, and what it must pass before it is pushed.\n"
        "# Every key: docs/reference/configuration.md. Next: tidegate lock, then tidegate release.\n"
        "tidegate: 1\n"
        f"model:\n  name: {findings.name}\n  # version: 1.0.0\n  # license: Apache-2.0\n",
        "build:\n" + "".join(f"  {line}\n" for line in _build(findings)),
        _weights(findings),
        "test:\n" + "".join(f"  {line}\n" for line in _test(findings)),
        "# The tag sha-<commit> is always pushed. More, for example:\n"
        '# tags: ["type=ref,event=branch", "type=pep440,pattern={{version}}"]\n'
        "# Without a destination a release goes to the registry on this machine.\n"
        f"# push: [{{to: registry.acme.example/models/{findings.name}, when: {{branch: main}}}}]\n",
    ]
    return Draft("\n".join(block for block in blocks if block), tuple(_found(findings)), tuple(_check(findings)))


def weight_places(findings: Findings) -> Mapping[str, str]:
    """Where each model file goes in the image: where the code looks for it, else below /models."""
    texts = findings.entry.source.texts if findings.entry else frozenset()
    return {
        source: f"{_WORKDIR}/{source}" if source in texts else f"/models/{PurePosixPath(source).name}"
        for source in findings.weights
    }


def _build(findings: Findings) -> Iterator[str]:
    if _uses_dockerfile(findings):
        yield "# docker, podman or buildah builds it, whichever is here; test, scan and push stay the same."
        yield "dockerfile: Dockerfile"
        if findings.port:
            yield f"port: {findings.port}"
        return
    if findings.dockerfile:
        yield "# To have the Dockerfile built instead, put `dockerfile: Dockerfile` in place of all this but port."
    yield from _base(findings)
    if findings.requirements:
        yield f"requirements: {findings.requirements}"
    if system := _system_packages(findings.packages):
        yield f"system_packages: {_flow(system)}"
    yield "platforms: [linux/amd64]                # add linux/arm64 for both: no emulation is needed"
    yield from _program(findings)


def _base(findings: Findings) -> Iterator[str]:
    version = findings.python or _DEBIAN_PYTHON
    if version == _DEBIAN_PYTHON:
        yield "base: {debian: bookworm}                # or {image: python:3.12-slim}"
    else:
        yield f"base: {{image: {_scalar(f'python:{version}-slim')}}}"
    yield f'python: "{version}"                          # checked against the base'


def _program(findings: Findings) -> Iterator[str]:
    entry = findings.entry
    if entry is None:
        yield "# code: [app.py]                        # files and folders of this folder that go into the image"
        yield "# command: [python3, app.py]            # what starts the model"
        return
    yield f"code: {_flow(_code(findings.code))}"
    variables, places = entry.source.variables, list(weight_places(findings).values())
    if len(variables) == len(places) == 1:
        yield f"env: {{{variables[0]}: {_scalar(places[0])}}}"
    if entry.source.kind in _SERVERS:
        yield f"port: {findings.port or _PORT}"
    yield f"command: {_flow(_command(entry, findings.port or _PORT))}"


def _command(entry: Entry, port: int) -> list[str]:
    application = f"{entry.module}:{entry.source.application}"
    if entry.source.kind is Kind.ASGI:
        return ["python3", "-m", "uvicorn", application, "--host", "0.0.0.0", "--port", str(port)]  # noqa: S104 - in a container
    if entry.source.kind is Kind.WSGI:
        return ["python3", "-m", "gunicorn", application, "--bind", f"0.0.0.0:{port}"]
    return ["python3", entry.path]


def _weights(findings: Findings) -> str:
    if not findings.weights:
        return (
            "# Model files, each in a layer of its own that is sent only once:\n"
            "# weights:\n#   - {name: main, source: weights/model.joblib, path: /models/model.joblib}\n"
        )
    names = _names(findings.weights)
    lines = [
        f"  - {{name: {name}, source: {_scalar(source)}, path: {_scalar(path)}}}\n"
        for name, (source, path) in zip(names, weight_places(findings).items(), strict=True)
    ]
    return "# Each in a layer of its own that is sent only once.\nweights:\n" + "".join(lines)


def _test(findings: Findings) -> Iterator[str]:
    protocol = _protocol(findings)
    yield f"protocol: {protocol:<30}# open-inference, http, command or none"
    if protocol == "http" and findings.entry and findings.entry.source.ready:
        yield f"ready: {_scalar(findings.entry.source.ready)}"
    if protocol != "none" and findings.golden:
        yield "golden:                                 # inputs whose answers are known"
        for given, expected in findings.golden:
            yield f"  - {{input: {_scalar(given)}, expect: {_scalar(expected)}, rtol: 1e-4}}"
    else:
        yield "# golden: [{input: tests/in.json, expect: tests/out.json, rtol: 1e-4}]"
    yield "# limits: {ready_s: 20, p95_ms: 80, memory_mb: 900}"


def _protocol(findings: Findings) -> str:
    entry = findings.entry
    if entry is None:
        return "none"
    if entry.source.kind is Kind.SCRIPT:
        return "command"
    return "open-inference" if entry.source.open_inference else "http"


def _found(findings: Findings) -> Iterator[str]:
    if findings.requirements:
        yield f"requirements: {findings.requirements}"
    if findings.entry:
        yield f"{findings.entry.source.kind}: {findings.entry.path}"
    for source in findings.weights:
        yield f"model file{'s in' if '.' not in PurePosixPath(source).name else ''}: {source}"
    for given, expected in findings.golden:
        yield f"golden case: {given} and {expected}"
    if findings.dockerfile:
        yield "Dockerfile"


def _check(findings: Findings) -> Iterator[str]:
    entry = findings.entry
    if entry is None and not findings.dockerfile:
        yield "no program that starts the model was found: fill in build.code and build.command"
    if findings.requirements is None and not _uses_dockerfile(findings):
        yield f"no Python requirements were found (looked for {', '.join(REQUIREMENTS)})"
    if not findings.weights:
        yield "no model file was found: name it under weights, if there is one"
    if entry and (server := _SERVERS.get(entry.source.kind or Kind.SCRIPT)) and server not in findings.packages:
        yield f"the command starts {server}: add it to {findings.requirements or 'requirements.txt'}"
    if entry and len(findings.code) == 1:
        yield f"build.code holds {entry.path} alone: add the files that it reads"
    if entry and findings.weights and not _finds_weights(findings):
        yield f"{entry.path} must read its model from {next(iter(weight_places(findings).values()))}"
    if entry and not findings.golden:
        yield "there is no golden case: name an input and its right answer under test.golden"


def _finds_weights(findings: Findings) -> bool:
    """Whether the program is seen to read its model from where the image has it."""
    source = findings.entry.source if findings.entry else None
    return source is not None and (
        len(source.variables) == 1 or all({file, path} & source.texts for file, path in weight_places(findings).items())
    )


def _uses_dockerfile(findings: Findings) -> bool:
    return findings.dockerfile is not None and findings.entry is None


def _system_packages(packages: Iterable[str]) -> list[str]:
    return sorted({name for package in packages for name in _SYSTEM_PACKAGES.get(package, ())})


def _code(paths: Iterable[str]) -> list[str | dict[str, str]]:
    return [
        {"from": path, "to": f"{_WORKDIR}/{path.removeprefix('src/')}"} if path.startswith("src/") else path
        for path in paths
    ]


def _names(sources: Sequence[str]) -> list[str]:
    """A name for each: `main` for the only one, else from its file name, numbered where that is taken."""
    if len(sources) == 1:
        return ["main"]
    names: list[str] = []
    for source in sources:
        stem = normalise_name(PurePosixPath(source).stem)
        numbered = (f"{stem}-{number}" if number > 1 else stem for number in itertools.count(1))
        names.append(next(name for name in numbered if name not in names))
    return names


def _flow(items: Iterable[str | Mapping[str, str]]) -> str:
    words = (
        _scalar(item) if isinstance(item, str) else f"{{{', '.join(f'{k}: {_scalar(v)}' for k, v in item.items())}}}"
        for item in items
    )
    return f"[{', '.join(words)}]"


def _scalar(text: str) -> str:
    """A string as YAML, quoted where it would be read as something else."""
    if _PLAIN.fullmatch(text) and text.lower() not in _NOT_TEXT:
        return text
    return json.dumps(text, ensure_ascii=False)
