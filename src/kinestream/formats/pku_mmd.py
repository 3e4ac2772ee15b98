"""PKU-MMD: continuous Kinect v2 skeletons of one or two people, and their label files.

A line of ``0003-L.skeleton`` (or ``.txt``) is a frame: 2 people x 25 joints x 3 metres, zeros for who
is not there. A label file has the recording's name, ends in ``.txt`` and lies in a folder with
``label`` in its name beside the recordings' folder or inside it, or beside the recording. Its rows are
``label,start,end,confidence``: an action from 1 to 51, the first frame, the frame after the last, both
counted from 0, and how sure the annotators were, which is not used. Frames outside every action are
background, class 0.

Legend: C channels, T frames, V joints, M people.

Source: Liu, Hu, Li, Song, Liu, PKU-MMD: A Large Scale Benchmark for Continuous Multi-Modal Human
Action Understanding, arXiv:1703.07475.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from kinestream.clips import Clip
from kinestream.errors import DataError
from kinestream.formats.format import Format, Head, Reading, Stated
from kinestream.formats.parsing.class_lists import class_list
from kinestream.formats.parsing.fields import read_fields
from kinestream.formats.parsing.textfile import finite_numbers, read_lines
from kinestream.formats.parsing.unseen import without_unseen
from kinestream.formats.repairs import Repairs
from kinestream.skeletons import skeleton

FPS = 30.0

_PEOPLE, _JOINTS = 2, 25
_COLUMNS = _PEOPLE * _JOINTS * 3
_WHAT = f"a PKU-MMD recording, {_COLUMNS} numbers in a line"
_LABELS = "a PKU-MMD label file"
_MAX_LABEL_BYTES = 1 << 20

Labels = NDArray[np.int64]


class Action(NamedTuple):
    """One row of a label file: a class, its first frame and the frame after its last."""

    label: int
    start: int
    end: int


def read_pku_mmd(path: str | Path, labels: str | Path | None = None) -> tuple[Clip, Repairs]:
    """Read one recording.

    A joint at (0, 0, 0), or one that is not finite, was not tracked. Where actions overlap, the one
    that begins later holds; frames to which rows give different labels are counted, and so are
    frames of an action after the end of the recording, which are cut off.

    Args:
        path: The recording.
        labels: Its label file; without it one is looked for, and where there is none the clip has no
            labels.

    Returns:
        The clip, (3, T, 25, M) metres at 30 Hz with background and 51 actions, and what had to be
        mended. M is 1 where the second person is never seen. Names of the second phase tell the
        subject: ``N05`` in ``A01N05-L``.

    Raises:
        MissingFileError: A file does not exist.
        DataError: A file is not what it should be, or nobody is seen in any frame.
    """
    path = Path(path)
    data, repairs = without_unseen(_joints(path))
    seen = np.flatnonzero(~np.isnan(data).all(axis=(0, 1, 2)))
    if not len(seen):
        raise DataError(f"{path}: nobody is seen in any of {data.shape[1]} frames.")
    data = data[..., : seen[-1] + 1]
    place = _label_file(path) if labels is None else Path(labels)
    frame_labels = None
    if place is not None:
        actions = read_pku_labels(place)
        if any(action.start >= data.shape[1] for action in actions):
            raise DataError(
                f"{place} labels frames after the last of the {data.shape[1]} in {path}; it belongs "
                f"to another recording."
            )
        frame_labels, disagreements = labels_at(actions, data.shape[1])
        repairs += Repairs(label_disagreements=disagreements)
    name = re.fullmatch(r"A\d+(N\d+)-[LMR]", path.stem)
    clip = Clip(
        data,
        skeleton("ntu25"),
        FPS,
        classes=() if frame_labels is None else class_list("pku_mmd"),
        labels=frame_labels,
        subject=name[1] if name else "",
        source=str(path),
    )
    return clip, repairs


def read_pku_labels(path: str | Path) -> list[Action]:
    """Read the rows of a label file, separated by commas or spaces.

    Raises:
        MissingFileError: There is no such file.
        DataError: A row is none of a known label, a start and an end after it.
    """
    path = Path(path)
    actions = []
    for number, line in enumerate(read_lines(path, _LABELS, _MAX_LABEL_BYTES), start=1):
        if not line.strip():
            continue
        action = _action(line)
        if action is None:
            raise DataError(
                f"{path} line {number}: expected label,start,end,confidence with a label from 1 to "
                f"{len(class_list('pku_mmd')) - 1} and a start before the end, got {line[:40]!r}."
            )
        actions.append(action)
    return actions


def labels_at(actions: list[Action], num_frames: int) -> tuple[Labels, int]:
    """Class index of each frame, and how many frames the rows do not agree about.

    >>> labels_at([Action(7, 1, 4), Action(9, 3, 5)], 6)[0].tolist()
    [0, 7, 7, 9, 9, 0]
    """
    labels = np.zeros(num_frames, dtype=np.int64)
    differ = np.zeros(num_frames, dtype=bool)
    after = 0
    for label, start, end in sorted(actions, key=lambda action: action.start):
        differ[start:end] |= (labels[start:end] != 0) & (labels[start:end] != label)
        labels[start:end] = label
        after = max(after, end - num_frames)
    return labels, int(differ.sum()) + after


def _joints(path: Path) -> NDArray[np.float64]:
    """Joints as the file has them, (3, T, 25, 2)."""
    fields = read_fields(path, _WHAT)
    wrong = np.flatnonzero(fields.counts != _COLUMNS)
    if len(wrong):
        raise DataError(
            f"{path} line {wrong[0] + 1} has {fields.counts[wrong[0]]} fields; expected {_WHAT}, "
            f"{_PEOPLE} people x {_JOINTS} joints x 3 metres."
        )
    values = fields.numbers(np.arange(len(fields)), _COLUMNS)
    return values.reshape(-1, _PEOPLE, _JOINTS, 3).transpose(3, 0, 2, 1)


def _label_file(path: Path) -> Path | None:
    return next((place for place in _label_places(path) if _is_label_file(place)), None)


def _label_places(path: Path) -> Iterator[Path]:
    name = f"{path.stem}.txt"
    yield path.with_name(name)
    for around in (path.parent, path.absolute().parent.parent):
        for folder in sorted(around.iterdir()):
            if "label" in folder.name.lower():
                yield folder / name


def _is_label_file(place: Path) -> bool:
    lines = Head.of(place).lines if place.is_file() else []
    return bool(lines) and _action(lines[0]) is not None


def _action(line: str) -> Action | None:
    row = finite_numbers(line.replace(",", " ").split())
    if row is None or len(row) not in (3, 4) or not all(value.is_integer() for value in row[:3]):
        return None
    action = Action(*map(int, row[:3]))
    known = 1 <= action.label < len(class_list("pku_mmd"))
    return action if known and 0 <= action.start < action.end else None


def _fits(head: Head) -> bool:
    cells = head.columns()
    return len(cells) == _COLUMNS and finite_numbers(cells) is not None


def _read(path: Path, stated: Stated) -> Reading:
    return Reading(*read_pku_mmd(path))


FORMAT = Format(
    name="pku_mmd",
    title="PKU-MMD skeletons",
    endings=(".skeleton", ".txt"),
    fits=_fits,
    read=_read,
    tells="positions of two people in metres at 30 Hz; actions from the label file",
)
