"""Recordings of an MS-GCN folder: an array of joints each, and a label for every frame.

The folder does not tell what its joints are, nor their rate: the caller states both.

Legend: C channels, T frames, V joints, M people.

Source: Filtjens, Vanrumste, Slaets, Skeleton-Based Action Segmentation With Multi-Stage
Spatial-Temporal Graph Convolutional Neural Networks, arXiv:2202.01727, for the layout.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from kinestream.clips import Clip
from kinestream.errors import DataError
from kinestream.formats.array import AXES, read_axes
from kinestream.formats.format import Format, Head, Reading, Stated
from kinestream.formats.ms_gcn_folder import (
    MAPPING,
    find_labels,
    in_ms_gcn_folder,
    read_frame_labels,
    read_mapping,
)
from kinestream.formats.parsing.npy import channels_for, read_header
from kinestream.formats.repairs import Repairs
from kinestream.skeletons import Skeleton


def read_ms_gcn(path: str | Path, skeleton: Skeleton, fps: float, axes: str = AXES) -> Reading:
    """Read a recording with its labels.

    Args:
        path: ``features*/NAME.npy``; ``mapping.txt`` and ``groundTruth*/`` lie beside its folder.
        skeleton: What the V axis means.
        fps: Frames per second.
        axes: Order of the array's axes, letters of ``CTVM``.

    Returns:
        A clip whose classes are those of ``mapping.txt`` in the order of their indices, without
        labels where no label file bears its name. A person whose values are all zero in a frame is
        absent there, and a joint with a value that is no finite number is missing. A joint of zeros
        is kept, as coordinates relative to a joint have one.

    Raises:
        MissingFileError: There is no such file, or no ``mapping.txt``.
        DataError: A file is damaged, the array holds no joints, or labels do not fit.
        SkeletonError: The recording has another number of joints than the skeleton.
    """
    path = Path(path)
    shape = read_header(path).shape
    if len(shape) == 2:
        raise DataError(
            f"{path} holds features of shape {shape}, as MS-TCN takes them from pictures; expected "
            f"joints, (C, T, V, M)."
        )
    if len(shape) != len(axes):
        raise DataError(
            f"{path} holds an array of shape {shape}, expected axes {axes}: name its own with --axes "
            f"TVC, axes=... in Python."
        )
    data, repairs = _without_absent(read_axes(path, axes))
    file = find_labels(path)
    classes = {} if file is None else read_mapping(path.absolute().parent.parent / MAPPING)
    clip = Clip(
        data=data,
        skeleton=skeleton,
        fps=fps,
        channels=_channels(data.shape[0], skeleton),
        classes=tuple(classes.values()),
        labels=None if file is None else read_frame_labels(file, classes, data.shape[1]),
        source=str(path),
    )
    return Reading(clip, repairs)


def _channels(count: int, skeleton: Skeleton) -> tuple[str, ...]:
    """Names of the channels; six of a body in space are whatever its maker computed."""
    if count == 6 and skeleton.units != "imu":
        return tuple(f"channel{c}" for c in range(count))
    return channels_for(count)


def _without_absent(data: NDArray[np.float32]) -> tuple[NDArray[np.float32], Repairs]:
    """The data with NaN for who is absent and for joints that are no numbers, counted."""
    finite = np.isfinite(data).all(axis=0)  # (T, V, M)
    present = (finite & (data != 0).any(axis=0)).any(axis=1)  # (T, M)
    missing = ~finite & present[:, None]
    data[:, ~finite | ~present[:, None]] = np.nan
    return data, Repairs(
        rows=data.shape[1],
        empty_frames=int((~present.any(axis=1)).sum()),
        missing_joints=int(missing.sum()),
    )


def _fits(head: Head) -> bool:
    return in_ms_gcn_folder(head.path)


def _read(path: Path, stated: Stated) -> Reading:
    if stated.skeleton is None:
        raise DataError(
            f"{path} does not tell its skeleton: give it with --skeleton NAME, skeleton=... in "
            f"Python."
        )
    return read_ms_gcn(path, stated.skeleton, stated.needed_fps(path), stated.axes or AXES)


FORMAT = Format(
    name="ms_gcn",
    title="MS-GCN folder",
    endings=(".npy",),
    fits=_fits,
    read=_read,
    tells="values and a label per frame; skeleton and rate are stated",
)
