"""Following a pickle's operations: which globals it would import, and what it would call."""

from __future__ import annotations

from collections.abc import Callable, Container, Sequence
from dataclasses import dataclass, field

from tidegate.scan.pickles.memo import Memo
from tidegate.scan.pickles.opcodes import Argument, Malformed, Operation, Skipped
from tidegate.scan.pickles.values import (
    DTYPE,
    MARK,
    OPAQUE,
    UNRESOLVED,
    WRAPPER,
    Global,
    Made,
    Mapping,
    Mark,
    Opaque,
    Value,
    flat,
)

_MAX_STACK = 2_000_000
_MAX_KEYS = 32
# Longer tuples are data.
_MAX_TUPLE = 16
_HIGHEST_PROTOCOL = 5
_RECONSTRUCTORS = frozenset({Global("copyreg", "_reconstructor"), Global("copyreg", "__newobj__")})

# Told of each import, in order: the global and its position in bytes.
OnGlobal = Callable[[Global, int], None]
# Told of anything else that no model needs: a code, a sentence's end and the position.
OnOddity = Callable[[str, str, int], None]


@dataclass(slots=True)
class Machine:
    """A stack and a memo without objects. Raises Malformed where a loader would stop, too."""

    on_global: OnGlobal
    on_oddity: OnOddity
    rename: Callable[[str, str, int], Global]
    known: Container[str]
    protocol: int = 0
    called: bool = False
    frame_end: int = -1
    _stack: list[Value] = field(default_factory=list)
    _marks: list[int] = field(default_factory=list)
    _memo: Memo = field(init=False)

    def __post_init__(self) -> None:
        self._memo = Memo(self.known)

    def step(self, operation: Operation) -> Made | None:
        """Follow one operation; what BUILD was given a state for is returned. Raises Malformed."""
        name = operation.name
        if name in _PUSHES:
            self._push(_PUSHES[name](operation.argument))
            return None
        handler = _HANDLERS.get(name)
        if handler is None:
            raise Malformed(f"byte {operation.position}: {name} is not known")
        if name == "BUILD":
            return self._build(operation)
        handler(self, operation)
        return None

    def fork(self, on_global: OnGlobal, on_oddity: OnOddity) -> Machine:
        """Another machine in this one's state, to follow what another loader would do next."""
        other = Machine(on_global, on_oddity, self.rename, self.known, self.protocol, frame_end=self.frame_end)
        other._stack = list(self._stack)
        other._marks = list(self._marks)
        other._memo = self._memo.copy()
        return other

    def replace_top(self, value: Value) -> None:
        """What joblib does with a wrapper once its array is read."""
        self._pop()
        self._push(value)

    def _push(self, value: Value) -> None:
        if len(self._stack) >= _MAX_STACK:
            raise Malformed(f"more than {_MAX_STACK} values on its stack")
        self._stack.append(value)

    def _pop(self) -> Value:
        # A value below the last mark belongs to what was begun before it.
        if len(self._stack) <= (self._marks[-1] + 1 if self._marks else 0):
            raise Malformed("an operation finds its stack empty")
        return self._stack.pop()

    def _pop_mark(self) -> list[Value]:
        if not self._marks:
            raise Malformed("an operation finds no mark on its stack")
        start = self._marks.pop()
        values = self._stack[start + 1 :]
        del self._stack[start:]
        return values

    def _import(self, module: object, name: object, position: int) -> Global:
        if isinstance(module, str) and isinstance(name, str):
            found = self.rename(module, name, self.protocol)
        else:
            found = UNRESOLVED
        self.on_global(found, position)
        return found

    def _call(self, by: Value, arguments: Sequence[Value], position: int) -> None:
        if not isinstance(by, (Global, Made, Opaque)):
            raise Malformed(f"byte {position}: it calls what can't be called")
        self.called = True
        if not isinstance(by, Global):
            self.on_oddity("pickle-call", "it calls an object that it computed", position)
            by = UNRESOLVED
        if by in _RECONSTRUCTORS and arguments and isinstance(arguments[0], Global):
            by = arguments[0]
        self._push(Made(by, tuple(arguments) if by == DTYPE and len(arguments) <= 4 else ()))

    # One method for each operation that is more than a push.

    def _proto(self, operation: Operation) -> None:
        protocol = operation.argument
        if not isinstance(protocol, int) or protocol > _HIGHEST_PROTOCOL:
            raise Malformed(f"byte {operation.position}: pickle protocol {protocol} is not known")
        self.protocol = protocol

    def _frame(self, operation: Operation) -> None:
        if operation.position < self.frame_end:
            raise Malformed(f"byte {operation.position}: a frame begins inside another")
        if isinstance(operation.argument, int):
            # One byte of opcode and eight of length come before the frame's content.
            self.frame_end = operation.position + 9 + operation.argument

    def _mark(self, _operation: Operation) -> None:
        self._push(MARK)
        self._marks.append(len(self._stack) - 1)

    def _stop(self, _operation: Operation) -> None:
        self._pop()

    def _pop_one(self, _operation: Operation) -> None:
        # POP on a mark removes the mark (pickle.py, load_pop).
        if self._marks and self._marks[-1] == len(self._stack) - 1:
            self._pop_mark()
        else:
            self._pop()

    def _pop_to_mark(self, _operation: Operation) -> None:
        self._pop_mark()

    def _dup(self, _operation: Operation) -> None:
        value = self._pop()
        self._push(value)
        self._push(value)

    def _global(self, operation: Operation) -> None:
        names = operation.argument
        module, name = names if isinstance(names, tuple) else (None, None)
        self._push(self._import(module, name, operation.position))

    def _stack_global(self, operation: Operation) -> None:
        name, module = self._pop(), self._pop()
        self._push(self._import(module, name, operation.position))

    def _extension(self, operation: Operation) -> None:
        self.on_oddity(
            "pickle-extension", f"{operation.name} imports what copyreg's registry names", operation.position
        )
        self._push(UNRESOLVED)

    def _inst(self, operation: Operation) -> None:
        arguments = self._pop_mark()
        names = operation.argument
        module, name = names if isinstance(names, tuple) else (None, None)
        self._call(self._import(module, name, operation.position), arguments, operation.position)

    def _obj(self, operation: Operation) -> None:
        values = self._pop_mark()
        if not values:
            raise Malformed("OBJ finds no class on its stack")
        self._call(values[0], values[1:], operation.position)

    def _reduce(self, operation: Operation) -> None:
        arguments, by = self._pop(), self._pop()
        self._call(by, arguments if isinstance(arguments, tuple) else (), operation.position)

    def _newobj_ex(self, operation: Operation) -> None:
        self._pop()
        self._reduce(operation)

    def _build(self, operation: Operation) -> Made | None:
        state, instance = self._pop(), self._pop()
        if isinstance(instance, Global):
            self.on_oddity("pickle-build", f"it changes {instance} itself", operation.position)
        self._push(instance)
        if isinstance(instance, Made):
            if instance.by in {DTYPE, WRAPPER}:
                instance.state = state
            return instance
        return Made(UNRESOLVED)

    def _memoize(self, _operation: Operation) -> None:
        value = self._pop()
        self._push(value)
        self._memo.append(value)

    def _put(self, operation: Operation) -> None:
        value = self._pop()
        self._push(value)
        self._memo.put(_index(operation), value)

    def _get(self, operation: Operation) -> None:
        self._push(self._memo.get(_index(operation)))

    def _tuple(self, _operation: Operation) -> None:
        values = self._pop_mark()
        self._push(tuple(map(flat, values)) if len(values) <= _MAX_TUPLE else OPAQUE)

    def _short_tuple(self, operation: Operation) -> None:
        values = [self._pop() for _ in range({"TUPLE1": 1, "TUPLE2": 2, "TUPLE3": 3}[operation.name])]
        self._push(tuple(map(flat, reversed(values))))

    def _collect(self, _operation: Operation) -> None:
        self._pop_mark()
        self._push(OPAQUE)

    def _dict(self, _operation: Operation) -> None:
        mapping = Mapping()
        _set_items(mapping, self._pop_mark())
        self._push(mapping)

    def _drop_one(self, _operation: Operation) -> None:
        self._pop()
        self._keep_top()

    def _drop_marked(self, _operation: Operation) -> None:
        self._pop_mark()
        self._keep_top()

    def _set_item(self, _operation: Operation) -> None:
        value, key = self._pop(), self._pop()
        _set_items(self._keep_top(), [key, value])

    def _set_marked(self, _operation: Operation) -> None:
        values = self._pop_mark()
        _set_items(self._keep_top(), values)

    def _keep_top(self) -> Value:
        value = self._pop()
        self._push(value)
        return value

    def _persistent(self, _operation: Operation) -> None:
        self._pop()
        self._push(OPAQUE)


