"""What a command is given: environment, folders, connections, and where to print."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from datetime import UTC, datetime
from functools import cached_property, partial
from typing import Any

import msgspec

from tidegate.auth.keychain import Keychain
from tidegate.distribution.connect import open_repository
from tidegate.distribution.neighbours import Neighbours
from tidegate.oci.descriptor import Platform
from tidegate.oci.local import LocalStore
from tidegate.oci.reference import Reference
from tidegate.oci.store import ContentStore
from tidegate.project.home import Home
from tidegate.release.services import Services
from tidegate.transport.http import Transport
from tidegate.transport.redaction import redact


class Context:
    """One run of a command."""

    def __init__(self, environ: Mapping[str, str], *, as_json: bool = False) -> None:
        self.environ = environ
        self.as_json = as_json
        self.wrote_json = False

    @cached_property
    def home(self) -> Home:
        return Home.of(self.environ)

    @cached_property
    def keychain(self) -> Keychain:
        return Keychain(self.environ)

    def transport(self, *, insecure: bool = False) -> Transport:
        return Transport(self.environ, insecure=insecure)

    def store(self) -> LocalStore:
        """The local store of built images."""
        return LocalStore(self.home.store)

    def repository(self, reference: Reference, *, insecure: bool = False) -> ContentStore:
        """A repository in a registry; blobs are mounted from others that were used before."""
        neighbours = Neighbours(self.home.neighbours)
        others = neighbours.of(reference)
        neighbours.add(reference)
        transport = self.transport(insecure=insecure)
        return open_repository(reference, transport, self.keychain, insecure=insecure, mount_from=others)

    def services(self, *, insecure: bool = False) -> Services:
        """What a build or release needs of the world."""
        return Services(
            environ=self.environ,
            home=self.home,
            store=self.store(),
            transport=self.transport(insecure=insecure),
            repository=partial(self.repository, insecure=insecure),
            now=self.now,
            machine=Platform.of_machine(os.uname().machine),
        )

    def now(self) -> datetime:
        return datetime.now(UTC)

    def out(self, text: str) -> None:
        """A result, on stdout; on stderr when stdout is for one JSON document."""
        print(text, file=sys.stderr if self.as_json else sys.stdout, flush=True)

    def note(self, text: str) -> None:
        """Anything else, on stderr, without secrets."""
        print(redact(text), file=sys.stderr, flush=True)

    def json(self, document: Any) -> None:
        """The one JSON document of `--json`: a mapping or a msgspec value."""
        self.wrote_json = True
        data = msgspec.json.format(msgspec.json.encode(document, enc_hook=str), indent=2)
        sys.stdout.write(data.decode() + "\n")
        sys.stdout.flush()
