from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tidegate.cli.context import Context
from tidegate.cli.progress import Console, Lines, listener, size
from tidegate.distribution.progress import Outcome
from tidegate.oci.descriptor import Descriptor
from tidegate.oci.digest import Digest
from tidegate.project.verdict import Verdict
from tidegate.trace.record import Stage

GIB = 1 << 30
BLOB = Descriptor(media_type="x", digest=Digest.of(b"x"), size=5 * GIB)
STAGE = Stage(name="scan", verdict=Verdict.INCOMPLETE, seconds=1.25, message="some")


class Drawn:
    """What a bar was told."""

    def __init__(self) -> None:
        self.calls: list[tuple[str, int, int]] = []

    def show(self, label: str, done: int, total: int) -> None:
        self.calls.append((label, done, total))

    def clear(self) -> None:
        self.calls.append(("clear", 0, 0))

    def hide(self, label: str) -> None:
        self.calls.append((f"hide {label}", 0, 0))


def test_a_stage_is_a_line_without_control_characters_in_a_log(capsys: pytest.CaptureFixture[str]) -> None:
    """Its name, how it ended, its seconds, and what it says of itself."""
    with listener(Context({"TERM": "xterm"})) as shown:
        shown.begin("scan")
        shown.end(STAGE)
    err = capsys.readouterr().err
    assert err.split() == ["scan", "NOT", "DONE", "1.2", "s", "some"]
    assert err.replace("\n", "").isprintable()


def test_colours_say_how_a_stage_ended_at_a_terminal() -> None:
    """Yellow for what was not done."""
    lines: list[str] = []
    Console(lines.append, Drawn(), colours=True).end(STAGE)
    assert "\x1b[33;1mNOT DONE\x1b[0m" in lines[0]


def test_bytes_of_a_stage_add_up_from_each_of_its_files() -> None:
    """Anew for each stage; what is whole has no bar any more, and a note clears them all."""
    bar = Drawn()
    console = Console(lambda _: None, bar, colours=False)
    console.at("model.bin", 5, 11)
    console.at("model.bin", 6, 11)
    console.begin("scan")
    console.at("model.bin", 1, 11)
    console.note("hello")
    shown = [("model.bin", 5, 11), ("model.bin", 11, 11), ("hide model.bin", 0, 0), ("model.bin", 1, 11)]
    assert bar.calls == [*shown, ("clear", 0, 0)]


def test_work_of_unknown_size_is_shown_until_the_next() -> None:
    """Only one such bar at a time."""
    bar = Drawn()
    console = Console(lambda _: None, bar, colours=False)
    console.at("Debian packages", 0, 0)
    console.at("python packages", 0, 0)
    assert bar.calls == [("Debian packages", 0, 0), ("hide Debian packages", 0, 0), ("python packages", 0, 0)]


def test_a_transfer_counts_what_was_sent_once() -> None:
    """A blob that starts again goes back; one that is there already counts as done."""
    bar = Drawn()
    transfer = Console(lambda _: None, bar, colours=False).transfer
    transfer.plan(1, BLOB.size)
    for position in (0, GIB, 0, GIB):
        transfer.at(BLOB, position)
    transfer.end(BLOB, Outcome.SKIPPED)
    assert [done for _, done, _ in bar.calls] == [0, GIB, 0, GIB, BLOB.size]
    assert {total for _, _, total in bar.calls} == {BLOB.size}


def test_a_log_gets_a_line_for_each_gibibyte() -> None:
    """Not one for each block."""
    said: list[str] = []
    lines = Lines(said.append)
    for done in range(0, 3 * GIB + 1, GIB // 8):
        lines.show("push", done, 3 * GIB)
    assert said == ["  push: 1.1 GB of 3.2 GB", "  push: 2.1 GB of 3.2 GB", "  push: 3.2 GB of 3.2 GB"]


@pytest.mark.parametrize(
    ("count", "text"), [(0, "0 B"), (999, "999 B"), (1000, "1.0 kB"), (44_000_000, "44.0 MB"), (3 * 10**12, "3.0 TB")]
)
def test_sizes_are_in_powers_of_ten(count: int, text: str) -> None:
    """As disks and networks are sold."""
    assert size(count) == text


@given(st.integers(min_value=0, max_value=10**15 - 1))
def test_a_size_is_always_short(count: int) -> None:
    """It fits its column."""
    assert len(size(count)) <= 9