def _index(operation: Operation) -> int:
    if not isinstance(operation.argument, int) or operation.argument < 0:
        raise Malformed(f"byte {operation.position}: {operation.name} without an index")
    return operation.argument


def _set_items(target: Value, values: Sequence[Value]) -> None:
    if not isinstance(target, Mapping):
        return
    for key, value in zip(values[::2], values[1::2], strict=False):
        if isinstance(key, str) and not isinstance(value, Mark) and len(target.items) < _MAX_KEYS:
            target.items[key] = OPAQUE if isinstance(value, Mapping) else value
        else:
            target.complete = False


def _value(argument: object) -> Value:
    return argument if isinstance(argument, (str, int)) else OPAQUE


def _opaque(_argument: object) -> Value:
    return OPAQUE


_TEXTS = ["BINSTRING", "SHORT_BINSTRING", "STRING", "UNICODE", "BINUNICODE", "SHORT_BINUNICODE", "BINUNICODE8"]
_INTEGERS = ["INT", "BININT", "BININT1", "BININT2", "LONG", "LONG1", "LONG4"]
_BYTES = ["BINBYTES", "SHORT_BINBYTES", "BINBYTES8", "BYTEARRAY8", "NEXT_BUFFER"]
_OTHERS = ["FLOAT", "BINFLOAT", "EMPTY_LIST", "EMPTY_SET", "PERSID"]
_PUSHES: dict[str, Callable[[Argument | Skipped], Value]] = {
    **dict.fromkeys([*_TEXTS, *_INTEGERS], _value),
    **dict.fromkeys([*_BYTES, *_OTHERS], _opaque),
    "NONE": lambda _: None,
    "NEWTRUE": lambda _: True,
    "NEWFALSE": lambda _: False,
    "EMPTY_TUPLE": lambda _: (),
    "EMPTY_DICT": lambda _: Mapping(),
}
_HANDLERS: dict[str, Callable[[Machine, Operation], object]] = {
    "PROTO": Machine._proto,
    "FRAME": Machine._frame,
    "MARK": Machine._mark,
    "STOP": Machine._stop,
    "POP": Machine._pop_one,
    "POP_MARK": Machine._pop_to_mark,
    "DUP": Machine._dup,
    "GLOBAL": Machine._global,
    "STACK_GLOBAL": Machine._stack_global,
    "EXT1": Machine._extension,
    "EXT2": Machine._extension,
    "EXT4": Machine._extension,
    "INST": Machine._inst,
    "OBJ": Machine._obj,
    "REDUCE": Machine._reduce,
    "NEWOBJ": Machine._reduce,
    "NEWOBJ_EX": Machine._newobj_ex,
    "BUILD": Machine._build,
    "MEMOIZE": Machine._memoize,
    "PUT": Machine._put,
    "BINPUT": Machine._put,
    "LONG_BINPUT": Machine._put,
    "GET": Machine._get,
    "BINGET": Machine._get,
    "LONG_BINGET": Machine._get,
    "TUPLE": Machine._tuple,
    "TUPLE1": Machine._short_tuple,
    "TUPLE2": Machine._short_tuple,
    "TUPLE3": Machine._short_tuple,
    "LIST": Machine._collect,
    "FROZENSET": Machine._collect,
    "DICT": Machine._dict,
    "APPEND": Machine._drop_one,
    "APPENDS": Machine._drop_marked,
    "ADDITEMS": Machine._drop_marked,
    "SETITEM": Machine._set_item,
    "SETITEMS": Machine._set_marked,
    "BINPERSID": Machine._persistent,
    "READONLY_BUFFER": lambda _machine, _operation: None,
}
