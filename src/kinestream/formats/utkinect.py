"""UTKinect-Action3D: Kinect v1 joints, one row per tracked frame, and its label file.

A row is the Kinect's frame number followed by 20 x 3 metres. The number counts sixtieths of a
second: consecutive 30 Hz frames are 2 apart, and the recorder kept about every second of them. Read
so, the subjects walk at 0.7 m/s with 1.4 steps a second and the files hold the 15 rows a second
that their authors state; read as 30 counts a second they would crawl at half of that.

Source: Xia, Chen, Aggarwal, View Invariant Human Action Recognition Using Histograms of 3D Joints,
CVPRW 2012.
"""

from __future__ import annotations

import math
import re
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from kinestream.clips import MAX_VALUES, UNLABELLED, Clip
from kinestream.errors import DataError
from kinestream.formats.format import Format, Head, Reading, Stated
from kinestream.formats.parsing.textfile import finite_numbers, read_lines
from kinestream.formats.repairs import Repairs
from kinestream.skeletons import skeleton

TICKS_PER_S = 60
FPS = 15.0
STEP = 4  # ticks between two frames of the clip
LONG_GAP = 30  # ticks, half a second

ACTIONS = (
    "walk",
    "sitDown",
    "standUp",
    "pickUp",
    "carry",
    "throw",
    "push",
    "pull",
    "waveHands",
    "clapHands",
)
CLASSES = ("background", *ACTIONS)
LABEL_FILE = "actionLabel_modified.txt"

Spans = dict[str, tuple[float, float]]
Array = NDArray[np.float64]

_JOINTS = 20
_COLUMNS = 1 + 3 * _JOINTS
_RECORDING = re.compile(r"s\d+_e\d+")


def recording_name(path: Path) -> str | None:
    """Recording that a file name stands for, ``s01_e02``; None where it names none.

    >>> recording_name(Path("joints_s01_e02.txt"))
    's01_e02'
    """
    found = re.fullmatch(r"joints_(s\d+_e\d+)\.txt", path.name)
    return found.group(1) if found else None


def read_utkinect(path: str | Path, labels: str | Path | None = None) -> tuple[Clip, Repairs]:
    """Read one joints file onto a uniform 15 Hz clock.

    Frames stand at the first frame number and every 4 numbers after it, and each is the newest row
    at that moment: nothing of a later row is used, as nothing of it is known live. Rows with the
    same number are averaged. In a pause of more than half a second the frames are unlabelled.

    Args:
        path: ``joints_sNN_eMM.txt``.
        labels: The label file; without it ``actionLabel_modified.txt`` in the same folder is used
            when it is there and knows the recording, else the clip has no labels.

    Returns:
        The clip, (3, T, 20, 1) metres with :data:`CLASSES`, and what had to be mended.

    Raises:
        MissingFileError: A file does not exist.
        DataError: A file is not what it should be, or the label file lacks the recording.
    """
    path = Path(path)
    ticks, joints, repairs = _read_rows(path)
    grid = _grid(path, ticks)
    data, held, repairs = _resample(ticks, joints, grid, repairs)
    spans = _spans_for(path, labels)
    frame_labels = None
    if spans is not None:
        frame_labels = frame_labels_at(grid, spans)
        frame_labels[held] = UNLABELLED
    name = recording_name(path) or path.stem
    clip = Clip(
        data=np.moveaxis(data.reshape(len(grid), _JOINTS, 3, 1), 2, 0).astype(np.float32),
        skeleton=skeleton("kinect20"),
        fps=FPS,
        classes=CLASSES if spans is not None else (),
        labels=frame_labels,
        subject=name.partition("_")[0] if recording_name(path) else "",
        source=str(path),
    )
    return clip, repairs


def read_utkinect_labels(path: str | Path) -> dict[str, Spans]:
    """Read a label file: for each recording, the first and last frame number of its actions.

    An action with the bounds ``NaN NaN`` was not performed and is left out.

    Raises:
        MissingFileError: There is no such file.
        DataError: A line is neither a recording nor a known action with its bounds.
    """
    path = Path(path)
    recordings: dict[str, Spans] = {}
    spans: Spans | None = None
    lines = read_lines(path, "a UTKinect label file", max_bytes=1 << 20)
    for number, line in enumerate(lines, start=1):
        text = line.strip()
        action, colon, bounds = text.partition(":")
        if _RECORDING.fullmatch(text):
            spans = recordings.setdefault(text, {})
        elif colon and spans is not None:
            _add_span(spans, action.strip(), bounds.split(), f"{path} line {number}")
        elif text:
            raise DataError(
                f"{path} line {number}: {text[:40]!r} is neither a recording such as s01_e01 nor "
                f"an action such as 'walk: 252 390'."
            )
    return recordings


