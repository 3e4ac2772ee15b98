"""C3D: points, labels, units and how numbers are written, from files made byte by byte."""

from __future__ import annotations

import struct
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from kinestream.errors import DataError, SkeletonError
from kinestream.formats import Stated, read_recording
from kinestream.skeletons import Skeleton, skeleton
from tests.formats.samples.c3d import content, parameter, texts

LABELS = ("LASI", "RASI", "KNEE")


def points(frames: int = 4, count: int = 3) -> NDArray[np.float32]:
    found = np.zeros((frames, count, 4), dtype=np.float32)
    found[..., :3] = np.arange(frames * count * 3).reshape(frames, count, 3) + 1
    return found


def write(folder: Path, raw: bytes) -> Path:
    path = folder / "walk.c3d"
    path.write_bytes(raw)
    return path


@pytest.mark.parametrize("analogue", [0, 5])
@pytest.mark.parametrize("scale", [-1.0, 0.5])
def test_points_are_read_beside_analogue_samples(
    tmp_path: Path, scale: float, analogue: int
) -> None:
    more = parameter(1, "SCALE", 4, (), struct.pack("<f", scale))
    raw = content(points(), LABELS, scale=scale, analogue=analogue, more=more)
    clip, repairs = read_recording(write(tmp_path, raw), Stated())
    np.testing.assert_array_equal(clip.data[..., 0].transpose(1, 2, 0), points()[..., :3])
    assert (clip.skeleton.joints, clip.skeleton.units, clip.fps) == (LABELS, "mm", 100.0)
    assert clip.skeleton.pairs == ((0, 1),)
    assert (repairs.rows, repairs.missing_joints) == (4, 0)


def test_points_that_were_not_seen_are_missing(tmp_path: Path) -> None:
    given = points()
    given[0, 0, 3] = -1
    given[1, 1] = 0
    given[2] = (1, 2, 3, -1)
    given[3, 2, 0] = np.nan
    clip, repairs = read_recording(write(tmp_path, content(given, LABELS)), Stated())
    missing = np.isnan(clip.data[..., 0]).all(axis=0)
    assert missing.tolist() == [
        [True, False, False],
        [False, True, False],
        [True] * 3,
        [False, False, True],
    ]
    assert (repairs.missing_joints, repairs.empty_frames) == (3, 1)
    given[..., 3] = -1
    with pytest.raises(DataError, match="no marker is seen in any of 4 frames"):
        read_recording(write(tmp_path, content(given, LABELS)), Stated())


def test_markers_are_chosen_and_named(tmp_path: Path) -> None:
    labels = ("anna:LASI", "*3", "", "anna:HipAngles", "anna:KNEE")
    more = texts(1, "ANGLES", ["anna:HipAngles"])
    raw = content(points(2, 5), labels, more=more)
    clip, _ = read_recording(write(tmp_path, raw), Stated())
    assert (clip.skeleton.joints, clip.subject) == (("LASI", "KNEE"), "anna")
    np.testing.assert_array_equal(clip.data[..., 0].transpose(1, 2, 0), points(2, 5)[:, [0, 4], :3])
    two = content(points(2, 3), ("a:KNEE", "b:KNEE", "b:TOE"))
    clip, _ = read_recording(write(tmp_path, two), Stated())
    assert (clip.skeleton.joints, clip.subject) == (("a:KNEE", "b:KNEE", "b:TOE"), "")


def test_labels_go_on_in_further_parameters(tmp_path: Path) -> None:
    raw = content(points(2, 4), LABELS, more=texts(1, "LABELS2", ["TOE"]))
    clip, _ = read_recording(write(tmp_path, raw), Stated())
    assert clip.skeleton.joints == (*LABELS, "TOE")


@pytest.mark.parametrize(("units", "factor"), [("mm", 1e-3), ("m", 1.0), ("cm", 1e-2), ("in", 1.0)])
def test_a_stated_skeleton_chooses_markers_and_the_unit(
    tmp_path: Path, units: str, factor: float
) -> None:
    arm = Skeleton("arm", ("knee", "lasi"), ((0, 1),))
    path = write(tmp_path, content(points(), LABELS, units=units))
    clip, _ = read_recording(path, Stated(arm))
    expected = points()[:, [2, 0], :3] * np.float64(factor)
    np.testing.assert_allclose(clip.data[..., 0].transpose(1, 2, 0), expected, rtol=1e-6)
    assert clip.skeleton == arm
    with pytest.raises(SkeletonError, match="holds 3 joints"):
        read_recording(path, Stated(skeleton("coco17")))


def test_a_shipped_layout_is_found_by_its_joints(tmp_path: Path) -> None:
    layout = skeleton("sbu15")
    raw = content(points(2, layout.num_joints), layout.joints[::-1], units="m")
    clip, _ = read_recording(write(tmp_path, raw), Stated())
    assert clip.skeleton.joints == layout.joints
    assert clip.data[0, 0, 0, 0] == points(2, layout.num_joints)[0, -1, 0]


