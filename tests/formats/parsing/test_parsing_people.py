"""Sightings put into slots, against a naive loop."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kinestream.errors import DataError
from kinestream.formats.parsing.people import (
    MAX_PEOPLE,
    joints_whole_or_missing,
    order_in_frame,
    scene,
)

HERE = Path("walk.json")


@settings(max_examples=60, deadline=None)
@given(
    seen=st.lists(st.tuples(st.integers(0, 5), st.sampled_from([-3, 7, 7, 40])), min_size=1),
    seed=st.integers(0, 99),
)
def test_any_sightings_equal_a_naive_filling(seen: list[tuple[int, int]], seed: int) -> None:
    rng = np.random.default_rng(seed)
    poses = rng.normal(size=(len(seen), 4, 2)).astype(np.float32)
    poses[rng.random((len(seen), 4)) < 0.2] = np.nan
    poses[0] = 1
    there = [k for k in range(len(seen)) if not np.isnan(poses[k]).all()]
    ids = sorted({seen[k][1] for k in there})
    expected = np.full((2, 6, 4, len(ids)), np.nan, dtype=np.float32)
    filled: dict[tuple[int, int], int] = {}
    for k in there:
        if seen[k] not in filled:
            filled[seen[k]] = k
            expected[:, seen[k][0], :, ids.index(seen[k][1])] = poses[k].T
    data, repairs = scene(
        HERE, 6, np.array([t for t, _ in seen]), np.array([p for _, p in seen]), poses
    )
    np.testing.assert_array_equal(data, expected)
    assert repairs.duplicates == len(there) - len(filled)
    assert repairs.missing_joints == sum(
        int(np.isnan(poses[k, :, 0]).sum()) for k in filled.values()
    )


def test_of_too_many_people_those_seen_most_stay() -> None:
    often = [3, 11]
    people = np.array([*range(MAX_PEOPLE + 2), *often])
    frames = np.array([0] * (MAX_PEOPLE + 2) + [1, 1])
    poses = people[:, None, None] * np.ones((1, 2, 3), dtype=np.float32) + 1
    data, repairs = scene(HERE, 2, frames, people, poses.astype(np.float32))
    assert data.shape == (3, 2, 2, MAX_PEOPLE)
    assert repairs.dropped_people == 2
    assert set(data[0, 1, 0][~np.isnan(data[0, 1, 0])]) == {4, 12}
    assert set(data[0, 0, 0]) == set(range(1, MAX_PEOPLE + 1))


def test_nobody_and_too_much_are_refused() -> None:
    nowhere = np.full((2, 3, 2), np.nan, dtype=np.float32)
    with pytest.raises(DataError, match=r"walk\.json: nobody is seen in any of 5 frames"):
        scene(HERE, 5, np.array([0, 1]), np.array([0, 0]), nowhere)
    with pytest.raises(DataError, match="too long for one clip"):
        scene(HERE, 10**9, np.array([0]), np.array([0]), np.ones((1, 3, 2), dtype=np.float32))


def test_order_in_frame_keeps_the_order_of_the_file() -> None:
    assert order_in_frame(np.array([4, 1, 4, 1, 1, 0])).tolist() == [0, 0, 1, 1, 2, 0]


def test_a_joint_is_there_whole_or_not_at_all() -> None:
    pose = np.array([[[1.0, 2.0, 0.5], [1.0, np.nan, 0.5], [1.0, 2.0, 0.0], [0.0, 0.0, 1.0]]])
    found = joints_whole_or_missing(pose, score=2)[0]
    assert np.isnan(found).all(axis=1).tolist() == [False, True, True, False]
    assert np.isnan(joints_whole_or_missing(pose)[0, 2]).tolist() == [False, False, False]
