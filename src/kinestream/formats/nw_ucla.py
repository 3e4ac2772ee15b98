"""NW-UCLA Multiview Action3D: one trimmed Kinect v1 recording to a JSON file.

A file holds ``file_name``, ``skeletons`` (frames x 20 joints x 3 metres) and ``label`` (1 to 10).
Action numbers in names have gaps: a01 to a06, a08, a09, a11 and a12 are the labels 1 to 10.

The files tell no rate. The sensor's 30 Hz would have people walk at 2 m/s with 3.5 steps a second; at
half of that they walk as people do, so 15 Hz is assumed, every other frame. Another rate may be stated.

Legend: C channels, T frames, V joints, M people.

Source: Wang, Nie, Xia, Wu, Zhu, Cross-view Action Modeling, Learning and Recognition, CVPR 2014.
"""

from __future__ import annotations

import re
from itertools import chain
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from kinestream.clips import Clip
from kinestream.errors import DataError
from kinestream.formats.format import Format, Head, Reading, Stated
from kinestream.formats.parsing.class_lists import class_list
from kinestream.formats.parsing.jsonfile import numbers, read_json, shown
from kinestream.formats.parsing.unseen import without_unseen
from kinestream.formats.repairs import Repairs
from kinestream.skeletons import skeleton

FPS = 15.0
ACTIONS = (1, 2, 3, 4, 5, 6, 8, 9, 11, 12)
"""The action number that a name has for each class."""

MAX_BYTES = 1 << 22  # 6,500 frames; the longest recording has 201
_WHAT = "an NW-UCLA recording, a JSON object of file_name, skeletons and label"
_JOINTS = 20


def read_nw_ucla(path: str | Path, fps: float = FPS) -> tuple[Clip, Repairs]:
    """Read one recording.

    The label is the file's own; frames are counted where the action in ``file_name`` is another
    one. A joint at (0, 0, 0), or one that is not finite, was not tracked.

    Args:
        path: The file.
        fps: Frames per second, where you know better than :data:`FPS`.

    Returns:
        The clip, (3, T, 20, 1) metres with one label on all frames, and what had to be mended.
        Without ``label`` in the file there are no labels.

    Raises:
        MissingFileError: There is no such file.
        DataError: The file is not what it should be.
    """
    path = Path(path)
    content = _content(path)
    data, repairs = without_unseen(_joints(content.get("skeletons"), path))
    frames = data.shape[1]
    name = _name(content.get("file_name", path.stem))
    label = _label(content["label"], path) if "label" in content else None
    if name and label is not None and int(name[1]) != ACTIONS[label]:
        repairs += Repairs(label_disagreements=frames)
    clip = Clip(
        data,
        skeleton("kinect20"),
        fps,
        classes=() if label is None else class_list("nw_ucla"),
        labels=None if label is None else np.full(frames, label),
        subject=name[2] if name else "",
        source=str(path),
    )
    return clip, repairs


def _content(path: Path) -> dict[str, Any]:
    content = read_json(path, _WHAT, MAX_BYTES, nan=True)
    if not isinstance(content, dict) or "skeletons" not in content:
        raise DataError(f"{path} has no 'skeletons'; expected {_WHAT}.")
    return content


def _joints(frames: object, path: Path) -> NDArray[np.float64]:
    """Joints of JSON lists as (3, T, 20, 1)."""
    if not isinstance(frames, list) or not frames:
        raise DataError(f"{path}: the recording is empty; 'skeletons' must be a list of frames.")
    values = _joined(_joined(frames, _JOINTS, path), 3, path)
    array = numbers(values, f"{path}: 'skeletons'")
    return array.reshape(len(frames), _JOINTS, 3, 1).transpose(2, 0, 1, 3)


def _joined(lists: list[Any], length: int, path: Path) -> list[Any]:
    """The lists one after the other; each must be of this length."""
    for one in lists:
        if not isinstance(one, list) or len(one) != length:
            seen = f"{len(one)} values" if isinstance(one, list) else shown(one)
            raise DataError(
                f"{path}: 'skeletons' must be frames of {_JOINTS} joints of 3 metres, got {seen} "
                f"where {length} should be."
            )
    return list(chain.from_iterable(lists))


def _name(name: object) -> re.Match[str] | None:
    """Action and subject of a recording's name, where it is one."""
    return re.fullmatch(r"a(\d+)_(s\d+)_e\d+_v\d+", name) if isinstance(name, str) else None


def _label(label: object, path: Path) -> int:
    if type(label) is not int or not 1 <= label <= len(ACTIONS):
        raise DataError(f"{path}: 'label' must be 1 to {len(ACTIONS)}, got {shown(label)}.")
    return label - 1


def _fits(head: Head) -> bool:
    return (
        head.text[:1] == "{" and re.search(r'"skeletons"\s*:\s*\[\s*\[\s*\[', head.text) is not None
    )


def _read(path: Path, stated: Stated) -> Reading:
    return Reading(*read_nw_ucla(path, FPS if stated.fps is None else stated.fps))


FORMAT = Format(
    name="nw_ucla",
    title="NW-UCLA Multiview Action3D",
    endings=(".json",),
    fits=_fits,
    read=_read,
    tells="positions in metres, the action and the subject; 15 Hz unless stated",
)
