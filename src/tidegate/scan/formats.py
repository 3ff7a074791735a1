"""Telling what a file is from its first bytes, not from its name."""

from __future__ import annotations

import posixpath
from enum import StrEnum

# Bytes that sniffing looks at; a tar's magic is at 257.
HEAD = 512


class Format(StrEnum):
    PICKLE = "pickle"
    MAYBE_PICKLE = "maybe-pickle"
    NPY = "npy"
    ZIP = "zip"
    TAR = "tar"
    GZIP = "gzip"
    BZIP2 = "bzip2"
    XZ = "xz"
    LZMA = "lzma"
    ZLIB = "zlib"
    ZSTD = "zstd"
    # Formats that can hold code and that nothing here reads yet.
    UNREAD = "unread"
    OTHER = "other"


_MAGIC = (
    (b"PK\x03\x04", Format.ZIP),
    (b"PK\x05\x06", Format.ZIP),
    (b"\x1f\x8b", Format.GZIP),
    (b"BZh", Format.BZIP2),
    (b"\xfd7zXZ\x00", Format.XZ),
    (b"]\x00\x00", Format.LZMA),
    (b"\x28\xb5\x2f\xfd", Format.ZSTD),
    (b"\x93NUMPY", Format.NPY),
)
UNREAD_MAGIC = {
    b"7z\xbc\xaf\x27\x1c": "7z",
    b"\x04\x22\x4d\x18": "lz4",
    b"\x89HDF\r\n\x1a\n": "HDF5",
    b"GGUF": "GGUF",
    b"ZF0x": "joblib's old zfile",
    b"Rar!\x1a\x07": "rar",
}
UNREAD_NAMES = {
    ".onnx": "ONNX",
    ".keras": "Keras",
    ".h5": "HDF5",
    ".hdf5": "HDF5",
    ".tflite": "TensorFlow Lite",
    ".gguf": "GGUF",
    ".mlmodel": "Core ML",
    ".pte": "ExecuTorch",
    ".engine": "TensorRT",
}
UNREAD_FILES = {"saved_model.pb": "TensorFlow SavedModel", "keras_metadata.pb": "Keras"}
# By these names a file says that it is read by unpickling, or by numpy or torch.
PICKLE_NAMES = frozenset({".pkl", ".pickle", ".joblib", ".dill", ".pck", ".pcl", ".cloudpickle"})
LOADED_NAMES = PICKLE_NAMES | {".pt", ".ckpt", ".npy", ".npz", ".mar", ".skops"}

# Opcodes that a pickle without PROTO can begin with: those that need nothing on the stack.
_FIRST = frozenset(b"(cILJKMNSTUVXFG]})PBC\x8a\x8b\x88\x89\x8c\x8d\x8e\x8f\x95\x96\x97\x82\x83\x84")
_HIGHEST_PROTOCOL = 5


def sniff(head: bytes) -> Format:
    """What a file with these first bytes is to whoever loads it."""
    for magic, found in _MAGIC:
        if head.startswith(magic):
            return found
    if head.startswith(tuple(UNREAD_MAGIC)):
        return Format.UNREAD
    if head[:1] == b"\x80" and len(head) > 2 and head[1] <= _HIGHEST_PROTOCOL:
        return Format.PICKLE
    if head[257:262] == b"ustar":
        return Format.TAR
    if head[:1] == b"x" and len(head) > 2 and int.from_bytes(head[:2], "big") % 31 == 0:
        return Format.ZLIB
    return Format.MAYBE_PICKLE if may_be_pickle(head) else Format.OTHER


def may_be_pickle(head: bytes) -> bool:
    """Whether the first byte is an opcode that a pickle without a header can begin with."""
    return bool(head) and head[0] in _FIRST


def unread_kind(name: str, head: bytes) -> str:
    """The format's own name when nothing here reads it, else empty."""
    for magic, kind in UNREAD_MAGIC.items():
        if head.startswith(magic):
            return kind
    base = posixpath.basename(name)
    return UNREAD_FILES.get(base, "") or UNREAD_NAMES.get(suffix(name), "")


def suffix(name: str) -> str:
    return posixpath.splitext(name)[1].lower()
