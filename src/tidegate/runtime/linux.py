"""The few Linux calls that Python 3.11 does not offer, by the numbers of the kernel's headers."""

from __future__ import annotations

import ctypes
import fcntl
import os
import socket
import struct

CLONE = {
    "mount": 0x00020000,
    "uts": 0x04000000,
    "ipc": 0x08000000,
    "user": 0x10000000,
    "pid": 0x20000000,
    "net": 0x40000000,
}
MS_RDONLY, MS_NOSUID, MS_NODEV, MS_NOEXEC, MS_REMOUNT = 1, 2, 4, 8, 32
MS_BIND, MS_REC, MS_PRIVATE, MS_RELATIME = 4096, 16384, 1 << 18, 1 << 21
_ST_RELATIME = 4096
_KEPT_FLAGS = MS_NOSUID | MS_NODEV | MS_NOEXEC | 1024 | 2048
_MNT_DETACH = 2
_SIOCGIFFLAGS, _SIOCSIFFLAGS, _IFF_UP = 0x8913, 0x8914, 1
_PDEATHSIG, _SET_DUMPABLE, _CAPBSET_DROP, _NO_NEW_PRIVS, _SUBREAPER, _CAP_AMBIENT = 1, 4, 24, 38, 36, 47
_LAST_CAPABILITY = 63
_CAPABILITY_VERSION_3 = 0x20080522

_libc = ctypes.CDLL(None, use_errno=True)


def unshare(names: list[str]) -> None:
    """Leave the namespaces of these names. Raises OSError."""
    flags = 0
    for name in names:
        flags |= CLONE[name]
    _call(_libc.unshare(flags), "unshare " + ", ".join(names))


def setns(path: str, name: str) -> None:
    """Enter another process's namespace. Raises OSError."""
    fd = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        _call(_libc.setns(fd, CLONE[name]), f"entering {path}")
    finally:
        os.close(fd)


def mount(source: str, target: str, kind: str = "", flags: int = 0, data: str = "") -> None:
    """Raises OSError that names the target."""
    result = _libc.mount(
        os.fsencode(source), os.fsencode(target), kind.encode() or None, ctypes.c_ulong(flags), data.encode() or None
    )
    _call(result, f"mounting {target}")


def bind(source: str, target: str, *, read_only: bool) -> None:
    """Show a file or folder a second time. Flags that the source's mount has are kept, as they are locked."""
    mount(source, target, flags=MS_BIND | MS_REC)
    if read_only:
        make_read_only(target)


def make_read_only(target: str) -> None:
    """Make a bind mount read-only, without set-user-id and devices."""
    flags = os.statvfs(target).f_flag
    kept = flags & _KEPT_FLAGS | (MS_RELATIME if flags & _ST_RELATIME else 0)
    mount("", target, flags=MS_BIND | MS_REMOUNT | MS_RDONLY | MS_NOSUID | MS_NODEV | kept)


def pivot_root(root: str) -> None:
    """Make a mount the root, and let go of the old one."""
    os.chdir(root)
    number = {"x86_64": 155, "aarch64": 41}.get(os.uname().machine, 41)
    _call(_libc.syscall(number, b".", b"."), "changing the root")
    _call(_libc.umount2(b".", _MNT_DETACH), "leaving the old root")
    os.chdir("/")


def loopback_up() -> None:
    """Bring up `lo` in a fresh network namespace."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as control:
        request = struct.pack("16sH22x", b"lo", 0)
        (flags,) = struct.unpack_from("16xH", fcntl.ioctl(control, _SIOCGIFFLAGS, request))
        fcntl.ioctl(control, _SIOCSIFFLAGS, struct.pack("16sH22x", b"lo", flags | _IFF_UP))


def die_with_parent(signal: int) -> None:
    _call(_libc.prctl(_PDEATHSIG, signal, 0, 0, 0), "prctl")


def adopt_orphans() -> None:
    """Become the parent of descendants whose parent ends."""
    _call(_libc.prctl(_SUBREAPER, 1, 0, 0, 0), "prctl")


def stay_visible() -> None:
    """Keep owning one's /proc files after a change of user."""
    _call(_libc.prctl(_SET_DUMPABLE, 1, 0, 0, 0), "prctl")


def become(uid: int, gid: int, *, groups: bool) -> None:
    """Be this user for good: no capability now or after any exec, also for uid 0, nor by set-user-id programs.

    `groups` clears supplementary groups, which a user namespace without a mapping for them forbids.
    """
    for number in range(_LAST_CAPABILITY + 1):
        if _libc.prctl(_CAPBSET_DROP, number, 0, 0, 0) != 0:
            break
    if groups:
        os.setgroups([])
    os.setresgid(gid, gid, gid)
    os.setresuid(uid, uid, uid)
    _libc.prctl(_CAP_AMBIENT, 4, 0, 0, 0)
    header = struct.pack("Ii", _CAPABILITY_VERSION_3, 0)
    _call(_libc.capset(header, bytes(24)), "giving up capabilities")
    _call(_libc.prctl(_NO_NEW_PRIVS, 1, 0, 0, 0), "prctl")


def _call(result: int, what: str) -> None:
    if result != 0:
        number = ctypes.get_errno()
        raise OSError(number, f"{what}: {os.strerror(number)}")
