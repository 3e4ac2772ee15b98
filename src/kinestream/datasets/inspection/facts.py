"""What is measured of one recording before it is trusted.

Legend: C channels, T frames, V joints, M people.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from kinestream.clips import UNLABELLED, Clip
from kinestream.features.positions import positions_in
from kinestream.formats.repairs import Repairs
from kinestream.metrics import runs

FROZEN_S = 0.5  # nobody holds every joint to the last bit for so long
JUMP_BODIES = 0.5  # a joint that moves by half a body between two frames was lost and found

Array = NDArray[np.float32]
Mask = NDArray[np.bool_]


@dataclass(frozen=True)
class RecordingFacts:
    """One recording in numbers.

    Attributes:
        split: Split it belongs to; empty where there are none.
        name: What it is called there.
        subject: Who is seen.
        skeleton: Name of its layout.
        joints: Joint names.
        channels: What the C axis means.
        fps: Frames per second.
        frames: Number of frames T.
        people: Number of people M.
        repairs: What the reader had to mend.
        seen: Frames times people that are seen at all.
        empty_frames: Frames in which nobody is seen.
        missing: (V,) how often a joint is missing while its person is seen.
        infinite: Values that are infinite.
        zeros: Joints of people who are seen that lie exactly at the origin.
        jumps: (frame, joint index) of joints that move by half a body between two frames.
        frozen_frames: Frames that repeat the one before in stretches of over half a second.
        body_size: Median extent of a body in the data's units; 0 for sensors.
        label_frames: Frames of each class by name; unlabelled ones under the empty name.
        segment_frames: Length of every labelled stretch.
        labelled: Whether there are labels at all.
        content: Checksum of the values.
        frame_hashes: (T,) one number for each frame's values; 0 where nobody is seen by more than
            half.
    """

    split: str
    name: str
    subject: str
    skeleton: str
    joints: tuple[str, ...]
    channels: tuple[str, ...]
    fps: float
    frames: int
    people: int
    repairs: Repairs
    seen: int
    empty_frames: int
    missing: NDArray[np.int64] = field(repr=False)
    infinite: int
    zeros: int
    jumps: tuple[tuple[int, int], ...]
    frozen_frames: int
    body_size: float
    label_frames: dict[str, int]
    segment_frames: tuple[int, ...]
    labelled: bool
    content: str
    frame_hashes: NDArray[np.uint64] = field(repr=False)

    @property
    def seconds(self) -> float:
        """Length in seconds."""
        return self.frames / self.fps


def facts_of(
    clip: Clip, repairs: Repairs | None = None, *, split: str = "", name: str = ""
) -> RecordingFacts:
    """Measure a recording.

    >>> from kinestream.datasets.synthetic import generate
    >>> facts = facts_of(generate("kinect", seed=1))
    >>> facts.empty_frames, facts.jumps, facts.labelled
    (0, (), True)
    """
    finite: Mask = np.all(np.isfinite(clip.data), axis=0)  # (T, V, M)
    person_seen: Mask = np.any(finite, axis=1)  # (T, M)
    size = _body_size(clip, finite)
    label_frames, segment_frames = _labels(clip)
    return RecordingFacts(
        split=split,
        name=name,
        subject=clip.subject,
        skeleton=clip.skeleton.name,
        joints=clip.skeleton.joints,
        channels=clip.channels,
        fps=clip.fps,
        frames=clip.num_frames,
        people=clip.num_people,
        repairs=repairs or Repairs(),
        seen=int(person_seen.sum()),
        empty_frames=int((~person_seen.any(axis=1)).sum()),
        missing=(~finite & person_seen[:, None]).sum(axis=(0, 2)).astype(np.int64),
        infinite=int(np.isinf(clip.data).sum()),
        zeros=_zeros(clip, finite),
        jumps=_jumps(clip, finite, size),
        frozen_frames=_frozen(clip),
        body_size=size,
        label_frames=label_frames,
        segment_frames=segment_frames,
        labelled=clip.labels is not None,
        content=hashlib.sha256(clip.data.tobytes()).hexdigest(),
        frame_hashes=_frame_hashes(clip, finite),
    )


def _body_size(clip: Clip, finite: Mask) -> float:
    """Median over frames and people of the longest side of the box around a body."""
    rows = positions_in(clip.channels)
    if not rows:
        return 0.0
    whole = _whole(finite)
    if not whole.any():
        return 0.0
    values = np.where(finite, clip.data[rows], np.nan)  # (R, T, V, M)
    bodies = np.moveaxis(values, 2, -1)[:, whole]  # (R, bodies, V)
    return float(np.median((np.nanmax(bodies, -1) - np.nanmin(bodies, -1)).max(axis=0)))


def _whole(finite: Mask) -> Mask:
    """(T, M) whether more than half of the joints of a person are seen."""
    return np.asarray(finite.sum(axis=1) > finite.shape[1] // 2)


def _zeros(clip: Clip, finite: Mask) -> int:
    rows = positions_in(clip.channels)
    if not rows:
        return 0
    at_origin = (clip.data[rows] == 0).all(axis=0) & finite  # (T, V, M)
    # One joint at the origin is a clip that was centred; several are joints that were not found.
    centred = at_origin.sum(axis=1, keepdims=True) == 1
    return int((at_origin & ~centred).sum())


def _jumps(clip: Clip, finite: Mask, size: float) -> tuple[tuple[int, int], ...]:
    rows = positions_in(clip.channels)
    if not rows or size == 0:
        return ()
    both = finite[1:] & finite[:-1]
    values = np.where(finite, clip.data[rows], 0.0).astype(np.float64)
    moved = np.sqrt((np.diff(values, axis=1) ** 2).sum(axis=0))  # (T-1, V, M)
    far = np.argwhere((moved > JUMP_BODIES * size) & both)
    return tuple((int(frame) + 1, int(joint)) for frame, joint, _ in far)


def _frozen(clip: Clip) -> int:
    same = (clip.data[:, 1:] == clip.data[:, :-1]).all(axis=(0, 2, 3))
    stretches = (run.stop - run.start for run in runs(same.astype(np.int64), background=(0,)))
    return sum(length for length in stretches if length > FROZEN_S * clip.fps)


def _labels(clip: Clip) -> tuple[dict[str, int], tuple[int, ...]]:
    if clip.labels is None:
        return {}, ()
    counts: dict[str, int] = {}
    lengths = []
    for run in runs(clip.labels):
        name = clip.classes[run.label]
        lengths.append(run.stop - run.start)
        counts[name] = counts.get(name, 0) + lengths[-1]
    unlabelled = int((clip.labels == UNLABELLED).sum())
    return counts | ({"": unlabelled} if unlabelled else {}), tuple(lengths)


def _frame_hashes(clip: Clip, finite: Mask) -> NDArray[np.uint64]:
    frames = np.ascontiguousarray(np.moveaxis(clip.data, 1, 0)).reshape(clip.num_frames, -1)
    digests = [hashlib.blake2b(row.tobytes(), digest_size=8).digest() for row in frames]
    hashes = np.frombuffer(b"".join(digests), dtype=np.uint64)
    # A few values are alike by chance, above all those of sensors with coarse steps.
    return np.where(_whole(finite).any(axis=1), hashes, np.uint64(0))
