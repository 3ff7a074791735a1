"""From a reference to a repository that can be used."""

from __future__ import annotations

from collections.abc import Sequence

from tidegate.auth.authenticator import Authenticator
from tidegate.auth.keychain import Credentials
from tidegate.distribution.client import Client
from tidegate.distribution.endpoint import find_origin
from tidegate.distribution.remote import RemoteRepository
from tidegate.oci.reference import Reference
from tidegate.transport.http import Transport


def open_repository(
    reference: Reference,
    transport: Transport,
    keychain: Credentials,
    insecure: bool = False,
    *,
    tls: bool = False,
    mount_from: Sequence[str] = (),
) -> RemoteRepository:
    """The repository that a reference names; its tag and digest are left aside.

    `insecure` allows plain HTTP, which loopback addresses speak anyway unless `tls` is asked for.
    `mount_from` names repositories of the same registry that blobs may be mounted from.
    """
    base = find_origin(reference.registry, transport, insecure=insecure, tls=tls)
    authenticator = Authenticator(transport, keychain, reference.registry, reference.repository)
    return RemoteRepository(Client(transport, base, reference.repository, authenticator), mount_from)
