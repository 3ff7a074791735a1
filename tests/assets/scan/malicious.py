"""Model files that run code when they are loaded, assembled by hand and never loaded."""

from __future__ import annotations

import base64
import bz2
import gzip
import io
import lzma
import struct
import tarfile
import zipfile
import zlib
from collections.abc import Mapping

import zstandard

STOP = b"."
ECHO = b"X\x04\x00\x00\x00true"


def text(value: str) -> bytes:
    """SHORT_BINUNICODE."""
    data = value.encode()
    return b"\x8c" + bytes([len(data)]) + data


def call(module: str, name: str, argument: bytes = ECHO) -> bytes:
    """GLOBAL, one argument, TUPLE1, REDUCE."""
    return f"c{module}\n{name}\n".encode() + argument + b"\x85R"


def stack_call(module: str, name: str, argument: bytes = ECHO) -> bytes:
    return text(module) + text(name) + b"\x93" + argument + b"\x85R"


def proto(level: int, body: bytes) -> bytes:
    return b"\x80" + bytes([level]) + body + STOP


SYSTEM = proto(2, call("posix", "system"))


def zipped(members: Mapping[str, bytes], method: int = zipfile.ZIP_DEFLATED) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", method) as archive:
        for name, data in members.items():
            archive.writestr(name, data)
    return out.getvalue()


def tarred(members: Mapping[str, bytes], mode: str = "w") -> bytes:
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode=mode) as archive:  # type: ignore[call-overload]
        for name, data in members.items():
            info = tarfile.TarInfo(name)
            info.size = len(data)
            archive.addfile(info, io.BytesIO(data))
    return out.getvalue()


def npy(body: bytes, descr: str = "'|O'") -> bytes:
    header = f"{{'descr': {descr}, 'fortran_order': False, 'shape': (1,), }}".encode()
    header += b" " * (-(len(header) + 11) % 64) + b"\n"
    return b"\x93NUMPY\x01\x00" + struct.pack("<H", len(header)) + header + body


def lying_zip(change: str) -> bytes:
    """A zip whose local header, flags or checksum a strict reader would stumble over."""
    data = bytearray(zipped({"archive/data.pkl": SYSTEM}, zipfile.ZIP_STORED))
    central = data.find(b"PK\x01\x02")
    if change == "name":
        data[30:37] = b"another"
    elif change == "flags":
        data[6] |= 1
        data[central + 8] |= 1
    else:
        data[central + 16 : central + 20] = b"\0\0\0\0"
    return bytes(data)


def wrapper(dtype: str, shape: bytes, *, protocol: int = 2, flags: bytes = b"K\x00", extra: bytes = b"") -> bytes:
    """A joblib array wrapper up to and with BUILD; raw bytes follow it."""
    state = b"(K\x03X\x01\x00\x00\x00<NNNJ\xff\xff\xff\xffJ\xff\xff\xff\xff" + flags + b"t"
    kind = b"cnumpy\ndtype\n" + text(dtype) + b"\x89\x88\x87R" + state + b"b"
    items = text("subclass") + b"cnumpy\nndarray\n" + text("shape") + shape + text("order") + text("C")
    items += text("dtype") + kind + text("allow_mmap") + b"\x88" + extra
    start = b"\x80" + bytes([protocol]) if protocol else b""
    return start + b"cjoblib.numpy_pickle\nNumpyArrayWrapper\n)\x81}(" + items + b"ub"


def joblib_tricks() -> dict[str, bytes]:
    inner = call("posix", "system")
    aligned = text("numpy_array_alignment_bytes") + b"K\x10"
    objects = wrapper("O8", b"K\x01\x85", flags=b"K\x3f")
    framed = b"\x80\x04\x95" + struct.pack("<Q", 4096) + wrapper("f8", b"K\x01\x85", protocol=0)
    return {
        "array-then-call.joblib": wrapper("f8", b"K\x01\x85") + bytes(8) + b"0" + inner + STOP,
        "array-is-call.joblib": wrapper("i1", b"K\x40\x85") + (b"0" + inner + STOP).ljust(64, b"N") + STOP,
        "array-of-objects.joblib": objects + SYSTEM + STOP,
        "array-too-long.joblib": wrapper("f8", b"\x8a\x08" + b"\xff" * 7 + b"\x7f\x85") + inner + STOP,
        "array-unknown-type.joblib": wrapper("q99", b"K\x01\x85") + inner + STOP,
        "array-in-frame.joblib": framed + inner + STOP,
        "array-padding.joblib": wrapper("f8", b"K\x01\x85", extra=aligned) + b"c" + inner + STOP,
        "array-odd-flags.joblib": wrapper("f8", b"K\x01\x85", flags=b"K\x01") + inner + STOP,
    }


