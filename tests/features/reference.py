"""Every feature's sentence read naively: one frame, one joint, one number at a time, in float64.

Legend: C channels, T frames, V joints. A recording is ``frames[t][channel][joint]``.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from kinestream.skeletons import Skeleton

Frame = dict[str, list[float]]
Recording = list[Frame]


def read(x: NDArray[np.float32], channels: tuple[str, ...]) -> Recording:
    """(C, T, V) as plain numbers."""
    return [
        {name: [float(v) for v in x[c, t]] for c, name in enumerate(channels)}
        for t in range(x.shape[1])
    ]


def written(recording: Recording, channels: tuple[str, ...]) -> NDArray[np.float64]:
    """Back to (C, T, V); the names must be these."""
    assert all(set(frame) == set(channels) for frame in recording), set(recording[0])
    return np.array([[frame[name] for frame in recording] for name in channels])


def axes(frame: Frame, stem: str = "") -> list[str]:
    return [f"{stem}{axis}" for axis in "xyz" if f"{stem}{axis}" in frame]


def of_body(name: str) -> bool:
    parts = name.split("_")
    return parts[-1] in ("x", "y", "z") and all(part in ("b", "d", "r") for part in parts[:-1])


def stems(frame: Frame) -> list[str]:
    return sorted({name[:-1] for name in frame if of_body(name)})


def is_seen(frame: Frame, joint: int) -> bool:
    """Where it is told; else a body of zeros is not there."""
    if "seen" in frame:
        return frame["seen"][joint] > 0
    return any(value != 0 for name in frame if of_body(name) for value in frame[name])


def told_unseen(frame: Frame, joint: int) -> bool:
    return "seen" in frame and frame["seen"][joint] <= 0


def joint_list(body: Skeleton, value: Any) -> list[int]:
    values = value if isinstance(value, list | tuple) else [value]
    return [body.joints.index(v) if isinstance(v, str) else v for v in values]


def point(frame: Frame, joints: list[int]) -> list[float]:
    return [sum(frame[axis][j] for j in joints) / len(joints) for axis in axes(frame)]


def centre(
    body: Skeleton, frames: Recording, *, joint: Any = None, when: str = "every"
) -> Recording:
    joints = joint_list(body, body.centre if joint is None else joint)
    origin: list[float] | None = None
    made = []
    for frame in frames:
        if all(is_seen(frame, j) for j in joints) and (origin is None or when == "every"):
            origin = point(frame, joints)
        new = {name: list(values) for name, values in frame.items()}
        for k, axis in enumerate(axes(frame)):
            for v in range(body.num_joints):
                known = origin is not None and is_seen(frame, v)
                new[axis][v] = frame[axis][v] - origin[k] if known and origin else 0.0
        made.append(new)
    return made


def relative(body: Skeleton, frames: Recording, *, joint: Any = None) -> Recording:
    moved = centre(body, frames, joint=joint)
    return [
        {**frame, **{f"r_{axis}": new[axis] for axis in axes(frame)}}
        for frame, new in zip(frames, moved, strict=True)
    ]


def displacement(body: Skeleton, frames: Recording) -> Recording:
    made = []
    for t, frame in enumerate(frames):
        past = frames[max(t - 1, 0)]
        new = dict(frame)
        for name in frame:
            if name not in ("score", "seen"):
                new[f"d_{name}"] = [
                    0.0 if told_unseen(frame, v) or told_unseen(past, v) else now - before
                    for v, (now, before) in enumerate(zip(frame[name], past[name], strict=True))
                ]
        made.append(new)
    return made


def motion(body: Skeleton, frames: Recording) -> Recording:
    made = []
    for t, frame in enumerate(displacement(body, frames)):
        past = frames[max(t - 1, 0)]
        kept = {name[2:] for name in frame if name.startswith("d_")}
        new = {name: values for name, values in frame.items() if name not in kept}
        made.append(_confidences(new, frame, past, list(range(body.num_joints))))
    return made


def bone(body: Skeleton, frames: Recording, *, bones: Any = None) -> Recording:
    parent = list(range(body.num_joints))
    for child, above in [joint_list(body, pair) for pair in bones or body.bones]:
        parent[child] = above
    made = []
    for frame in frames:
        new: Frame = {}
        for name, values in frame.items():
            if not of_body(name):
                new[name] = values
                continue
            new[f"{name[:-1]}b_{name[-1]}"] = [
                0.0
                if told_unseen(frame, v) or told_unseen(frame, parent[v])
                else values[v] - values[parent[v]]
                for v in range(body.num_joints)
            ]
        made.append(_confidences(new, frame, frame, parent))
    return made


def _confidences(new: Frame, frame: Frame, other: Frame, places: list[int]) -> Frame:
    if "score" in frame:
        score = zip(frame["score"], places, strict=True)
        new["score"] = [(own + other["score"][p]) / 2 for own, p in score]
    if "seen" in frame:
        seen = zip(frame["seen"], places, strict=True)
        new["seen"] = [min(own, other["seen"][p]) for own, p in seen]
    return new


def bone_motion(body: Skeleton, frames: Recording) -> Recording:
    return motion(body, bone(body, frames))


def hold(
    body: Skeleton,
    frames: Recording,
    *,
    hold_frames: int = 10,
    fill: float = 0.0,
    min_score: float | None = None,
) -> Recording:
    made = []
    last: list[tuple[int, dict[str, float]] | None] = [None] * body.num_joints
    for t, frame in enumerate(frames):
        new: Frame = {name: [0.0] * body.num_joints for name in [*frame, "seen"]}
        for v in range(body.num_joints):
            values = {name: frame[name][v] for name in frame}
            good = not any(math.isnan(value) for value in values.values())
            if good and min_score is not None:
                good = values["score"] >= min_score
            if good:
                last[v] = t, values
            found = last[v]
            held = found is not None and t - found[0] <= hold_frames
            for name in frame:
                new[name][v] = found[1][name] if held and found else fill
            if "score" in frame:
                new["score"][v] = 0.0 if math.isnan(values["score"]) else values["score"]
            new["seen"][v] = 1 - (t - found[0]) / (hold_frames + 1) if held and found else 0.0
        made.append(new)
    return made


def scale(
    body: Skeleton,
    frames: Recording,
    *,
    bones: Any = None,
    when: str = "first",
    memory_frames: int = 300,
) -> Recording:
    lines = [(joint_list(body, a), joint_list(body, b)) for a, b in bones or body.bones]
    size: float | None = None
    count = 0
    made = []
    for frame in frames:
        lengths = [
            math.dist(point(frame, a), point(frame, b))
            for a, b in lines
            if all(is_seen(frame, j) for j in [*a, *b])
        ]
        if 2 * len(lengths) >= len(lines) and lengths and sum(lengths) / len(lengths) > 1e-6:
            measured = sum(lengths) / len(lengths)
            count = min(count + 1, memory_frames)
            if size is None:
                size = measured
            elif when == "running":
                size += (measured - size) / count
        made.append(
            {
                name: [0.0 if size is None else v / size for v in values]
                if of_body(name)
                else values
                for name, values in frame.items()
            }
        )
    return made


SPINES = {
    "ntu25": ("spine_base", "spine_mid"),
    "kinect20": ("hip_centre", "spine"),
    "sbu15": ("torso", "neck"),
}
TRUNK = (["left_hip", "right_hip"], ["left_shoulder", "right_shoulder"])


def body_frame(
    body: Skeleton,
    frames: Recording,
    *,
    mode: str = "first",
    spine: Any = None,
    shoulders: Any = None,
    memory_frames: int = 30,
) -> Recording:
    lines = [
        spine or SPINES.get(body.name, TRUNK),
        shoulders or ("left_shoulder", "right_shoulder"),
    ]
    ends = [(joint_list(body, a), joint_list(body, b)) for a, b in lines]
    average: list[NDArray[np.float64]] | None = None
    count = 0
    made = []
    for frame in frames:
        ways = [np.subtract(point(frame, b), point(frame, a)) for a, b in ends]
        seen = all(is_seen(frame, j) for a, b in ends for j in [*a, *b])
        if seen and all(np.linalg.norm(way) > 1e-6 for way in ways):
            units = [way / np.linalg.norm(way) for way in ways]
            count = min(count + 1, memory_frames)
            if average is None:
                average = units
            elif mode == "running":
                average = [
                    old + (new - old) / count for old, new in zip(average, units, strict=True)
                ]
        turn = np.zeros((3, 3)) if average is None else _upright(*average)
        new = dict(frame)
        for stem in stems(frame):
            if len(axes(frame, stem)) == 3:
                turned = turn @ np.array([frame[f"{stem}{axis}"] for axis in "xyz"])
                new |= {f"{stem}{axis}": turned[k].tolist() for k, axis in enumerate("xyz")}
        made.append(new)
    return made


def _upright(spine: NDArray[np.float64], across: NDArray[np.float64]) -> NDArray[np.float64]:
    first = _turn_by_angle(spine, np.array([0.0, 0.0, 1.0]))
    second = _turn_by_angle(first @ across, np.array([1.0, 0.0, 0.0]))
    return np.asarray(second @ first)


def _turn_by_angle(way: NDArray[np.float64], onto: NDArray[np.float64]) -> NDArray[np.float64]:
    """The half-angle (quaternion) form, where the feature has no angles at all."""
    unit = way / np.linalg.norm(way)
    half = unit + onto
    half /= np.linalg.norm(half)
    w, (x, y, z) = unit @ half, np.cross(unit, half)
    return np.array(
        [
            [1 - 2 * (y * y + z * z), 2 * (x * y - w * z), 2 * (x * z + w * y)],
            [2 * (x * y + w * z), 1 - 2 * (x * x + z * z), 2 * (y * z - w * x)],
            [2 * (x * z - w * y), 2 * (y * z + w * x), 1 - 2 * (x * x + y * y)],
        ]
    )


def heading(body: Skeleton, frames: Recording) -> Recording:
    left, right = body.joints.index("left_hip"), body.joints.index("right_hip")
    made = []
    for frame in frames:
        dx = frame["x"][right] - frame["x"][left]
        dz = frame["z"][right] - frame["z"][left]
        angle = 0.0
        if math.hypot(dx, dz) > 1e-6 and not (
            told_unseen(frame, left) or told_unseen(frame, right)
        ):
            angle = math.atan2(dz, dx)
        new = dict(frame)
        for stem in stems(frame):
            if len(axes(frame, stem)) == 3:
                pairs = list(zip(frame[f"{stem}x"], frame[f"{stem}z"], strict=True))
                new[f"{stem}x"] = [math.cos(angle) * x + math.sin(angle) * z for x, z in pairs]
                new[f"{stem}z"] = [math.cos(angle) * z - math.sin(angle) * x for x, z in pairs]
        made.append(new)
    return made


REFERENCES: dict[str, Callable[..., Recording]] = {
    function.__name__: function
    for function in (
        *(body_frame, bone, bone_motion, centre, displacement, heading, hold, motion, relative),
        scale,
    )
}
