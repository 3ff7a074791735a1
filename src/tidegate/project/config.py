"""The keys of tidegate.yaml as values; the docs' JSON Schema is generated from them."""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec
from msgspec import Meta

Protocol = Literal["open-inference", "http", "command", "none"]
Severity = Literal["critical", "high", "medium", "low"]
Requirement = Literal["none", "optional", "required"]
Name = Annotated[str, Meta(pattern=r"^[a-z0-9]+(?:[._-][a-z0-9]+)*$", max_length=128)]
Sha256 = Annotated[str, Meta(pattern="^[0-9a-f]{64}$")]
Positive = Annotated[float, Meta(gt=0)]


class Section(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True, omit_defaults=True):
    """A mapping whose unknown keys are errors."""


class Secret(Section, frozen=True):
    """A secret by name: the environment variable that holds it."""

    env: Annotated[str, Meta(pattern="^[A-Za-z_][A-Za-z0-9_]*$")]


class Model(Section, frozen=True):
    """What is released."""

    name: Name
    version: str | None = None
    license: str | None = None
    source: str | None = None


class Base(Section, frozen=True):
    """What the image stands on: exactly one of a Debian suite, an image, an OCI layout or archive, a Dockerfile."""

    debian: Annotated[str, Meta(pattern="^[a-z]+$")] | None = None
    image: str | None = None
    layout: str | None = None
    dockerfile: str | None = None
    # For `debian`, where they are not the host's.
    mirror: str | None = None
    keyring: str | None = None


class PackageIndex(Section, frozen=True):
    """A Python package index; the first is asked first, PyPI's default last unless one is named here."""

    url: str
    auth: Secret | None = None


class CodeItem(Section, frozen=True, rename={"source": "from"}):
    """A file or folder of the model's folder, and where it goes in the image."""

    source: str
    to: str


class Build(Section, frozen=True):
    base: Base = Base(debian="bookworm")
    python: Annotated[str, Meta(pattern=r"^3\.[0-9]+$")] | None = None
    requirements: str | None = None
    indexes: tuple[PackageIndex, ...] = ()
    system_packages: tuple[str, ...] = ()
    platforms: Annotated[tuple[str, ...], Meta(min_length=1)] = ("linux/amd64",)
    code: tuple[str | CodeItem, ...] = ()
    exclude: tuple[str, ...] = ()
    env: dict[str, str] = {}
    workdir: str = "/app"
    user: Annotated[int, Meta(ge=0, le=65535)] = 65532
    port: Annotated[int, Meta(ge=1, le=65535)] | None = None
    command: tuple[str, ...] = ()
    dockerfile: str | None = None

    @property
    def is_engines(self) -> bool:
        """Whether a container engine builds the image or its base, which gives other bytes each time."""
        return self.dockerfile is not None or self.base.dockerfile is not None


class Weights(Section, frozen=True):
    """A model file or folder, kept out of the code layer."""

    name: Name
    source: str
    path: Annotated[str, Meta(pattern="^/")]
    sha256: Sha256 | None = None
    include: tuple[str, ...] = ()
    exclude: tuple[str, ...] = ()
    auth: Secret | None = None


class GoldenCase(Section, frozen=True):
    """An input whose answer is known."""

    input: str
    expect: str
    # For protocol `http`: where the request goes, and how.
    route: str = "/"
    method: Literal["GET", "POST", "PUT"] = "POST"
    rtol: Annotated[float, Meta(ge=0)] = 0.0
    atol: Annotated[float, Meta(ge=0)] = 0.0


class Limits(Section, frozen=True):
    """Budgets: seconds until ready, milliseconds at the 95th percentile of requests, memory in 10^6 bytes."""

    ready_s: Positive = 60.0
    p95_ms: Positive | None = None
    memory_mb: Positive | None = None


class Test(Section, frozen=True):
    protocol: Protocol = "none"
    golden: tuple[GoldenCase, ...] = ()
    # For protocol `http`: the path that answers 200 when the model is ready.
    ready: str = "/"
    limits: Limits = Limits()
    network: Literal["none", "host"] = "none"
    gpu: Requirement = "none"
    # Requests sent to measure p95_ms, after the golden cases.
    requests: Annotated[int, Meta(ge=1, le=10_000)] = 50
    required: bool = True


class Advisories(Section, frozen=True):
    required: bool = True
    max_age: Annotated[str, Meta(pattern="^[0-9]+[hd]$")] = "7d"


class Scan(Section, frozen=True):
    fail_on: Severity = "high"
    ignore_unfixed: bool = False
    pickle: Literal["allowlist", "off"] = "allowlist"
    # Globals that pickles of this model may name besides the built-in list, as `module.name`.
    pickle_allow: tuple[str, ...] = ()
    advisories: Advisories = Advisories()


class Ignore(Section, frozen=True):
    """An exception for one finding, with its reason, owner and last day (ISO 8601 date)."""

    id: str
    statement: Annotated[str, Meta(min_length=1)]
    owner: Annotated[str, Meta(min_length=1)]
    expired_at: Annotated[str, Meta(pattern=r"^\d{4}-\d{2}-\d{2}$")]
    paths: tuple[str, ...] = ()
    purls: tuple[str, ...] = ()


class When(Section, frozen=True):
    """A destination's condition."""

    branch: str | None = None
    tag: str | None = None


class Destination(Section, frozen=True):
    to: str
    when: When | None = None
    create: bool = False


class Config(Section, frozen=True):
    """The whole of tidegate.yaml."""

    tidegate: Literal[1]
    model: Model
    variables: tuple[str, ...] = ()
    build: Build = Build()
    weights: tuple[Weights, ...] = ()
    test: Test = Test()
    scan: Scan = Scan()
    ignore: tuple[Ignore, ...] = ()
    tags: tuple[str, ...] = ()
    push: tuple[Destination, ...] = ()
