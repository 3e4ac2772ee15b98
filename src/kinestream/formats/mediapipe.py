"""MediaPipe pose landmarks as JSON: 33 landmarks of one or several people for each frame.

MediaPipe itself writes no files, so this reads what people commonly dump. A file is a list of frames
or ``{"fps": ..., "frames": [...]}``. A frame is its landmarks, or an object that holds them as
``landmarks``, ``pose_landmarks`` or ``pose_world_landmarks``, with ``timestamp_ms``,
``timestamp_us``, ``time_s`` or a ``frame`` number if it has one. Landmarks are a list of
``{x, y, z, visibility}`` (or lists of three or four numbers); several people are a list of such
lists; null or an empty list is nobody. Visibility becomes the channel ``score``; a landmark that
lacks a value which others have is missing.

Landmarks of the image run from 0 to 1 over its width and height, z in the scale of x. World
landmarks are in metres from the middle of the hips. Where a file holds both, the image's are read
unless ``recording="world"`` asks for the others.

Source: Bazarevsky et al., BlazePose, 2020; the documentation of MediaPipe's Pose Landmarker.

Legend: C channels, T frames, V joints, M people.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from kinestream.clips import XYZ, Clip
from kinestream.errors import DataError, SkeletonError
from kinestream.files import write_atomically
from kinestream.formats.format import Format, Head, Reading, Stated
from kinestream.formats.parsing.clock import Clock, by_number, by_time
from kinestream.formats.parsing.joints import listed
from kinestream.formats.parsing.jsonfile import keys_in, numbers, read_json, shown, whole
from kinestream.formats.parsing.people import joints_whole_or_missing, scene
from kinestream.formats.repairs import Repairs
from kinestream.skeletons import skeleton

LANDMARKS = 33
TIMES = {"timestamp_ms": 1e-3, "timestamp_us": 1e-6, "time_s": 1.0}
IMAGE = ("landmarks", "pose_landmarks")
WORLD = ("pose_world_landmarks", "world_landmarks")

_AXES = ("x", "y", "z", "visibility")
_WHAT = "MediaPipe landmarks, a list of frames"

Pose = NDArray[np.float64]


def read_mediapipe(path: Path, stated: Stated) -> Reading:
    """Read the frames of a file.

    Returns:
        The clip, (3 or 4, T, 33, M), and what had to be mended. Its rate is the one of its times or
        its ``fps``; frames at irregular times are put on a clock, each the newest at its time.

    Raises:
        MissingFileError: There is no such file.
        DataError: It is not what it should be, nobody is seen, or nothing tells the frame rate.
    """
    content = read_json(path, _WHAT, nan=True)
    frames = content.get("frames") if isinstance(content, dict) else content
    if not isinstance(frames, list) or not frames:
        raise DataError(f"{path} holds {shown(frames)} instead of frames; expected {_WHAT}.")
    keys = _keys(path, frames, stated.recording)
    seen = [
        (place, slot, _pose(path, person))
        for place, frame in enumerate(frames)
        for slot, person in enumerate(_people(path, frame, keys))
        if person
    ]
    clock = _clock(path, frames, content, stated)
    if not seen:
        raise DataError(f"{path}: nobody is seen in any of {len(frames)} frames.")
    poses = np.stack([pose for _, _, pose in seen])
    scored = not np.isnan(poses[..., 3]).all()
    poses = poses if scored else poses[..., :3]
    places = np.array([place for place, _, _ in seen], dtype=np.int64)
    slots = np.array([slot for _, slot, _ in seen], dtype=np.int64)
    samples, repairs = scene(
        path, clock.num_samples, clock.place[places], slots, joints_whole_or_missing(poses)
    )
    data, empty = clock.frames(path, samples)
    layout = skeleton("mediapipe33")
    clip = Clip(
        data,
        layout if keys == WORLD else replace(layout, units="image"),
        clock.fps,
        (*XYZ, "score") if scored else XYZ,
        source=str(path),
    )
    return Reading(clip, repairs + empty + clock.repairs + Repairs(rows=len(frames)))


def write_mediapipe(clip: Clip, path: Path) -> None:
    """Write ``{"fps": ..., "frames": [...]}`` with a time and every person's landmarks per frame.

    Raises:
        SkeletonError: The skeleton is not ``mediapipe33``.
        DataError: The channels are not x, y, z, with or without score, or the place cannot be
            written.
    """
    layout = skeleton("mediapipe33")
    if clip.skeleton.joints != layout.joints:
        raise SkeletonError(
            f"{path}: MediaPipe files hold the joints of 'mediapipe33', the clip those of "
            f"{clip.skeleton.name!r}: convert it first (--to-skeleton "
            f"mediapipe33)."
        )
    if clip.channels not in (XYZ, (*XYZ, "score")):
        raise DataError(f"{path}: MediaPipe files hold x, y, z, (score), the clip {clip.channels}.")
    key = WORLD[0] if clip.skeleton.units == "m" else IMAGE[1]
    frames = [
        {
            "timestamp_ms": 1e3 * t / clip.fps,
            key: [_written(pose) for pose in people],
        }
        for t, people in enumerate(clip.data.transpose(1, 3, 2, 0))  # (T, M, V, C)
    ]
    text = json.dumps({"fps": clip.fps, "frames": frames}, allow_nan=False)
    write_atomically(path, text.encode())


def _written(pose: NDArray[np.float32]) -> list[dict[str, float] | None] | None:
    if not np.isfinite(pose).all(axis=1).any():
        return None
    return [
        None
        if not np.isfinite(joint).all()
        else {axis: float(f"{value:.9g}") for axis, value in zip(_AXES, joint, strict=False)}
        for joint in pose
    ]


def _keys(path: Path, frames: Sequence[object], wanted: str | None) -> tuple[str, ...]:
    """The keys under which frames hold the landmarks that are wanted."""
    known = {"image": IMAGE, "world": WORLD}
    if wanted not in (None, *known):
        raise DataError(
            f"{path} holds landmarks of the image or the world: name one of 'image' "
            f"and 'world' (--recording, recording=... in Python), got {wanted!r}."
        )
    named = [set(frame) for frame in frames if isinstance(frame, dict)]
    found = set().union(*named)
    keys = known[wanted] if wanted else WORLD
    if wanted is None and (found & set(IMAGE) or not found & set(WORLD)):
        keys = IMAGE
    if len(named) == len(frames) and not found & set(keys):
        raise DataError(
            f"{path}: frames have no {' or '.join(keys)}; they have {listed(sorted(found))}."
        )
    return keys


def _people(path: Path, frame: object, keys: Sequence[str]) -> list[Any]:
    """Each person's landmarks in a frame, null where the place of one is empty."""
    held = frame
    if isinstance(frame, dict):
        held = next((frame[key] for key in keys if key in frame), None)
    if isinstance(held, dict):
        held = held.get("landmark")
    if held is None:
        return []
    if not isinstance(held, list):
        raise DataError(f"{path}: landmarks must be a list, got {shown(held)}.")
    first = next((each for each in held if each is not None), None)
    return [held] if _is_landmark(first) else held


