"""Pickles read as data: what Python writes comes back, and nothing that is hostile ever runs."""

from __future__ import annotations

import functools
import io
import os
import pickle
import struct
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from kinestream.errors import DataError, MissingFileError
from kinestream.formats.parsing import unpickling
from kinestream.formats.parsing.unpickling import read_pickle


def written(folder: Path, content: bytes) -> Path:
    path = folder / "any.pkl"
    path.write_bytes(content)
    return path


def assert_same(got: Any, expected: Any) -> None:
    if isinstance(expected, np.generic):
        expected = expected.item()
    assert type(got) is type(expected)
    if isinstance(expected, dict):
        assert list(got) == list(expected)
        for key in expected:
            assert_same(got[key], expected[key])
    elif isinstance(expected, list | tuple):
        assert len(got) == len(expected)
        for one, other in zip(got, expected, strict=True):
            assert_same(one, other)
    elif isinstance(expected, np.ndarray):
        assert (got.dtype, got.shape) == (expected.dtype, expected.shape)
        np.testing.assert_array_equal(got, expected)
    else:
        assert got == expected


def everything() -> dict[str, Any]:
    rng = np.random.default_rng(0)
    shared = rng.normal(size=(2, 3)).astype(np.float16)
    return {
        "numbers": [0, 1, 255, 256, 65535, 65536, -1, -(2**31), 2**40, -(2**62), 1.5, float("inf")],
        "plain": [None, True, False, "", "é\U0001f600", b"", b"\xff\x00", bytearray(b"ab")],
        "tuples": [(), (1,), (1, 2), (1, 2, 3), (1, 2, 3, 4), ((),)],
        "nested": {"a": {"b": [{"c": []}] * 3}},
        "long text": "x" * 300,
        "long bytes": b"y" * 70000,
        "shared": [shared, shared],
        "fortran": np.asfortranarray(rng.normal(size=(3, 4))),
        "swapped": rng.normal(size=(2, 5)).astype(">f4"),
        "sliced": rng.normal(size=(4, 6))[::2, 1:4],
        "types": [np.arange(3).astype(t) for t in ("i1", "i2", "i4", "i8", "u1", "u2", "u4", "u8")],
        "mask": np.array([[True, False]]),
        "empty": np.zeros((0, 3), np.float32),
        "no axes": np.array(2.5),
        "scalars": [np.float32(0.5), np.int64(7), np.bool_(True), np.float16(2)],
    }


@pytest.mark.parametrize("protocol", [2, 3, 4, 5])
def test_what_python_writes_comes_back(tmp_path: Path, protocol: int) -> None:
    value = everything()
    if protocol < 5:
        value["plain"].pop()  # a bytearray is a call before protocol 5
    path = written(tmp_path, pickle.dumps(value, protocol=protocol))
    got = read_pickle(path, "a test")
    assert_same(got, value)
    one, other = got["shared"]  # type: ignore[index]
    assert one is other


@pytest.mark.parametrize("protocol", [2, 4])
def test_the_modules_old_numpy_names_are_known(tmp_path: Path, protocol: int) -> None:
    value = np.arange(6.0).reshape(2, 3)
    content = pickle.dumps(value, protocol=protocol)
    old = content.replace(b"numpy._core.multiarray", b"numpy.core.multiarray")
    if protocol == 4:  # the length stands before the text
        old = old.replace(b"\x16numpy.core", b"\x15numpy.core")
        (length,) = struct.unpack("<Q", old[3:11])
        old = old[:3] + struct.pack("<Q", length - 1) + old[11:]
    assert_same(pickle.Unpickler(io.BytesIO(old)).load(), value)
    assert_same(read_pickle(written(tmp_path, old), "a test"), value)


def test_an_array_that_python_2_wrote_is_read(tmp_path: Path) -> None:
    content = (
        b"\x80\x02cnumpy.core.multiarray\n_reconstruct\nq\x01cnumpy\nndarray\nq\x02K\x00\x85U\x01b\x87"
        b"Rq\x03(K\x01K\x02\x85cnumpy\ndtype\nq\x04U\x02f4K\x00K\x01\x87Rq\x05(K\x03U\x01<NNNJ\xff\xff"
        b"\xff\xffJ\xff\xff\xff\xffK\x00tb\x89U\x08\x00\x00\x80?\x00\x00\x00\xc0tb."
    )
    assert_same(read_pickle(written(tmp_path, content), "a test"), np.array([1, -2], np.float32))


