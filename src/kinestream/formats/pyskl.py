"""Pickled data sets of pyskl and MMAction2: people's joints and one label for each recording.

A file holds ``annotations``, a list of dictionaries with ``frame_dir`` (the name), ``total_frames``,
``label``, ``keypoint`` (M, T, V, C) and, for joints found in pictures, ``keypoint_score`` (M, T, V);
and ``split``, lists of names. All of it is read at once: a file needs about its own size in memory.

Legend: C channels, T frames, V joints, M people.

Source: Duan, Wang, Chen, Lin, PYSKL: Towards Good Practices for Skeleton Action Recognition, ACM
Multimedia 2022, and its guide to custom data.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeGuard

import numpy as np
from numpy.typing import NDArray

from kinestream.clips import MAX_VALUES, XYZ, Clip
from kinestream.errors import DataError
from kinestream.formats.format import Format, Head, Named, Reading, Stated
from kinestream.formats.ntu_names import parse_name
from kinestream.formats.parsing.class_lists import class_list
from kinestream.formats.parsing.jsonfile import shown
from kinestream.formats.parsing.unpickling import read_pickle
from kinestream.formats.parsing.unseen import without_unseen
from kinestream.formats.pyskl_writing import write_clip_as_pyskl
from kinestream.formats.repairs import Repairs
from kinestream.skeletons import Skeleton, skeleton

NTU_FPS = 30.0
MAX_CLASSES = 10_000

_WHAT = "a pyskl data set: a dictionary of 'split' and 'annotations'"
_LAYOUTS = {(17, 2): "coco17", (17, 3): "coco17", (25, 3): "ntu25"}


def read_all_pyskl(
    path: str | Path, layout: Skeleton | None = None, fps: float | None = None
) -> Iterator[Named]:
    """Read every recording of a file, named by its ``frame_dir``.

    Args:
        path: The pickle. It is read as data only: nothing in it is ever run.
        layout: What the V axis means. Without it 17 joints are ``coco17``, and 25 in space
            ``ntu25``.
        fps: Frames per second; without it ``ntu25`` has 30.

    Yields:
        Clips of x, y, then z where the file has it and ``score`` where it has that; and what was
        mended. A joint is missing where its position is zero, with a score of zero if it has one,
        and where something is not finite. Names of classes are those of NTU RGB+D where all names
        and labels are, else the file's ``classes``, else ``class_0``, ``class_1`` and on.

    Raises:
        MissingFileError: There is no such file.
        DataError: The file is not what it should be, or does not tell its skeleton or rate.
        SkeletonError: The joints are not those of ``layout``.
    """
    data_set = _DataSet.of(Path(path))
    for name in data_set.annotations:
        yield data_set.recording(name, layout, fps)


def pyskl_splits(path: str | Path) -> dict[str, list[str]]:
    """The splits of a file: the names of the recordings in each.

    Raises:
        MissingFileError: There is no such file.
        DataError: The file is not what it should be.
    """
    content = _content(Path(path))
    splits = content.get("split", {})
    if not isinstance(splits, dict) or not all(map(_is_names, splits.values())):
        raise DataError(f"{path}: 'split' must be a dictionary of lists of names.")
    return splits


@dataclass(frozen=True)
class _DataSet:
    """The annotations of a file by name, and the names of its classes."""

    path: Path
    annotations: dict[str, dict[str, Any]]
    classes: tuple[str, ...]

    @classmethod
    def of(cls, path: Path) -> _DataSet:
        content = _content(path)
        annotations: dict[str, dict[str, Any]] = {}
        for place, each in enumerate(content["annotations"]):
            name = each.get("frame_dir") if isinstance(each, dict) else None
            if not isinstance(name, str) or not name.isprintable() or name in annotations:
                raise DataError(
                    f"{path}: annotation {place} must have a name of its own in 'frame_dir', got "
                    f"{shown(name)}."
                )
            annotations[name] = each
        labels = {name: _label(each, f"{path}: {name}") for name, each in annotations.items()}
        return cls(path, annotations, _classes(labels, content.get("classes"), path))

    def recording(self, name: str, layout: Skeleton | None, fps: float | None) -> Named:
        annotation, where = self.annotations[name], f"{self.path}: {name}"
        positions, score = _keypoints(annotation, where)
        layout = _layout(positions, where) if layout is None else layout
        if fps is None:
            fps = NTU_FPS if layout.name == "ntu25" else Stated().needed_fps(self.path)
        data, repairs = _joints(positions, score)
        label, ntu = _label(annotation, where), parse_name(name)
        clip = Clip(
            data,
            layout,
            fps,
            channels=XYZ[: positions.shape[-1]] + (() if score is None else ("score",)),
            classes=() if label is None else self.classes,
            labels=None if label is None else np.full(data.shape[1], label),
            subject=f"P{ntu.subject:03}" if ntu else "",
            source=str(self.path),
        )
        return Named(name, clip, repairs)


def _content(path: Path) -> dict[str, Any]:
    content = read_pickle(path, _WHAT)
    if isinstance(content, list):  # as MMAction2 takes it where there are no splits
        content = {"annotations": content}
    if not isinstance(content, dict) or not isinstance(content.get("annotations"), list):
        raise DataError(f"{path} has no list 'annotations'; expected {_WHAT}.")
    if not content["annotations"]:
        raise DataError(f"{path} holds no recordings: 'annotations' is empty.")
    return content


def _label(annotation: dict[str, Any], where: str) -> int | None:
    label = annotation.get("label")
    if label is not None and (type(label) is not int or not 0 <= label < MAX_CLASSES):
        raise DataError(f"{where}: 'label' must be a class index from 0, got {shown(label)}.")
    return label


def _classes(labels: dict[str, int | None], told: object, path: Path) -> tuple[str, ...]:
    """Names of the classes that labels, by name of their recording, count."""
    highest = max((label for label in labels.values() if label is not None), default=-1)
    if isinstance(told, list) and _is_names(told):
        if highest >= len(told):
            raise DataError(f"{path}: label {highest} is outside its list of {len(told)} classes.")
        return tuple(told)
    if all(_is_ntu(name, label) for name, label in labels.items()):
        return class_list("ntu120")[: 60 if highest < 60 else 120]
    return tuple(f"class_{index}" for index in range(highest + 1))


def _is_ntu(name: str, label: int | None) -> bool:
    ntu = parse_name(name)
    return ntu is not None and label in (None, ntu.label)


def _keypoints(annotation: dict[str, Any], where: str) -> tuple[NDArray[Any], NDArray[Any] | None]:
    """Positions (M, T, V, C) and scores (M, T, V)."""
    positions, score = annotation.get("keypoint"), annotation.get("keypoint_score")
    if not _is_numbers(positions) or positions.ndim != 4 or positions.shape[-1] not in (2, 3):
        seen = positions.shape if isinstance(positions, np.ndarray) else type(positions).__name__
        raise DataError(f"{where}: 'keypoint' must be numbers (M, T, V, 2 or 3), got {seen}.")
    if score is not None and (not _is_numbers(score) or score.shape != positions.shape[:-1]):
        seen = score.shape if isinstance(score, np.ndarray) else type(score).__name__
        raise DataError(
            f"{where}: 'keypoint_score' must be numbers of shape {positions.shape[:-1]}, got {seen}."
        )
    frames = annotation.get("total_frames", positions.shape[1])
    if type(frames) is not int or frames != positions.shape[1]:
        raise DataError(
            f"{where}: 'total_frames' is {shown(frames)}, 'keypoint' has {positions.shape[1]}."
        )
    if 2 * positions.size > MAX_VALUES:
        raise DataError(f"{where} has {frames} frames, too long for one clip: cut it first.")
    return positions, score


def _layout(positions: NDArray[Any], where: str) -> Skeleton:
    joints = positions.shape[2:]
    if joints not in _LAYOUTS:
        raise DataError(
            f"{where} has {joints[0]} joints of {joints[1]} values, which could be of several "
            f"skeletons: give it with --skeleton NAME, skeleton=... in Python."
        )
    return skeleton(_LAYOUTS[joints])


def _joints(
    positions: NDArray[Any], score: NDArray[Any] | None
) -> tuple[NDArray[np.float32], Repairs]:
    """Joints as (C, T, V, M), NaN where there are none."""
    channels = [positions] if score is None else [positions, score[..., None]]
    return without_unseen(np.concatenate(channels, axis=-1).transpose(3, 1, 2, 0))


def _is_numbers(value: object) -> TypeGuard[NDArray[Any]]:
    return isinstance(value, np.ndarray) and value.dtype.kind in "fiu"


def _is_names(value: object) -> bool:
    return isinstance(value, list) and set(map(type, value)) <= {str}


def _fits(head: Head) -> bool:
    begins = head.start[:1] == b"\x80" and head.start[1:2] in (b"\2", b"\3", b"\4", b"\5")
    keys = (b"split", b"annotations", b"frame_dir")
    return begins and any(key in head.start[:256] for key in keys)


def _read(path: Path, stated: Stated) -> Reading:
    data_set = _DataSet.of(path)
    names = list(data_set.annotations)
    wanted = names[0] if stated.recording is None and len(names) == 1 else stated.recording
    if wanted not in data_set.annotations:
        raise DataError(
            f"{path} holds {len(names)} recordings ({', '.join(names[:3])}, ...): name one with "
            f"--recording NAME, recording=... in Python; got {ascii(wanted)[:60]}."
        )
    _, clip, repairs = data_set.recording(wanted, stated.skeleton, stated.fps)
    return Reading(clip, repairs)


def _read_all(path: Path, stated: Stated) -> Iterator[Named]:
    return read_all_pyskl(path, stated.skeleton, stated.fps)


FORMAT = Format(
    name="pyskl",
    title="pyskl and MMAction2 pickle",
    endings=(".pkl", ".pickle"),
    fits=_fits,
    read=_read,
    read_all=_read_all,
    write=write_clip_as_pyskl,
    tells="positions, scores and one label per recording; many recordings and their splits",
)
