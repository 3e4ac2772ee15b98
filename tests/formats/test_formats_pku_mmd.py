from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from kinestream.errors import DataError, MissingFileError
from kinestream.formats import Head
from kinestream.formats.pku_mmd import FORMAT, read_pku_labels, read_pku_mmd

ABSENT = [0.0] * 75


def person(first: int = 1) -> list[float]:
    return [(first + k) / 4 for k in range(75)]


def row(*people: list[float]) -> str:
    return " ".join(f"{value:g}" for one in people for value in one) + "\n"


def recording(folder: Path, *rows: str, labels: str | None = None, beside: str = "Label") -> Path:
    path = folder / "Skeleton" / "0002-L.txt"
    path.parent.mkdir(exist_ok=True)
    path.write_text("".join(rows))
    if labels is not None:
        (folder / beside).mkdir(exist_ok=True)
        (folder / beside / path.name).write_text(labels)
    return path


ALONE = row(person(), ABSENT)
BOTH = row(person(), person(100))


def test_rows_become_two_people(tmp_path: Path) -> None:
    clip, repairs = read_pku_mmd(recording(tmp_path, BOTH, ALONE))
    assert clip.data.shape == (3, 2, 25, 2)
    assert clip.data[:, 0, 1, 0].tolist() == [1.0, 1.25, 1.5]  # joint 1: the 4th to 6th number
    assert clip.data[:, 0, 24, 1].tolist() == [(100 + k) / 4 for k in (72, 73, 74)]
    assert np.isnan(clip.data[:, 1, :, 1]).all()
    assert (clip.skeleton.name, clip.fps, clip.labels, clip.classes) == ("ntu25", 30.0, None, ())
    assert (repairs.rows, repairs.missing_joints, repairs.empty_frames) == (2, 0, 0)


def test_who_is_never_seen_takes_no_slot(tmp_path: Path) -> None:
    assert read_pku_mmd(recording(tmp_path, ALONE, ALONE))[0].num_people == 1
    second_only = row(ABSENT, person())
    clip, _ = read_pku_mmd(recording(tmp_path, second_only))
    assert clip.num_people == 2 and np.isnan(clip.data[..., 0]).all()


@pytest.mark.parametrize("lost", [[0.0] * 3, [np.nan, 1, 1], [1, np.inf, 1], [1, 1, 1e39]])
def test_a_joint_that_was_not_seen_is_missing(tmp_path: Path, lost: list[float]) -> None:
    joints = person()
    joints[9:12] = lost
    clip, repairs = read_pku_mmd(recording(tmp_path, ALONE, row(joints, ABSENT)))
    assert np.flatnonzero(np.isnan(clip.data[0, 1, :, 0])).tolist() == [3]
    assert repairs.missing_joints == 1


@pytest.mark.parametrize("beside", ["Label", "Train_Label_PKU_final", "labels"])
def test_labels_are_found_in_a_folder_beside(tmp_path: Path, beside: str) -> None:
    path = recording(tmp_path, *[ALONE] * 6, labels="1,1,3,1\n51 4 9 2\n", beside=beside)
    clip, _ = read_pku_mmd(path)
    assert clip.labels is not None and clip.labels.tolist() == [0, 1, 1, 0, 51, 51]
    assert len(clip.classes) == 52
    assert [clip.classes[k] for k in (0, 1, 51)] == ["background", "bow", "writing"]


def test_skeleton_files_have_label_files_too(tmp_path: Path) -> None:
    path = recording(tmp_path, *[ALONE] * 3, labels="1,1,2,1\n")
    path = path.rename(path.with_suffix(".skeleton"))
    clip, _ = read_pku_mmd(path)
    assert clip.labels is not None and clip.labels.tolist() == [0, 1, 0]


