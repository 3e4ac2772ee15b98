from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from kinestream.clips import IMU
from kinestream.errors import DataError, MissingFileError
from kinestream.formats import Head
from kinestream.formats.hugadb import FORMAT, read_hugadb
from tests.formats.samples.hugadb import HEADER

NAME = "HuGaDB_v2_various_07_03.txt"


def row(activity: object = 1, first: int = 1) -> str:
    return "\t".join(map(str, [*range(first, first + 36), 120, 127, activity])) + "\n"


def recording(folder: Path, *rows: str, header: str = HEADER, name: str = NAME) -> Path:
    path = folder / name
    path.write_text(header + "".join(rows))
    return path


def test_values_become_units_of_physics(tmp_path: Path) -> None:
    clip, repairs = read_hugadb(recording(tmp_path, row(first=16384), row()))
    assert clip.data.shape == (6, 2, 6, 1)
    assert clip.data[0, 0, 0, 0] == pytest.approx(9.80665)  # 16384 of 32768 is 1 g of 2
    gyro_y_of_left_foot = 6 * 3 + 4 + 1  # columns count on from 1
    assert clip.data[4, 1, 3, 0] == pytest.approx(np.radians(2000) * gyro_y_of_left_foot / 32768)
    assert (clip.channels, clip.subject, clip.skeleton.joints[3]) == (IMU, "07", "left_foot")
    assert clip.fps == pytest.approx(2_111_962 / 35_903, rel=1e-3)
    assert (repairs.rows, repairs.dropped_rows, repairs.missing_joints) == (2, 0, 0)


def test_activities_are_classes_in_their_order(tmp_path: Path) -> None:
    clip, _ = read_hugadb(recording(tmp_path, *map(row, (1, 8, 12, 0))))
    assert clip.labels is not None and clip.labels.tolist() == [0, 7, 11, -1]
    assert [clip.classes[k] for k in (0, 7, 11)] == ["walking", "standing", "sitting_in_car"]
    assert len(clip.classes) == 12


def test_a_damaged_row_leaves_its_frame_empty(tmp_path: Path) -> None:
    damaged = (row().replace("120", "x"), row(first=40_000), "1 2 3\n")
    clip, repairs = read_hugadb(recording(tmp_path, row(), *damaged, row(8), row(), row()))
    assert np.isnan(clip.data).all(axis=(0, 2, 3)).tolist() == [0, 1, 1, 1, 0, 0, 0]
    assert clip.labels is not None and clip.labels.tolist() == [0, -1, -1, -1, 7, 0, 0]
    assert (repairs.rows, repairs.dropped_rows, repairs.empty_frames) == (7, 3, 3)


def test_a_sensor_of_zeros_is_missing(tmp_path: Path) -> None:
    cells = row().split("\t")
    cells[6:12] = ["0"] * 6
    clip, repairs = read_hugadb(recording(tmp_path, row(), "\t".join(cells)))
    assert np.isnan(clip.data[:, 1, 1]).all() and np.isnan(clip.data).sum() == 6
    assert repairs.missing_joints == 1


def test_windows_line_ends_and_blank_lines_are_read(tmp_path: Path) -> None:
    path = tmp_path / "HGD_v1_walking_17_02.txt"
    path.write_bytes((HEADER + row() + row() + "\n \n").replace("\n", "\r\n").encode())
    clip, repairs = read_hugadb(path)
    assert (clip.num_frames, clip.subject, repairs.dropped_rows) == (2, "17", 0)


@pytest.mark.parametrize(
    ("content", "what"),
    [
        (row() + row(13), "line 6: an activity is a number from 1 to 12, or 0 for none, got 13"),
        (row() + row(1.5), "line 6: .* got 1.5"),
        (row() + "1 2\n" * 2, "1 of 7 lines hold 39"),
        ("", "0 of 4 lines hold 39"),
    ],
)
def test_what_is_no_recording_is_refused(tmp_path: Path, content: str, what: str) -> None:
    with pytest.raises(DataError, match=what):
        read_hugadb(recording(tmp_path, content))


def test_a_file_that_is_missing_is_refused(tmp_path: Path) -> None:
    with pytest.raises(MissingFileError):
        read_hugadb(tmp_path / NAME)


def test_rows_alone_are_told_by_the_name_only(tmp_path: Path) -> None:
    assert FORMAT.fits(Head.of(recording(tmp_path, row(), header="")))
    assert not FORMAT.fits(Head.of(recording(tmp_path, row(), header="", name="a.txt")))
    assert not FORMAT.fits(Head.of(recording(tmp_path, "1 2 3\n")))