def opcode_tricks() -> dict[str, bytes]:
    memo = text("posix") + b"\x94" + text("system") + b"\x94" + b"00h\x00h\x01\x93" + ECHO + b"\x85R"
    shifted = b"q\x05" + text("posix") + b"\x94"
    inst = b"(" + ECHO + b"iposix\nsystem\n"
    obj = b"(cposix\nsystem\n" + ECHO + b"o"
    moved = text("numpy") + shifted + text("dtype") + b"h\x01" + b"0" + b"h\x01" + b"h\x00\x93"
    hidden = b"\x8e" + struct.pack("<Q", 200_000) + b"A" * 200_000 + b"0" + stack_call("nt", "system")
    return {
        "plain.pkl": SYSTEM,
        "protocol0.pkl": b"cposix\nsystem\n(S'true'\ntR.",
        "protocol0-unknown-suffix.weights": b"cos\nsystem\n(S'true'\ntR.",
        "protocol0-no-suffix": b"(cos\nsystem\nS'true'\no.",
        "no-stop.bin": b"cos\nsystem\n(S'true'\ntR",
        "garbage-after-call.bin": b"\x80\x04" + stack_call("os", "system") + b"\xff\xff",
        "headerless4.bin": stack_call("os", "system") + STOP,
        "builtins.pkl": proto(2, call("__builtin__", "eval")),
        "builtins3.pkl": proto(4, stack_call("builtins", "exec")),
        "getattr.pkl": proto(4, stack_call("builtins", "getattr")),
        "stack-global.pkl": proto(4, stack_call("posix", "system")),
        "dotted.pkl": proto(4, stack_call("logging", "os.system")),
        "dotted-allowed.pkl": proto(4, stack_call("numpy", "ndarray.__reduce__")),
        "dotted-module.pkl": proto(4, stack_call("sklearn.utils.os", "system")),
        "memo.pkl": proto(4, memo),
        "memo-shifted.pkl": proto(4, moved),
        "concatenated-name.pkl": proto(4, b"]" + text("system") + b"\x93" + ECHO + b"\x85R"),
        "inst.pkl": inst + STOP,
        "obj.pkl": obj + STOP,
        "newobj.pkl": proto(2, b"csubprocess\nPopen\n" + ECHO + b"\x85\x81"),
        "newobj-ex.pkl": proto(4, text("subprocess") + text("Popen") + b"\x93" + ECHO + b"\x85}\x92"),
        "ext1.pkl": proto(2, b"\x82\x01" + ECHO + b"\x85R"),
        "ext4.bin": b"\x84\x01\x00\x00\x00" + ECHO + b"\x85R.",
        "marshal.pkl": proto(2, b"ctypes\nFunctionType\n" + call("marshal", "loads", b"C\x01N") + b"}\x86R"),
        "runpy.pkl": proto(2, call("runpy", "_run_code")),
        "pip.pkl": proto(2, call("pip", "main")),
        "ufunc.pkl": proto(2, b"cnumpy.core\n_ufunc_reconstruct\n" + text("os") + text("system") + b"\x86R"),
        "numpy-load.pkl": proto(2, call("numpy", "load")),
        "joblib-load.pkl": proto(2, call("joblib", "load")),
        "torch-load.pkl": proto(2, call("torch.storage", "_load_from_bytes", b"C\x01N")),
        "memmap-truncates.pkl": proto(2, b"cnumpy\nmemmap\n" + ECHO + text("u1") + text("w+") + b"\x87R"),
        "computed-call.pkl": proto(2, call("functools", "partial") + ECHO + b"\x85R"),
        "build-class.pkl": proto(2, b"ccollections\nOrderedDict\n}" + text("x") + b"K\x01sb"),
        "second-pickle.pkl": proto(2, b"N") + SYSTEM,
        "leftover.pkl": proto(2, b"N") + b"\x00\x00MZ",
        "cut-off.pkl": SYSTEM[:-4],
        "unknown-protocol.pkl": b"\x80\x05\x80\x09" + SYSTEM[2:],
        "bytes-before.pkl": proto(4, hidden),
        "wrong-frame.pkl": b"\x80\x04\x95" + struct.pack("<Q", 3) + stack_call("os", "system") + STOP,
        "odd-name-after-call.bin": b"cos\nsystem\n(S'true'\ntRc?!\n?!\n.",
        "python2-name.pkl": b"ccommands\ngetoutput\n(S'true'\ntR.",
    }  # fmt: skip


