"""NTU skeleton text: hand-made files against a plain reading line by line; the writer; refusals."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from kinestream.clips import Clip
from kinestream.errors import DataError, MissingFileError, SkeletonError
from kinestream.formats import read_clip, read_recording
from kinestream.formats.format import Head, Stated
from kinestream.formats.ntu import FORMAT, MAX_FRAMES, NtuName, parse_name, read_ntu, write_ntu
from kinestream.formats.parsing.class_lists import class_list
from kinestream.skeletons import skeleton

NAME = "S018C003P042R002A120"
Bodies = dict[str, np.ndarray]


def pose(rng: np.random.Generator) -> np.ndarray:
    return np.round(rng.normal(size=(25, 3)), 6)


def text(frames: list[Bodies]) -> list[str]:
    lines = [str(len(frames))]
    for bodies in frames:
        lines.append(str(len(bodies)))
        for body, joints in bodies.items():
            lines += [f"{body} 0 1 1 0 0 0 0.12 -0.3 2", "25"]
            lines += [
                f"{x} {y} {z} 277.4 191.8 1036.2 519.1 -0.2 0.05 0.96 -0.1 2" for x, y, z in joints
            ]
    return lines


def write(folder: Path, lines: list[str], name: str = NAME) -> Path:
    path = folder / f"{name}.skeleton"
    path.write_text("\n".join(lines) + "\n")
    return path


def naive(path: Path) -> np.ndarray:
    """(3, T, 25, M) from one line after the other, people in the order they are first seen."""
    lines = iter(path.read_text().split("\n"))
    seen: list[str] = []
    frames: list[dict[int, list[list[float]]]] = []
    for _ in range(int(next(lines))):
        frame = {}
        for _ in range(int(next(lines))):
            body = next(lines).split()[0]
            if body not in seen:
                seen.append(body)
            joints = [next(lines).split() for _ in range(int(next(lines)))]
            frame[seen.index(body)] = [[float(cell) for cell in joint[:3]] for joint in joints]
        frames.append(frame)
    data = np.full((3, len(frames), 25, len(seen)), np.nan, dtype=np.float32)
    for t, frame in enumerate(frames):
        for person, joints in frame.items():
            data[:, t, :, person] = np.array(joints).T
    return data


def come_and_go(rng: np.random.Generator) -> list[Bodies]:
    """A and B, B alone, nobody, C before B, A again."""
    order = (("A", "B"), ("B",), (), ("C", "B"), ("A", "C"), ())
    return [{f"7205{ord(body)}": pose(rng) for body in bodies} for bodies in order]


def test_bodies_that_come_and_go_keep_their_slots(tmp_path: Path) -> None:
    path = write(tmp_path, text(come_and_go(np.random.default_rng(0))))
    clip, repairs = read_ntu(path)
    np.testing.assert_array_equal(clip.data, naive(path))
    assert clip.data.shape == (3, 6, 25, 3)
    seen = ~np.isnan(clip.data).all(axis=(0, 2))
    assert seen.T.astype(int).tolist() == [
        [1, 0, 0, 0, 1, 0],
        [1, 1, 0, 1, 0, 0],
        [0, 0, 0, 1, 1, 0],
    ]
    assert repairs.to_dict() == {
        **dict.fromkeys(repairs.to_dict(), 0),
        "rows": 6,
        "empty_frames": 2,
    }


def test_numbers_and_facts_stand_where_they_belong(tmp_path: Path) -> None:
    joints = np.arange(75).reshape(25, 3) / 8 + 1
    clip = read_clip(write(tmp_path, text([{"7": joints}])))
    assert clip.data[:, 0, 4, 0].tolist() == [2.5, 2.625, 2.75]
    assert (clip.fps, clip.skeleton.name, clip.channels) == (30.0, "ntu25", ("x", "y", "z"))
    assert (clip.subject, clip.source) == ("P042", str(tmp_path / f"{NAME}.skeleton"))
    assert clip.labels is not None
    assert clip.labels.tolist() == [119]
    assert clip.classes[119] == "finger-guessing game (playing rock-paper-scissors)"


def test_the_classes_are_the_authors_in_their_order() -> None:
    classes = class_list("ntu120")
    assert len(classes) == len(set(classes)) == 120
    told = {1: "drink water", 22: "cheer up", 43: "falling", 50: "punching/slapping other person"}
    told |= {60: "walking apart from each other", 61: "put on headphone", 112: "high-five"}
    assert {action: classes[action - 1] for action in told} == told


@pytest.mark.parametrize("name", ["waving", "S001C001P001R001A121", "S001C001P001R001A000"])
def test_a_name_without_a_known_action_gives_no_labels(name: str, tmp_path: Path) -> None:
    clip, _ = read_ntu(write(tmp_path, text([{"7": np.ones((25, 3))}]), name))
    assert (clip.labels, clip.classes) == (None, ())


def test_names_are_parsed_whole_or_not_at_all() -> None:
    assert parse_name(NAME) == NtuName(18, 3, 42, 2, 120)
    for name in (f"{NAME}_rgb", NAME.lower(), NAME[:-1], "S001C001P001R001A00٣", ""):
        assert parse_name(name) is None


@pytest.mark.parametrize("cell", ["nan", "NaN", "-nan", "inf", "-Infinity", "1e39"])
def test_a_joint_with_a_coordinate_that_is_no_number_is_missing(cell: str, tmp_path: Path) -> None:
    lines = text([{"7": np.ones((25, 3))}])
    lines[4] = lines[4].replace("1.0", cell, 1)
    clip, repairs = read_ntu(write(tmp_path, lines))
    assert np.isnan(clip.data[:, 0, 0, 0]).all()
    assert np.isfinite(clip.data[:, 0, 1:]).all()
    assert repairs.missing_joints == 1


def test_a_joint_at_the_sensor_is_missing_and_an_inferred_one_is_kept(tmp_path: Path) -> None:
    joints = np.ones((25, 3))
    joints[3] = 0
    lines = text([{"7": joints}])
    lines[4] = lines[4][:-1] + "1"
    lines[5] = lines[5][:-1] + "0"
    clip, repairs = read_ntu(write(tmp_path, lines))
    assert np.flatnonzero(np.isnan(clip.data[0, 0, :, 0])).tolist() == [3]
    assert repairs.missing_joints == 1


def test_a_body_twice_in_a_frame_counts_once(tmp_path: Path) -> None:
    lines = text([{"7": np.ones((25, 3)), "8": np.full((25, 3), 2)}])
    again = [line.replace("8 0 1 1", "7 0 1 1") for line in lines]
    clip, repairs = read_ntu(write(tmp_path, again))
    assert (clip.data == 1).all()
    assert (clip.num_people, repairs.duplicates) == (1, 1)


def test_more_bodies_than_a_clip_holds_are_dropped_and_counted(tmp_path: Path) -> None:
    frame = {str(100 + body): np.full((25, 3), 1 + body) for body in range(35)}
    clip, repairs = read_ntu(write(tmp_path, text([frame, {"134": np.ones((25, 3))}])))
    assert clip.num_people == 32
    assert repairs.dropped_people == 3
    assert clip.data[0, 0, 0, -1] == 35  # seen twice, so it stays


def test_crlf_tabs_and_blank_lines_at_the_end_change_nothing(tmp_path: Path) -> None:
    lines = text(come_and_go(np.random.default_rng(1)))
    plain = read_ntu(write(tmp_path, lines))[0]
    path = tmp_path / "hurt.skeleton"
    hurt = "\r\n".join(line.replace(" ", "  ", 2).replace(" 2", "\t2") for line in lines)
    path.write_bytes(b"\xef\xbb\xbf" + hurt.encode() + b" \r\n\r\n")
    np.testing.assert_array_equal(read_ntu(path)[0].data, plain.data)


def damaged(at: int, line: str | None) -> list[str]:
    """Two frames of one body: counts in lines 1, 2, 4, 30 and 32, the body in lines 3 and 31."""
    lines = text([{"7": np.ones((25, 3))}] * 2)
    lines[at - 1 : at] = [] if line is None else line.split("\n")
    return lines


@pytest.mark.parametrize(
    ("at", "line", "says"),
    [
        (1, "1000000000", "line 1 must tell of 1 to 36000 frames, .* got '1000000000' and 56 more"),
        (1, "0", "line 1 must tell of"),
        (1, "-2", "line 1 must tell of"),
        (1, "2.5", "line 1 must tell of"),
        (1, "two", "line 1: field 1 must be a number, got 'two'"),
        (1, "3", "line 58: expected the number of bodies in frame 3 of 3, got the end of the file"),
        (1, "1", "line 30: the file goes on after the last of its 1 frames"),
        (2, "1000000000", "line 31: expected 25 joints"),
        (2, "2", "line 31: expected 25 joints and a line for each, got '7 0 1 1"),
        (2, "0", "line 3: expected the number of bodies in frame 2"),
        (2, "-1", "line 2: expected the number of bodies in frame 1 of 2, got '-1'"),
        (3, "7 0 1", "line 3 has 3 fields, expected 10"),
        (3, None, "line 4: expected 25 joints and a line for each, got '1.0 1.0"),
        (4, "24", "line 4: expected 25 joints and a line for each, got '24' and 53 more"),
        (4, "1000000000", "line 4: expected 25 joints"),
        (5, "1 2 3", "line 5 has 3 fields, expected 12"),
        (5, "1 2 x 4 5 6 7 8 9 10 11 2", "line 5: field 3 must be a number, got 'x'"),
        (5, None, "line 30: expected the number of bodies in frame 2"),
        (5, "\n", "line 5: field 1 must be a number, got ''"),
        (57, None, "line 32: expected 25 joints and a line for each, got '25' and 24 more"),
        (57, "1 2 3 4", "line 57 has 4 fields"),
        (57, "1 2 3 4 5 6 7 8 9 10 11 2\n1", "line 58: the file goes on"),
    ],
)
def test_damage_is_refused_and_its_line_named(
    at: int, line: str | None, says: str, tmp_path: Path
) -> None:
    path = write(tmp_path, damaged(at, line))
    with pytest.raises(DataError, match=says) as refused:
        read_ntu(path)
    assert str(path) in str(refused.value)


def test_nobody_in_any_frame_is_refused(tmp_path: Path) -> None:
    for frames in ([{}, {}], [{}, {"7": np.zeros((25, 3))}]):
        with pytest.raises(DataError, match="nobody is seen in any of 2 frames"):
            read_ntu(write(tmp_path, text(frames)))


@pytest.mark.parametrize("content", [b"", b"\n\n", b"\x89PNG\0\xff", b"3\n\xff"])
def test_what_is_no_text_is_refused(content: bytes, tmp_path: Path) -> None:
    path = tmp_path / "a.skeleton"
    path.write_bytes(content)
    with pytest.raises(DataError, match="expected an NTU recording"):
        read_ntu(path)
    with pytest.raises(MissingFileError):
        read_ntu(tmp_path / "b.skeleton")


def test_a_recording_is_told_by_its_content(tmp_path: Path) -> None:
    lines = text([{}, {}, {"7": np.ones((25, 3))}])
    path = tmp_path / "anything.txt"
    path.write_text("\n".join(lines))
    assert FORMAT.fits(Head.of(path))
    for others in (
        ["1", "2", "3"],
        ["2", "0", "0"],
        ["25", "1 2", "25"],
        ["1.5 2", "3"],
        lines[1:],
    ):
        path.write_text("\n".join(others))
        assert not FORMAT.fits(Head.of(path))
    assert FORMAT.fits(Head.of(write(tmp_path, ["2", "0", "0"])))


def written(folder: Path, clip: Clip, name: str = "a") -> Clip:
    path = folder / f"{name}.skeleton"
    write_ntu(clip, path)
    return read_ntu(path)[0]


def random_clip(people: int = 2, **changes: object) -> Clip:
    rng = np.random.default_rng(3)
    data = rng.normal(size=(3, 7, 25, people)).astype(np.float32) * 10.0 ** rng.integers(-9, 9)
    data[:, 4] = np.nan  # nobody
    data[:, 5, :, 0] = np.nan
    data[:, 2, 7, -1] = np.nan
    return replace(Clip(data, skeleton("ntu25"), 30.0), **changes)  # type: ignore[arg-type]


def test_what_is_written_comes_back_to_the_last_bit(tmp_path: Path) -> None:
    clip = random_clip()
    np.testing.assert_array_equal(written(tmp_path, clip).data, clip.data)
    labelled = random_clip(classes=class_list("ntu120"), labels=np.full(7, 119))
    again = written(tmp_path, labelled, NAME)
    assert again.labels is not None
    assert again.labels.tolist() == [119] * 7


def test_a_missing_joint_is_written_as_not_tracked(tmp_path: Path) -> None:
    data = np.full((3, 1, 25, 1), 0.5, dtype=np.float32)
    data[1, 0, 2] = np.nan
    write_ntu(Clip(data, skeleton("ntu25"), 30.0), tmp_path / "a.skeleton")
    lines = (tmp_path / "a.skeleton").read_text().splitlines()
    assert lines[:2] == ["1", "1"] and lines[3] == "25"
    assert len(lines[2].split()) == 10
    assert lines[5] == "0.5 0.5 0.5 0 0 0 0 0 0 0 0 2"
    assert lines[6] == "0.0 0.0 0.0 0 0 0 0 0 0 0 0 0"


def test_the_writer_refuses_what_the_format_cannot_carry(tmp_path: Path) -> None:
    labels = {"classes": class_list("ntu120"), "labels": np.zeros(7, np.int64)}
    unseen = random_clip().data.copy()
    unseen[..., 1] = np.nan
    for clip, says in (
        (random_clip(fps=25.0), "at 25 Hz: resample"),
        (random_clip(channels=("x", "y", "score")), "got x, y, score at 30 Hz"),
        (random_clip(**labels), "has one label, by its name"),
        (random_clip(data=unseen), "seen at least once"),
        (random_clip(data=np.full((3, 7, 25, 1), np.inf)), "finite positions"),
    ):
        with pytest.raises(DataError, match=says):
            write_ntu(clip, tmp_path / f"{NAME}.skeleton")
    with pytest.raises(SkeletonError, match="got 'kinect20': convert"):
        write_ntu(Clip(np.ones((3, 2, 20, 1)), skeleton("kinect20"), 30.0), tmp_path / "a")
    assert not list(tmp_path.iterdir())


def test_the_longest_recording_is_bounded(tmp_path: Path) -> None:
    path = write(tmp_path, [str(MAX_FRAMES + 1), *["0"] * (MAX_FRAMES + 1)])
    with pytest.raises(DataError, match="1 to 36000 frames"):
        read_recording(path, Stated())
