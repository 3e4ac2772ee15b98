"""SBU interactions: hand-made files with known numbers, repairs and refusals."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from kinestream.errors import DataError, MissingFileError
from kinestream.formats.sbu import read_sbu

FOLDERS = "s03s05/06/002"


def row(frame: int) -> list[float]:
    """Joint v of person m in frame f at (0.01 f, 0.001 v, m + 1)."""
    joints = [(0.01 * frame, 0.001 * v, m + 1.0) for m in range(2) for v in range(15)]
    return [frame, *(value for joint in joints for value in joint)]


def text(rows: list[list[float]]) -> str:
    return "".join(",".join(f"{value:g}" for value in one) + "\n" for one in rows)


def write(folder: Path, content: str | bytes, folders: str = FOLDERS) -> Path:
    path = folder / folders / "skeleton_pos.txt"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return path


def test_two_people_stand_where_they_belong(tmp_path: Path) -> None:
    clip, repairs = read_sbu(write(tmp_path, text([row(7), row(8), row(9)])))
    assert clip.data.shape == (3, 3, 15, 2)
    np.testing.assert_allclose(clip.data[:, 1, 4, 0], [0.08, 0.004, 1], rtol=1e-6)
    np.testing.assert_allclose(clip.data[:, 2, 14, 1], [0.09, 0.014, 2], rtol=1e-6)
    assert (clip.fps, clip.skeleton.name, clip.channels) == (15.0, "sbu15", ("x", "y", "z"))
    assert clip.subject == "s03s05"
    assert clip.labels is not None
    assert [clip.classes[label] for label in clip.labels] == ["hugging"] * 3
    assert repairs.to_dict() == {**dict.fromkeys(repairs.to_dict(), 0), "rows": 3}


@pytest.mark.parametrize("folders", ["s03s05/09/001", "s03s05/00/001", "some/where/else", "03/001"])
def test_folders_that_tell_no_action_give_no_labels(tmp_path: Path, folders: str) -> None:
    clip, _ = read_sbu(write(tmp_path, text([row(1), row(2)]), folders))
    assert (clip.labels, clip.classes, clip.subject) == (None, (), "")


def test_line_ends_spaces_and_a_last_comma_make_no_difference(tmp_path: Path) -> None:
    plain = text([row(1), row(2)])
    hurt = plain.replace(",", " ,\t").replace("\n", ",\r\n") + "\r\n \r\n"
    expected = read_sbu(write(tmp_path, plain))[0].data
    got = read_sbu(write(tmp_path, b"\xef\xbb\xbf" + hurt.encode()))[0].data
    np.testing.assert_array_equal(got, expected)


def test_repairs_count_what_was_wrong(tmp_path: Path) -> None:
    absent = row(4)
    absent[46:] = [0.0] * 45
    lost = row(5)
    lost[1:4] = [0.0, 0.0, 0.0]
    nobody = [6.0] + [0.0] * 90
    rows = [row(1), row(3), row(3), absent, lost, nobody, row(2)]
    content = text(rows) + "9,1,2\n" + text([row(7)]).replace("0.07", "nan")
    clip, repairs = read_sbu(write(tmp_path, content))
    assert clip.num_frames == 7
    assert (repairs.rows, repairs.dropped_rows) == (9, 2)
    assert (repairs.duplicates, repairs.backwards, repairs.gaps) == (1, 1, 1)
    assert (repairs.missing_joints, repairs.empty_frames) == (1, 1)
    missing = np.isnan(clip.data).all(axis=0)  # (T, V, M)
    assert missing[3, :, 1].all()
    assert not missing[3, :, 0].any()
    assert np.argwhere(missing[4]).tolist() == [[0, 0]]
    assert missing[5].all()


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"", "is empty"),
        (b"\0\1", "not a text file"),
        (b"1,2,3\n", "1 of 1 lines do not hold 91 numbers"),
        (text([row(1)])[:-1].encode() + b",5\n", "1 of 1 lines"),
        (text([row(1)]).encode() + b"hello\n", "1 of 2 lines"),
    ],
)
def test_a_wrong_file_is_one_clear_sentence(tmp_path: Path, content: bytes, says: str) -> None:
    with pytest.raises(DataError, match=says):
        read_sbu(write(tmp_path, content))
    with pytest.raises(MissingFileError):
        read_sbu(tmp_path / "nowhere.txt")
