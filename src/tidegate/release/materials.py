"""Joins the build with the package managers, registries and downloads that it takes its materials from."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from tidegate.build.lock import Resolvers
from tidegate.build.sources import Sources
from tidegate.oci.descriptor import Platform
from tidegate.packages import apt, debian
from tidegate.packages import sources as apt_sources
from tidegate.packages.download import Cache
from tidegate.packages.indexes import Indexes
from tidegate.packages.python import PythonPackages
from tidegate.project.lock import DebianPackage
from tidegate.project.reader import Project
from tidegate.release.services import Services


class Materials:
    """What one model is built of. Nothing is asked for before it is needed."""

    def __init__(self, project: Project, services: Services) -> None:
        self._project = project
        self._services = services
        self._cache = services.home.cache / "packages"
        indexes = Indexes(project.config.build.indexes, services.environ)
        self._python = PythonPackages(indexes, self._cache, services.transport)

    def sources(self) -> Sources:
        """Locked things by their digests."""
        services = self._services
        return Sources(
            debian=self._fetch_debian,
            python=self._python.fetch,
            repository=services.repository,
            download=services.transport.download,
            environ=services.environ,
            cache=services.home.cache,
        )

    def resolvers(self) -> Resolvers:
        """Names to things that can be locked."""
        return Resolvers(debian=self._resolve_debian, python=self._python.resolve)

    def _fetch_debian(self, packages: Sequence[DebianPackage]) -> Sequence[Path]:
        cache = Cache(self._cache / "debian")
        return debian.fetch(packages, self._debian_sources, cache, self._services.transport, self._services.environ)

    def _resolve_debian(self, names: Sequence[str], platform: Platform) -> tuple[DebianPackage, ...]:
        suite = self._project.config.build.base.debian or ""
        return apt.resolve(suite, names, platform, self._debian_sources(), self._services.environ)

    def _debian_sources(self) -> apt_sources.Sources:
        return apt_sources.find(self._project.config.build.base, self._project.folder)