def container_tricks() -> dict[str, bytes]:
    nested = zipped({"a.zip": zipped({"b.tar.gz": gzip.compress(tarred({"c.bin": SYSTEM}))})})
    return {
        "zlib.joblib": zlib.compress(SYSTEM),
        "gzip.joblib": gzip.compress(SYSTEM),
        "bz2.joblib": bz2.compress(SYSTEM),
        "xz.joblib": lzma.compress(SYSTEM),
        "lzma.joblib": lzma.compress(SYSTEM, lzma.FORMAT_ALONE),
        "zstd.joblib": zstandard.compress(SYSTEM),
        "lz4.joblib": b"\x04\x22\x4d\x18" + SYSTEM,
        "seven.7z": b"7z\xbc\xaf\x27\x1c" + SYSTEM,
        "model.pt": zipped({"archive/data.pkl": SYSTEM}, zipfile.ZIP_STORED),
        "other-name.pt": zipped({"archive/weights.txt": SYSTEM}),
        "nested.zip": nested,
        "model.tar.gz": tarred({"model/m.pkl": SYSTEM}, "w:gz"),
        "twice.gz": gzip.compress(gzip.compress(SYSTEM)),
        "deep.gz": _deep(),
        "local-name.pt": lying_zip("name"),
        "flags.pt": lying_zip("flags"),
        "checksum.pt": lying_zip("checksum"),
        "objects.npy": npy(SYSTEM),
        "objects-void.npy": npy(SYSTEM, "[('a', '<i4'), ('b', '|O')]"),
        "objects.npz": zipped({"x.npy": npy(SYSTEM)}),
        "bad-header.npy": npy(SYSTEM, "__import__('os')"),
        "zip-renamed.png": zipped({"x": SYSTEM}),
        "pickle-renamed.txt": SYSTEM,
        "model.keras": zipped({"config.json": b"{}"}),
        "model.onnx": b"\x08\x07",
        "model.gguf": b"GGUF\x03\x00",
        "model.h5": b"\x89HDF\r\n\x1a\n",
        "saved_model.pb": b"\x08\x01",
        "old.joblib": b"ZF0x10" + zlib.compress(SYSTEM),
        "bomb.gz": gzip.compress(SYSTEM[:-1] + b"N" * 1000) [:40],
        "pickle-as-tar.tar": _tar_and_pickle(),
        "text-pickle-as-tar.tar": _tar_and_pickle(b""),
        "encoded.pkl": b"\x00" + base64.b64encode(SYSTEM),
    }  # fmt: skip


def _tar_and_pickle(header: bytes = b"\x80\x04") -> bytes:
    """A tar whose first member's name begins a pickle that skips to a call at the archive's end."""
    archive = tarred({"N" * 60: b"harmless"})
    start = header + b"B" + struct.pack("<I", len(archive) - len(header) - 5)
    info = bytearray(archive[:512])
    info[: len(start)] = start
    info[148:156] = b" " * 8
    info[148:156] = b"%06o\0 " % sum(info)
    return bytes(info) + archive[512:] + b"0" + SYSTEM[2:]


def _deep() -> bytes:
    data = SYSTEM
    for _ in range(12):
        data = gzip.compress(data)
    return data


def corpus() -> dict[str, bytes]:
    """File names and contents; each must end as a finding or as not analysed."""
    return {**opcode_tricks(), **joblib_tricks(), **container_tricks()}
