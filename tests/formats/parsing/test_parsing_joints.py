"""Joints by name."""

from __future__ import annotations

from pathlib import Path

import pytest

from kinestream.errors import SkeletonError
from kinestream.formats.parsing.joints import agreed_layout, layout_for, mirror_pairs, order_for
from kinestream.skeletons import Skeleton, layout_names, skeleton

ARM = Skeleton("arm", ("upper_arm", "elbow", "hand"), ((1, 0), (2, 1)))


@pytest.mark.parametrize("name", layout_names())
def test_every_layout_is_found_by_its_names_in_its_order(name: str) -> None:
    layout = skeleton(name)
    found = layout_for(layout.joints)
    assert found is not None
    assert found.joints == layout.joints


def test_names_are_found_in_any_order_and_spelling() -> None:
    joints = skeleton("coco17").joints
    given = [name.title().replace("_", " ") for name in reversed(joints)]
    found = layout_for(given)
    assert found is not None and found.name == "coco17"
    assert order_for(given, found) == list(reversed(range(17)))


def test_other_joints_are_no_layout() -> None:
    joints = list(skeleton("coco17").joints)
    assert layout_for(joints[:-1]) is None
    assert layout_for([*joints, "tail"]) is None
    assert layout_for([*joints[:-1], joints[0]]) is None
    assert order_for(["hand", "elbow", "Upper-Arm", "ring"], ARM) is None
    assert order_for(["hand", "elbow", "Upper-Arm", "ring"], ARM, more=True) == [2, 1, 0]
    assert order_for(["hand", "elbow"], ARM, more=True) is None


def test_the_stated_skeleton_goes_first() -> None:
    path = Path("walk.csv")
    assert agreed_layout(path, ["Hand", "Elbow", "UpperArm"], ARM) == (ARM, [2, 1, 0])
    assert agreed_layout(path, ["a", "b"], None) is None
    with pytest.raises(SkeletonError, match=r"walk\.csv holds 2 joints \(hand, elbow\)"):
        agreed_layout(path, ["hand", "elbow"], ARM)


@pytest.mark.parametrize("name", [name for name in layout_names() if skeleton(name).pairs])
def test_sides_are_those_of_the_layouts(name: str) -> None:
    layout = skeleton(name)
    if any("left" in joint for joint in layout.joints):
        assert set(mirror_pairs(layout.joints)) == set(layout.pairs)


def test_sides_by_letter_need_their_counterpart() -> None:
    names = ["Lung", "Rung", "lasi", "LASI", "RASI", "toe_l", "toe_r", "hand.L", "hand.R", "Leg"]
    assert mirror_pairs(names) == ((0, 1), (3, 4), (5, 6), (7, 8))
    assert mirror_pairs(["left", "left_right", "right"]) == ((0, 2),)
