from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from kinestream.clips import IMU
from kinestream.errors import DataError, MissingFileError
from kinestream.formats import read_clip
from kinestream.formats.imu_fog_it import CLASSES, read_imu_fog_it
from tests.formats.samples.imu_fog_it import COLUMNS

HEADER = ["time", *COLUMNS, "label"]


def line(time: float, label: object = 0, **cells: object) -> list[object]:
    values = {name: place + 1 for place, name in enumerate(COLUMNS)}
    return [time, *(cells.get(name, value) for name, value in values.items()), label]


def table(folder: Path, *rows: list[object], header: list[str] = HEADER) -> Path:
    path = folder / "trial.csv"
    path.write_text("".join(",".join(map(str, row)) + "\n" for row in (header, *rows)))
    return path


def regular(*labels: object) -> list[list[object]]:
    return [line(t / 50, label) for t, label in enumerate(labels)]


def test_columns_become_sensors_and_channels(tmp_path: Path) -> None:
    clip, repairs = read_imu_fog_it(table(tmp_path, *regular(0, 1, 0)))
    assert clip.data.shape == (6, 3, 7, 1)
    for v, sensor in enumerate(clip.skeleton.joints):
        for c, channel in enumerate(IMU):
            assert clip.data[c, 1, v, 0] == COLUMNS.index(f"{sensor}_{channel}") + 1
    assert (clip.skeleton.name, clip.fps, clip.channels) == ("imu7", 50.0, IMU)
    assert (repairs.rows, repairs.missing_joints, repairs.empty_frames) == (3, 0, 0)


def test_columns_may_stand_in_any_order(tmp_path: Path) -> None:
    straight = read_clip(table(tmp_path, *regular(0, 1, 0)))
    turned = [row[::-1] for row in regular(0, 1, 0)]
    np.testing.assert_array_equal(
        read_clip(table(tmp_path, *turned, header=HEADER[::-1])).data, straight.data
    )


def test_labels_are_numbers_or_names(tmp_path: Path) -> None:
    clip, _ = read_imu_fog_it(table(tmp_path, *regular(0, 1, "freeze", "no_freeze", "", -1)))
    assert clip.classes == CLASSES
    assert clip.labels is not None and clip.labels.tolist() == [0, 1, 1, 0, -1, -1]


@pytest.mark.parametrize("place", ["actions.txt", "trials/actions.txt"])
def test_classes_are_those_of_a_list_beside(place: str, tmp_path: Path) -> None:
    (tmp_path / "trials").mkdir()
    (tmp_path / place).write_text("stand\nwalk\nturn\n")
    clip, _ = read_imu_fog_it(table(tmp_path / "trials", *regular("walk", 2, "stand", -1)))
    assert clip.classes == ("stand", "walk", "turn")
    assert clip.labels is not None and clip.labels.tolist() == [1, 2, 0, -1]
    with pytest.raises(DataError, match="from 0 to 2 or one of stand, walk, turn, got 'freeze'"):
        read_imu_fog_it(table(tmp_path / "trials", *regular("freeze", 0)))


def test_a_sensor_with_a_missing_value_is_missing(tmp_path: Path) -> None:
    rows = [line(0), line(0.1, pelvis_acc_x="", left_foot_gyro_z="inf"), line(0.2)]
    clip, repairs = read_imu_fog_it(table(tmp_path, *rows))
    missing = np.isnan(clip.data[:, 1, :, 0])
    names = [clip.skeleton.joints[v] for v in np.flatnonzero(missing.all(axis=0))]
    assert names == ["pelvis", "left_foot"]
    assert missing.sum() == 2 * 6
    assert repairs.missing_joints == 2


def test_a_row_without_any_value_is_an_empty_frame(tmp_path: Path) -> None:
    empty = line(0.1, **dict.fromkeys(COLUMNS, ""))
    clip, repairs = read_imu_fog_it(table(tmp_path, line(0), empty, line(0.2)))
    assert np.isnan(clip.data[:, 1]).all()
    assert (repairs.empty_frames, repairs.missing_joints) == (1, 0)


def test_damaged_rows_are_left_out_and_counted(tmp_path: Path) -> None:
    rows = [*regular(0, 0, 0), ["half", 1], line(0.06, pelvis_acc_x="x"), line(0.06)]
    clip, repairs = read_imu_fog_it(table(tmp_path, *rows))
    assert (clip.num_frames, repairs.rows, repairs.dropped_rows) == (4, 6, 2)


def test_of_two_rows_at_one_time_the_last_stays(tmp_path: Path) -> None:
    rows = [line(0), line(0.1), line(0.1, 1, pelvis_acc_x=9), line(0.2)]
    clip, repairs = read_imu_fog_it(table(tmp_path, *rows))
    assert clip.data[0, 1, 0, 0] == 9
    assert clip.labels is not None and clip.labels.tolist() == [0, 1, 0]
    assert repairs.duplicates == 1


def test_irregular_times_are_put_on_the_clock_that_is_stated(tmp_path: Path) -> None:
    times = (0, 0.02, 0.04, 0.055, 0.08, 0.1)
    rows = [line(t, pelvis_acc_x=place + 1) for place, t in enumerate(times)]
    clip, _ = read_imu_fog_it(table(tmp_path, *rows), fps=25.0)
    assert clip.fps == 25.0
    assert clip.data[0, :, 0, 0].tolist() == [1, 3, 5]


@pytest.mark.parametrize(
    ("rows", "what"),
    [
        (
            [line(0), line(0.1, 2)],
            "line 3: a label is an index from 0 to 1 or one of no_freeze, freeze, got '2'",
        ),
        ([["x"]] * 3, "3 rows are damaged and 0 can be read"),
        ([line(t, **dict.fromkeys(COLUMNS, "nan")) for t in (0, 1)], "no sensor gives anything"),
        ([line(0)], "a single time"),
    ],
)
def test_what_is_no_trial_is_refused(tmp_path: Path, rows: list[list[object]], what: str) -> None:
    with pytest.raises(DataError, match=what):
        read_imu_fog_it(table(tmp_path, *rows))


def test_a_table_with_other_columns_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="expected an IMU-FOG-IT table with the columns time"):
        read_imu_fog_it(table(tmp_path, header=HEADER[:-2]))
    with pytest.raises(MissingFileError):
        read_imu_fog_it(tmp_path / "other.csv")
