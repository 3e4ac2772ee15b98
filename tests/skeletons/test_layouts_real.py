"""Layouts against real recordings: bones keep their length, both sides agree, left is left.

Recordings name no joints, so a wrong order shows in bones that stretch. Which side is which shows in
actions done with one arm, by convention the right one, and in the camera's x axis, which for the
Kinect grows towards the right of a person who faces it.
"""

from __future__ import annotations

import io
import json
import re
import tarfile
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from kinestream.skeletons import skeleton

SHARED = Path(__file__).resolve().parents[3] / "shared"
Frames = NDArray[np.float64]  # (T, V, 3)
MANY = 24


def members(name: str, pattern: str) -> Iterator[bytes]:
    """The first recordings of an archive whose path matches, read without unpacking it."""
    archive = SHARED / "data" / f"{name}.tar.xz"
    if not archive.is_file():
        pytest.skip(f"the real recordings are not there: {archive}")
    found = 0
    with tarfile.open(archive, "r|xz") as tar:
        for member in tar:
            if re.search(pattern, member.name) and (file := tar.extractfile(member)):
                yield file.read()
                found += 1
                if found == MANY:
                    return


@cache
def msr() -> list[Frames]:
    """High arm wave, with one arm."""
    texts = members("msr_action3d", r"/a01_.*\.txt$")
    rows = [np.loadtxt(io.BytesIO(text))[:, :3].reshape(-1, 20, 3) for text in texts]
    return [frames[(frames != 0).any(axis=(1, 2))] for frames in rows]


@cache
def utd() -> list[Frames]:
    """Swipes, waves and throws with one arm."""
    load = pytest.importorskip("scipy.io").loadmat
    files = members("utd_mhad", r"/Skeleton/a[1-5]_.*\.mat$")
    return [load(io.BytesIO(file))["d_skel"].transpose(2, 0, 1).astype(float) for file in files]


@cache
def florence() -> list[Frames]:
    """Waves, with one arm."""
    load = pytest.importorskip("scipy.io").loadmat
    (file,) = members("florence3d", r"/skeletal_data\.mat$")
    read = load(io.BytesIO(file), simplify_cells=True)["skeletal_data"]
    return [
        one["original_skeletal_data"].transpose(2, 1, 0)
        for one in dictionaries(read)
        if one["action"] == 1
    ]


@cache
def ucla() -> list[Frames]:
    """Picking up with one hand, and more."""
    files = members("nw_ucla", r"/a01_.*_v01\.json$")
    return [np.array(json.loads(file)["skeletons"]).reshape(-1, 20, 3) for file in files]


def dictionaries(values: Any) -> Iterator[dict[str, Any]]:
    """All dictionaries in nested MATLAB cells."""
    if isinstance(values, dict):
        yield values
    else:
        for value in values:
            yield from dictionaries(value)


RECORDINGS: dict[str, Callable[[], list[Frames]]] = {
    "msr20": msr,
    "utd20": utd,
    "florence15": florence,
    "kinect20": ucla,
}


@pytest.mark.parametrize("name", RECORDINGS)
def test_the_order_of_joints_is_that_of_the_recordings(name: str) -> None:
    body = skeleton(name)
    child, parent = np.array(body.bones).T
    clips = RECORDINGS[name]()
    assert len(clips) >= 15
    lengths = [np.linalg.norm(clip[:, child] - clip[:, parent], axis=2) for clip in clips]
    wobble = np.median([length.std(axis=0) / length.mean(axis=0) for length in lengths], axis=0)
    # Hands of a Kinect jump; a wrong joint at the end of a bone doubles its length now and then.
    assert np.median(wobble) < 0.15 and wobble.max() < 0.5
    typical = np.median(np.concatenate(lengths), axis=0)
    mirror = dict(body.pairs)
    at = {bone: v for v, bone in enumerate(body.bones)}
    compared = 0
    for (a, b), v in at.items():
        if a in mirror:
            other = at[mirror[a], mirror.get(b, b)]
            assert typical[v] == pytest.approx(typical[other], rel=0.25), body.joints[a]
            compared += 1
    assert compared == len(body.pairs)
    thigh, shin = (typical[at[bone]] for bone in bones_of_a_leg(name))
    assert 0.3 < thigh < 0.65 and 0.3 < shin < 0.55  # metres


def bones_of_a_leg(name: str) -> list[tuple[int, int]]:
    hip, knee, ankle = (skeleton(name).index(f"right_{part}") for part in ("hip", "knee", "ankle"))
    return [(knee, hip), (ankle, knee)]


@pytest.mark.parametrize("name", RECORDINGS)
def test_left_is_left(name: str) -> None:
    body = skeleton(name)
    across = []
    for clip in RECORDINGS[name]():
        for part in ("shoulder", "hip"):
            left, right = body.index(f"left_{part}"), body.index(f"right_{part}")
            across.append(np.median(clip[:, right, 0] - clip[:, left, 0]))
    assert np.mean(np.array(across) > 0) > 0.95


@pytest.mark.parametrize("name", ["msr20", "utd20", "florence15"])
def test_one_armed_actions_are_done_with_the_right_arm(name: str) -> None:
    body = skeleton(name)
    moves: dict[str, list[float]] = {"left": [], "right": []}
    for clip in RECORDINGS[name]():
        for side, found in moves.items():
            found.append(float(clip[:, body.index(f"{side}_wrist")].std(axis=0).sum()))
    assert np.median(moves["right"]) > 4 * np.median(moves["left"])


def test_trackers_compute_what_the_anatomy_says_they_compute() -> None:
    """Neck and spine of Florence 3D are means, to the millimetre."""
    body = skeleton("florence15")
    at = {joint: np.concatenate(florence())[:, v] for v, joint in enumerate(body.joints)}
    shoulders = (at["left_shoulder"] + at["right_shoulder"]) / 2
    hips = (at["left_hip"] + at["right_hip"]) / 2
    assert np.median(np.linalg.norm(at["neck"] - shoulders, axis=1)) < 1e-3
    assert np.median(np.linalg.norm(at["spine"] - (shoulders + hips) / 2, axis=1)) < 1e-3


@pytest.mark.parametrize("name", ["utd20", "kinect20"])
def test_the_spine_of_a_kinect_is_where_its_recipe_puts_it(name: str) -> None:
    body, frames = skeleton(name), np.concatenate(RECORDINGS[name]())
    spine, low, high = (
        frames[:, body.index(joint)] for joint in ("spine", "hip_centre", "shoulder_centre")
    )
    trunk = high - low
    share = ((spine - low) * trunk).sum(axis=1) / (trunk**2).sum(axis=1)
    assert np.median(share) == pytest.approx(0.17, abs=0.015)


def test_the_hand_has_the_neighbours_of_the_reference() -> None:
    file = SHARED / "golden" / "visible" / "graphs.npz"
    if not file.is_file():
        pytest.skip(f"the golden files are not there: {file}")
    with np.load(file, allow_pickle=False) as arrays:
        near = arrays["handmp21__pyskl_binary_adj_hop1"][0] > 0
    expected = {frozenset(pair) for pair in np.argwhere(near).tolist()}
    assert {frozenset(bone) for bone in skeleton("handmp21").bones} == expected
