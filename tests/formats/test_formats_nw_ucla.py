"""NW-UCLA recordings: hand-made files with known numbers, repairs and refusals."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from kinestream.errors import DataError, MissingFileError
from kinestream.formats import read_clip, read_recording
from kinestream.formats.format import Stated
from kinestream.formats.nw_ucla import ACTIONS, MAX_BYTES, read_nw_ucla

NESTED: Any = []
for _ in range(900):
    NESTED = [NESTED]
NAME = "a12_s06_e04_v03"


def poses(frames: int) -> list[list[list[float]]]:
    """Joint v of frame t at (1 + t, v, 100 + t + v)."""
    return [[[1 + t, v, 100 + t + v] for v in range(20)] for t in range(frames)]


def write(folder: Path, **changes: Any) -> Path:
    content = {"file_name": NAME, "skeletons": poses(3), "label": 10, **changes}
    path = folder / f"{NAME}.json"
    path.write_text(json.dumps({key: value for key, value in content.items() if value is not None}))
    return path


def test_numbers_stand_where_they_belong(tmp_path: Path) -> None:
    clip, repairs = read_nw_ucla(write(tmp_path))
    assert clip.data.shape == (3, 3, 20, 1)
    assert clip.data[:, 2, 5, 0].tolist() == [3, 5, 107]
    assert (clip.fps, clip.skeleton.name, clip.channels) == (15.0, "kinect20", ("x", "y", "z"))
    assert clip.subject == "s06"
    assert clip.labels is not None
    assert [clip.classes[label] for label in clip.labels] == ["carry"] * 3
    assert repairs.to_dict() == {**dict.fromkeys(repairs.to_dict(), 0), "rows": 3}


def test_action_numbers_have_gaps(tmp_path: Path) -> None:
    for label, action in enumerate(ACTIONS, start=1):
        path = write(tmp_path, file_name=f"a{action:02}_s01_e00_v01", label=label)
        clip, repairs = read_nw_ucla(path)
        assert clip.labels is not None
        assert clip.labels.tolist() == [label - 1] * 3
        assert repairs.label_disagreements == 0
    assert clip.classes[ACTIONS.index(8)] == "donning"
    _, repairs = read_nw_ucla(write(tmp_path, file_name="a08_s01_e00_v01", label=8))
    assert repairs.label_disagreements == 3


def test_the_rate_is_the_callers_where_one_is_given(tmp_path: Path) -> None:
    assert read_clip(write(tmp_path), fps=15.0).fps == 15.0


def test_without_a_label_or_a_known_name_the_clip_has_neither(tmp_path: Path) -> None:
    clip, _ = read_nw_ucla(write(tmp_path, label=None, file_name="me waving"))
    assert (clip.labels, clip.classes, clip.subject) == (None, (), "")


def test_joints_that_were_not_tracked_are_nan_and_counted(tmp_path: Path) -> None:
    frames = poses(3)
    frames[0][4] = [0, 0, 0]
    frames[0][0] = [0, 0, 5]
    frames[1] = [[0.0, 0.0, 0.0]] * 20
    frames[2][7] = [1, float("nan"), 2]
    frames[2][8] = [1, 1e39, 2]
    clip, repairs = read_nw_ucla(write(tmp_path, skeletons=frames))
    assert repairs.missing_joints == 3
    assert repairs.empty_frames == 1
    missing = np.isnan(clip.data[..., 0]).all(axis=0)
    assert np.argwhere(missing).tolist() == [[0, 4], *([1, v] for v in range(20)), [2, 7], [2, 8]]
    assert clip.data[:, 0, 0, 0].tolist() == [0, 0, 5]
    assert not np.isinf(clip.data).any()


def test_a_byte_order_mark_line_ends_and_another_order_of_keys_are_read(tmp_path: Path) -> None:
    path = tmp_path / "any.json"
    text = json.dumps({"label": 1, "skeletons": poses(2), "file_name": NAME}, indent=1)
    path.write_bytes(b"\xef\xbb\xbf" + text.replace("\n", "\r\n").encode())
    clip = read_clip(path)
    assert clip.data[:, 1, 19, 0].tolist() == [2, 19, 120]
    assert clip.skeleton.name == "kinect20"


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"skeletons": []}, "the recording is empty"),
        ({"skeletons": {"a": 1}}, "the recording is empty"),
        ({"skeletons": [[[1, 2, 3]] * 19]}, "where 20 should be"),
        ({"skeletons": [[[1, 2]] * 20]}, "got 2 values where 3 should be"),
        ({"skeletons": [*poses(2), 7]}, "got 7 where 20 should be"),
        ({"skeletons": [[["1", "2", "3"]] * 20]}, "must be a list of numbers"),
        ({"skeletons": [[[True, 2, 3]] * 20]}, "must be a list of numbers"),
        ({"skeletons": [[[[1], 2, 3]] * 20]}, "must be a list of numbers"),
        ({"skeletons": [[[10**400, 2, 3]] * 20]}, "too large"),
        ({"label": 0}, "must be 1 to 10, got 0"),
        ({"label": 11}, "must be 1 to 10, got 11"),
        ({"label": 1.0}, "must be 1 to 10"),
        ({"label": True}, "must be 1 to 10"),
        ({"label": [1]}, "must be 1 to 10"),
        ({"label": NESTED}, "must be 1 to 10"),
        ({"skeletons": [NESTED]}, "where 20 should be"),
    ],
)
def test_a_wrong_file_is_one_clear_sentence(
    tmp_path: Path, changes: dict[str, Any], says: str
) -> None:
    with pytest.raises(DataError, match=says):
        read_nw_ucla(write(tmp_path, **changes))


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"", "is not JSON"),
        (b"\x89PNG\0", "no UTF-8"),
        (b"{}", "has no 'skeletons'"),
        (b"[1, 2]", "has no 'skeletons'"),
        (b'{"skeletons": [[[1, 2', "is not JSON"),
        (b'{"skeletons": ' + b"[" * 100_000, "nested too deeply"),
        (b'{"label": ' + b"9" * 5000 + b', "skeletons": []}', "is not JSON"),
    ],
)
def test_bytes_that_are_no_recording_are_refused(tmp_path: Path, content: bytes, says: str) -> None:
    path = tmp_path / f"{NAME}.json"
    path.write_bytes(content)
    with pytest.raises(DataError, match=says):
        read_nw_ucla(path)


def test_a_file_that_is_too_large_is_not_read(tmp_path: Path) -> None:
    path = tmp_path / f"{NAME}.json"
    with open(path, "wb") as file:
        file.truncate(MAX_BYTES + 1)
    with pytest.raises(DataError, match="4194305 bytes"):
        read_recording(path, Stated(), "nw_ucla")
    with pytest.raises(MissingFileError):
        read_nw_ucla(tmp_path / "nowhere.json")
