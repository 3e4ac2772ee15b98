"""Folders of MS-TCN's and MS-GCN's form: values, labels by name or index, and what is refused."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from kinestream.clips import IMU, XYZ, Clip
from kinestream.errors import DataError, KinestreamError, MissingFileError, SkeletonError
from kinestream.formats import Stated, read_clip, read_recording
from kinestream.formats.ms_gcn_folder import read_mapping
from kinestream.formats.table import fitting
from kinestream.skeletons import Skeleton
from tests.formats.mutation import mutated

ARM = Skeleton("arm", ("a", "b", "c"), ((1, 0), (2, 1)))
NINE = Skeleton("nine", tuple("abcdefghi"), tuple((v, v - 1) for v in range(1, 9)))
STATED = Stated(ARM, 50.0)
REAL = Path(__file__).parents[2].parent / "shared" / "data" / "ms_gcn" / "example"


def folder(
    root: Path,
    labels: str = "rest\nwalk\nwalk\nrest\n",
    mapping: str = "0 rest\n1 walk\n",
    values: np.ndarray | None = None,
    names: tuple[str, str] = ("features/a.npy", "groundTruth/a.csv"),
) -> Path:
    recording, truth = (root / name for name in names)
    for file in (recording, truth):
        file.parent.mkdir(parents=True, exist_ok=True)
    values = np.arange(1, 37).reshape(3, 4, 3, 1) if values is None else values
    np.save(recording, values)
    truth.write_text(labels)
    (root / "mapping.txt").write_text(mapping)
    return recording


def labels_of(path: Path) -> list[int]:
    labels = read_recording(path, STATED).clip.labels
    assert labels is not None
    return labels.tolist()


def test_values_and_labels_are_read(tmp_path: Path) -> None:
    clip, repairs = read_recording(folder(tmp_path), STATED)
    assert clip.data.shape == (3, 4, 3, 1)
    assert clip.data[2, 1, 0, 0] == 1 + 2 * 12 + 1 * 3
    assert (clip.channels, clip.fps, clip.skeleton) == (XYZ, 50.0, ARM)
    assert clip.classes == ("rest", "walk")
    assert clip.labels is not None and clip.labels.tolist() == [0, 1, 1, 0]
    assert (repairs.rows, repairs.missing_joints, repairs.empty_frames) == (4, 0, 0)


@pytest.mark.parametrize(
    "names",
    [
        ("features/a.npy", "groundTruth/a.txt"),
        ("features7/a_input.npy", "groundTruth_/a_output.csv"),
        ("features_50hz/a_input.npy", "GroundTruth/a.csv"),
        ("features/a.npy", "groundTruth/a_output.txt"),
    ],
)
def test_folders_and_files_may_bear_more_in_their_names(
    tmp_path: Path, names: tuple[str, str]
) -> None:
    assert labels_of(folder(tmp_path, names=names)) == [0, 1, 1, 0]


@pytest.mark.parametrize(
    ("labels", "found"),
    [
        ("0\n1\n1\n0\n", [0, 1, 1, 0]),
        ("0.000e+00\n1.000e+00\n1\nwalk", [0, 1, 1, 1]),
        ("\ufeffrest\r\nwalk \r\n rest\r\n-1\r\n\r\n \r\n", [0, 1, 0, -1]),
        ("-1.0\n1.\n0\n0\n", [-1, 1, 0, 0]),
    ],
)
def test_labels_are_names_or_indices(tmp_path: Path, labels: str, found: list[int]) -> None:
    assert labels_of(folder(tmp_path, labels)) == found


def test_classes_are_in_the_order_of_their_indices(tmp_path: Path) -> None:
    mapping = "\ufeff12 turn left\r\n\r\n3\tstand\r\n7   walk\r\n"
    path = folder(tmp_path, "12\nturn left\n3\nwalk\n", mapping)
    assert read_recording(path, STATED).clip.classes == ("stand", "walk", "turn left")
    assert labels_of(path) == [2, 2, 0, 1]


def test_names_that_are_numbers_stay_as_they_are(tmp_path: Path) -> None:
    path = folder(tmp_path, "1\n0\n0.0e+00\n1.0e+00\n", "0 0.0e+00\n1 1.0e+00\n")
    assert read_recording(path, STATED).clip.classes == ("0.0e+00", "1.0e+00")
    assert labels_of(path) == [1, 0, 0, 1]


@pytest.mark.parametrize(
    ("mapping", "says"),
    [
        ("0 rest\nwalk\n", "line 2 is 'walk'; expected a class on every line"),
        ("0\n", "line 1 is '0'"),
        ("0 rest\n0 walk\n", "line 2 gives index 0 a second time"),
        ("0 rest\n1 rest\n", "names the class 'rest' twice"),
        ("0 1\n1 2\n2 3\n", "names class 0 '1', which is the index of another class"),
        ("0 rest\n1 0.0\n", "names class 1 '0.0', which is the index of another class"),
        ("\u0661 rest\n", "line 1 is"),
        ("", "is empty"),
        ("".join(f"{k} c{k}\n" for k in range(10_001)), "names 10001 classes, 10000 are allowed"),
    ],
)
def test_what_is_no_mapping_is_refused(tmp_path: Path, mapping: str, says: str) -> None:
    with pytest.raises(DataError, match=says):
        read_recording(folder(tmp_path, mapping=mapping), STATED)


@pytest.mark.parametrize(
    ("labels", "says"),
    [
        ("rest\n" * 3, "holds 3 labels, its recording 4 frames"),
        ("rest\n" * 16, "holds 16 labels, its recording 4 frames; .* bring both to the same rate"),
        ("rest\n\nrest\nrest\nrest\n", "holds 5 labels"),
        ("rest\nrun\nrest\nrest\n", "line 2: label 'run' is neither a name nor an index"),
        ("rest\nrest\n2\nrest\n", "line 3: label '2'"),
        ("rest\nrest\n0.5\nrest\n", "line 3: label '0.5'"),
        ("nan\nrest\n1\nrest\n", "line 1: label 'nan'"),
        ("1e999\nrest\n1\nrest\n", "line 1: label '1e999'"),
        ("1_0\nrest\n1\nrest\n", "line 1: label '1_0'"),
        ("-2\nrest\n1\nrest\n", "line 1: label '-2'"),
        ("\n", "is empty"),
        ("rest\0", "not a text file"),
    ],
)
def test_labels_that_do_not_fit_are_refused(tmp_path: Path, labels: str, says: str) -> None:
    with pytest.raises(DataError, match=says):
        read_recording(folder(tmp_path, labels), STATED)


def test_two_label_files_for_a_recording_are_refused(tmp_path: Path) -> None:
    path = folder(tmp_path)
    folder(tmp_path, names=("features/a.npy", "groundTruth_coarse/a.txt"))
    with pytest.raises(DataError, match="has several label files: .*Keep the one that holds"):
        read_recording(path, STATED)


def test_without_a_label_file_a_clip_has_no_labels(tmp_path: Path) -> None:
    path = folder(tmp_path, names=("features/b.npy", "groundTruth/a.csv"))
    clip = read_recording(path, STATED).clip
    assert (clip.labels, clip.classes) == (None, ())


def test_the_mapping_must_be_there(tmp_path: Path) -> None:
    path = folder(tmp_path)
    (tmp_path / "mapping.txt").unlink()
    with pytest.raises(MissingFileError, match=r"mapping\.txt"):
        read_recording(path, STATED, "ms_gcn")


@pytest.mark.parametrize(
    ("shape", "says"),
    [
        ((2048, 4), r"features of shape \(2048, 4\), as MS-TCN takes them .* expected joints"),
        ((4, 3, 3), r"array of shape \(4, 3, 3\), expected axes CTVM: name its own with --axes"),
        ((4,), r"array of shape \(4,\)"),
        ((3, 0, 3, 1), "empty"),
    ],
)
def test_arrays_that_are_no_joints_are_refused(
    tmp_path: Path, shape: tuple[int, ...], says: str
) -> None:
    with pytest.raises(DataError, match=says):
        read_recording(folder(tmp_path, values=np.ones(shape)), STATED)


def test_other_orders_of_axes_are_stated(tmp_path: Path) -> None:
    values = np.arange(1, 37).reshape(4, 3, 3)
    path = folder(tmp_path, values=values)
    clip = read_clip(path, skeleton=ARM, fps=50, axes="TVC")
    np.testing.assert_array_equal(clip.data[..., 0], values.transpose(2, 0, 1))


def test_skeleton_and_rate_are_never_guessed(tmp_path: Path) -> None:
    path = folder(tmp_path)
    with pytest.raises(DataError, match="does not tell its skeleton: give it with --skeleton"):
        read_clip(path, fps=50)
    with pytest.raises(DataError, match="does not tell its frame rate"):
        read_clip(path, skeleton=ARM)
    with pytest.raises(SkeletonError, match="name the skeleton that has 3 joints"):
        read_clip(path, skeleton="lara19", fps=50)


def test_people_who_are_absent_and_joints_that_are_no_numbers_are_nan(tmp_path: Path) -> None:
    values = np.ones((3, 4, 3, 2))
    values[:, 1, :, 1] = 0  # the second person is absent
    values[:, 2] = 0  # nobody is seen
    values[:, 0, 0, 0] = 0  # a joint at the origin
    values[1, 3, 2, 0] = np.inf
    clip, repairs = read_recording(folder(tmp_path, values=values), STATED)
    expected = values.copy()
    expected[:, 1, :, 1] = expected[:, 2] = expected[:, 3, 2, 0] = np.nan
    np.testing.assert_array_equal(clip.data, expected)
    assert (repairs.missing_joints, repairs.empty_frames) == (1, 1)


def test_six_channels_are_named_for_sensors_only(tmp_path: Path) -> None:
    sensors = Skeleton.from_dict({**ARM.to_dict(), "units": "imu"})
    path = folder(tmp_path, values=np.ones((6, 4, 3, 1)))
    assert read_clip(path, skeleton=sensors, fps=60).channels == IMU
    assert read_clip(path, skeleton=ARM, fps=60).channels == tuple(f"channel{c}" for c in range(6))


def test_a_file_is_told_by_what_stands_around_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def name(path: Path) -> str:
        found = fitting(path)
        return "" if found is None else found.name

    path = folder(tmp_path)
    assert name(path) == "ms_gcn"
    monkeypatch.chdir(path.parent)
    assert name(Path(path.name)) == "ms_gcn"
    for part in ("groundTruth/a.csv", "groundTruth", "mapping.txt"):
        place = tmp_path / part
        if place.is_dir():
            place.rmdir()
            assert name(path) == "npy"
            place.mkdir()
        else:
            place.unlink()
    assert name(path) == "npy"


@pytest.mark.parametrize("part", ["mapping.txt", "groundTruth/a.csv"])
def test_damaged_labels_and_mappings_are_refused_or_read(tmp_path: Path, part: str) -> None:
    path = folder(tmp_path)
    whole = (tmp_path / part).read_bytes()
    rng = np.random.default_rng(7)
    outcomes = set()
    for _ in range(400):
        (tmp_path / part).write_bytes(mutated(whole, rng))
        try:
            clip = read_recording(path, STATED).clip
        except KinestreamError as error:
            assert "\n" not in str(error)
            outcomes.add("refused")
        else:
            assert isinstance(clip, Clip) and clip.labels is not None
            outcomes.add("read")
    assert outcomes == {"read", "refused"}


def test_the_published_example_is_read() -> None:
    if not REAL.is_dir():
        pytest.skip(f"the example is not there: {REAL}")
    path = REAL / "features7" / "example1_input.npy"
    clip, repairs = read_recording(path, Stated(NINE, 100.0))
    np.testing.assert_array_equal(clip.data, np.load(path).astype(np.float32))
    assert clip.data.shape == (3, 1136, 9, 1)
    truth = np.loadtxt(REAL / "groundTruth_" / "example1_output.csv").astype(int)
    assert clip.labels is not None
    np.testing.assert_array_equal(clip.labels, truth)
    assert np.bincount(clip.labels).tolist() == [927, 209]
    assert list(read_mapping(REAL / "mapping.txt")) == [0, 1]
    assert clip.classes == ("0.000000000000000000e+00", "1.000000000000000000e+00")
    assert (repairs.missing_joints, repairs.empty_frames) == (0, 0)