def _is_landmark(value: object) -> bool:
    if isinstance(value, list):
        return len(value) in (3, 4) and not any(isinstance(each, list | dict) for each in value)
    return isinstance(value, dict) and "landmark" not in value


def _pose(path: Path, person: object) -> Pose:
    """(33, 4) x, y, z, visibility; NaN where a landmark or its visibility is not given."""
    marks = person.get("landmark") if isinstance(person, dict) else person
    if not isinstance(marks, list) or len(marks) != LANDMARKS:
        count = len(marks) if isinstance(marks, list) else shown(marks)
        raise DataError(f"{path}: a person has {LANDMARKS} landmarks, got {count}.")
    values: list[object] = []
    for mark in marks:
        if isinstance(mark, dict):
            values += [mark.get(axis) for axis in _AXES]
        elif isinstance(mark, list) and len(mark) in (3, 4):
            values += [*mark, None][:4]
        elif mark is None:
            values += [None] * 4
        else:
            raise DataError(f"{path}: a landmark has x, y, z and visibility, got {shown(mark)}.")
    return numbers(values, f"{path}: landmarks").reshape(LANDMARKS, 4)


def _clock(path: Path, frames: Sequence[Any], content: object, stated: Stated) -> Clock:
    rate = stated.fps
    if isinstance(content, dict) and content.get("fps") is not None:
        rate = float(numbers([content["fps"]], f"{path}: fps")[0])
        if not rate > 0:
            raise DataError(f"{path}: fps must be above 0, got {shown(content['fps'])}.")
    for key, unit in TIMES.items():
        if all(isinstance(frame, dict) and key in frame for frame in frames):
            times = numbers([frame[key] for frame in frames], f"{path}: {key}")
            if np.isnan(times).any():
                raise DataError(f"{path}: a frame has no {key} or one that is too large.")
            return by_time(path, times * unit, rate)
    count = np.arange(len(frames))
    given = [whole(frame.get("frame")) if isinstance(frame, dict) else None for frame in frames]
    known = [number for number in given if number is not None]
    numbered = np.array(known, dtype=np.int64) if len(known) == len(frames) else count
    return by_number(path, numbered, replace(stated, fps=rate).needed_fps(path))


def _fits(head: Head) -> bool:
    keys = set(keys_in(head))
    if keys & {"pose_landmarks", "pose_world_landmarks", "landmarks"}:
        return True
    return {"x", "y", "z", "visibility"} <= keys and head.text.lstrip().startswith("[")


FORMAT = Format(
    name="mediapipe",
    title="MediaPipe landmarks",
    endings=(".json",),
    fits=_fits,
    read=read_mediapipe,
    write=write_mediapipe,
    tells="positions of the image or in metres with a visibility, any number of people, times",
    choices=("image", "world"),
)
