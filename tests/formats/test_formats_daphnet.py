from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from kinestream.errors import DataError, MissingFileError
from kinestream.formats import Head
from kinestream.formats.daphnet import CLASSES, FORMAT, read_daphnet

MILLI_G = 9.80665 / 1000


def row(time: float, annotation: object = 1, sensors: str = "10 20 -980 1 2 3 4 5 6") -> str:
    return f"{time} {sensors} {annotation}\n"


def recording(folder: Path, *rows: str, name: str = "S03R02.txt") -> Path:
    path = folder / name
    path.write_text("".join(rows))
    return path


def test_values_become_metres_per_second_squared(tmp_path: Path) -> None:
    path = recording(tmp_path, row(15, 0), row(31, 1), row(46, 2), row(62, 1))
    clip, repairs = read_daphnet(path)
    assert clip.data.shape == (3, 4, 3, 1)
    expected = np.array([[10, 1, 4], [20, 2, 5], [-980, 3, 6]]) * MILLI_G  # (C, V)
    np.testing.assert_allclose(clip.data[:, 2, :, 0], expected, rtol=1e-6)
    assert clip.channels == ("acc_x", "acc_y", "acc_z")
    assert (clip.skeleton.name, clip.fps, clip.subject) == ("daphnet3", 64.0, "S03")
    assert repairs.to_dict() == {**repairs.to_dict(), "rows": 4, "gaps": 0, "missing_joints": 0}


def test_annotations_become_labels(tmp_path: Path) -> None:
    clip, _ = read_daphnet(recording(tmp_path, row(15, 0), row(31, 1), row(46, 2)))
    assert clip.labels is not None
    assert clip.labels.tolist() == [-1, CLASSES.index("no_freeze"), CLASSES.index("freeze")]


def test_times_cut_to_milliseconds_are_a_regular_clock(tmp_path: Path) -> None:
    times = [int(k * 1000 / 64) for k in range(1, 400)]
    clip, repairs = read_daphnet(recording(tmp_path, *map(row, times)))
    assert clip.num_frames == len(times)
    assert (repairs.gaps, repairs.duplicates, repairs.empty_frames) == (0, 0, 0)


def test_a_pause_is_missing_and_unlabelled(tmp_path: Path) -> None:
    clip, repairs = read_daphnet(recording(tmp_path, row(15), row(31), row(78), row(93)))
    assert np.isnan(clip.data).all(axis=(0, 2, 3)).tolist() == [0, 0, 1, 1, 0, 0]
    assert clip.labels is not None and clip.labels.tolist() == [0, 0, -1, -1, 0, 0]
    assert (repairs.gaps, repairs.long_gaps, repairs.empty_frames) == (1, 0, 2)


def test_rows_out_of_order_are_sorted_and_of_two_at_one_time_the_last_stays(tmp_path: Path) -> None:
    later = row(31, 2, "7 7 7 7 7 7 7 7 7")
    clip, repairs = read_daphnet(recording(tmp_path, row(46), row(31), row(15), later))
    assert clip.num_frames == 3
    np.testing.assert_allclose(clip.data[:, 1], 7 * MILLI_G, rtol=1e-6)
    assert clip.labels is not None and clip.labels.tolist() == [0, 1, 0]
    assert (repairs.duplicates, repairs.backwards) == (1, 2)


def test_a_sensor_without_gravity_is_missing(tmp_path: Path) -> None:
    lost = row(31, 1, "0 0 0 1 2 3 4 5 6")
    clip, repairs = read_daphnet(recording(tmp_path, row(15), lost, row(46)))
    assert np.isnan(clip.data[:, 1, 0]).all() and not np.isnan(clip.data[:, 1, 1:]).any()
    assert (repairs.missing_joints, repairs.empty_frames) == (1, 0)


def test_a_frame_without_any_sensor_is_empty(tmp_path: Path) -> None:
    lost = row(31, 1, "0 0 0 0 0 0 0 0 0")
    clip, repairs = read_daphnet(recording(tmp_path, row(15), lost, row(46)))
    assert np.isnan(clip.data[:, 1]).all()
    assert (repairs.missing_joints, repairs.empty_frames) == (0, 1)


def test_damaged_rows_are_counted(tmp_path: Path) -> None:
    path = recording(
        tmp_path, row(15), "31 1 2\n", row(46, 1, "x 2 3 4 5 6 7 8 9"), *map(row, (62, 78))
    )
    clip, repairs = read_daphnet(path)
    assert (repairs.rows, repairs.dropped_rows, repairs.empty_frames) == (5, 2, 2)
    assert clip.num_frames == 5


def test_windows_line_ends_tabs_and_blank_lines_are_read(tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    text = row(15) + row(31).replace(" ", "\t") + "\n\n"
    path.write_bytes(b"\xef\xbb\xbf" + text.replace("\n", "\r\n").encode())
    clip, repairs = read_daphnet(path)
    assert (clip.num_frames, clip.subject, repairs.dropped_rows) == (2, "", 0)


@pytest.mark.parametrize(
    ("content", "what"),
    [
        (row(15) + row(31, 3), "line 2: an annotation is 0, 1 or 2, got 3"),
        ("1 2 3\n" * 4 + row(15), "4 of 5 rows do not hold 11 numbers"),
        (row(15, 1, "0 0 0 0 0 0 0 0 0"), "no sensor gives anything"),
        (row(15) + row(1e11), "only 2 of"),
        (row(1e300) * 3, "3 of 3 rows"),
        ("", "is empty"),
        ("\0\1\2", "not a text file"),
    ],
)
def test_what_is_no_recording_is_refused(tmp_path: Path, content: str, what: str) -> None:
    with pytest.raises(DataError, match=what):
        read_daphnet(recording(tmp_path, content))


def test_a_file_that_is_missing_is_refused(tmp_path: Path) -> None:
    with pytest.raises(MissingFileError):
        read_daphnet(tmp_path / "S01R01.txt")


@pytest.mark.parametrize("content", [row(15, 3), "15 1 2 1\n", row(15).replace("980", "x"), "{}"])
def test_other_files_do_not_fit(tmp_path: Path, content: str) -> None:
    assert not FORMAT.fits(Head.of(recording(tmp_path, content)))