def frame_labels_at(ticks: Array, spans: Spans) -> NDArray[np.int64]:
    """Class index at each frame number; where two actions meet, the one that begins later.

    >>> frame_labels_at(np.array([2.0, 4.0, 6.0]), {"walk": (2, 4), "throw": (4, 5)}).tolist()
    [1, 6, 0]
    """
    labels = np.zeros(len(ticks), dtype=np.int64)
    for action, (first, last) in sorted(spans.items(), key=lambda span: span[1]):
        labels[(ticks >= first) & (ticks <= last)] = CLASSES.index(action)
    return labels


def _read_rows(path: Path) -> tuple[Array, Array, Repairs]:
    lines = [line for line in read_lines(path, "a UTKinect joints file") if line.strip()]
    rows = [_row(line) for line in lines]
    good = [row for row in rows if row is not None]
    if not 2 * len(good) > len(rows):
        raise DataError(
            f"{path} is not a UTKinect joints file: {len(rows) - len(good)} of {len(rows)} lines "
            f"do not hold {_COLUMNS} numbers (frame number, then 20 joints x 3 metres)."
        )
    table = np.array(good)
    order = np.argsort(table[:, 0], kind="stable")
    backwards = int((np.diff(table[:, 0]) < 0).sum())
    ticks, place = np.unique(table[order, 0], return_inverse=True)
    joints = np.zeros((len(ticks), _COLUMNS - 1))
    np.add.at(joints, place, table[order, 1:])
    joints /= np.bincount(place)[:, None]
    spacing = np.diff(ticks)
    return (
        ticks,
        joints,
        Repairs(
            rows=len(rows),
            dropped_rows=len(rows) - len(good),
            duplicates=len(good) - len(ticks),
            backwards=backwards,
            gaps=int((spacing > STEP).sum()),
            long_gaps=int((spacing > LONG_GAP).sum()),
        ),
    )


def _row(line: str) -> list[float] | None:
    cells = line.split()
    return finite_numbers(cells) if len(cells) == _COLUMNS else None


def _grid(path: Path, ticks: Array) -> Array:
    count = math.floor((ticks[-1] - ticks[0]) / STEP) + 1
    if count * (_COLUMNS - 1) > MAX_VALUES:
        raise DataError(
            f"{path}: frame numbers run from {ticks[0]:.0f} to {ticks[-1]:.0f}, too long for one "
            f"clip: cut the recording first."
        )
    return np.asarray(ticks[0] + STEP * np.arange(count, dtype=np.float64))


def _resample(
    ticks: Array, joints: Array, grid: Array, repairs: Repairs
) -> tuple[Array, NDArray[np.bool_], Repairs]:
    before = np.searchsorted(ticks, grid, side="right") - 1
    after = np.minimum(before + 1, len(ticks) - 1)
    age = grid - ticks[before]
    held = (age > 0) & (ticks[after] - ticks[before] > LONG_GAP)
    filled = (age >= STEP) & ~held
    counts = Repairs(filled_frames=int(filled.sum()), held_frames=int(held.sum()))
    return joints[before], held, repairs + counts


def _spans_for(path: Path, labels: str | Path | None) -> Spans | None:
    name = recording_name(path)
    beside = path.with_name(LABEL_FILE)
    if labels is None and (name is None or not beside.is_file()):
        return None
    known = read_utkinect_labels(beside if labels is None else labels)
    if name in known:
        return known[name]
    if labels is None:
        return None
    raise DataError(
        f"{labels} has no labels for {name or path.name}; it knows {', '.join(sorted(known)[:5])}."
    )


def _add_span(spans: Spans, action: str, bounds: list[str], where: str) -> None:
    if action not in ACTIONS:
        raise DataError(
            f"{where}: label {action!r} is outside the list; allowed are {', '.join(ACTIONS)}."
        )
    if [bound.lower() for bound in bounds] == ["nan", "nan"]:
        return
    ends = finite_numbers(bounds)
    if ends is None or len(ends) != 2 or ends[0] > ends[1]:
        raise DataError(
            f"{where}: an action has a first and a last frame number, got "
            f"{' '.join(bounds)[:40]!r}."
        )
    spans[action] = (ends[0], ends[1])


def _fits(head: Head) -> bool:
    if recording_name(head.path) is not None:
        return True
    cells = head.columns()
    return len(cells) == _COLUMNS and finite_numbers(cells) is not None


def _read(path: Path, stated: Stated) -> Reading:
    return Reading(*read_utkinect(path))


FORMAT = Format(
    name="utkinect",
    title="UTKinect-Action3D joints",
    endings=(".txt",),
    fits=_fits,
    read=_read,
    tells="positions in metres; labels from actionLabel_modified.txt beside it",
)
