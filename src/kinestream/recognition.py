"""Recordings through a bundle, as a live stream would see them.

Legend: C channels, T frames, V joints, M people, K classes.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from os import PathLike
from pathlib import Path

import numpy as np

from kinestream.bundle import Bundle, load, shipped_bundles
from kinestream.clips import Clip
from kinestream.errors import DataError, SkeletonError
from kinestream.formats import find_recordings, read_clip
from kinestream.streaming import Stream, resample_clip
from kinestream.streaming.arguments import check_kind
from kinestream.streaming.events import Event, EventRules, Events
from kinestream.timeline import FrameLabel, Timeline


def run(
    source: str | Path | Clip, bundle: str | Path | Bundle | None = None, *, paced: bool = False
) -> Iterator[FrameLabel]:
    """Stream recordings and yield each frame's label as soon as it is known.

    Args:
        source: A recording, a folder or a glob of recordings, or a clip.
        bundle: A bundle, its folder, or a shipped bundle's name; by default the shipped bundle for
            the recording's skeleton.
        paced: Feed frames at the speed they were recorded at, rather than as fast as possible.

    Yields:
        Labels in the order of frames; with several people, person after person in each frame.

    Raises:
        MissingFileError: There is no such source.
        InputError: The recording does not fit the bundle.
    """
    for clip in clips_of(source):
        for _, answers in _feed(clip, bundle_for(clip, bundle), paced):
            yield from (label for label, _ in answers)


def events(
    source: str | Path | Clip,
    bundle: str | Path | Bundle | None = None,
    rules: EventRules | None = None,
    *,
    paced: bool = False,
) -> Iterator[Event]:
    """Stream recordings and yield what starts and what ends as soon as it is known.

    Args:
        source: As for :func:`run`.
        bundle: As for :func:`run`.
        rules: When an action has started or ended; those of the bundle by default.
        paced: As for :func:`run`.

    Yields:
        Events in the order in which they are known; of one person ``started`` and ``ended`` in turns.

    Raises:
        MissingFileError: There is no such source.
        InputError: The recording does not fit the bundle.
    """
    for clip in clips_of(source):
        opened = bundle_for(clip, bundle)
        people = people_events(clip, opened, rules)
        for _, answers in _feed(clip, opened, paced):
            for label, scores in answers:
                yield from people[label.person].push(scores, label.time_s)
        for person in people:
            yield from person.finish()


def people_events(clip: Clip, bundle: Bundle, rules: EventRules | None = None) -> list[Events]:
    """The events of each person of a clip, or of each scene, before its first frame."""
    people = 1 if bundle.people > 1 else clip.num_people
    return [bundle.events(person, rules) for person in range(people)]


def recognise(
    source: str | Path | Clip, bundle: str | Path | Bundle | None = None, *, person: int = 0
) -> Timeline:
    """Stream one recording and return what was seen, with the latency of every frame.

    Args:
        source: One recording or a clip.
        bundle: As for :func:`run`.
        person: Whose timeline, where the recording shows several.

    Raises:
        DataError: The source is not one recording, or has no such person.
    """
    clips = list(clips_of(source))
    if len(clips) != 1:
        raise DataError(f"{source} holds {len(clips)} recordings; recognise takes one, run many.")
    opened = bundle_for(clips[0], bundle)
    timelines = 1 if opened.people > 1 else clips[0].num_people
    if not 0 <= person < timelines:
        raise DataError(f"{source} shows {timelines} people, there is no number {person}.")
    return recognise_people(clips[0], opened)[person]


def recognise_people(
    clip: Clip,
    bundle: str | Path | Bundle | None = None,
    *,
    paced: bool = False,
    on_label: Callable[[FrameLabel], None] | None = None,
    on_answer: Callable[[FrameLabel, np.ndarray], None] | None = None,
) -> list[Timeline]:
    """One timeline for each person of a clip, or for each scene; all are stepped together.

    Args:
        clip: The recording.
        bundle: As for :func:`run`.
        paced: As for :func:`run`.
        on_label: Told every label as soon as it is known.
        on_answer: Told every label and its (K,) probabilities as soon as they are known.
    """
    opened = bundle_for(clip, bundle)
    timelines = 1 if opened.people > 1 else clip.num_people
    scores: list[list[np.ndarray]] = [[] for _ in range(timelines)]
    decided: list[list[int]] = [[] for _ in range(timelines)]
    latency_ms = []
    for took_s, answers in _feed(clip, opened, paced):
        if took_s is not None:
            latency_ms.append(1000 * took_s)
        for label, row in answers:
            scores[label.person].append(row)
            decided[label.person].append(label.label)
            if on_label:
                on_label(label)
            if on_answer:
                on_answer(label, row)
    resampled = resample_clip(clip, opened.fps)
    return [
        Timeline(
            classes=opened.classes,
            fps=opened.fps,
            scores=np.stack(rows),
            times_s=np.arange(len(rows)) / opened.fps,
            decided=np.array(decided[person]),
            person=person,
            truth=_truth(resampled, opened),
            latency_ms=np.array(latency_ms),
            delay_frames=opened.delay_frames,
            source=clip.source,
            background=opened.background,
        )
        for person, rows in enumerate(scores)
    ]


def clips_of(source: str | Path | Clip) -> Iterator[Clip]:
    """The recordings of a file, folder or glob, read one at a time."""
    check_kind(source, str | PathLike | Clip, "a source must be a path or a Clip", DataError)
    if isinstance(source, Clip):
        yield source
        return
    for path in find_recordings(source):
        yield read_clip(path)


def _feed(
    clip: Clip, bundle: Bundle, paced: bool
) -> Iterator[tuple[float | None, Sequence[tuple[FrameLabel, np.ndarray]]]]:
    """Push a clip frame by frame; yields how long each push took (none for the flush) and answers."""
    check_fits(clip, bundle)
    bundle.pipeline.check(clip.data, clip.source)
    clip = resample_clip(clip, bundle.fps)
    scene = bundle.people > 1
    streams: list[Stream] = [
        bundle.stream(person=m) for m in range(1 if scene else clip.num_people)
    ]
    started = time.perf_counter()
    for t in range(clip.num_frames):
        if paced:
            time.sleep(max(0.0, started + t / bundle.fps - time.perf_counter()))
        before = time.perf_counter()
        frame = clip.data[:, t]  # (C, V, M)
        bundle.push_many(streams, [frame] if scene else list(np.moveaxis(frame, 2, 0)))
        took_s = time.perf_counter() - before
        yield took_s, [answer for stream in streams for answer in stream.answers]
    for stream in streams:
        stream.flush()
    for answers in zip(*(stream.answers for stream in streams), strict=True):
        yield None, answers


def check_fits(clip: Clip, bundle: Bundle) -> None:
    """Refuse a recording whose joints or channels are not those of a bundle.

    Raises:
        SkeletonError: The joints differ.
        DataError: The channels differ.
    """
    if clip.skeleton.joints != bundle.skeleton.joints:
        raise SkeletonError(
            f"{clip.source or 'the clip'} has the {clip.skeleton.num_joints} joints of skeleton "
            f"{clip.skeleton.name!r}, bundle {bundle.name!r} takes the "
            f"{bundle.skeleton.num_joints} of {bundle.skeleton.name!r}."
        )
    if len(clip.channels) != len(bundle.channels):
        raise DataError(
            f"{clip.source or 'the clip'} has {len(clip.channels)} channels, bundle "
            f"{bundle.name!r} takes {len(bundle.channels)}: {', '.join(bundle.channels)}. An array "
            f"must be (C, T, V, M)."
        )
    if clip.channels != bundle.channels:
        raise DataError(
            f"{clip.source or 'the clip'} has channels {', '.join(clip.channels)}, bundle "
            f"{bundle.name!r} takes {', '.join(bundle.channels)}."
        )
    if 1 < bundle.people < clip.num_people:
        raise DataError(
            f"{clip.source or 'the clip'} shows {clip.num_people} people, bundle {bundle.name!r} "
            f"labels scenes of {bundle.people}: choose which of them."
        )


def bundle_for(clip: Clip, bundle: str | Path | Bundle | None) -> Bundle:
    """The bundle that was chosen, or the shipped one for the clip's joints.

    Raises:
        MissingFileError: There is no such bundle.
        SkeletonError: None was chosen and no shipped one takes these joints.
    """
    if isinstance(bundle, Bundle):
        return bundle
    if bundle is not None:
        return load(bundle)
    for name in shipped_bundles():
        shipped = load(name)
        if shipped.skeleton.joints == clip.skeleton.joints:
            return shipped
    raise SkeletonError(
        f"no shipped bundle takes skeleton {clip.skeleton.name!r}; name one with bundle=..., on "
        f"the command line --bundle "
        f"(shipped: {', '.join(shipped_bundles())})."
    )


def _truth(clip: Clip, bundle: Bundle) -> np.ndarray | None:
    """The clip's labels in the bundle's order of classes; a class it does not know is unlabelled."""
    if clip.labels is None:
        return None
    places = [bundle.classes.index(c) if c in bundle.classes else -1 for c in clip.classes]
    return np.array([*places, -1], np.int64)[clip.labels]
