"""Pickles from outside, read as data: a pickle can ask for any function, so none is ever called.

The commands of the file are followed one by one and make plain containers, text, numbers and NumPy
arrays of numbers. The few names by which a pickle makes an array are recognised, and their work is
done in ``unpickled.py``; every other name is refused. No object of a class is made, nothing is looked
up, and sizes are held against the bytes that are there.

Source: the commands as described by Python's own ``pickletools``.
"""

from __future__ import annotations

import pickletools
from collections.abc import Callable
from pathlib import Path
from typing import Any, BinaryIO

from kinestream.errors import DataError, MissingFileError
from kinestream.formats.parsing.unpickled import ARRAY, MADE, Global, Refused, Unbuilt

MAX_BYTES = 1 << 33
"""Largest file; about as much memory is needed to read it."""

MAX_COMMANDS = 1 << 24  # two times what NTU RGB+D 120 takes
BYTES_PER_COMMAND = 8  # on average, in files of more than FREE_COMMANDS
FREE_COMMANDS = 1 << 20

_LINE = 1 << 10
_COMMANDS = {command.code: command for command in pickletools.opcodes}
_PLAIN = {
    *("BININT", "BININT1", "BININT2", "LONG1", "BINFLOAT"),
    *("BINUNICODE", "SHORT_BINUNICODE", "BINUNICODE8", "BINSTRING", "SHORT_BINSTRING"),
    *("BINBYTES", "SHORT_BINBYTES", "BINBYTES8", "BYTEARRAY8"),
}
_FRESH: dict[str, Callable[[], object]] = {
    "NONE": lambda: None,
    "NEWTRUE": lambda: True,
    "NEWFALSE": lambda: False,
    "EMPTY_LIST": list,
    "EMPTY_DICT": dict,
    "EMPTY_TUPLE": tuple,
}


