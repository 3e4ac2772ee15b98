"""MSR Action3D: hand-made files with known numbers and refusals."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from kinestream.errors import DataError, MissingFileError
from kinestream.formats.msr_action3d import read_msr_action3d

NAME = "a20_s05_e02_skeleton3D.txt"


def text(frames: int) -> str:
    """Joint v of frame t at (0.1 t, 0.01 v, 2.5)."""
    return "".join(
        f"{0.1 * t:.6f} {0.01 * v:.6f} 2.500000 0.750000\n"
        for t in range(frames)
        for v in range(20)
    )


def write(folder: Path, content: str | bytes, name: str = NAME) -> Path:
    path = folder / name
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return path


def test_joints_stand_where_they_belong(tmp_path: Path) -> None:
    clip, repairs = read_msr_action3d(write(tmp_path, text(3)))
    assert clip.data.shape == (3, 3, 20, 1)
    np.testing.assert_allclose(clip.data[:, 2, 13, 0], [0.2, 0.13, 2.5], rtol=1e-6)
    assert (clip.fps, clip.skeleton.name, clip.channels) == (15.0, "msr20", ("x", "y", "z"))
    assert clip.subject == "s05"
    assert clip.labels is not None
    assert [clip.classes[label] for label in clip.labels] == ["pick up and throw"] * 3
    assert len(clip.classes) == 20
    assert repairs.to_dict() == {**dict.fromkeys(repairs.to_dict(), 0), "rows": 3}


def test_frames_and_joints_of_zeros_are_nan_and_counted(tmp_path: Path) -> None:
    lines = text(4).splitlines()
    lines[20:40] = ["0.000000 0.000000 0.000000 0.000000"] * 20
    lines[47] = "0 -0 0 1"
    clip, repairs = read_msr_action3d(write(tmp_path, "\n".join(lines)))
    missing = np.isnan(clip.data[..., 0]).all(axis=0)
    assert missing[1].all()
    assert np.argwhere(missing[[0, 2, 3]]).tolist() == [[1, 7]]
    assert (repairs.empty_frames, repairs.missing_joints) == (1, 1)


@pytest.mark.parametrize(
    ("name", "subject"), [("a21_s05_e02_skeleton3D.txt", "s05"), ("mine.txt", "")]
)
def test_names_that_tell_no_action_give_no_labels(tmp_path: Path, name: str, subject: str) -> None:
    clip, _ = read_msr_action3d(write(tmp_path, text(2), name))
    assert (clip.labels, clip.classes, clip.subject) == (None, (), subject)


def test_line_ends_and_spaces_make_no_difference(tmp_path: Path) -> None:
    plain = text(2)
    hurt = plain.replace(" ", " \t ").replace("\n", "\r\n") + "\r\n \r\n"
    expected = read_msr_action3d(write(tmp_path, plain))[0].data
    got = read_msr_action3d(write(tmp_path, b"\xef\xbb\xbf" + hurt.encode()))[0].data
    np.testing.assert_array_equal(got, expected)


@pytest.mark.parametrize(
    ("content", "says"),
    [
        ("", "is empty"),
        (b"\xff\xfe\x00", "not a text file"),
        (text(2)[:-30], "line 40: .* is 4 numbers"),
        (text(2).replace("0.100000", "nan", 1), "line 11: .*got '0.000000 nan"),
        (text(2) + "1 2 3 4 5\n", "line 41"),
        ("\n".join(text(2).splitlines()[:-1]), "39 joints, which is no multiple of 20"),
        (text(2).replace("0.100000", "91.5"), "up to 91.5.*image"),
    ],
)
def test_a_wrong_file_is_one_clear_sentence(
    tmp_path: Path, content: str | bytes, says: str
) -> None:
    with pytest.raises(DataError, match=says):
        read_msr_action3d(write(tmp_path, content))
    with pytest.raises(MissingFileError):
        read_msr_action3d(tmp_path / "nowhere.txt")
