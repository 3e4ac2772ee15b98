"""Hostile and honest ``.npy`` files."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kinestream.clips import IMU, XYZ
from kinestream.errors import DataError, MissingFileError
from kinestream.formats.parsing.npy import channels_for, read_joints


def header(shape: tuple[int, ...], descr: object = "<f4") -> bytes:
    text = io.BytesIO()
    np.lib.format.write_array_header_1_0(
        text, {"descr": descr, "fortran_order": False, "shape": shape}
    )
    return text.getvalue()


@pytest.mark.parametrize("dtype", ["f4", "f8", ">f4", "i2", "u1"])
@pytest.mark.parametrize("order", ["C", "F"])
def test_numbers_of_any_kind_become_float32(tmp_path: Path, dtype: str, order: str) -> None:
    values = np.arange(3 * 4 * 5 * 2).reshape(3, 4, 5, 2)
    np.save(tmp_path / "a.npy", np.asarray(values, dtype=dtype, order=order))  # type: ignore[call-overload]
    joints = read_joints(tmp_path / "a.npy")
    assert joints.dtype == np.float32
    assert joints.flags.c_contiguous and joints.flags.owndata
    assert (joints == values).all()


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"", "not a .npy file"),
        (b"index,label\n1,walk\n", "not a .npy file"),
        (b"\x93NUMPY", "header cannot be read"),
        (b"\x93NUMPY\x09\x00\x00\x00", "header cannot be read"),
        (b"\x93NUMPY\x01\x00\x10\x00{'descr': __imp}", "header cannot be read"),
        (header((3, 4, 5)) + bytes(240), r"must be \(C, T, V, M\)"),
        (header((3, 0, 5, 1)), "the recording is empty"),
        (header((3, 4, 5, 1)) + bytes(239), "is damaged: .* needs"),
        (header((3, 4, 5, 1)) + bytes(241), "is damaged: .* needs"),
        (header((3, 1 << 40, 5, 1)) + bytes(240), "claims 16492674416640 values"),
        (header((1 << 62, 1 << 62, 4, 1)) + bytes(64), "claims"),
        (header((3, -4, -5, 1)) + bytes(240), "the recording is empty"),
        (header((3, 4, 5, 1), "|O") + bytes(480), "holds object"),
        (header((3, 4, 5, 1), "<U1") + bytes(240), "holds <U1"),
        (header((3, 4, 5, 1), "<c8") + bytes(480), "holds complex64"),
    ],
)
def test_a_wrong_file_is_refused_before_it_is_read(
    tmp_path: Path, content: bytes, says: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(np, "memmap", lambda *_, **__: pytest.fail("the values were read"))
    path = tmp_path / "a.npy"
    path.write_bytes(content)
    with pytest.raises(DataError, match=says):
        read_joints(path)


@settings(max_examples=200, deadline=None)
@given(
    text=st.text(st.sampled_from("{}()[],:' 0123L-#@descrfotanhpFls<4\n\"\\"), max_size=80)
    | st.builds(
        "{{'descr': {}, 'fortran_order': {}, 'shape': {}}}".format,
        st.sampled_from(["'<f4'", "'|O'", "[('a', '<f4')]", "None", "'<f0'", "('<f4', (9999,))"]),
        st.sampled_from(["True", "False", "0"]),
        st.sampled_from(["(1, 1, 1, 1)", "(1,)", "()", "1", "(True, 1, 1, 1)", "(1, 1, 1, 10**9)"]),
    )
)
def test_any_header_is_an_array_or_an_error_of_ours(
    text: str, tmp_path_factory: pytest.TempPathFactory
) -> None:
    path = tmp_path_factory.mktemp("any") / "a.npy"
    body = text.encode()
    path.write_bytes(b"\x93NUMPY\x01\x00" + len(body).to_bytes(2, "little") + body + bytes(4))
    try:
        assert read_joints(path).tolist() == [[[[0.0]]]]
    except DataError as error:
        assert str(path) in str(error)


def test_numbers_beyond_float32_are_refused(tmp_path: Path) -> None:
    np.save(tmp_path / "a.npy", np.full((3, 1, 1, 1), 1e300))
    with pytest.raises(DataError, match="too large for float32"):
        read_joints(tmp_path / "a.npy")


def test_a_pickle_is_never_opened(tmp_path: Path) -> None:
    np.save(tmp_path / "a.npy", np.array([[[[{}]]]], dtype=object), allow_pickle=True)
    with pytest.raises(DataError, match="holds object, joints must be numbers"):
        read_joints(tmp_path / "a.npy")


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(MissingFileError, match="there is no recording .*a.npy"):
        read_joints(tmp_path / "a.npy")


def test_channels_follow_their_number() -> None:
    assert channels_for(3) == XYZ
    assert channels_for(6) == IMU
    assert channels_for(4) == ("channel0", "channel1", "channel2", "channel3")