def read_pickle(path: str | Path, what: str) -> object:
    """The plain value in a pickle: containers, text, numbers and arrays of numbers.

    Dictionaries have text as keys. Arrays are read-only and lie on the bytes that were read.

    Args:
        path: The file, written with protocol 2 to 5.
        what: What it should be, as the error names it, for example ``a label file``.

    Raises:
        MissingFileError: There is no such file.
        DataError: It is no pickle, it is damaged or too large, or it asks for anything else.
    """
    path = Path(path)
    if not path.is_file():
        raise MissingFileError(f"there is no file {path}; expected {what}.")
    size = path.stat().st_size
    if size > MAX_BYTES:
        raise DataError(f"{path} has {size} bytes, {what} may have {MAX_BYTES}: split it first.")
    try:
        with open(path, "rb") as file:
            most = min(MAX_COMMANDS, max(FREE_COMMANDS, size // BYTES_PER_COMMAND))
            return _followed(_Bounded(file, size), most)
    except Refused as reason:
        raise DataError(f"{path} is refused: {reason}; expected {what}.") from None
    except (ValueError, TypeError, IndexError, KeyError, AttributeError, OverflowError):
        raise DataError(f"{path} is no whole pickle; expected {what}.") from None
    except OSError as error:
        raise DataError(f"{path} cannot be read: {error.strerror or error}.") from None


class _Bounded:
    """A file whose reader cannot ask for more than there is."""

    def __init__(self, file: BinaryIO, size: int) -> None:
        self._file = file
        self._left = size

    def read(self, size: int) -> bytes:
        if not 0 <= size <= self._left:
            raise Refused(f"{size} bytes are claimed where {self._left} are left")
        self._left -= size
        return self._file.read(size)

    def line(self) -> str:
        """A line of ASCII text."""
        line = self._file.readline(_LINE)
        self._left -= len(line)
        if not line.endswith(b"\n"):
            raise ValueError("a line without an end")
        return line[:-1].decode("ascii")


def _followed(file: _Bounded, most: int) -> object:
    machine = _Machine()
    for _ in range(most):
        command = _COMMANDS.get(file.read(1).decode("latin-1"))
        if command is None:
            raise ValueError("no command of a pickle")
        if command.name == "STOP":
            return machine.result()
        machine.follow(command.name, _argument(command, file))
    raise Refused(f"it holds more than {most} commands")


def _argument(command: pickletools.OpcodeInfo, file: _Bounded) -> Any:
    """What stands behind a command, if it is one that plain data needs."""
    if command.name == "GLOBAL":
        return f"{file.line()} {file.line()}"
    if command.name not in _PLAIN and command.name not in _FRESH and command.name not in _STEPS:
        raise Refused(f"it uses the command {command.name}, which plain data does not need")
    return None if command.arg is None else command.arg.reader(file)  # type: ignore[arg-type]


class _Machine:
    """The stack that a pickle's commands work on, and what it remembers by number."""

    def __init__(self) -> None:
        self._stack: list[Any] = []
        self._below: list[list[Any]] = []
        self._memo: dict[int, Any] = {}

    def result(self) -> object:
        if self._below or len(self._stack) != 1 or isinstance(self._stack[0], Global | Unbuilt):
            raise ValueError("the pickle does not end with one value")
        return self._stack[0]

    def follow(self, name: str, argument: Any) -> None:
        if name in _PLAIN:
            self._stack.append(argument)
        elif name in _FRESH:
            self._stack.append(_FRESH[name]())
        else:
            _STEPS[name](self, argument)

    def skip(self, argument: object) -> None:
        pass

    def mark(self, argument: object) -> None:
        self._below.append(self._stack)
        self._stack = []

    def _since_mark(self) -> list[Any]:
        values, self._stack = self._stack, self._below.pop()
        return values

    def remember(self, place: int | None) -> None:
        value = self._stack[-1]
        place = len(self._memo) if place is None else place
        self._memo[place] = value
        if isinstance(value, Unbuilt):
            value.places.append(place)

    def recall(self, place: int) -> None:
        self._stack.append(self._memo[place])

    def tuple_of(self, count: int) -> None:
        values = self._stack[len(self._stack) - count :]
        if len(values) != count:
            raise ValueError("a tuple takes more than there is")
        self._stack[len(self._stack) - count :] = [tuple(values)]

    def tuple_since_mark(self, argument: object) -> None:
        values = self._since_mark()
        self._stack.append(tuple(values))

    def append(self, argument: object) -> None:
        self._extend([self._stack.pop()])

    def appends(self, argument: object) -> None:
        self._extend(self._since_mark())

    def _extend(self, values: list[Any]) -> None:
        if type(self._stack[-1]) is not list:
            raise Refused("it appends to something that is no list")
        self._stack[-1].extend(values)

    def set_item(self, argument: object) -> None:
        value, key = self._stack.pop(), self._stack.pop()
        self._update([key, value])

    def set_items(self, argument: object) -> None:
        self._update(self._since_mark())

    def _update(self, values: list[Any]) -> None:
        keys = values[::2]
        if type(self._stack[-1]) is not dict or not set(map(type, keys)) <= {str}:
            raise Refused("it has a dictionary with keys that are no text")
        self._stack[-1].update(zip(keys, values[1::2], strict=True))

    def ask(self, name: str) -> None:
        """Two words, the module and the name in it."""
        full = name.replace(" ", ".", 1).replace("numpy._core.", "numpy.core.", 1)
        if full not in MADE and full != ARRAY:
            raise Refused(f"it asks for {ascii(full[:60])}, which is no plain data")
        self._stack.append(Global(full))

    def ask_from_stack(self, argument: object) -> None:
        name, module = self._stack.pop(), self._stack.pop()
        if type(name) is not str or type(module) is not str:
            raise Refused("it asks for a name that is no text")
        self.ask(f"{module} {name}")

    def make(self, argument: object) -> None:
        arguments, asked = self._stack.pop(), self._stack.pop()
        if type(asked) is not Global or type(arguments) is not tuple or asked.name not in MADE:
            raise Refused("it calls something that is no function of NumPy's arrays")
        self._stack.append(MADE[asked.name](*arguments))

    def build(self, argument: object) -> None:
        state, value = self._stack.pop(), self._stack.pop()
        if type(value) is not Unbuilt or type(state) is not tuple:
            raise Refused("it sets the inside of something that is no array")
        built = value.build(state)
        for place in value.places:
            self._memo[place] = built
        self._stack.append(built)


_STEPS: dict[str, Callable[[_Machine, Any], None]] = {
    "PROTO": _Machine.skip,
    "FRAME": _Machine.skip,
    "MARK": _Machine.mark,
    "BINPUT": _Machine.remember,
    "LONG_BINPUT": _Machine.remember,
    "MEMOIZE": _Machine.remember,
    "BINGET": _Machine.recall,
    "LONG_BINGET": _Machine.recall,
    "TUPLE": _Machine.tuple_since_mark,
    "TUPLE1": lambda machine, _: machine.tuple_of(1),
    "TUPLE2": lambda machine, _: machine.tuple_of(2),
    "TUPLE3": lambda machine, _: machine.tuple_of(3),
    "APPEND": _Machine.append,
    "APPENDS": _Machine.appends,
    "SETITEM": _Machine.set_item,
    "SETITEMS": _Machine.set_items,
    "GLOBAL": _Machine.ask,
    "STACK_GLOBAL": _Machine.ask_from_stack,
    "REDUCE": _Machine.make,
    "BUILD": _Machine.build,
}
