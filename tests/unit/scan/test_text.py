from __future__ import annotations

from tests.unit.scan.reports import REPORT

from tidegate.scan.text import lines, printable


def test_everything_is_said() -> None:
    """Findings, exceptions with their reason, and what was not done."""
    printed = "\n".join(lines(REPORT))
    for words in ("x CVE-1  x 1  fixed in 2", "@me", "ours", "NOT DONE", "m.onnx", "(required)", "matches nothing"):
        assert words in printed
    assert printed.endswith("scan failed: 1 high; 3 packages, 7 files")


def test_an_image_cannot_drive_the_terminal() -> None:
    """Names inside it are anybody's."""
    assert printable("a\x1b[31m\n") == "a\\x1b[31m\\x0a"
    assert "\x1b" not in "\n".join(lines(REPORT))
