"""A model folder with everything a build needs, on this disk alone."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import msgspec
from tests.unit.build.elves import make_elf
from tests.unit.packages import builders

from tidegate.build.builder import Built, Plan, build
from tidegate.build.lock import Resolvers, resolve
from tidegate.build.sources import Sources
from tidegate.build.workspace import Workspace
from tidegate.oci.descriptor import Platform
from tidegate.oci.digest import Digest
from tidegate.oci.image import Image, load_images
from tidegate.oci.local import LocalStore
from tidegate.oci.reference import Reference
from tidegate.oci.store import ContentStore
from tidegate.packages.target import Target
from tidegate.project.config import Base, Build, Config, Model, Weights
from tidegate.project.lock import DebianPackage, Lock, PythonPackage

CREATED = "2026-01-02T03:04:05Z"
CONFIG = Config(
    tidegate=1,
    model=Model(name="digits"),
    build=Build(
        base=Base(debian="bookworm"),
        requirements="requirements.txt",
        code=("app.py",),
        command=("python3", "app.py"),
        port=8080,
    ),
    weights=(Weights(name="main", source="weights/model.bin", path="/models/model.bin"),),
)
replace = msgspec.structs.replace


def with_build(config: Config = CONFIG, **changes: object) -> Config:
    return replace(config, build=replace(config.build, **changes))


def write_model(folder: Path, mode: int = 0o644) -> Path:
    """A checkout: code, requirements and weights."""
    for name, data in {
        "app.py": b"print('hello')\n",
        "requirements.txt": b"sample==1.0\n",
        "weights/model.bin": b"w" * 100_000,
    }.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
        path.chmod(mode)
    return folder


@dataclass
class Place:
    """A machine: its store, its caches, and the packages that it can reach. Notes what is asked for."""

    home: Path
    repositories: Mapping[str, ContentStore] = field(default_factory=dict)
    environ: Mapping[str, str] = field(default_factory=dict)
    needed: Sequence[str] = ("libc.so.6",)
    asked: list[str] = field(default_factory=list)

    @property
    def store(self) -> LocalStore:
        return LocalStore(self.home / "store")

    @property
    def sources(self) -> Sources:
        return Sources(
            debian=self._debian,
            python=self._python,
            repository=self._repository,
            download=self._download,
            environ=self.environ,
            cache=self.home / "cache",
        )

    @property
    def space(self) -> Workspace:
        return Workspace(self.store, self.sources)

    def lock(
        self, folder: Path, config: Config = CONFIG, previous: Lock | None = None, *, upgrade: bool = False
    ) -> Lock:
        resolvers = Resolvers(debian=self._resolve_debian, python=self._resolve_python)
        return resolve(config, folder, resolvers, self.space, previous=previous, upgrade=upgrade)

    def build(self, folder: Path, config: Config = CONFIG, lock: Lock | None = None) -> Built:
        lock = lock or self.lock(folder, config)
        plan = Plan(folder=folder, config=config, lock=lock, created=CREATED, annotations={"commit": "c0ffee"})
        return build(plan, self.store, self.sources)

    def images(self, built: Built) -> tuple[Image, ...]:
        return load_images(self.store, built.descriptor.digest)[1]

    def image(self, built: Built) -> Image:
        (image,) = self.images(built)
        return image

    def _packages(self) -> Path:
        folder = self.home / "packages"
        folder.mkdir(parents=True, exist_ok=True)
        return folder

    def _debian_file(self) -> Path:
        library = make_elf([], "")
        return builders.deb(
            self._packages(),
            "python3.11-minimal",
            [
                builders.folder("./usr"),
                builders.folder("./usr/bin"),
                builders.member("./usr/bin/python3.11", b"#!", mode=0o755),
                builders.link("./usr/bin/python3", "python3.11"),
                builders.folder("./usr/lib"),
                builders.member("./usr/lib/libc.so.6", library),
                builders.folder("./etc"),
                builders.member("./etc/debian_version", b"12\n"),
            ],
        )

    def _wheel_file(self) -> Path:
        files = {"sample/__init__.py": b"VALUE = 1\n", "sample/native.so": make_elf(self.needed, "")}
        return builders.wheel(self._packages(), files=files)

    def _resolve_debian(self, names: Sequence[str], platform: Platform, /) -> tuple[DebianPackage, ...]:
        self.asked.append("resolve debian")
        path = self._debian_file()
        return (
            DebianPackage(
                name="python3.11-minimal", version="1.0", architecture=platform.architecture, archive="debian",
                path=path.name, size=path.stat().st_size, sha256=hashlib.sha256(path.read_bytes()).hexdigest(),
            ),
        )  # fmt: skip

    def _resolve_python(
        self, requirements: Path, target: Target, /, *, previous: Sequence[PythonPackage] = (), upgrade: bool = False
    ) -> tuple[PythonPackage, ...]:
        self.asked.append(f"resolve python {target.python} {target.platform}")
        path = self._wheel_file()
        return (
            PythonPackage(
                name="sample", version="1.0", file=path.name, size=path.stat().st_size,
                sha256=hashlib.sha256(path.read_bytes()).hexdigest(),
            ),
        )  # fmt: skip

    def _debian(self, packages: Sequence[DebianPackage], /) -> Sequence[Path]:
        self.asked.append("fetch debian")
        return [self._debian_file() for _ in packages]

    def _python(self, packages: Sequence[PythonPackage], python: str, /) -> Sequence[Path]:
        self.asked.append(f"fetch python {python}")
        return [self._wheel_file() for _ in packages]

    def _repository(self, reference: Reference, /) -> ContentStore:
        self.asked.append(f"repository {reference.name}")
        return self.repositories[reference.name]

    def _download(self, url: str, target: Path, digest: Digest, /, *, headers: Mapping[str, str]) -> None:
        raise AssertionError(f"nothing is downloaded here: {url}")