def test_labels_may_be_named(tmp_path: Path) -> None:
    path = recording(tmp_path, *[ALONE] * 3, labels="1,1,2,1\n")
    (tmp_path / "mine.txt").write_text("3,0,1,1\n")
    clip, _ = read_pku_mmd(path, tmp_path / "mine.txt")
    assert clip.labels is not None and clip.labels.tolist() == [3, 0, 0]
    with pytest.raises(MissingFileError):
        read_pku_mmd(path, tmp_path / "other.txt")


def test_of_overlapping_actions_the_later_holds_and_frames_are_counted(tmp_path: Path) -> None:
    labels = "4,3,6,1\n9,0,4,1\n4,5,7,1\n"  # frame 3 in two actions; frame 5 twice in the same
    clip, repairs = read_pku_mmd(recording(tmp_path, *[ALONE] * 8, labels=labels))
    assert clip.labels is not None and clip.labels.tolist() == [9, 9, 9, 4, 4, 4, 4, 0]
    assert repairs.label_disagreements == 1


def test_tabs_windows_line_ends_and_blank_lines_are_read(tmp_path: Path) -> None:
    plain, _ = read_pku_mmd(recording(tmp_path, BOTH, ALONE))
    other = tmp_path / "0003-R.skeleton"
    text = BOTH + ALONE.replace(" ", "\t") + "\n\n"
    other.write_bytes(b"\xef\xbb\xbf" + text.replace("\n", "\r\n").encode())
    np.testing.assert_array_equal(read_pku_mmd(other)[0].data, plain.data)


@pytest.mark.parametrize(
    "line",
    ["0,1,2,1", "52,1,2,1", "1,3,2,1", "1,2,2,1", "1,-1,2,1", "1,1.5,2,1", "1,2", "1,2,3,4,5",
     "a,1,2,1", "1,nan,2,1", "1,1,1e999,1"],
)  # fmt: skip
def test_a_line_that_is_no_action_is_refused(tmp_path: Path, line: str) -> None:
    path = tmp_path / "0002-L.txt"
    path.write_text(f"1,1,2,1\n\n{line}\n")
    with pytest.raises(DataError, match=r"0002-L.txt line 3: expected label,start,end,confidence"):
        read_pku_labels(path)


def test_an_action_beyond_the_end_is_cut_and_counted(tmp_path: Path) -> None:
    clip, repairs = read_pku_mmd(recording(tmp_path, ALONE, ALONE, labels="2,1,1000000000,1\n"))
    assert clip.labels is not None and clip.labels.tolist() == [0, 2]
    assert repairs.label_disagreements == 1_000_000_000 - 2


def test_labels_of_another_recording_are_refused(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="it belongs to another recording"):
        read_pku_mmd(recording(tmp_path, ALONE, ALONE, labels="3,2,4,1\n"))


def test_names_of_the_second_phase_tell_the_subject(tmp_path: Path) -> None:
    path = recording(tmp_path, ALONE)
    assert read_pku_mmd(path)[0].subject == ""
    assert read_pku_mmd(path.rename(path.with_name("A01N05-L.txt")))[0].subject == "N05"


@pytest.mark.parametrize(
    ("content", "what"),
    [
        (ALONE + "1 2 3\n", "line 2 has 3 fields; expected a PKU-MMD recording"),
        (ALONE.replace("0.25", "x"), "line 1: field 1 must be a number, got 'x'"),
        (row(ABSENT, ABSENT) * 2, "nobody is seen in any of 2 frames"),
        ("", "is empty"),
        ("\0", "not a text file"),
    ],
)
def test_what_is_no_recording_is_refused(tmp_path: Path, content: str, what: str) -> None:
    with pytest.raises(DataError, match=what):
        read_pku_mmd(recording(tmp_path, content))


def test_label_files_do_not_fit(tmp_path: Path) -> None:
    path = recording(tmp_path, ALONE, labels="1,1,2,1\n")
    assert FORMAT.fits(Head.of(path))
    assert not FORMAT.fits(Head.of(tmp_path / "Label" / path.name))
