"""COCO keypoints: images with annotated people, or the bare list of results that detectors write.

An annotation is ``x, y, v`` for each keypoint, in pixels. In annotations v is 0 (not labelled: the
joint is missing), 1 (hidden) or 2 (visible); in results it is a score. Either becomes the channel
``score``.

Frames are the images: by ``frame_id`` where all have it (missing numbers are empty frames), else in
the order of their names or ids. A list of results tells only images in which somebody was found:
ids that mostly follow each other are taken as frame numbers, others as ids of loose images.

Source: Lin et al., Microsoft COCO: Common Objects in Context, ECCV 2014; the data format at
cocodataset.org.

Legend: C channels, T frames, V joints, M people, R sightings.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from kinestream.clips import Clip
from kinestream.errors import DataError, SkeletonError
from kinestream.formats.coco_writer import write_coco
from kinestream.formats.format import Format, Head, Named, Reading, Stated
from kinestream.formats.parsing.clock import Clock, by_number
from kinestream.formats.parsing.joints import agreed_layout, mirror_pairs
from kinestream.formats.parsing.jsonfile import keys_in, numbers, read_json, shown, whole
from kinestream.formats.parsing.people import joints_whole_or_missing, order_in_frame, scene
from kinestream.formats.parsing.several import chosen
from kinestream.formats.repairs import Repairs
from kinestream.skeletons import Skeleton, skeleton

CHANNELS = ("x", "y", "score")
DENSE = 10  # a list of results is a video if it names at least one frame in so many

_WHAT = "a COCO keypoints file"
_TOP = {"info", "licenses", "categories", "images", "annotations", "videos"}

Entry = dict[str, Any]


def read_coco(path: Path, stated: Stated) -> Iterator[Named]:
    """Read the recordings of a file: one, or one for each ``video_id`` of its images.

    Args:
        path: The file.
        stated: The frame rate; and the skeleton where neither the names nor the number of
            keypoints tell it.

    Returns:
        Clips (3, T, V, M) in pixels, and what had to be mended.

    Raises:
        MissingFileError: There is no such file.
        DataError: It is not what it should be, or does not tell its frame rate.
        SkeletonError: The keypoints are of no known skeleton, or not of the one stated.
    """
    content = read_json(path, _WHAT)
    if isinstance(content, list):
        people = _people(path, content)
        images = dict.fromkeys(entry["image_id"] for entry in people)
        videos = {path.stem: [{"id": image} for image in images]}
        category: Entry = {}
    elif isinstance(content, dict):
        people = _people(path, content.get("annotations"))
        videos = _videos(path, content)
        category = _category(path, content.get("categories", []), people)
    else:
        raise DataError(f"{path} holds {shown(content)}; expected {_WHAT}.")
    layout, order = _layout(path, category, people, stated)
    fps = stated.needed_fps(path)
    within: dict[object, list[Entry]] = {}
    for entry in people:
        within.setdefault(entry["image_id"], []).append(entry)
    for name, listed in videos.items():
        clock, place = _clock(path, listed, fps, isinstance(content, list))
        sightings = [entry for image in place for entry in within.get(image, [])]
        yield Named(name, *_clip(path, sightings, place, clock, layout, order))


def _clip(
    path: Path,
    sightings: list[Entry],
    place: dict[object, int],
    clock: Clock,
    layout: Skeleton,
    order: Sequence[int],
) -> Reading:
    rows = [numbers(entry["keypoints"], f"{path}: keypoints") for entry in sightings]
    if any(len(row) != len(order) * 3 for row in rows):
        raise DataError(f"{path}: a person has not {len(order)} keypoints of x, y and visibility.")
    poses = joints_whole_or_missing(np.array(rows).reshape(-1, len(order), 3), score=2)
    seen = np.flatnonzero(~np.isnan(poses).all(axis=(1, 2)))
    sightings = [sightings[each] for each in seen]
    frames = np.array([place[entry["image_id"]] for entry in sightings], dtype=np.int64)
    samples, repairs = scene(
        path, clock.num_samples, frames, _identities(sightings, frames), poses[seen][:, list(order)]
    )
    data, empty = clock.frames(path, samples)
    clip = Clip(data, layout, clock.fps, CHANNELS, source=str(path))
    return Reading(clip, repairs + empty + clock.repairs + Repairs(rows=len(rows)))


def _people(path: Path, entries: object) -> list[Entry]:
    """Annotations with keypoints; boxes have none."""
    if not isinstance(entries, list) or not all(isinstance(entry, dict) for entry in entries):
        raise DataError(f"{path}: annotations must be a list of objects; expected {_WHAT}.")
    people: list[Entry] = [entry for entry in entries if entry.get("keypoints")]
    for entry in people:
        if not isinstance(entry.get("image_id"), int | str):
            raise DataError(
                f"{path}: image_id must be a number or a name, got {shown(entry.get('image_id'))}."
            )
    if not people:
        raise DataError(
            f"{path} holds {len(entries)} annotations, none with keypoints; expected {_WHAT}."
        )
    return people


def _videos(path: Path, content: Entry) -> dict[str, list[Entry]]:
    """Images of each video, by its name; a file without videos is a single one."""
    images = content.get("images")
    if not isinstance(images, list) or not all(
        isinstance(image, dict) and isinstance(image.get("id"), int | str) for image in images
    ):
        raise DataError(f"{path}: images must be a list of objects with an id; expected {_WHAT}.")
    listed = content.get("videos", [])
    names = {
        str(video.get("id")): str(video.get("name", video.get("id")))
        for video in (listed if isinstance(listed, list) else [])
        if isinstance(video, dict)
    }
    found: dict[str, list[Entry]] = {}
    for image in images:
        found.setdefault(str(image.get("video_id", path.stem)), []).append(image)
    if len(found) == 1:
        return {path.stem: images}
    return {f"{path.stem}/{names.get(video, video)}": each for video, each in found.items()}


def _clock(
    path: Path, images: Sequence[Entry], fps: float, results: bool
) -> tuple[Clock, dict[object, int]]:
    """The frames, and the sample that each image id belongs to."""
    given = [
        _frame_number(image["id"]) if results else whole(image.get("frame_id")) for image in images
    ]
    numbered = [number for number in given if number is not None]
    span = max(numbered, default=0) - min(numbered, default=0) + 1
    if not numbered or len(numbered) < len(images) or (results and span > DENSE * len(images)):
        ordered = sorted(range(len(images)), key=lambda each: _natural(images[each]))
        numbered = np.argsort(ordered).tolist()
    clock = by_number(path, np.array(numbered, dtype=np.int64), fps)
    place = dict(zip((image["id"] for image in images), clock.place.tolist(), strict=True))
    return replace(clock, repairs=replace(clock.repairs, backwards=0)), place


def _frame_number(image: object) -> int | None:
    """A frame number as an image id tells it: 17, or the 17 of ``17.jpg``."""
    found = re.fullmatch(r"(\d{1,15})(\.\w{1,5})?", image) if isinstance(image, str) else None
    return int(found[1]) if found else whole(image)


def _natural(image: Entry) -> list[tuple[int, str]]:
    """A key that sorts ``9.jpg`` before ``10.jpg``."""
    parts = re.findall(r"\d{1,15}|\D+", str(image.get("file_name", image["id"])))
    return [(int(part), "") if part.isdecimal() else (-1, part) for part in parts]


def _identities(people: Sequence[Entry], frames: NDArray[np.int64]) -> NDArray[np.int64]:
    """Track ids where everybody has one, else the order within the frame."""
    for key in ("track_id", "idx"):
        tracks = [whole(entry.get(key)) for entry in people]
        found = [track for track in tracks if track is not None]
        if found and len(found) == len(people):
            return np.array(found, dtype=np.int64)
    return order_in_frame(frames)


def _category(path: Path, categories: object, people: Iterable[Entry]) -> Entry:
    """The category that names the keypoints of all people."""
    used = {str(entry.get("category_id")) for entry in people}
    found = [
        each
        for each in (categories if isinstance(categories, list) else [])
        if isinstance(each, dict) and str(each.get("id")) in used and each.get("keypoints")
    ]
    if len(found) > 1 and any(each["keypoints"] != found[0]["keypoints"] for each in found):
        raise DataError(
            f"{path} annotates {len(found)} categories with keypoints of their own: split it."
        )
    return found[0] if found else {}


def _layout(
    path: Path, category: Entry, people: Sequence[Entry], stated: Stated
) -> tuple[Skeleton, list[int]]:
    names = category.get("keypoints")
    if isinstance(names, list) and all(isinstance(name, str) for name in names):
        return agreed_layout(path, names, stated.skeleton) or _own(path, category, names)
    count = len(numbers(people[0]["keypoints"], f"{path}: keypoints")) // 3
    layout = stated.skeleton or skeleton("coco17")
    if layout.num_joints != count:
        raise SkeletonError(
            f"{path} has {count} keypoints without names, skeleton {layout.name!r} has "
            f"{layout.num_joints}: name the one they are (--skeleton NAME, skeleton=... in Python)."
        )
    return layout, list(range(count))


def _own(path: Path, category: Entry, names: list[str]) -> tuple[Skeleton, list[int]]:
    """A skeleton of the category's own keypoints; its edges count from 1."""
    given = category.get("skeleton", [])
    edges = given if isinstance(given, list) else []
    bones = [
        (end - 1, start - 1)
        for edge in edges
        if isinstance(edge, list) and len(edge) == 2
        for start, end in [(whole(edge[0]), whole(edge[1]))]
        if start is not None and end is not None and start != end
    ]
    try:
        layout = Skeleton(
            str(category.get("name", "custom")),
            tuple(names),
            tuple(bones),
            pairs=mirror_pairs(names),
            units="px",
        )
    except SkeletonError as error:
        raise SkeletonError(f"{path}: {error}") from None
    return layout, list(range(len(names)))


def _fits(head: Head) -> bool:
    keys = keys_in(head)
    if head.text.lstrip().startswith("["):
        return {"image_id", "keypoints"} <= set(keys)
    return bool(keys) and keys[0] in _TOP and head.ending == ".json"


def _read(path: Path, stated: Stated) -> Reading:
    return chosen(path, read_coco(path, stated), stated.recording)


FORMAT = Format(
    name="coco",
    title="COCO keypoints",
    endings=(".json",),
    fits=_fits,
    read=_read,
    write=write_coco,
    read_all=read_coco,
    tells="pixels with a score, any number of people, several videos; the frame rate is stated",
)
