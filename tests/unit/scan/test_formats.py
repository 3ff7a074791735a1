from __future__ import annotations

import pickle

import pytest

from tidegate.scan.formats import Format, may_be_pickle, sniff, unread_kind


@pytest.mark.parametrize(
    ("head", "expected"),
    [
        (b"PK\x03\x04", Format.ZIP),
        (b"\x1f\x8b\x08", Format.GZIP),
        (b"x\x9c\x01", Format.ZLIB),
        (b"x^2 + y", Format.ZLIB),
        (b"\x93NUMPY\x01", Format.NPY),
        (b"\x80\x04\x95", Format.PICKLE),
        (b"\x80\x09\x95", Format.OTHER),
        (b"cos\nsystem", Format.MAYBE_PICKLE),
        (b"\x7fELF", Format.OTHER),
        (b"GGUF\x03", Format.UNREAD),
        (b"\0" * 257 + b"ustar", Format.TAR),
        (b"\x80\x04".ljust(257, b"N") + b"ustar", Format.PICKLE),
        (b"", Format.OTHER),
    ],
)
def test_content_decides(head: bytes, expected: Format) -> None:
    """Not the name; what a loader would take for a pickle is one, whatever else it looks like."""
    assert sniff(head) == expected


@pytest.mark.parametrize("protocol", range(6))
@pytest.mark.parametrize(
    "value", [None, True, 1, 1 << 70, 1.5, "t", b"b", [], {}, (), {1}, frozenset(), range(1), print]
)
def test_every_pickle_is_seen(value: object, protocol: int) -> None:
    """Of every protocol."""
    data = pickle.dumps(value, protocol)
    assert sniff(data) in {Format.PICKLE, Format.MAYBE_PICKLE}
    assert protocol > 1 or may_be_pickle(data)


@pytest.mark.parametrize(
    ("name", "kind"),
    [("a/model.ONNX", "ONNX"), ("m/saved_model.pb", "TensorFlow SavedModel"), ("x.keras", "Keras"), ("x.txt", "")],
)
def test_formats_without_a_magic_are_told_by_their_name(name: str, kind: str) -> None:
    """Those that can hold code."""
    assert unread_kind(name, b"") == kind
