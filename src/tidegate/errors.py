"""Every failure that Tidegate reports, as one tree.

Error                        exit code
├── UsageError               2    wrong arguments
│   └── ConfigError          2    tidegate.yaml, the lock, or what they name
│       └── LockError        2    a missing, stale or no longer fetchable lock
├── GateError                3    a gate said no, or a required check was not done
├── OutsideError             4    network, registry, container engine, disk
│   ├── NetworkError         4    no answer, or a broken one
│   ├── RegistryError        4    a registry's refusal, with its status and code
│   ├── ContentError         4    malformed content: archive, layer, manifest, model file
│   │   └── NotFoundError    4    a blob, manifest or tag that is not there
│   ├── RuntimeUnavailable   4    no way to run a container here
│   └── StorageError         4    the disk: full, read-only, not permitted
├── VerificationError        5    signature or provenance does not hold
│   ├── DigestMismatch       5    bytes differ from their digest or size
│   ├── SourceChanged        5    a file that an image is made of changed on the way
│   └── TagConflict          5    a tag already points to something else
└── Interrupted              130  Ctrl-C (143 when terminated)

Each carries what went wrong and where (`message`), and what to do next (`hint`).
"""

from __future__ import annotations


class Error(Exception):
    """A failure with a message for the user, a next step, and the exit code."""

    exit_code = 1
    # What mostly helps, where nothing better is known.
    next_step = ""

    def __init__(self, message: str, *, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint or self.next_step

    def __str__(self) -> str:
        return f"{self.message}\n  {self.hint}" if self.hint else self.message


class UsageError(Error):
    exit_code = 2
    next_step = "see what is possible: tidegate COMMAND --help"


class ConfigError(UsageError):
    next_step = "each key and what it may be: docs/reference/configuration.md"


class LockError(ConfigError):
    next_step = "run: tidegate lock"


class GateError(Error):
    exit_code = 3
    next_step = "the report says more"


class OutsideError(Error):
    exit_code = 4
    next_step = "run it again; if it fails again, try what failed by hand"


class NetworkError(OutsideError):
    next_step = "check the address, the proxy and the network"


class RegistryError(OutsideError):
    """A registry's refusal.

    `status` is the HTTP status, `code` the distribution-spec error code such as
    `DENIED`, empty when the answer named none.
    """

    def __init__(self, message: str, *, status: int, code: str = "", hint: str = "") -> None:
        super().__init__(message, hint=hint)
        self.status = status
        self.code = code


class ContentError(OutsideError):
    next_step = "fetch or make the file or image again: this one is broken, or nothing that can be used here"


class NotFoundError(ContentError):
    next_step = "check the name, and that nothing was deleted"


class RuntimeUnavailable(OutsideError):
    next_step = "install podman, docker, runc, crun or bubblewrap, and see that this account may use it"


class StorageError(OutsideError):
    next_step = "check the path, its rights and the free space"


class VerificationError(Error):
    exit_code = 5
    next_step = "do not use it before you know where it comes from"


class DigestMismatch(VerificationError):
    next_step = "the bytes changed on the way or on the disk: fetch or build them again, and do not use these"


class SourceChanged(VerificationError):
    next_step = "run it again when nobody writes to the file any more"


class TagConflict(VerificationError):
    next_step = "release a new version, or look at where the other one comes from: tidegate trace"


class Interrupted(Error):
    """How an interruption is reported, once everything has been cleaned up."""

    exit_code = 130

    @classmethod
    def of(cls, interrupt: KeyboardInterrupt) -> Interrupted:
        """The report of Ctrl-C, or of SIGTERM when it is Terminated."""
        terminated = isinstance(interrupt, Terminated)
        error = cls("terminated" if terminated else "interrupted")
        error.exit_code = 143 if terminated else 130
        return error


class Terminated(KeyboardInterrupt):
    """SIGTERM came. Like Ctrl-C no Error, so that nothing that deals with failures takes it for one."""
