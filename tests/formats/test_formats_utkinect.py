"""UTKinect joints and labels, against a naive reading of small files made here."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kinestream.clips import UNLABELLED
from kinestream.errors import DataError, MissingFileError
from kinestream.formats.utkinect import (
    CLASSES,
    LABEL_FILE,
    frame_labels_at,
    read_utkinect,
    read_utkinect_labels,
)

Row = tuple[float, list[float]]


def pose(tick: float, scale: float = 1.0) -> list[float]:
    """60 values that move linearly in time, each joint and axis at a speed of its own."""
    return [scale * (0.01 * k + 0.001 * (k + 1) * tick) for k in range(60)]


def text(rows: list[Row]) -> str:
    return "".join(
        f"{tick:g}   " + "  ".join(f"{v:.6f}" for v in joints) + "\n" for tick, joints in rows
    )


def write(folder: Path, rows: list[Row], name: str = "joints_s01_e01.txt") -> Path:
    path = folder / name
    path.write_text(text(rows))
    return path


def naive(rows: list[Row]) -> tuple[list[list[float]], list[bool], int]:
    """Frames every 4 ticks by scanning all rows: the mean of the newest tick's rows, held."""
    poses: dict[float, list[list[float]]] = {}
    for tick, joints in rows:
        poses.setdefault(tick, []).append(joints)
    means = {
        t: [sum(column) / len(column) for column in zip(*p, strict=True)] for t, p in poses.items()
    }
    frames, held, filled = [], [], 0
    now = min(means)
    while now <= max(means):
        newest = max(t for t in means if t <= now)
        after = min((t for t in means if t > now), default=newest)
        held.append(newest < now and after - newest > 30)
        filled += not held[-1] and not any(now - 4 < t <= now for t in means)
        frames.append(means[newest])
        now += 4
    return frames, held, filled


def assert_equals_naive(path: Path, rows: list[Row]) -> None:
    clip, repairs = read_utkinect(path)
    frames, held, filled = naive(rows)
    expected = np.array(frames).reshape(-1, 20, 3)
    assert clip.data.shape == (3, len(frames), 20, 1)
    np.testing.assert_allclose(clip.data[..., 0].transpose(1, 2, 0), expected, atol=2e-6, rtol=1e-6)
    assert repairs.held_frames == sum(held)
    assert repairs.filled_frames == filled


def test_a_uniform_file_keeps_its_rows(tmp_path: Path) -> None:
    rows = [(float(t), pose(t)) for t in range(190, 250, 4)]
    clip, repairs = read_utkinect(write(tmp_path, rows))
    assert (clip.fps, clip.skeleton.name, clip.channels) == (15.0, "kinect20", ("x", "y", "z"))
    assert clip.subject == "s01"
    assert clip.labels is None
    assert (
        clip.data[:, :, 3, 0].T.tolist()
        == np.array([j[9:12] for _, j in rows], np.float32).tolist()
    )
    assert repairs.to_dict() == {**dict.fromkeys(repairs.to_dict(), 0), "rows": len(rows)}


@settings(max_examples=40, deadline=None)
@given(
    steps=st.lists(st.sampled_from([0, 2, 2, 4, 4, 6, 8, 10, 30, 32, 52]), max_size=30),
    seed=st.integers(0, 99),
)
def test_any_spacing_equals_the_naive_reading(
    steps: list[int], seed: int, tmp_path_factory: pytest.TempPathFactory
) -> None:
    rng = np.random.default_rng(seed)
    ticks = 100 + np.cumsum([0, *steps])
    rows = [(float(t), np.round(rng.normal(size=60), 6).tolist()) for t in ticks]
    assert_equals_naive(write(tmp_path_factory.mktemp("any"), rows), rows)


def test_a_frame_is_the_newest_row_and_never_between_rows(tmp_path: Path) -> None:
    ticks = (10, 12, 15, 20, 44, 46, 58)
    clip, _ = read_utkinect(write(tmp_path, [(float(t), pose(t)) for t in ticks]))
    newest = [10, 12, 15, 20, 20, 20, 20, 20, 20, 46, 46, 46, 58]  # at 10, 14, 18, ... 58
    expected = np.array([pose(t) for t in newest]).reshape(-1, 20, 3)
    np.testing.assert_allclose(clip.data[..., 0].transpose(1, 2, 0), expected, atol=1e-6)