def test_other_processors_write_other_numbers(tmp_path: Path) -> None:
    intel = content(points(), LABELS)
    blocks = intel[514]
    start = 512 * (1 + blocks)
    whole = read_recording(write(tmp_path, intel), Stated()).clip.data

    # DEC: whole numbers alike; floats 4 times as large in IEEE terms, their words swapped.
    def dec(values: bytes) -> bytes:
        words = (np.frombuffer(values, "<f4") * 4).astype("<f4").view("<u2").reshape(-1, 2)
        return words[:, ::-1].tobytes()

    rate = parameter(1, "RATE", 4, (), struct.pack("<f", 100.0))
    section = intel[512:start].replace(
        rate, rate.replace(struct.pack("<f", 100), dec(struct.pack("<f", 100)))
    )
    section = section[:3] + bytes([85]) + section[4:]
    header = intel[:12] + dec(intel[12:16]) + intel[16:20] + dec(intel[20:24]) + intel[24:512]
    path = write(tmp_path, header + section + dec(intel[start:]))
    assert (read_recording(path, Stated()).clip.data == whole).all()


def test_long_recordings_count_in_two_words(tmp_path: Path) -> None:
    given = np.tile(points(1, 1), (70_000, 1, 1))
    given[-1, 0, 0] = 5
    fields = [
        parameter(2, name, 2, (2,), struct.pack("<HH", value & 0xFFFF, value >> 16))
        for name, value in (("ACTUAL_START_FIELD", 1), ("ACTUAL_END_FIELD", 70_000))
    ]
    raw = bytearray(content(given[:4], ("A",), more=b"".join(fields)))
    raw[8:10] = b"\xff\xff"
    blocks = raw[514]
    path = write(tmp_path, bytes(raw[: 512 * (1 + blocks)]) + given.astype("<f4").tobytes())
    clip, _ = read_recording(path, Stated())
    assert clip.num_frames == 70_000
    assert clip.data[0, -1, 0, 0] == 5


@pytest.mark.parametrize(
    ("place", "raw", "says"),
    [
        (0, b"\0", "not a C3D file"),
        (0, b"\x40", "parameters are missing"),
        (1, b"\x51", "not a C3D file"),
        (2, b"\xff\xff", "count points differently"),
        (8, b"\xff\xff", "claims 65535 frames of 3 points"),
        (8, b"\0\0", "3 points in 0 frames"),
        (4, b"\xff\xff", "do not hold"),
        (16, b"\xff\x7f", "do not hold"),
        (16, b"\1\0", "claims 4 frames of 3 points from byte 0"),
        (12, b"\0\0\xc0\x7f", "rate 100, scale nan"),
        (514, b"\0", "parameters are missing"),
        (515, b"\x20", "parameters are missing"),
    ],
)
def test_a_damaged_header_is_one_clear_sentence(
    tmp_path: Path, place: int, raw: bytes, says: str
) -> None:
    damaged = bytearray(content(points(), LABELS))
    damaged[place : place + len(raw)] = raw
    with pytest.raises(DataError, match=says) as caught:
        read_recording(write(tmp_path, bytes(damaged)), Stated(), "c3d")
    assert "walk.c3d" in str(caught.value)


@pytest.mark.parametrize(
    ("labels", "more", "says"),
    [
        (("*1", "*2", ""), b"", "has 0 labelled markers"),
        (("A", "A", "B"), b"", "labels two points 'A'"),
        (LABELS, parameter(1, "BIG", 4, (255, 255, 255), b""), "parameter 'BIG' cannot be read"),
        (LABELS, parameter(1, "ODD", 9, (), b""), "parameter 'ODD' cannot be read"),
        (LABELS, parameter(1, "RATE", 4, (), struct.pack("<f", -1)), "rate -1"),
        (LABELS, parameter(1, "LONG_FRAMES", 4, (), struct.pack("<f", 1e30)), "do not hold"),
    ],
)
def test_damaged_parameters_are_one_clear_sentence(
    tmp_path: Path, labels: tuple[str, ...], more: bytes, says: str
) -> None:
    with pytest.raises(DataError, match=says):
        read_recording(write(tmp_path, content(points(), labels, more=more)), Stated())


def test_a_cut_file_is_refused(tmp_path: Path) -> None:
    whole = content(points(), LABELS)
    for length in (0, 1, 511, 512, 600, len(whole) - 1):
        with pytest.raises(DataError):
            read_recording(write(tmp_path, whole[:length]), Stated(), "c3d")


def test_files_of_another_writer_are_read(tmp_path: Path) -> None:
    ezc3d = pytest.importorskip("ezc3d", reason="ezc3d, the independent writer, is not installed")
    file = ezc3d.c3d()
    given = np.random.default_rng(0).normal(size=(4, 3, 10))
    given[:3, 1, 4] = np.nan
    file["parameters"]["POINT"]["RATE"]["value"] = [120]
    file["parameters"]["POINT"]["LABELS"]["value"] = LABELS
    file["parameters"]["POINT"]["UNITS"]["value"] = ["mm"]
    file["parameters"]["ANALOG"]["RATE"]["value"] = [240]
    file["parameters"]["ANALOG"]["LABELS"]["value"] = ("force",)
    file["data"]["points"] = given
    file["data"]["analogs"] = np.ones((1, 1, 20))
    file.write(str(tmp_path / "walk.c3d"))
    clip, repairs = read_recording(tmp_path / "walk.c3d", Stated())
    np.testing.assert_array_equal(
        clip.data[..., 0], given[:3].transpose(0, 2, 1).astype(np.float32)
    )
    assert (clip.fps, clip.skeleton.joints, clip.skeleton.units) == (120.0, LABELS, "mm")
    assert repairs.missing_joints == 1