class Calls:
    """Pickled, it is a call of anything."""

    def __init__(self, function: Any, *arguments: Any, state: Any = None) -> None:
        self.call = (function, arguments) if state is None else (function, arguments, state)

    def __reduce__(self) -> Any:
        return self.call


def text(value: str) -> bytes:
    return b"X" + struct.pack("<I", len(value.encode())) + value.encode()


def call(module: str, name: str, *arguments: str) -> bytes:
    """A pickle that calls a function with texts."""
    return (
        b"\x80\x02c"
        + f"{module}\n{name}\n".encode()
        + b"("
        + b"".join(map(text, arguments))
        + b"tR."
    )


def doubled(start: bytes, times: int) -> bytes:
    """A list or tuple in which everything stands twice, many times over."""
    return start + b"q\x00h\x00\x86" * times


ARRAY = b"cnumpy.core.multiarray\n_reconstruct\n(cnumpy\nndarray\nK\x00\x85U\x01btR"
FLOAT = (
    b"cnumpy\ndtype\n(U\x02f4K\x00K\x01tR(K\x03U\x01<NNNJ\xff\xff\xff\xffJ\xff\xff\xff\xffK\x00tb"
)


def array(shape: bytes, kind: bytes = FLOAT, content: bytes = b"U\x04abcd") -> bytes:
    return b"\x80\x02" + ARRAY + b"(K\x01" + shape + kind + b"\x89" + content + b"tb."


DATA = array(b"K\x01\x85")[2:-1]