def test_nothing_after_a_frame_is_used(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    ticks = [100, 104, 106, 111, 111, 120, 133, 134, 190, 191, 195, 203]
    rows = [(float(t), rng.normal(size=60).tolist()) for t in ticks]
    whole, _ = read_utkinect(write(tmp_path, rows))
    for cut in (1, 2, 3, 5, 6, 7, 8, 9, 10, 11):
        part, _ = read_utkinect(write(tmp_path, rows[:cut], "joints_s02_e01.txt"))
        assert (part.data == whole.data[:, : part.num_frames]).all()


def test_repairs_count_what_was_wrong(tmp_path: Path) -> None:
    ticks = [10, 14, 14, 12, 26, 100]
    rows = [(float(t), pose(t)) for t in ticks]
    path = tmp_path / "joints_s01_e01.txt"
    path.write_text(text(rows) + "104  1.0  2.0\n")
    _, repairs = read_utkinect(path)
    assert repairs.rows == 7
    assert repairs.dropped_rows == 1
    assert repairs.duplicates == 1
    assert repairs.backwards == 1
    assert repairs.gaps == 2  # 14 to 26 and 26 to 100
    assert repairs.long_gaps == 1
    assert repairs.filled_frames == 2  # 18 and 22
    assert repairs.held_frames == 18  # 30, 34, ... 98


def test_a_long_gap_holds_the_pose_and_is_unlabelled(tmp_path: Path) -> None:
    rows = [(float(t), pose(t)) for t in (0, 4, 8, 60, 64)]
    write(tmp_path, rows)
    (tmp_path / LABEL_FILE).write_text("s01_e01\nwalk: 4 60\n")
    clip, _ = read_utkinect(tmp_path / "joints_s01_e01.txt")
    assert clip.labels is not None
    assert clip.labels.tolist() == [0, 1, 1] + [UNLABELLED] * 12 + [1, 0]
    assert (clip.data[:, 2:15] == clip.data[:, 2:3]).all()
    assert clip.classes == CLASSES


def test_bom_crlf_blank_lines_and_damaged_rows_are_read(tmp_path: Path) -> None:
    rows = [(float(t), pose(t)) for t in (2, 6, 10, 14, 18)]
    plain = write(tmp_path, rows)
    hurt = tmp_path / "joints_s02_e01.txt"
    lines = text(rows).splitlines()
    lines[2:2] = ["", lines[1].replace("6 ", "nan ", 1), lines[1].rsplit("  ", 1)[0] + "  1e39"]
    hurt.write_bytes(b"\xef\xbb\xbf" + "\r\n".join(lines).encode())
    clip, repairs = read_utkinect(hurt)
    assert repairs.dropped_rows == 2
    assert (clip.data == read_utkinect(plain)[0].data).all()


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"", "is empty"),
        (b" \r\n", "is empty"),
        (b"walk: 2 4\nhello\n", "2 of 2 lines do not hold 61 numbers"),
        (b"\x89PNG\r\n\x1a\n\0\0\xff", "not a text file"),
        (text([(0.0, pose(0)), (1e12, pose(1))]).encode(), "too long for one clip"),
    ],
)
def test_a_wrong_file_is_one_clear_sentence(tmp_path: Path, content: bytes, says: str) -> None:
    path = tmp_path / "joints_s01_e01.txt"
    path.write_bytes(content)
    with pytest.raises(DataError, match=says):
        read_utkinect(path)


def test_labels_are_read_by_frame_number(tmp_path: Path) -> None:
    path = tmp_path / LABEL_FILE
    path.write_bytes(
        b"\xef\xbb\xbfs01_e01\r\nwalk: 252 390\r\nstandUp: 704 752 \r\n\r\n"
        b"s02_e01\r\ncarry: NaN NaN\r\npull: 1 3\r\n"
    )
    assert read_utkinect_labels(path) == {
        "s01_e01": {"walk": (252.0, 390.0), "standUp": (704.0, 752.0)},
        "s02_e01": {"pull": (1.0, 3.0)},
    }


def test_both_ends_of_an_action_belong_to_it_and_the_later_one_wins() -> None:
    ticks = np.arange(0.0, 24.0, 2.0)
    labels = frame_labels_at(ticks, {"push": (10, 16), "pull": (4, 10)})
    pull, push = CLASSES.index("pull"), CLASSES.index("push")
    assert labels.tolist() == [0, 0, pull, pull, pull, push, push, push, push, 0, 0, 0]


@pytest.mark.parametrize(
    ("line", "says"),
    [
        ("jump: 2 4", "line 2: label 'jump' is outside the list; allowed are walk, sitDown"),
        ("walk: 2", "first and a last frame number, got '2'"),
        ("walk: 4 2", "first and a last frame number, got '4 2'"),
        ("walk: 2 x", "first and a last frame number"),
        ("walk 2 4", "neither a recording"),
    ],
)
def test_a_wrong_label_line_is_named(tmp_path: Path, line: str, says: str) -> None:
    path = tmp_path / LABEL_FILE
    path.write_text(f"s01_e01\n{line}\n")
    with pytest.raises(DataError, match=says):
        read_utkinect_labels(path)


def test_a_label_file_that_was_named_must_know_the_recording(tmp_path: Path) -> None:
    path = write(tmp_path, [(0.0, pose(0)), (4.0, pose(4))])
    labels = tmp_path / "labels.txt"
    labels.write_text("s07_e01\nwalk: 2 4\n")
    with pytest.raises(DataError, match="no labels for s01_e01; it knows s07_e01"):
        read_utkinect(path, labels)
    with pytest.raises(MissingFileError, match="nowhere.txt"):
        read_utkinect(path, tmp_path / "nowhere.txt")
