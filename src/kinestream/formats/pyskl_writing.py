"""Clips as a pickled data set for pyskl and MMAction2.

Legend: C channels, T frames, V joints, M people.
"""

from __future__ import annotations

import pickle
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from kinestream.clips import XYZ, Clip
from kinestream.errors import DataError
from kinestream.files import write_atomically

PROTOCOL = 4


def write_pyskl(
    path: str | Path,
    clips: Mapping[str, Clip],
    splits: Mapping[str, Sequence[str]],
    image_size: tuple[int, int] | None = None,
) -> Path:
    """Write clips as one data set; all of them must fit in memory.

    Missing joints are written as zeros, with a score of zero where there are scores. Class names go
    into ``classes``, which pyskl leaves alone and Kinestream reads again.

    Args:
        path: The file, ``.pkl``.
        clips: Recordings by name. Channels are x, y, then z and ``score`` where there are any; each
            has one label on all frames, or none; all have the same classes.
        splits: Names in each split, for example ``{"train": [...], "val": [...]}``.
        image_size: Height and width of the pictures that joints in pixels were found in; pyskl
            needs it for those.

    Raises:
        DataError: A clip has other channels or several labels, classes differ, a split names a
            recording that is not there, or the place cannot be written.
    """
    labelled = {clip.classes for clip in clips.values() if clip.labels is not None}
    if len(labelled) > 1:
        raise DataError(f"{path}: the recordings have {len(labelled)} different lists of classes.")
    for split, names in splits.items():
        absent = [name for name in names if name not in clips]
        if absent:
            raise DataError(f"{path}: split {split!r} names {absent[0]!r}, which is not there.")
    content: dict[str, Any] = {
        "split": {split: list(names) for split, names in splits.items()},
        "annotations": [_annotation(name, clip, image_size) for name, clip in clips.items()],
    }
    if labelled:
        content["classes"] = list(labelled.pop())
    return write_atomically(path, pickle.dumps(content, protocol=PROTOCOL))


def write_clip_as_pyskl(clip: Clip, path: Path) -> None:
    """Write one clip, named like the file, as a data set without splits; see :func:`write_pyskl`."""
    write_pyskl(path, {path.stem: clip}, {})


def _annotation(name: str, clip: Clip, image_size: tuple[int, int] | None) -> dict[str, Any]:
    positions = len(clip.channels) - ("score" in clip.channels)
    if clip.channels not in {(*XYZ[:n], *s) for n in (2, 3) for s in ((), ("score",))}:
        raise DataError(
            f"{name}: pyskl carries x, y, then z and score, got channels {clip.channels}; choose "
            f"those first."
        )
    values = np.nan_to_num(clip.data.transpose(3, 1, 2, 0), nan=0.0)  # (M, T, V, C)
    annotation: dict[str, Any] = {
        "frame_dir": name,
        "total_frames": clip.num_frames,
        "keypoint": np.ascontiguousarray(values[..., :positions]),
    }
    if image_size is not None:
        annotation |= {"img_shape": tuple(image_size), "original_shape": tuple(image_size)}
    if "score" in clip.channels:
        annotation["keypoint_score"] = np.ascontiguousarray(values[..., -1])
    if clip.labels is not None:
        annotation["label"] = _label(name, clip)
    return annotation


def _label(name: str, clip: Clip) -> int:
    assert clip.labels is not None
    found = np.unique(clip.labels)
    if len(found) != 1 or found[0] < 0:
        raise DataError(
            f"{name} has {len(found)} labels over its frames, pyskl carries one for a recording: "
            f"cut it where the label changes."
        )
    return int(found[0])
