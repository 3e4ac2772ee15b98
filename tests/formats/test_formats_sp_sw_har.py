"""Phone and watch on one clock, against a naive reading of small files made here."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kinestream.clips import IMU, UNLABELLED
from kinestream.errors import DataError, MissingFileError
from kinestream.formats.sp_sw_har import CLASSES, read_sp_sw_har

HEADER = "x_acc,y_acc,z_acc,x_gyro,y_gyro,z_gyro,timestamp,label"
START = 1_657_544_418_000
Row = tuple[float, list[float], str]


def sample(time: float, seed: int = 0) -> list[float]:
    return np.round(np.random.default_rng([int(time) + 10_000, seed]).normal(size=6), 6).tolist()


def rows_at(times: list[int], seed: int = 0, label: str = "WALKING") -> list[Row]:
    return [(time, sample(time, seed), label) for time in times]


def line(row: Row) -> str:
    return ",".join([*map(repr, row[1]), f"{START + row[0]:.0f}", row[2]])


def write(folder: Path, phone: list[Row], watch: list[Row], name: str = "s07_03") -> Path:
    for device, rows in (("sp", phone), ("sw", watch)):
        lines = [HEADER, *map(line, rows)]
        (folder / f"{name}_{device}.csv").write_text("\n".join(lines) + "\n")
    return folder / f"{name}_sp.csv"


def naive(phone: list[Row], watch: list[Row]) -> tuple[np.ndarray, list[int], int]:
    """(T, 2, 6) frames, labels and number of filled frames, by scanning all rows for each frame."""
    devices = [sorted(rows, key=lambda row: row[0]) for rows in (phone, watch)]
    now = max(rows[0][0] for rows in devices)
    end = min(rows[-1][0] for rows in devices)
    frames: list[list[list[float]]] = []
    labels, filled = [], 0
    while now <= end:
        frame, empty, far = [], False, False
        for d, rows in enumerate(devices):
            inside = [values for t, values, _ in rows if now - 40 < t <= now]
            if inside:
                frame.append([sum(column) / len(inside) for column in zip(*inside, strict=True)])
                continue
            before = [row for row in rows if row[0] <= now][-1]
            after = [row for row in rows if row[0] > now][0]
            empty, far = True, far or after[0] - before[0] > 500
            frame.append(frames[-1][d] if frames else before[1])
        frames.append(frame)
        newest = [row for row in devices[0] if row[0] <= now][-1]
        labels.append(UNLABELLED if far else CLASSES.index(newest[2]))
        filled += empty and not far
        now += 40
    return np.array(frames), labels, filled


def assert_equals_naive(path: Path, phone: list[Row], watch: list[Row]) -> None:
    clip, repairs = read_sp_sw_har(path)
    frames, labels, filled = naive(phone, watch)
    assert clip.data.shape == (6, len(frames), 2, 1)
    np.testing.assert_allclose(clip.data[..., 0].transpose(1, 2, 0), frames, atol=1e-6, rtol=1e-6)
    assert clip.labels is not None
    assert clip.labels.tolist() == labels
    assert repairs.filled_frames == filled
    assert repairs.held_frames == labels.count(UNLABELLED)


def test_a_clip_says_what_it_is(tmp_path: Path) -> None:
    path = write(tmp_path, rows_at(list(range(0, 400, 10))), rows_at(list(range(3, 380, 10)), 1))
    clip, repairs = read_sp_sw_har(path)
    assert (clip.fps, clip.skeleton.name, clip.channels, clip.subject) == (
        25.0,
        "phonewatch2",
        IMU,
        "s07",
    )
    assert clip.num_frames == 10  # from 3 ms to 373 ms, every 40 ms
    assert clip.classes == CLASSES
    assert repairs.rows == 78
    assert (repairs.gaps, repairs.duplicates, repairs.filled_frames) == (0, 0, 0)


def test_a_frame_is_the_mean_of_the_40_ms_that_end_at_it(tmp_path: Path) -> None:
    phone = [(t, [float(t), 0, 0, 0, 0, 1.0], "SEATED") for t in range(0, 130, 10)]
    watch = [(t, [0.0, float(t), 0, 0, 0, 2.0], "SEATED") for t in range(0, 130, 20)]
    clip, _ = read_sp_sw_har(write(tmp_path, phone, watch))
    assert clip.data[0, :, 0, 0].tolist() == [0.0, 25.0, 65.0, 105.0]
    assert clip.data[1, :, 1, 0].tolist() == [0.0, 30.0, 70.0, 110.0]
    assert clip.data[5, :, :, 0].tolist() == [[1.0, 2.0]] * 4


@settings(max_examples=40, deadline=None)
@given(
    phone_steps=st.lists(st.sampled_from([0, 1, 7, 10, 20, 39, 40, 41, 90, 501]), min_size=3),
    watch_steps=st.lists(st.sampled_from([0, 1, 8, 10, 25, 60, 130, 500, 700]), min_size=3),
    offset=st.integers(-60, 60),
)
def test_any_jitter_equals_the_naive_reading(
    phone_steps: list[int],
    watch_steps: list[int],
    offset: int,
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    times = [
        np.cumsum([0, *phone_steps]).tolist(),
        (offset + np.cumsum([0, *watch_steps])).tolist(),
    ]
    if max(times[0][0], times[1][0]) > min(times[0][-1], times[1][-1]):
        return
    labels = [CLASSES[k % 5] for k in range(len(times[0]))]
    phone = [(t, sample(t, k), labels[k]) for k, t in enumerate(times[0])]
    watch = [(t, sample(t, 99 + k), "TURNING") for k, t in enumerate(times[1])]
    assert_equals_naive(write(tmp_path_factory.mktemp("any"), phone, watch), phone, watch)


def test_nothing_after_a_frame_is_used(tmp_path: Path) -> None:
    times = [0, 9, 21, 33, 38, 52, 61, 140, 151, 163, 700, 720, 751, 770, 790]
    rows, other = rows_at(times), rows_at(list(range(0, 800, 10)), 1)
    whole, _ = read_sp_sw_har(write(tmp_path, rows, other))
    for cut in range(2, len(rows)):
        part, _ = read_sp_sw_har(write(tmp_path, rows[:cut], other, "s08_01"))
        assert (part.data == whole.data[:, : part.num_frames]).all()


def test_repairs_count_what_was_wrong(tmp_path: Path) -> None:
    phone = rows_at([0, 10, 10, 5, 70, 80, 600, 640, 680], label="WALKING")
    watch = rows_at(list(range(0, 690, 20)), 1, label="TURNING")
    path = write(tmp_path, phone, watch)
    with path.open("a") as file:
        file.write("1,2,3,4,5,6,nan,WALKING\n1,2,3\n\n")
    _, repairs = read_sp_sw_har(path)
    assert repairs.rows == len(phone) + len(watch) + 2
    assert repairs.dropped_rows == 2
    assert repairs.duplicates == 1
    assert repairs.backwards == 1
    assert repairs.gaps == 2  # 10 to 70 and 80 to 600
    assert repairs.long_gaps == 1
    assert repairs.held_frames == 12  # 120, 160, ... 560
    assert repairs.filled_frames == 0
    assert repairs.label_disagreements == 18


def test_labels_are_the_phones(tmp_path: Path) -> None:
    phone = rows_at(list(range(0, 100, 10)), label="SEATED") + rows_at(list(range(100, 200, 10)))
    watch = rows_at(list(range(0, 60, 10)), label="SEATED") + rows_at(list(range(60, 200, 10)))
    clip, repairs = read_sp_sw_har(write(tmp_path, phone, watch))
    assert clip.labels is not None
    assert [CLASSES[k] for k in clip.labels] == ["SEATED"] * 3 + ["WALKING"] * 2
    assert repairs.label_disagreements == 1  # the frame at 80 ms


def test_columns_may_come_in_any_order_with_bom_and_crlf(tmp_path: Path) -> None:
    phone, watch = rows_at(list(range(0, 100, 10))), rows_at(list(range(0, 100, 10)), 1)
    path = write(tmp_path, phone, watch)
    whole, _ = read_sp_sw_har(path)
    turned = [",".join(reversed(row.split(","))) for row in path.read_text().splitlines()]
    path.write_bytes(b"\xef\xbb\xbf" + "\r\n".join(turned).encode())
    assert (read_sp_sw_har(path)[0].data == whole.data).all()


def test_either_file_gives_the_execution(tmp_path: Path) -> None:
    path = write(tmp_path, rows_at([0, 10, 20]), rows_at([0, 10, 20], 1))
    watch = path.with_name("s07_03_sw.csv")
    one, other = read_sp_sw_har(path)[0], read_sp_sw_har(watch)[0]
    assert (one.data == other.data).all()
    assert one.source == other.source
    watch.unlink()
    with pytest.raises(MissingFileError, match="s07_03_sw.csv: an execution needs"):
        read_sp_sw_har(path)


@pytest.mark.parametrize(
    ("content", "says"),
    [
        ("", "is empty"),
        ("a,b,c\n1,2,3\n", "begins with 'a,b,c'; expected a phone or watch file with the columns"),
        (f"{HEADER},label\n", "begins with"),
        (f"{HEADER}\n", "0 rows are damaged and 0 can be read"),
        (f"{HEADER}\n1,2,3,4,5,6,7,RUNNING\n", "line 2: label 'RUNNING' is outside the list"),
        (f"{HEADER}\n1,2,3,4,5,6,7\n", "1 rows are damaged and 0 can be read"),
        (f"{HEADER}\n1,2,3,4,5,6,7,SEATED\n", "never recorded at the same time"),
    ],
)
def test_a_wrong_file_is_one_clear_sentence(tmp_path: Path, content: str, says: str) -> None:
    path = write(tmp_path, rows_at([0, 10]), rows_at([0, 10]))
    path.write_text(content)
    with pytest.raises(DataError, match=says):
        read_sp_sw_har(path)


def test_wild_timestamps_take_no_memory(tmp_path: Path) -> None:
    rows = rows_at([0, 10])
    path = write(tmp_path, [*rows, (1e30, sample(0), "SEATED")], rows)
    assert read_sp_sw_har(path)[0].num_frames == 1
    path = write(
        tmp_path, [*rows, (1e30, sample(0), "SEATED")], [*rows, (1e31, sample(0), "SEATED")]
    )
    with pytest.raises(DataError, match="too long for one clip"):
        read_sp_sw_har(path)


def test_a_file_of_another_name_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="not an SP-SW-HAR recording"):
        read_sp_sw_har(tmp_path / "table.csv")
