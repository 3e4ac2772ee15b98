"""CSV tables: columns, clocks, people, labels, missing cells."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kinestream.clips import IMU, Clip
from kinestream.errors import DataError, KinestreamError, SkeletonError
from kinestream.formats import Head, Reading, Stated, read_recording
from kinestream.formats.csv_header import Header
from kinestream.formats.csv_table import FORMAT, write_csv_table
from kinestream.skeletons import Skeleton, layout_names, skeleton

ARM = Skeleton("arm", ("upper_arm", "hand"), ((1, 0),))
STATED = Stated(ARM, 10.0)


def table(folder: Path, header: str, rows: Sequence[str], name: str = "arm.csv") -> Path:
    path = folder / name
    path.write_text("".join(f"{line}\n" for line in [header, *rows]))
    return path


def read(folder: Path, header: str, rows: Sequence[str], stated: Stated = STATED) -> Reading:
    return read_recording(table(folder, header, rows), stated, "csv")


def values(clip: Clip) -> list[list[float]]:
    return (
        np.nan_to_num(clip.data[..., 0].transpose(1, 2, 0), nan=-1)
        .reshape(clip.num_frames, -1)
        .tolist()
    )


XY = "hand_x,hand_y,upper_arm_x,upper_arm_y"


def test_columns_are_found_by_name(tmp_path: Path) -> None:
    clip, repairs = read(tmp_path, "upper_arm_y,hand_x,upper_arm_x,hand_y", ["1,2,3,4", "5,6,7,8"])
    assert values(clip) == [[3, 1, 2, 4], [7, 5, 6, 8]]
    assert (clip.channels, clip.skeleton, clip.fps, clip.labels) == (("x", "y"), ARM, 10.0, None)
    assert repairs.rows == 2


@pytest.mark.parametrize("separator", [",", ";", "\t"])
def test_separators_bom_line_ends_and_quotes(tmp_path: Path, separator: str) -> None:
    lines = [XY, '1,"2",3,4', "", "5, 6 ,7,8", ""]
    path = tmp_path / "arm.csv"
    text = "\r\n".join(lines).replace(",", separator)
    path.write_bytes(b"\xef\xbb\xbf" + text.encode())
    clip, repairs = read_recording(path, STATED)
    assert values(clip) == [[3, 4, 1, 2], [7, 8, 5, 6]]
    assert repairs.dropped_rows == 0


def test_missing_cells_are_counted(tmp_path: Path) -> None:
    rows = ["1,,3,4", "nan,null,NA,1e39", "1,2,3,4"]
    clip, repairs = read(tmp_path, XY, rows)
    assert values(clip) == [[3, 4, 1, -1], [-1] * 4, [3, 4, 1, 2]]
    assert (repairs.missing_joints, repairs.empty_frames) == (1, 1)


def test_damaged_rows_are_dropped_while_they_are_few(tmp_path: Path) -> None:
    clip, repairs = read(tmp_path, XY, ["1,2,3,4", "1,2,x,4", "1,2,3,4"])
    assert (clip.num_frames, repairs.rows, repairs.dropped_rows) == (2, 3, 1)
    with pytest.raises(DataError, match="2 rows do not hold 4 cells of numbers, 2 do"):
        read(tmp_path, XY, ["1,2,3,4", "1,2,x,4", "1,2,3,4", "1,2,3"])


def test_frame_numbers_leave_gaps(tmp_path: Path) -> None:
    clip, repairs = read(tmp_path, f"frame,{XY}", ["4,1,1,1,1", "7,2,2,2,2", "6,3,3,3,3"])
    assert [row[0] for row in values(clip)] == [1, -1, 3, 2]
    assert (repairs.gaps, repairs.backwards, repairs.empty_frames) == (1, 1, 1)


@pytest.mark.parametrize(
    ("name", "times", "fps"),
    [
        ("time_s", ["0", "0.04", "0.08"], 25.0),
        ("time_ms", ["0", "33", "67", "100"], 30.0),
        ("timestamp", ["1700000000000", "1700000000040", "1700000000080"], 25.0),
        ("timestamp", ["1700000000.00", "1700000000.04", "1700000000.08"], 25.0),
        ("Time_s", ["3", "3.01", "3.02"], 100.0),
    ],
)
def test_times_tell_the_rate(tmp_path: Path, name: str, times: list[str], fps: float) -> None:
    rows = [f"1,2,{time},3,4" for time in times]
    header = f"hand_x,hand_y,{name},upper_arm_x,upper_arm_y"
    clip, _ = read(tmp_path, header, rows, Stated(ARM))
    assert (clip.fps, clip.num_frames) == (fps, len(times))


def test_irregular_times_are_put_on_a_clock(tmp_path: Path) -> None:
    rows = [f"{time},{k},0,0,0" for k, time in enumerate(["0", "0.1", "0.35", "0.4"])]
    clip, repairs = read(tmp_path, f"time_s,{XY}", rows)
    assert [row[2] for row in values(clip)] == [0, 1, 1, 1, 3]
    assert repairs.filled_frames == 2


def test_people_have_rows_of_their_own(tmp_path: Path) -> None:
    rows = ["0,b,1,1,1,1", "0,a,2,2,2,2", "1,b,3,3,3,3", "1,b,9,9,9,9", "3,a,4,4,4,4"]
    clip, repairs = read(tmp_path, f"frame,person,{XY}", rows)
    assert np.nan_to_num(clip.data[0, :, 0], nan=-1).tolist() == [
        [2, 1],
        [-1, 3],
        [-1, -1],
        [4, -1],
    ]
    assert repairs.duplicates == 1
    ordered, _ = read(tmp_path, f"frame,person,{XY}", ["0,10,1,1,1,1", "0,9,2,2,2,2"])
    assert ordered.data[0, 0, 0].tolist() == [2, 1]
    with pytest.raises(DataError, match="needs a column frame or time_s too"):
        read(tmp_path, f"person,{XY}", ["a,1,1,1,1"])


def test_labels_are_names_in_order(tmp_path: Path) -> None:
    rows = ["walk,1,1,1,1", ",1,1,1,1", '"sit, down",1,1,1,1', "-1,1,1,1,1", "walk,1,1,1,1"]
    clip, _ = read(tmp_path, f"label,{XY}", rows)
    assert clip.classes == ("sit, down", "walk")
    assert clip.labels is not None and clip.labels.tolist() == [1, -1, 0, -1, 1]
    nothing, _ = read(tmp_path, f"label,{XY}", [",1,1,1,1"])
    assert (nothing.classes, nothing.labels) == ((), None)


def test_people_who_disagree_about_the_label_are_counted(tmp_path: Path) -> None:
    rows = ["0,a,walk,1,1,1,1", "0,b,sit,1,1,1,1", "1,a,sit,1,1,1,1", "1,b,sit,1,1,1,1"]
    clip, repairs = read(tmp_path, f"frame,person,label,{XY}", rows)
    assert clip.labels is not None and clip.labels.tolist() == [1, 0]
    assert repairs.label_disagreements == 1


@pytest.mark.parametrize("name", layout_names())
def test_shipped_skeletons_are_known_by_their_joints(tmp_path: Path, name: str) -> None:
    layout = skeleton(name)
    channels = ("acc_x", "acc_y", "acc_z") if layout.units == "imu" else ("x", "y", "z")
    names = [f"{joint}_{c}" for c in channels for joint in reversed(layout.joints)]
    row = ",".join(str(k) for k in range(len(names)))
    clip, _ = read(tmp_path, ",".join(names), [row], Stated(fps=30.0))
    count = layout.num_joints
    assert set(clip.skeleton.joints) == set(layout.joints)
    first = clip.skeleton.index(layout.joints[-1])
    assert clip.data[:, 0, first, 0].tolist() == [0, count, 2 * count]


def test_joints_of_no_layout_are_a_skeleton_of_their_own(tmp_path: Path) -> None:
    clip, repairs = read(tmp_path, XY, ["1,2,3,4"], Stated(fps=10.0))
    assert clip.skeleton == Skeleton("arm", ("hand", "upper_arm"), ())
    assert values(clip) == [[1, 2, 3, 4]] and repairs.missing_joints == 0
    sides = read(tmp_path, "LHand_x,RHand_x,LHand_y,RHand_y", ["1,2,3,4"], Stated(fps=10.0)).clip
    assert sides.skeleton.pairs == ((0, 1),) and values(sides) == [[1, 3, 2, 4]]
    worn = read(tmp_path, "hat_acc_x,shoe_acc_x", ["1,2"], Stated(fps=10.0)).clip
    assert worn.skeleton == Skeleton.of_sensors("arm", ("hat", "shoe"))
    many = ",".join(f"j{k}_x" for k in range(1025))
    assert Header.of(many) is None and Header.of(many.rpartition(",")[0]) is not None


def test_some_joints_of_the_layout_that_is_stated(tmp_path: Path) -> None:
    """The table of docs/formats.md."""
    page = Path(__file__).parents[2] / "docs" / "formats.md"
    text = page.read_text(encoding="utf-8").split("```csv\n")[1].split("```")[0]
    (tmp_path / "own.csv").write_text(text)
    clip, repairs = read_recording(tmp_path / "own.csv", Stated(skeleton("coco17")))
    left, right = clip.skeleton.index("left_wrist"), clip.skeleton.index("right_wrist")
    assert (clip.skeleton.name, clip.fps, clip.classes) == ("coco17", 25.0, ("wave",))
    assert np.nan_to_num(clip.data[:, :, left, 0], nan=-1).tolist() == [
        np.float32([0.1, 0.1]).tolist(),
        np.float32([1.2, 1.3]).tolist(),
    ]
    assert np.isnan(clip.data[:, 1, right]).all() and not np.isnan(clip.data[:, 0, right]).any()
    assert np.isnan(np.delete(clip.data, [left, right], axis=2)).all()
    assert repairs.missing_joints == 1
    own = read_recording(tmp_path / "own.csv", Stated()).clip
    assert own.skeleton.joints == ("left_wrist", "right_wrist")
    assert own.skeleton.pairs == ((0, 1),)


def test_joints_that_the_stated_skeleton_lacks_are_refused(tmp_path: Path) -> None:
    with pytest.raises(SkeletonError, match="holds 2 joints .*'coco17' lacks hand, upper_arm"):
        read(tmp_path, XY, ["1,2,3,4"], Stated(skeleton("coco17"), 10.0))
    with pytest.raises(SkeletonError, match="lacks none, but one is there twice"):
        read(tmp_path, "hand_x,Hand_x", ["1,2"])


@pytest.mark.parametrize(
    ("header", "row"),
    [("hand_x;hand_y", "1,5;2,5"), ("hand_x\thand_y", "-1,5\t2"), ("hand_x,hand_y", "1,5,-2,5")],
)
def test_decimal_commas_are_named(tmp_path: Path, header: str, row: str) -> None:
    with pytest.raises(DataError, match="1 rows do not .*; decimals are written with a comma"):
        read(tmp_path, header, [row])
    with pytest.raises(DataError, match="1 rows do not hold 2 cells of numbers, 0 do[.]$"):
        read(tmp_path, header, ["1.5"])


@pytest.mark.parametrize(
    ("header", "rows", "says"),
    [
        ("a,b", ["1,2"], "begins with 'a,b'; expected a table"),
        (XY, [], "has a header and no rows"),
        (XY, [",,,", ""], "nobody is seen in any of 1 frames"),
        (f"frame,{XY}", ["0.5,1,1,1,1"], "frame must hold whole numbers"),
        (f"frame,{XY}", ["x,1,1,1,1"], "frame must hold a number in every row"),
        (f"frame,{XY}", ["0,1,1,1,1", "1e12,1,1,1,1"], "only 2 of"),
        (f"time_s,{XY}", ["nan,1,1,1,1"], "time_s must hold a number in every row"),
        (XY, ["1,2,3,4", '"' + "1" * 200_000 + '",2,3,4'], "is damaged"),
    ],
)
def test_a_wrong_table_is_one_clear_sentence(
    tmp_path: Path, header: str, rows: list[str], says: str
) -> None:
    with pytest.raises(KinestreamError, match=says) as caught:
        read(tmp_path, header, rows)
    assert "arm.csv" in str(caught.value)


@pytest.mark.parametrize(
    "line",
    [
        "label",
        "start_s,end_s,label",
        "start_s,end_s,label,person",
        "x_acc,y_acc,z_acc,x_gyro,y_gyro,z_gyro,timestamp,label",
        "hand_x,hand_y,note",
        "hand_x,hand_y,arm_x",
        "hand_x,hand_x",
        "hand_score,arm_score",
        "time_s,frame",
        "x,y,z",
        "1,2,3",
        '"a',
        "",
    ],
)
def test_other_tables_are_not_taken(line: str) -> None:
    assert Header.of(line) is None
    assert not FORMAT.fits(Head(Path("a.csv"), line.encode(), False))


@settings(max_examples=25, deadline=None)
@given(
    fps=st.sampled_from([10.0, 29.97, 62.5, 120.0]),
    people=st.integers(1, 3),
    labelled=st.booleans(),
    seed=st.integers(0, 999),
)
def test_what_is_written_is_read_again(
    fps: float, people: int, labelled: bool, seed: int, tmp_path_factory: pytest.TempPathFactory
) -> None:
    rng = np.random.default_rng(seed)
    data = (rng.normal(size=(3, 6, 17, people)) * 10.0 ** rng.integers(-20, 20)).astype(np.float32)
    data[:, rng.random((6, 17, people)) < 0.2] = np.nan
    data[:, 2, :, 0] = data[:, 4] = np.nan
    data[:, 0] = 1
    labels = np.array([0, 1, 1, -1, 2, 0]) if labelled else None
    classes = ("a b", "c,d", 'e"') if labelled else ()
    clip = Clip(data, skeleton("coco17"), fps, ("x", "y", "score"), classes, labels)
    path = tmp_path_factory.mktemp("any") / "people.csv"
    write_csv_table(clip, path)
    again, repairs = read_recording(path, Stated())
    np.testing.assert_array_equal(again.data, data)
    assert (again.fps, again.classes, again.channels) == (fps, classes, clip.channels)
    assert (again.labels is None) == (not labelled)
    if labels is not None and again.labels is not None:
        assert again.labels.tolist() == labels.tolist()
    assert repairs.empty_frames == int(np.isnan(data).all(axis=(0, 2, 3)).sum())


def test_imu_values_are_written_and_read(tmp_path: Path) -> None:
    data = np.random.default_rng(0).normal(size=(6, 5, 2, 1)).astype(np.float32)
    clip = Clip(data, skeleton("phonewatch2"), 25.0, IMU)
    write_csv_table(clip, tmp_path / "imu.csv")
    again, _ = read_recording(tmp_path / "imu.csv", Stated())
    np.testing.assert_array_equal(again.data, data)
    assert (again.channels, again.skeleton.name) == (IMU, "phonewatch2")


def test_what_does_not_fit_into_a_table_is_not_written(tmp_path: Path) -> None:
    other = Clip(np.ones((2, 1, 2, 1)), ARM, 10.0, ("depth", "x"))
    with pytest.raises(DataError, match="a table holds channels among x, y, z"):
        write_csv_table(other, tmp_path / "a.csv")
    labels = np.zeros(1, dtype=np.int64)
    blank = Clip(np.ones((2, 1, 2, 1)), ARM, 10.0, ("x", "y"), (" ",), labels)
    with pytest.raises(DataError, match="class name is empty or blank"):
        write_csv_table(blank, tmp_path / "a.csv")
    assert not (tmp_path / "a.csv").exists()
