"""UTD-MHAD skeletons and inertial sensors: hand-made files with known numbers and refusals."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from kinestream.clips import IMU
from kinestream.errors import DataError, MissingFileError
from kinestream.formats.utd_mhad import read_utd_mhad
from kinestream.formats.utd_mhad_inertial import read_utd_mhad_inertial
from tests.formats.matlab_files import HEADER, cells, deflated, numbers

SKELETON, SENSOR = "a27_s8_t4_skeleton.mat", "a1_s3_t2_inertial.mat"


def write(folder: Path, name: str, values: NDArray[np.float64], variable: str = "d_skel") -> Path:
    path = folder / name
    path.write_bytes(HEADER + deflated(numbers(values, variable)))
    return path


def poses(frames: int) -> NDArray[np.float64]:
    """Joint v of frame t at (1 + t, v, 100 + t + v), as 20 x 3 x T."""
    return np.array(
        [[[1 + t for t in range(frames)], [v] * frames, [100 + t + v for t in range(frames)]]
         for v in range(20)], dtype=float
    )  # fmt: skip


def test_skeletons_stand_where_they_belong(tmp_path: Path) -> None:
    clip, repairs = read_utd_mhad(write(tmp_path, SKELETON, poses(4)))
    assert clip.data.shape == (3, 4, 20, 1)
    assert clip.data[:, 3, 5, 0].tolist() == [4, 5, 108]
    assert (clip.fps, clip.skeleton.name, clip.channels) == (30.0, "utd20", ("x", "y", "z"))
    assert clip.skeleton.joints[0] == "head"
    assert clip.subject == "s8"
    assert clip.labels is not None
    assert [clip.classes[label] for label in clip.labels] == ["squat"] * 4
    assert len(clip.classes) == 27
    assert repairs.to_dict() == {**dict.fromkeys(repairs.to_dict(), 0), "rows": 4}


def test_a_single_frame_has_lost_its_last_axis(tmp_path: Path) -> None:
    clip, _ = read_utd_mhad(write(tmp_path, SKELETON, poses(1)[:, :, 0]))
    assert clip.data[:, 0, 7, 0].tolist() == [1, 7, 107]


def test_joints_that_were_not_tracked_are_nan_and_counted(tmp_path: Path) -> None:
    values = poses(3)
    values[4, :, 0] = 0
    values[6, 1, 1] = np.inf
    values[:, :, 2] = 0
    clip, repairs = read_utd_mhad(write(tmp_path, SKELETON, values))
    assert (repairs.missing_joints, repairs.empty_frames) == (2, 1)
    missing = np.isnan(clip.data[..., 0]).all(axis=0)
    assert np.argwhere(missing[:2]).tolist() == [[0, 4], [1, 6]]
    assert missing[2].all()


@pytest.mark.parametrize(
    "name", ["a0_s1_t1_skeleton.mat", "a28_s1_t1_skeleton.mat", "mine.mat", "a3_s1_t1.mat"]
)
def test_names_that_tell_no_action_give_no_labels(tmp_path: Path, name: str) -> None:
    clip, _ = read_utd_mhad(write(tmp_path, name, poses(2)))
    assert (clip.labels, clip.classes, clip.subject) == (None, (), "")


def test_the_sensor_is_in_si_units(tmp_path: Path) -> None:
    values = np.array([[1.0, -2.0, 0.5, 180.0, -90.0, 1.0], [0.0] * 6, [1, 2, 3, np.nan, 5, 6]])
    clip, repairs = read_utd_mhad_inertial(write(tmp_path, SENSOR, values, "d_iner"))
    assert clip.data.shape == (6, 3, 1, 1)
    expected = [9.80665, -19.6133, 4.903325, 3.14159265, -1.57079633, 0.01745329]
    np.testing.assert_allclose(clip.data[:, 0, 0, 0], expected, rtol=1e-6)
    assert (clip.data[:, 1] == 0).all()  # a sensor at rest in free fall, not a missing one
    assert np.isnan(clip.data[:, 2]).all()
    assert repairs.missing_joints == 1
    assert (clip.fps, clip.skeleton.name, clip.channels) == (50.0, "utdmhad1", IMU)
    assert clip.labels is not None
    assert clip.classes[clip.labels[0]] == "swipe left"
    assert clip.subject == "s3"


@pytest.mark.parametrize(
    ("values", "says"),
    [
        (np.zeros((19, 3, 4)), r"must be 20 x 3 x frames, got \(19, 3, 4\)"),
        (np.zeros((3, 20, 4)), "must be 20 x 3 x frames"),
        (np.zeros((20, 3, 4, 2)), "must be 20 x 3 x frames"),
        (np.zeros((20, 3, 0)), "the recording is empty"),
    ],
)
def test_skeletons_of_another_shape_are_refused(
    tmp_path: Path, values: NDArray[np.float64], says: str
) -> None:
    with pytest.raises(DataError, match=says):
        read_utd_mhad(write(tmp_path, SKELETON, values))


@pytest.mark.parametrize("shape", [(6, 9), (9, 5), (9, 6, 2), (0, 6)])
def test_sensors_of_another_shape_are_refused(tmp_path: Path, shape: tuple[int, ...]) -> None:
    with pytest.raises(DataError, match=r"samples x 6|the recording is empty"):
        read_utd_mhad_inertial(write(tmp_path, SENSOR, np.ones(shape), "d_iner"))


def test_other_variables_and_cells_are_refused(tmp_path: Path) -> None:
    path = write(tmp_path, SKELETON, poses(2))
    with pytest.raises(DataError, match="has no variable 'd_iner'"):
        read_utd_mhad_inertial(path)
    for variable, read in (("d_skel", read_utd_mhad), ("d_iner", read_utd_mhad_inertial)):
        path.write_bytes(HEADER + cells([numbers(poses(2))], name=variable))
        with pytest.raises(DataError, match="got cells or structs"):
            read(path)
        with pytest.raises(MissingFileError):
            read(tmp_path / "nowhere.mat")
