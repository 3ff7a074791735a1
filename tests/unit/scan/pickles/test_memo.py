from __future__ import annotations

import pytest

from tidegate.scan.pickles.memo import Memo
from tidegate.scan.pickles.opcodes import Malformed
from tidegate.scan.pickles.values import OPAQUE


def test_appending_counts_what_is_there() -> None:
    """As load_memoize does, also after an index out of order."""
    memo = Memo(frozenset())
    memo.put(5, "five")
    memo.append("one")
    memo.append("two")
    assert [memo.get(n) for n in (0, 1, 2, 5)] == [OPAQUE, "one", "two", "five"]


def test_putting_again_replaces() -> None:
    """And isn't counted twice."""
    memo = Memo(frozenset())
    memo.append("a")
    memo.put(0, "b")
    memo.append("c")
    assert (memo.get(0), memo.get(1)) == ("b", "c")


def test_names_are_kept_among_a_million_words() -> None:
    """A vocabulary doesn't push out what imports need."""
    memo = Memo(frozenset({"sklearn.svm._classes"}))
    for number in range(30_000):
        memo.append(str(number))
    memo.append("sklearn.svm._classes")
    assert memo.get(30_000) == "sklearn.svm._classes"
    assert memo.get(29_999) is OPAQUE


def test_indices_far_out_of_order_are_refused() -> None:
    """No pickler writes them, and they would fill the memory."""
    with pytest.raises(Malformed):
        fill(Memo(frozenset()))


def fill(memo: Memo) -> None:
    for number in range(10, 100_000):
        memo.put(number, None)


def test_a_copy_is_its_own() -> None:
    """What one loader would do doesn't change the other."""
    memo = Memo(frozenset())
    memo.append("a")
    memo.copy().append("b")
    assert memo.get(1) is OPAQUE