def hostile(canary: Path) -> dict[str, bytes]:
    """Pickles that make the canary, or take memory or time, where they are believed."""
    run = f"touch {canary}"
    code = f"open({str(canary)!r}, 'w').write('x')"
    objects: dict[str, Any] = {
        "os.system": Calls(os.system, run),
        "eval": Calls(eval, code),
        "exec": Calls(exec, code),
        "getattr": Calls(getattr, "x", "upper"),
        "an import": Calls(__import__, "os"),
        "a partial": Calls(functools.partial, os.system, run),
        "an array of objects": np.array([Calls(os.system, run), None]),
        "a call as an array's shape": Calls(np.zeros, Calls(os.system, run)),
        "a call inside a list": [1, {"a": (Calls(os.system, run),)}],
        "a set": {1, 2},
        "a complex number": 1j,
        "a structured type": np.zeros(2, [("a", "f4"), ("b", "O")]),
        "an array of text": np.array(["a", "b"]),
        "a date": np.zeros(2, "M8[s]"),
        "a masked array": np.ma.masked_array([1.0], [True]),
        "a matrix class": np.zeros(2).view(np.recarray),
        "a path": canary,
        "a class": Path,
        "numpy's own loader": Calls(np.load, str(canary)),
        "keys that are tuples": {(1, 2): 3},
        "keys that are numbers": {1: 2},
    }
    made = {
        f"{name}, {p}": pickle.dumps(v, protocol=p) for name, v in objects.items() for p in (2, 4)
    }
    return made | {
        "posix.system": call("posix", "system", run),
        "nt.system": call("nt", "system", run),
        "subprocess": call("subprocess", "getoutput", run),
        "runpy": call("runpy", "run_path", str(canary)),
        "pty": call("pty", "spawn", run),
        "numpy.f2py": call("numpy.f2py.capi_maps", "getinit", run),
        "numpy.testing": call("numpy.testing._private.utils", "runstring", code, ""),
        "numpy.core but not data": call("numpy._core.multiarray", "fromfile", str(canary)),
        "copyreg": call("copyreg", "__newobj__", run),
        "a dotted name": b"\x80\x04" + text("numpy") + text("ndarray.tofile") + b"\x93.",
        "a name in a name": b"\x80\x04" + text("numpy") + text("dtype.__class__") + b"\x93.",
        "ndarray called": b"\x80\x02cnumpy\nndarray\n(J\xff\xff\xff\x7f\x85tR.",
        "ndarray by NEWOBJ": b"\x80\x02cnumpy\nndarray\nJ\xff\xff\xff\x7f\x85\x85\x81.",
        "a name alone": b"\x80\x02cnumpy\ndtype\n.",
        "INST": b"(" + f"S'{run}'\n".encode() + b"iposix\nsystem\n.",
        "OBJ": b"(cposix\nsystem\n" + f"S'{run}'\n".encode() + b"o.",
        "EXT1": b"\x80\x02\x82\x01.",
        "EXT4": b"\x80\x02\x84\x01\x00\x00\x00.",
        "a persistent id": b"\x80\x02U\x01aQ.",
        "a text persistent id": b"Pabc\n.",
        "an out-of-band buffer": b"\x80\x05\x97.",
        "BUILD on a list": b"\x80\x02]}U\x01aK\x01sb.",
        "BUILD on a name": b"\x80\x02cnumpy\ndtype\n}U\x08__name__U\x01xsb.",
        "BUILD on a dtype with fields": b"\x80\x02"
        + b"cnumpy\ndtype\n(U\x02f4tR(K\x03U\x01<N}U\x01aNs}tb.",
        "BUILD on an array with a dict": b"\x80\x02" + ARRAY + b"}U\x05shapeK\x01sb.",
        "encode by a codec": call("_codecs", "encode", "aGVsbG8=", "zip"),
        "decode by a codec": call("_codecs", "decode", "x", "unicode_escape"),
        "bytes of a size": b"\x80\x02cbuiltins\nbytes\nJ\xff\xff\xff\x7f\x85R.",
        "an object type": array(b"K\x01\x85", FLOAT.replace(b"U\x02f4", b"U\x01O")),
        "a type of 2 GB": array(b"K\x01\x85", FLOAT.replace(b"U\x02f4", b"U\x0bV2147483647")),
        "a subtype": b"\x80\x02" + ARRAY.replace(b"cnumpy\nndarray\n", b"cnumpy\ndtype\n") + b".",
        "a shape of 2^62": array(b"\x8a\x08" + b"\xff" * 7 + b"\x3f\x85"),
        "a shape of 0 x 2^62": array(
            b"K\x00\x8a\x08" + b"\xff" * 7 + b"\x3f\x86", content=b"U\x00"
        ),
        "a negative shape": array(b"J\xff\xff\xff\xff\x85"),
        "a shape of text": array(b"U\x011\x85"),
        "an array of a list": array(b"K\x01\x85", content=b"]K\x01a"),
        "too few bytes": array(b"K\x02\x85"),
        "no type": array(b"K\x01\x85", kind=b"N"),
        "an array never built": b"\x80\x02" + ARRAY + b".",
        "a memo of 2^31": b"\x80\x02Nr\xff\xff\xff\x7fj\xfe\xff\xff\x7f.",
        "text of 4 GB": b"\x80\x02X\xff\xff\xff\xffabc.",
        "text of 2^62": b"\x80\x04\x8d" + b"\xff" * 7 + b"\x3fabc.",
        "bytes of 2^62": b"\x80\x04\x8e" + b"\xff" * 7 + b"\x3fabc.",
        "a byte array of 2^62": b"\x80\x05\x96" + b"\xff" * 7 + b"\x3fabc.",
        "a number of 2 GB": b"\x80\x02\x8b\xff\xff\xff\x7f1.",
        "a line without an end": b"c" + b"a" * 5000,
        "tuples doubled as a key": b"\x80\x02}" + doubled(b")", 100) + b"K\x01s.",
        "tuples doubled as a type": b"\x80\x02cnumpy\ndtype\n" + doubled(b")", 100) + b"\x85R.",
        "an array as a byte order": array(b"K\x01\x85", FLOAT.replace(b"U\x01<", DATA)),
        "an array as an encoding": b"\x80\x02c_codecs\nencode\n(U\x01a" + DATA + b"tR.",
        "an array as an array's class": b"\x80\x02"
        + ARRAY.replace(b"cnumpy\nndarray\n", DATA)
        + b".",
        "DUP": b"\x80\x02]2\x86.",
        "POP of nothing": b"\x80\x020.",
        "a mark that never was": b"\x80\x02t.",
        "marks left over": b"\x80\x02((N.",
        "nothing": b"\x80\x04.",
        "two values": b"\x80\x04NN.",
        "no end": b"\x80\x04N",
        "no beginning": b"",
        "a wrong opcode": b"\x80\x04\xff.",
        "text that is no UTF-8": b"\x80\x04X\x01\x00\x00\x00\xff.",
        "a half-told dictionary": b"\x80\x02}(U\x01au.",
        "append to a tuple": b"\x80\x02)Na.",
        "items of a list": b"\x80\x02]U\x01aK\x01s.",
        "a name from numbers": b"\x80\x04K\x01K\x02\x93.",
        "protocol 9": b"\x80\x09cposix\nsystem\n(" + text(run) + b"tR.",
        "protocol 0": pickle.dumps({"a": np.zeros(2)}, protocol=0),
    }


