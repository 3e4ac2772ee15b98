"""Florence 3D actions: hand-made cells with known numbers and refusals."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from kinestream.errors import DataError, MissingFileError
from kinestream.formats import Stated, read_clip, read_recordings
from kinestream.formats.florence3d import read_all_florence3d
from tests.formats.matlab_files import HEADER, cells, deflated, numbers, structs

ACROSS, AWAY, UP = 1.0, 2.0, 3.0


def recording(**changes: Any) -> bytes:
    joints = np.zeros((3, 15, 4))
    joints[:] = np.array([ACROSS, AWAY, UP])[:, None, None]
    joints += 0.01 * np.arange(15)[:, None] + 0.1 * np.arange(4)
    fields = {"original_skeletal_data": joints, "subject": [[3]], "action": [[9]], **changes}
    return structs(
        {key: numbers(np.array(value)) for key, value in fields.items() if value is not None}
    )


def write(folder: Path, *recordings: bytes) -> Path:
    path = folder / "skeletal_data.mat"
    variable = cells(recordings, (len(recordings), 1), "skeletal_data")
    path.write_bytes(HEADER + deflated(variable))
    return path


def test_axes_are_turned_to_those_of_the_kinect(tmp_path: Path) -> None:
    ((name, clip, repairs),) = read_all_florence3d(write(tmp_path, recording()))
    assert name == "a09_s03_n001"
    assert clip.data.shape == (3, 4, 15, 1)
    shift = 0.01 * 7 + 0.1 * 2
    expected = [ACROSS + shift, UP + shift, AWAY + shift]
    np.testing.assert_allclose(clip.data[:, 2, 7, 0], expected, rtol=1e-6)
    assert (clip.fps, clip.skeleton.name, clip.channels) == (15.0, "florence15", ("x", "y", "z"))
    assert clip.subject == "s03"
    assert clip.labels is not None
    assert [clip.classes[label] for label in clip.labels] == ["bow"] * 4
    assert repairs.to_dict() == {**dict.fromkeys(repairs.to_dict(), 0), "rows": 4}


def test_recordings_are_named_and_chosen_by_name(tmp_path: Path) -> None:
    path = write(tmp_path, recording(), recording(action=[[1]]), recording(subject=[[10]]))
    names = [each.name for each in read_recordings(path, Stated())]
    assert names == ["a09_s03_n001", "a01_s03_n002", "a09_s10_n003"]
    clip = read_clip(path, recording="a01_s03_n002")
    assert clip.labels is not None
    assert clip.classes[clip.labels[0]] == "wave"
    with pytest.raises(DataError, match=r"holds 3 recordings \(a09_s03_n001, .*none is 'a02'"):
        read_clip(path, recording="a02")
    with pytest.raises(DataError, match="name one"):
        read_clip(path)


def test_the_rate_is_the_callers_where_one_is_given(tmp_path: Path) -> None:
    assert read_clip(write(tmp_path, recording()), fps=25.0).fps == 25.0


def test_joints_that_were_not_tracked_are_nan(tmp_path: Path) -> None:
    joints = np.ones((3, 15, 2))
    joints[:, 4, 1] = 0
    path = write(tmp_path, recording(original_skeletal_data=joints))
    ((_, clip, repairs),) = read_all_florence3d(path)
    assert np.argwhere(np.isnan(clip.data[0, :, :, 0])).tolist() == [[1, 4]]
    assert repairs.missing_joints == 1


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"original_skeletal_data": np.ones((3, 20, 4))}, r"3 x 15 x frames, got \(3, 20, 4\)"),
        ({"original_skeletal_data": np.ones((3, 15, 0))}, "the recording is empty"),
        ({"original_skeletal_data": None}, "cell 1 must be a struct .* 'original_skeletal_data'"),
        ({"action": [[10]]}, "'action' must be 1 to 9, got 10"),
        ({"action": [[0]]}, "'action' must be a whole number"),
        ({"action": [[1.5]]}, "'action' must be a whole number"),
        ({"action": [[np.nan]]}, "'action' must be a whole number"),
        ({"action": [[np.inf]]}, "'action' must be a whole number"),
        ({"subject": [[1, 2]]}, "'subject' must be a whole number"),
        ({"subject": None}, "a struct with numbers in its field 'subject'"),
    ],
)
def test_a_wrong_recording_is_one_clear_sentence(
    tmp_path: Path, changes: dict[str, Any], says: str
) -> None:
    with pytest.raises(DataError, match=says):
        list(read_all_florence3d(write(tmp_path, recording(**changes))))


def test_a_file_of_something_else_is_refused(tmp_path: Path) -> None:
    path = write(tmp_path)
    with pytest.raises(DataError, match="must be a cell array"):
        list(read_all_florence3d(path))
    with pytest.raises(DataError, match="cell 1 must be a struct"):
        list(read_all_florence3d(write(tmp_path, numbers(np.ones((3, 15, 2))))))
    path.write_bytes(HEADER + numbers(np.ones((3, 15, 2)), "skeletal_data"))
    with pytest.raises(DataError, match="must be a cell array"):
        list(read_all_florence3d(path))
    with pytest.raises(MissingFileError):
        list(read_all_florence3d(tmp_path / "nowhere.mat"))
