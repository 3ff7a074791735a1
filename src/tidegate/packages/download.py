"""Files by digest from a cache folder, and into it, several at once."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from tidegate.errors import LockError, NetworkError, NotFoundError, StorageError
from tidegate.oci.digest import Digest
from tidegate.transport.http import Transport
from tidegate.transport.parallel import Cancel, run_all

_AT_ONCE = 8


@dataclass(frozen=True, slots=True)
class Wanted:
    """A file by its digest, and the addresses that may have it, in the order in which they are asked.

    `what` names it in messages. `headers` are the headers, such as a login, to send to an address.
    """

    what: str
    digest: Digest
    size: int | None
    urls: Sequence[str]
    headers: Callable[[str], Mapping[str, str]] = field(default=lambda _url: {}, repr=False)


@dataclass(frozen=True, slots=True)
class Cache:
    """A folder of verified files, each under its digest. It may be deleted at any time."""

    folder: Path

    def path(self, digest: Digest, name: str) -> Path:
        """Where a file is or will be. It keeps its name, for readers that look at it."""
        return self.folder / digest.hex[:2] / digest.hex / name

    def has(self, digest: Digest, name: str, size: int) -> bool:
        """Whether the file is there. Files appear whole and verified, so its size is enough to tell."""
        try:
            return self.path(digest, name).stat().st_size == size
        except FileNotFoundError:
            return False
        except OSError as error:
            raise StorageError(f"{self.folder}: {error.strerror}", hint="check the folder's rights") from error


def fetch(wanted: Wanted, target: Path, transport: Transport) -> Path:
    """Download a file from the first address that has it.

    Raises LockError when it is at none of them, NetworkError when one of them couldn't be asked, DigestMismatch.
    """
    refused: NetworkError | None = None
    for url in wanted.urls:
        headers = wanted.headers(url)
        try:
            transport.download(url, target, wanted.digest, wanted.size, headers=headers, plain=not headers)
        except NotFoundError:
            continue
        except NetworkError as error:
            refused = error
        else:
            return target
    if refused is not None:
        raise refused
    raise gone(wanted.what)


def fetch_all(wanted: Iterable[tuple[Wanted, Path]], transport: Transport) -> None:
    """Download files side by side; the first failure, or Ctrl-C, stops them all. Raises as `fetch` does."""

    def work(item: tuple[Wanted, Path], _cancel: Cancel) -> None:
        fetch(*item, transport)

    run_all(work, wanted, _AT_ONCE)


def gone(what: str) -> LockError:
    """The error for a locked file that is nowhere any more."""
    return LockError(
        f"{what}: locked in tidegate.lock, but no longer to be found", hint="lock anew: tidegate lock --upgrade"
    )
