"""What a release needs of the world, made once by the command line and passed down."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime

from tidegate.oci.descriptor import Platform
from tidegate.oci.local import LocalStore
from tidegate.oci.reference import Reference
from tidegate.oci.store import ContentStore
from tidegate.project.home import Home
from tidegate.transport.http import Transport


@dataclass(frozen=True, slots=True, kw_only=True)
class Services:
    """Environment, folders, connections, time, and this machine's platform.

    `repository` opens a repository in a registry.
    """

    environ: Mapping[str, str]
    home: Home
    store: LocalStore
    transport: Transport
    repository: Callable[[Reference], ContentStore]
    now: Callable[[], datetime]
    machine: Platform