NAMES = list(hostile(Path("canary")))


@pytest.mark.parametrize("name", NAMES)
def test_nothing_that_is_hostile_is_believed(tmp_path: Path, name: str) -> None:
    canary = tmp_path / "canary"
    path = written(tmp_path, hostile(canary)[name])
    with pytest.raises(DataError) as caught:
        read_pickle(path, "a label file")
    assert str(path) in str(caught.value)
    assert "\n" not in str(caught.value)
    assert not canary.exists()


def test_the_canary_would_sing(tmp_path: Path) -> None:
    """The hostile pickles are real: Python's own loader runs them."""
    canary = tmp_path / "canary"
    pickle.Unpickler(io.BytesIO(hostile(canary)["posix.system"])).load()
    assert canary.exists()


def test_what_was_asked_for_is_named(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="it asks for 'posix.system', which is no plain data"):
        read_pickle(written(tmp_path, call("posix", "system", "ls")), "a label file")
    with pytest.raises(DataError, match="type 'O8', which is no number; expected a label file"):
        read_pickle(written(tmp_path, pickle.dumps(np.array([None]))), "a label file")


def test_values_doubled_many_times_cost_nothing(tmp_path: Path) -> None:
    got = read_pickle(written(tmp_path, b"\x80\x02" + doubled(b"]", 1000) + b"."), "a test")
    assert isinstance(got, tuple)
    assert got[0] is got[1]


def test_lists_nested_deeply_are_read_without_recursion(tmp_path: Path) -> None:
    got = read_pickle(
        written(tmp_path, b"\x80\x02" + b"]" * 50_000 + b"a" * 49_999 + b"."), "a test"
    )
    assert isinstance(got, list)


def test_a_file_that_is_missing_or_too_large_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(MissingFileError, match=r"nowhere\.pkl"):
        read_pickle(tmp_path / "nowhere.pkl", "a test")
    monkeypatch.setattr(unpickling, "MAX_COMMANDS", 100)
    with pytest.raises(DataError, match="more than 100 commands"):
        read_pickle(written(tmp_path, b"\x80\x02(" + b"N" * 200 + b"t."), "a test")
    monkeypatch.undo()
    assert len(read_pickle(written(tmp_path, b"\x80\x02(" + b"N" * 200 + b"t."), "a test")) == 200
    monkeypatch.setattr(unpickling, "FREE_COMMANDS", 10)
    with pytest.raises(DataError, match="more than 25 commands"):
        read_pickle(written(tmp_path, b"\x80\x02(" + b"N" * 200 + b"t."), "a test")
    monkeypatch.setattr(unpickling, "MAX_BYTES", 10)
    with pytest.raises(DataError, match="has 11 bytes"):
        read_pickle(written(tmp_path, b"x" * 11), "a test")


@pytest.mark.parametrize("protocol", [2, 4])
def test_bytes_that_were_hurt_are_refused_or_plain(tmp_path: Path, protocol: int) -> None:
    value = {"a": [1, (2, 3), "text"], "b": np.arange(4.0), "c": np.float32(1), "d": {"e": None}}
    whole = pickle.dumps(value, protocol=protocol)
    rng = np.random.default_rng(0)
    for _ in range(600):
        hurt = bytearray(whole)
        for place in rng.integers(0, len(whole), rng.integers(1, 4)):
            hurt[place] = rng.integers(0, 256)
        try:
            read_pickle(written(tmp_path, bytes(hurt[: rng.integers(1, 2 * len(whole))])), "a test")
        except DataError as error:
            assert "\n" not in str(error)
