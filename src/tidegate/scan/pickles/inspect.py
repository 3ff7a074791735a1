"""One pickle, read from its opcodes and held against the allow list."""

from __future__ import annotations

import io
from dataclasses import dataclass, field

from tidegate.scan.pickles.allowlist import AllowList, is_plausible, rename
from tidegate.scan.pickles.arrays import describe
from tidegate.scan.pickles.machine import Machine
from tidegate.scan.pickles.opcodes import Malformed, read_operations
from tidegate.scan.pickles.values import OPAQUE, UNRESOLVED, WRAPPER, Global, Made
from tidegate.scan.reader import Budget, Reader, Truncated

_MAX_ISSUES = 100
_MAX_DEPTH = 8
# The first byte after a joblib array's description is the length of its padding, and no opcode has so low a byte.
_LOWEST_OPCODE = 0x28
# An array without that byte must not read as opcodes for another loader; so many bytes of it are tried.
_TRIED = 4096


@dataclass(frozen=True, slots=True)
class Issue:
    """`code` names the kind, `detail` is a sentence's end, `position` in bytes from the file's start."""

    code: str
    detail: str
    position: int


@dataclass(slots=True)
class Inspection:
    """What a pickle does. `called`: it calls something. `malformed`: why no loader could read it to its end."""

    issues: list[Issue] = field(default_factory=list)
    called: bool = False
    malformed: str = ""
    _seen: set[tuple[str, str]] = field(default_factory=set)

    def add(self, code: str, detail: str, position: int) -> None:
        if (code, detail) not in self._seen and len(self.issues) < _MAX_ISSUES:
            self._seen.add((code, detail))
            self.issues.append(Issue(code, detail, position))


def inspect(reader: Reader, allowed: AllowList, *, certain: bool = True) -> Inspection:
    """Read one pickle up to its STOP, or to where a loader would give up. Never executes, never imports.

    Unless it is `certain` that this is a pickle, a global that can't be a name ends it: it is other text.
    """
    result = Inspection()
    try:
        _Follower(reader, allowed, result, certain).follow(0)
    except Malformed as error:
        result.malformed = str(error)
    except Truncated:
        result.malformed = f"it ends at byte {reader.position} in the middle of an array"
    return result


@dataclass(slots=True)
class _Follower:
    reader: Reader
    allowed: AllowList
    result: Inspection
    certain: bool
    _wrapped: bool = False

    def follow(self, depth: int) -> None:
        if depth > _MAX_DEPTH:
            raise Malformed(f"arrays of objects nested more than {_MAX_DEPTH} deep")
        machine = Machine(self._on_global, self.result.add, rename, self.allowed.words)
        for operation in read_operations(self.reader):
            built = machine.step(operation)
            self.result.called = self.result.called or machine.called
            if built is not None and self._is_wrapper(built):
                if self.reader.position < machine.frame_end:
                    raise Malformed(f"byte {self.reader.position}: an array begins inside a frame")
                self._pass_array(built, machine, depth)
                machine.replace_top(OPAQUE)

    def _is_wrapper(self, built: Made) -> bool:
        # Once there are such arrays, an object of unknown make could be one, too.
        return built.by == WRAPPER or (self._wrapped and built.by is UNRESOLVED)

    def _on_global(self, found: Global, position: int) -> None:
        if found == WRAPPER:
            self._wrapped = True
        if self.allowed.allows(found):
            return
        if found.unresolved:
            self.result.add("pickle-unresolved", "it imports a name that it computes while loading", position)
            return
        if not self.certain and not is_plausible(found):
            raise Malformed(f"byte {position}: {found} can't be a name")
        self.result.add("pickle-global", f"it imports {found}, which is not on the list of allowed globals", position)

    def _pass_array(self, wrapper: Made, machine: Machine, depth: int) -> None:
        array = describe(wrapper)
        if array is None:
            raise Malformed(f"byte {self.reader.position}: an array whose length can't be told for certain")
        if array.objects:
            self.follow(depth + 1)
            return
        if array.padded:
            padding = self.reader.take(1)[0]
            if padding >= _LOWEST_OPCODE:
                raise Malformed(f"byte {self.reader.position}: {padding} bytes of padding")
            self.reader.skip(padding)
        elif array.size and not self._is_noise(machine):
            self.result.add("pickle-array", "the bytes of an array read as a pickle, too", self.reader.position)
        self.reader.skip(array.size)

    def _is_noise(self, machine: Machine) -> bool:
        """Whether a loader that knows nothing of joblib's arrays would stop in these bytes without importing."""
        data = self.reader.peek(_TRIED)
        aside = _Follower(Reader(io.BytesIO(data), Budget(_TRIED)), self.allowed, Inspection(), certain=False)
        other = machine.fork(aside._on_global, aside.result.add)
        try:
            for operation in read_operations(aside.reader):
                other.step(operation)
        except Malformed:
            pass
        return not aside.result.issues and aside.reader.position < _TRIED
