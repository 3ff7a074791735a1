"""Serving the registry until it is told to stop."""

from __future__ import annotations

import asyncio
import contextlib
import errno
import logging
import signal
import socket
import ssl
import sys
import time
from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from aiohttp import web
from aiohttp.typedefs import Middleware

from tidegate.errors import ConfigError, OutsideError, StorageError, UsageError
from tidegate.registry import accesslog
from tidegate.registry.access import this_machine_only, users_only
from tidegate.registry.address import ADDRESS_FILE, Address
from tidegate.registry.api.app import make_app
from tidegate.registry.api.requests import STORAGE
from tidegate.registry.catalogue import view
from tidegate.registry.storage.store import Storage
from tidegate.registry.users import ADMIN, Users, make_admin

log = logging.getLogger(__name__)

# Seconds that requests under way are given when the registry is told to stop.
_PATIENCE = 5.0
_BACKLOG = 256
# Seconds between two cleanings, and the age at which an upload is given up.
_EVERY, _KEEP = 3600.0, 7 * 24 * 3600.0


Say = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Settings:
    """How to serve. `insecure` allows plain HTTP on an address that others can reach.

    `with_parent` stops when stdin ends: with the process that holds its other end.
    """

    address: Address
    data: Path
    certificate: Path | None = None
    key: Path | None = None
    insecure: bool = False
    verbose: bool = False
    with_parent: bool = False

    def check(self) -> None:
        """Raises UsageError."""
        if (self.certificate is None) != (self.key is None):
            raise UsageError("--tls-cert and --tls-key are needed together")
        if not (self.address.loopback or self.certificate or self.insecure):
            raise UsageError(
                f"{self.address} can be reached by other machines, and passwords would cross the network in the clear",
                hint="give --tls-cert and --tls-key, or allow it with --insecure",
            )


def serve(settings: Settings, say: Say, ready: Say) -> None:
    """Serve until SIGINT or SIGTERM. `say` tells the user something, `ready` that it is served, and where.

    Raises UsageError, ConfigError, StorageError, and OutsideError when the address can't be had.
    """
    settings.check()
    tls = _tls(settings)
    storage = Storage.open(settings.data)
    with storage.served(), _listen(settings.address) as listener:
        app = make_app(storage, _guard(settings, storage, say))
        app.router.add_get("/", view.show)
        asyncio.run(_run(app, settings, listener, tls, ready))


def _guard(settings: Settings, storage: Storage, say: Say) -> Middleware:
    users = Users.load(storage.root)
    if not users.users and settings.address.loopback:
        say("anyone on this machine may push and pull")
        return this_machine_only
    if not users.users:
        password = make_admin(storage.disk)
        say(f"user {ADMIN}, password {password} (shown only now)")
        users = Users.load(storage.root)
    return users_only(users)


async def _run(
    app: web.Application, settings: Settings, listener: socket.socket, tls: ssl.SSLContext | None, ready: Say
) -> None:
    stop = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    if settings.with_parent:
        asyncio.get_running_loop().add_reader(sys.stdin.fileno(), stop.set)
    app.cleanup_ctx.append(_housekeeping)
    runner = web.AppRunner(
        app,
        shutdown_timeout=_PATIENCE,
        access_log=accesslog.logger() if settings.verbose else None,
        access_log_class=accesslog.AccessLog,
    )
    await runner.setup()
    try:
        await web.SockSite(runner, listener, ssl_context=tls).start()
        address = Address(settings.address.host, listener.getsockname()[1])
        with _announced(app[STORAGE], address):
            ready(f"registry at {'https' if tls else 'http'}://{address}, data in {settings.data}")
            await stop.wait()
    finally:
        await runner.cleanup()


@contextlib.contextmanager
def _announced(storage: Storage, address: Address) -> Iterator[None]:
    """Says in the data folder where it is served."""
    path = storage.root / ADDRESS_FILE
    storage.disk.write(path, str(address).encode())
    yield
    storage.disk.remove(path)


def _listen(address: Address) -> socket.socket:
    """Raises OutsideError, UsageError."""
    family = socket.AF_INET6 if ":" in address.host else socket.AF_INET
    try:
        return socket.create_server((address.host, address.port), family=family, backlog=_BACKLOG)
    except (OSError, UnicodeError) as error:
        raise _refused(address, error) from error


def _refused(address: Address, error: OSError | UnicodeError) -> OutsideError | UsageError:
    number = error.errno if isinstance(error, OSError) else None
    if number == errno.EADDRINUSE:
        return OutsideError(f"{address}: something listens there already", hint="stop it, or give another --address")
    if number == errno.EACCES:
        return OutsideError(f"{address}: not permitted", hint="ports below 1024 need root: give another --address")
    return UsageError(f"{address}: not an address of this machine", hint="give another --address")


def _tls(settings: Settings) -> ssl.SSLContext | None:
    """Raises ConfigError."""
    if settings.certificate is None:
        return None
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    try:
        context.load_cert_chain(settings.certificate, settings.key)
    except (OSError, ssl.SSLError) as error:
        raise ConfigError(
            f"{settings.certificate}, {settings.key}: not a certificate and its key: {error.strerror or error}",
            hint="both in PEM form, the key without a password",
        ) from error
    return context


async def _housekeeping(app: web.Application) -> AsyncIterator[None]:
    """Removes uploads that nobody goes on with, at the start and every hour."""
    task = asyncio.create_task(_forget(app[STORAGE]))
    yield
    task.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await task


async def _forget(storage: Storage) -> None:
    while True:
        try:
            await asyncio.to_thread(storage.forget_leftovers, time.time() - _KEEP)
        except StorageError as error:
            log.warning("%s", error.message)
        await asyncio.sleep(_EVERY)
