"""OpenPose: a folder with a JSON file for each frame, ``NAME_000000000017_keypoints.json``.

Each file lists ``people``; a person has ``pose_keypoints_2d`` (x, y in pixels and a confidence for
each of 25 or 18 joints) or, after triangulation, ``pose_keypoints_3d`` (x, y, z in the unit of the
calibration, and a confidence). A joint of confidence 0 was not found. ``person_id`` is -1 unless
people were tracked. Frame numbers that are missing are empty frames.

Source: Cao, Hidalgo, Simon, Wei, Sheikh, OpenPose, TPAMI 2019; its documentation of the output.

Legend: C channels, T frames, V joints, M people, R sightings.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from kinestream.clips import Clip
from kinestream.errors import DataError, SkeletonError
from kinestream.files import replaced_folder
from kinestream.formats.format import Format, Head, Named, Reading, Stated
from kinestream.formats.parsing.clock import by_number
from kinestream.formats.parsing.jsonfile import numbers, read_json, whole
from kinestream.formats.parsing.people import joints_whole_or_missing, order_in_frame, scene
from kinestream.formats.parsing.several import chosen
from kinestream.formats.repairs import Repairs
from kinestream.skeletons import Skeleton, skeleton

CHANNELS = {3: ("x", "y", "score"), 4: ("x", "y", "z", "score")}
LAYOUTS = {25: "openpose25", 18: "openpose18"}
MAX_FILES = 1 << 18  # 2.4 hours at 30 frames a second
MAX_FRAME_BYTES = 1 << 22

_NAME = re.compile(r"(.*?)_?(\d{1,15})_keypoints\.json")
_WHAT = "an OpenPose file, a JSON object with people"


def read_openpose(path: Path, stated: Stated) -> Iterator[Named]:
    """Read the recordings of a folder: one for each NAME of its files, usually a single one.

    Args:
        path: The folder.
        stated: The frame rate.

    Returns:
        Clips with ``x``, ``y`` in pixels or ``x``, ``y``, ``z``, and ``score``; and what had to be
        mended.

    Raises:
        DataError: A file is not what it should be, or the frame rate was not stated.
        SkeletonError: The people have neither 25 nor 18 joints.
    """
    fps = stated.needed_fps(path)
    videos = _videos(path)
    for name, files in sorted(videos.items()):
        clip, repairs = _recording(path, files, fps)
        yield Named(name if len(videos) > 1 and name else path.name, clip, repairs)


def write_openpose(clip: Clip, path: Path) -> None:
    """Write a file for each frame into a folder, which holds nothing else afterwards.

    Channels are (x, y) or (x, y, z), with or without score; without one, joints that are there get
    the score 1. A person keeps the place, so people need not be seen from the first frame on.

    Raises:
        SkeletonError: The skeleton is not one of OpenPose's.
        DataError: The channels are others, or the folder holds other files.
    """
    if clip.skeleton.joints not in [skeleton(name).joints for name in LAYOUTS.values()]:
        raise SkeletonError(
            f"{path}: OpenPose files hold the joints of {' or '.join(LAYOUTS.values())}, the clip "
            f"those of {clip.skeleton.name!r}: convert it first (--to-skeleton NAME)."
        )
    scored = clip.channels[-1] == "score"
    values = clip.data if scored else np.concatenate([clip.data, np.ones_like(clip.data[:1])])
    if (*clip.channels, *(() if scored else ("score",))) not in CHANNELS.values():
        raise DataError(f"{path}: OpenPose files hold x, y, (z), score, the clip {clip.channels}.")
    if path.exists() and (
        not path.is_dir() or not all(_NAME.fullmatch(each.name) for each in path.iterdir())
    ):
        raise DataError(f"{path} holds other files than OpenPose's: name a folder of its own.")
    poses = np.where(np.isfinite(values).all(axis=0), values, 0).transpose(
        1, 3, 2, 0
    )  # (T, M, V, C)
    try:
        with replaced_folder(path) as folder:
            for t, people in enumerate(poses):
                file = folder / f"{path.name}_{t:012d}_keypoints.json"
                file.write_text(json.dumps(_frame(people)), encoding="utf-8")
    except OSError as error:
        raise DataError(f"{path} cannot be written: {error.strerror or error}.") from None


def _frame(people: NDArray[np.float32]) -> dict[str, Any]:
    key = f"pose_keypoints_{people.shape[-1] - 1}d"
    return {
        "version": 1.3,
        "people": [
            {"person_id": [slot], key: [float(f"{value:.9g}") for value in pose.ravel()]}
            for slot, pose in enumerate(people)
            if pose.any()
        ],
    }


def _videos(folder: Path) -> dict[str, list[tuple[int, Path]]]:
    """Files of each video with their frame numbers."""
    found: dict[str, list[tuple[int, Path]]] = {}
    with os.scandir(folder) as entries:
        names = sorted(entry.name for entry in entries)
    parts = [part for part in map(_NAME.fullmatch, names) if part]
    if not 0 < len(parts) <= MAX_FILES:
        raise DataError(
            f"{folder} holds {len(parts)} files named NAME_000000000000_keypoints.json; there must "
            f"be 1 to {MAX_FILES}."
        )
    for part in parts:
        found.setdefault(part[1], []).append((int(part[2]), folder / part[0]))
    return found


def _recording(folder: Path, files: list[tuple[int, Path]], fps: float) -> Reading:
    clock = by_number(folder, np.array([number for number, _ in files], dtype=np.int64), fps)
    layout: Skeleton | None = None
    axes = 0
    frames, rows, tracks = [], [], []
    for place, (_, file) in zip(clock.place.tolist(), files, strict=True):
        for person in _people(file):
            axes = axes or _axes(person)
            row = numbers(person.get(f"pose_keypoints_{axes}d") or [], f"{file}: keypoints")
            if not len(row):
                continue
            layout = layout or _layout(file, len(row) // (axes + 1))
            if len(row) != layout.num_joints * (axes + 1):
                raise DataError(
                    f"{file}: a person has {len(row)} values, not {axes + 1} for each of "
                    f"{layout.num_joints} joints."
                )
            frames.append(place)
            rows.append(row.astype(np.float32))
            tracks.append(_track(person))
    if layout is None:
        raise DataError(f"{folder}: nobody is seen in any of {len(files)} frames.")
    poses = joints_whole_or_missing(np.array(rows).reshape(len(rows), -1, axes + 1), axes)
    where = np.array(frames, dtype=np.int64)
    ids = np.array(tracks, dtype=np.int64)
    ids = ids if (ids >= 0).all() else order_in_frame(where)
    samples, repairs = scene(folder, clock.num_samples, where, ids, poses)
    data, empty = clock.frames(folder, samples)
    clip = Clip(data, layout, fps, CHANNELS[axes + 1], source=str(folder))
    return Reading(clip, repairs + empty + clock.repairs + Repairs(rows=len(files)))


def _axes(person: dict[str, Any]) -> int:
    """3 where the first person of a recording has a pose in space, 2 in the picture, 0 none."""
    return next((axes for axes in (3, 2) if person.get(f"pose_keypoints_{axes}d")), 0)


def _people(file: Path) -> list[dict[str, Any]]:
    content = read_json(file, _WHAT, MAX_FRAME_BYTES, nan=True)
    people = content.get("people") if isinstance(content, dict) else None
    if not isinstance(people, list) or not all(isinstance(person, dict) for person in people):
        raise DataError(f"{file} lists no people; expected {_WHAT}.")
    return people


def _track(person: dict[str, Any]) -> int:
    given = person.get("person_id", [-1])
    number = whole(given[0] if isinstance(given, list) and given else given)
    return -1 if number is None else number


def _layout(path: Path, joints: int) -> Skeleton:
    if joints not in LAYOUTS:
        raise SkeletonError(
            f"{path} has {joints} joints a person; OpenPose's bodies have {sorted(LAYOUTS)}."
        )
    return skeleton(LAYOUTS[joints])


def _fits(head: Head) -> bool:
    if not head.is_folder:
        return False
    try:
        with os.scandir(head.path) as entries:
            return any(_NAME.fullmatch(entry.name) for entry in entries)
    except OSError:
        return False


def _read(path: Path, stated: Stated) -> Reading:
    if not path.is_dir():
        raise DataError(f"{path} is one frame: name the folder with the files of all frames.")
    return chosen(path, read_openpose(path, stated), stated.recording)


FORMAT = Format(
    name="openpose",
    title="OpenPose frames",
    endings=(),
    fits=_fits,
    read=_read,
    write=write_openpose,
    read_all=read_openpose,
    tells="pixels (or 3-D) with a score, any number of people; the frame rate is stated",
)
