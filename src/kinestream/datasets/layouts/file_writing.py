"""Write array files: one padded array for all recordings of a split.

Legend: N recordings, C channels, T frames, V joints, M people.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from kinestream.clips import UNLABELLED
from kinestream.datasets.layouts.dataset import Dataset
from kinestream.datasets.layouts.file_labels import Kind, labels_bytes
from kinestream.datasets.layouts.writing import (
    Entry,
    check_entry,
    unfinished,
    write_about,
    write_file,
)
from kinestream.errors import DataError
from kinestream.files import file_sha256
from kinestream.formats.folder import DatasetInfo


def write_files(
    target: str | Path,
    splits: Mapping[str, Dataset],
    *,
    name: str,
    labels: Kind = "pkl",
    units: str = "",
    licence: str = "",
    source: str = "",
    protocol: str = "",
) -> DatasetInfo:
    """Write splits as array files, every recording padded with NaN to the longest of its split.

    The arrays are written where they are mapped, so memory holds one recording at a time.

    Args:
        target: The folder; made when it does not exist.
        splits: Data sets by the name of their split; they share skeleton, rate, channels, classes
            and people.
        name: What the data set is called.
        labels: Kind of the label files. Recordings whose label changes need ``npy``.
        units: Units of the channels.
        licence: Under which terms the data may be used.
        source: Where it comes from.
        protocol: Which recordings are in which split, and how the clips were made.

    Raises:
        DataError: There are no recordings, they do not fit together, or the kind of label file
            cannot hold their labels.
    """
    target = Path(target)
    filled = {split: dataset for split, dataset in splits.items() if len(dataset)}
    if not filled:
        raise DataError(f"there are no recordings to write to {target}.")
    first = next(iter(filled.values()))[0]
    sums: dict[str, str] = {}
    subjects: dict[str, str] = {}
    for split, dataset in filled.items():
        for who, clip in zip(dataset.names, dataset, strict=True):
            check_entry(Entry(split, who, clip), first, f"{split}/{who}" in subjects)
            subjects[f"{split}/{who}"] = clip.subject
        frames, per_frame = _write_data(target / f"{split}_data.npy", dataset)
        content = {
            f"{split}_label.{labels}": labels_bytes(
                labels, dataset.names, _one_each(per_frame, frames), first.classes
            ),
            f"{split}_frames.npy": labels_bytes("npy", (), frames, ()),
        }
        sums |= {path: write_file(target / path, bytes_) for path, bytes_ in content.items()}
        sums[f"{split}_data.npy"] = file_sha256(target / f"{split}_data.npy")
    info = DatasetInfo(
        name=name,
        fps=first.fps,
        channels=first.channels,
        units=units,
        people=first.num_people,
        licence=licence,
        source=source,
        protocol=protocol,
        subjects=subjects,
        sha256=sums,
    )
    return write_about(target, info, first.classes, first.skeleton.to_dict())


def _write_data(path: Path, dataset: Dataset) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Write the array; returns frames (N,) and labels (N, T), -1 in the padding."""
    frames = np.array([clip.num_frames for clip in dataset])
    first = dataset[0].data.shape
    shape = (len(dataset), first[0], int(frames.max()), *first[2:])
    labels = np.full((shape[0], shape[2]), UNLABELLED)
    path.parent.mkdir(parents=True, exist_ok=True)
    part = unfinished(path)
    whole = np.lib.format.open_memmap(part, "w+", np.float32, shape)
    for k, clip in enumerate(dataset):
        whole[k, :, : clip.num_frames] = clip.data
        whole[k, :, clip.num_frames :] = np.nan
        labels[k, : clip.num_frames] = clip.labels
    whole.flush()
    del whole
    os.replace(part, path)
    return frames, labels


def _one_each(labels: NDArray[np.int64], frames: NDArray[np.int64]) -> NDArray[np.int64]:
    """(N, T) -> (N,) where no recording's label changes, else as it is."""
    inside = np.arange(labels.shape[1]) < frames[:, None]
    same = (labels == labels[:, :1]) | ~inside
    return labels[:, 0] if same.all() else labels
