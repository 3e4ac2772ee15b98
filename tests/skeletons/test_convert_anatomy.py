"""The facts of the body: the file says what it may say, and every name in it occurs."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

import kinestream.skeletons
from kinestream.skeletons import Skeleton, layout_names, skeleton
from kinestream.skeletons.anatomy import note_on, points_of, recipes_for

FILE = Path(kinestream.skeletons.__file__).parent / "anatomy.json"
ANATOMY: dict[str, Any] = json.loads(FILE.read_text(encoding="utf-8"))
BODIES = [skeleton(name) for name in layout_names() if skeleton(name).units != "imu"]
POINTS = {point for body in BODIES for point in points_of(body)}


def mirrored(text: str) -> str:
    return text.replace("left", "LEFT").replace("right", "left").replace("LEFT", "right")


def test_points_say_what_joints_are_and_how_far_it_is_so() -> None:
    assert set(ANATOMY) == {"points", "derived"}
    names = [name for about in ANATOMY["points"].values() for name in about["names"]]
    assert len(names) == len(set(names))
    for point, about in ANATOMY["points"].items():
        assert set(about) == {"names", "note"}
        assert about["note"].endswith(".")
        assert note_on(point) == about["note"]
        for name in about["names"]:
            layout, slash, joint = name.rpartition("/")
            if slash:
                assert joint in skeleton(layout).joints
            else:
                assert any(joint in body.joints for body in BODIES), name
    assert note_on("left_elbow") == ""


@pytest.mark.parametrize("body", BODIES, ids=lambda body: body.name)
def test_no_two_joints_of_a_layout_are_one_point(body: Skeleton) -> None:
    points = points_of(body)
    assert len(set(points)) == len(points)


@pytest.mark.parametrize("body", BODIES, ids=lambda body: body.name)
def test_mirror_images_are_mirrored_points(body: Skeleton) -> None:
    points = points_of(body)
    for left, right in body.pairs:
        assert points[right] == mirrored(points[left])


@pytest.mark.parametrize("point", ANATOMY["derived"])
def test_recipes_are_means_of_points_that_occur(point: str) -> None:
    assert point in POINTS
    recipes = recipes_for(point)
    assert recipes
    for recipe in recipes:
        assert len(recipe.weights) >= 2
        assert sum(weight for _, weight in recipe.weights) == pytest.approx(1, abs=1e-12)
        assert all(0 < weight < 1 for _, weight in recipe.weights)
        assert {part for part, _ in recipe.weights} <= POINTS - {point}
        assert recipe.note.endswith(".")
        mirror = {mirrored(part): weight for part, weight in recipe.weights}
        if mirrored(point) == point:
            assert mirror == dict(recipe.weights)  # the middle of the body leans to no side
        else:
            assert mirror in [dict(other.weights) for other in recipes_for(mirrored(point))]


def test_every_recipe_is_of_use() -> None:
    """Some layout has all that it needs and lacks what it gives."""
    for point in ANATOMY["derived"]:
        for recipe in recipes_for(point):
            needs = {part for part, _ in recipe.weights}
            assert any(needs <= set(points_of(b)) and point not in points_of(b) for b in BODIES)


def test_names_that_mislead_are_told_apart() -> None:
    at = {body.name: dict(zip(body.joints, points_of(body), strict=True)) for body in BODIES}
    assert at["openpose18"]["neck"] == at["florence15"]["neck"] == "mid_shoulder"
    assert at["ntu25"]["neck"] == "neck"
    assert at["ntu25"]["left_thumb"] != at["mediapipe33"]["left_thumb"]
    assert at["kinect20"]["spine"] != at["ntu25"]["spine_mid"] == at["msr20"]["spine"]
    assert at["kinect20"]["hip_centre"] == at["ntu25"]["spine_base"] == at["smpl24"]["pelvis"]
    assert at["lara19"]["joint3"] == "lara19/joint3"
