"""Published preparation on small numbers; the golden files hold it to the originals.

Legend: M people, T frames, V joints, C channels.
"""

from __future__ import annotations

import numpy as np
import pytest

from kinestream.errors import ConfigError, DataError
from kinestream.features.published import agcn, ctrgcn, pyskl, pyskl_streams


def people(frames: int = 6, count: int = 2, seed: int = 0) -> np.ndarray:
    """(M, T, 25, 3)."""
    return np.random.default_rng(seed).normal(1, 1, (count, frames, 25, 3))


def test_pyskl_stands_the_main_person_up() -> None:
    x = people()
    x[0, :3] = 0  # the second is seen longer
    made = pyskl.pre_normalise_3d(x)
    assert made.total_frames == 6
    first = made.points[0, 0]
    np.testing.assert_allclose(first[1], 0, atol=1e-12)
    assert made.body_centre is not None
    np.testing.assert_allclose(made.body_centre, x[1, 0, 1])
    shoulders = first[8] - first[4]
    np.testing.assert_allclose(shoulders[1:], 0, atol=1e-9)
    assert shoulders[0] > 0
    far = np.linalg.norm(x[1, 2, 5] - x[1, 4, 7])
    assert np.linalg.norm(made.points[0, 2, 5] - made.points[0, 4, 7]) == pytest.approx(far)
    assert not made.points[1, :3].any()  # who is not there stays at zero


def test_pyskl_takes_the_first_of_two_who_are_seen_alike() -> None:
    x = people()
    x[0, 0] = x[1, 5] = 0
    made = pyskl.pre_normalise_3d(x, align_centre=False, align_spine=False)
    np.testing.assert_array_equal(made.points, x[:, 1:])


def test_pyskl_leaves_empty_frames_out() -> None:
    x = people(count=1)
    x[0, [0, 3]] = 0
    assert pyskl.pre_normalise_3d(x).total_frames == 4
    nobody = np.zeros_like(x)
    assert pyskl.pre_normalise_3d(nobody).points is nobody
    kept = pyskl.pre_normalise_3d(x, align_centre=False, align_spine=False)
    np.testing.assert_array_equal(kept.points, x[:, [1, 2, 4, 5]])
    assert kept.body_centre is None


def test_pyskl_centres_other_layouts_on_their_last_joint() -> None:
    x = people(count=1)[:, :, :9]
    made = pyskl.pre_normalise_3d(x, align_spine=False)
    np.testing.assert_allclose(made.points[0, 0, 8], 0)


def test_pyskl_pads_and_forms_scenes() -> None:
    x = people(frames=4, count=1)
    assert (pyskl.pad_to(x, 10)[:, [4, 9]] == x[:, [0, 1]]).all()
    assert not pyskl.pad_to(x, 10, "zero")[:, 4:].any()
    scene = pyskl.format_gcn_input(x, people=2, clips=2)
    assert scene.shape == (2, 2, 2, 25, 3)
    assert (scene[1, 0] == x[0, 2:]).all() and not scene[:, 1].any()
    assert len(pyskl.format_gcn_input(people(), people=1)[0]) == 1
    with pytest.raises(DataError, match="4 frames do not divide into 3 clips"):
        pyskl.format_gcn_input(x, clips=3)
    with pytest.raises(ConfigError, match="loop or zero, got 'end'"):
        pyskl.pad_to(x, 10, "end")


def test_pixels_become_halves_of_the_image() -> None:
    x = np.array([[[[0, 0, 1.0], [1280, 720, 1.0], [960, 180, 0.01]]]])
    made = pyskl_streams.pre_normalise_2d(x, (720, 1280))[0, 0]
    assert made.tolist() == [[-1, -1, 1], [1, 1, 1], [0, 0, 0.01]]
    made = pyskl_streams.pre_normalise_2d(x[..., :2], mode="auto")[0, 0]
    assert made.tolist() == [[-1, -1], [1, 1], [0.5, -0.5]]
    small = x / 200
    assert (pyskl_streams.pre_normalise_2d(small[..., :2], mode="auto") == small[..., :2]).all()
    with pytest.raises(ConfigError, match="auto, or fix with an image's size"):
        pyskl_streams.pre_normalise_2d(x)
    with pytest.raises(DataError, match=r"must be \(M, T, V, 2 or 3\)"):
        pyskl_streams.pre_normalise_2d(x[0], mode="auto")


def test_streams_stand_side_by_side() -> None:
    x = people()
    made = pyskl_streams.streams(x, "ntu", ["bm", "j"])
    assert made.shape == (2, 6, 25, 6)
    np.testing.assert_allclose(
        made[:, 2, 5, 0], (x[:, 3, 5] - x[:, 3, 4] - x[:, 2, 5] + x[:, 2, 4])[:, 0]
    )
    assert (made[..., 3:] == x).all()
    with pytest.raises(ConfigError, match="layout must be one of ntu, coco"):
        pyskl_streams.streams(x, "kinect", ["j"])
    with pytest.raises(ConfigError, match="streams of j, b, jm, bm, got"):
        pyskl_streams.streams(x, "ntu", ["v"])
    with pytest.raises(DataError, match=r"must be \(M, T, 17, C\) for layout 'coco'"):
        pyskl_streams.streams(x, "coco", ["j"])


def test_every_table_of_parents_is_a_tree() -> None:
    for layout, parents in pyskl_streams.PARENTS.items():
        roots = {v for v, parent in enumerate(parents) if v == parent}
        assert len(roots) == 1, layout
        for joint in range(len(parents)):
            for _ in parents:
                joint = parents[joint]
            assert joint in roots, layout


def test_crops_are_stretched_along_lines() -> None:
    x = np.arange(8, dtype=np.float32).reshape(1, 8, 1, 1)
    assert ctrgcn.crop_resize(x, 2, 4, 8).ravel().tolist() == [2, *np.arange(2.25, 5, 0.5), 5]
    assert ctrgcn.crop_resize(x, 0, 8, 4).ravel().tolist() == [0.5, 2.5, 4.5, 6.5]
    assert ctrgcn.valid_crop_resize(x, 8, [0.5], 4).ravel().tolist() == [2, 3, 4, 5]
    rng = np.random.default_rng(0)
    long = np.arange(200, dtype=np.float32).reshape(1, 200, 1, 1)
    for _ in range(20):
        made = ctrgcn.valid_crop_resize(long, 180, [0.5, 1], 64, rng).ravel()
        assert 0 <= made[0] < made[-1] < 180 and 90 <= (made[-1] - made[0]) * 64 / 63 <= 181
    with pytest.raises(ConfigError, match="one, or two with a generator"):
        ctrgcn.valid_crop_resize(x, 8, [0.5, 1], 4)
    with pytest.raises(DataError, match="frames 3 to 9 of 8 cannot become 4"):
        ctrgcn.crop_resize(x, 3, 6, 4)


def test_turns_are_clockwise() -> None:
    x = np.eye(3, dtype=np.float32).reshape(3, 1, 3, 1)  # a joint on each axis
    quarter = np.pi / 2
    for axis, goes in ((0, {1: -2, 2: 1}), (1, {2: -0, 0: 2}), (2, {0: -1, 1: 0})):
        made = ctrgcn.turn(x, np.eye(3)[axis] * quarter)[:, 0, :, 0].round(6)
        assert made[axis, axis] == 1
        for joint, onto in goes.items():
            assert abs(made[abs(onto), joint]) == 1
        assert np.linalg.det(made) == pytest.approx(1)
    about_x = ctrgcn.turn(x, np.array([quarter, 0, 0]))[:, 0, :, 0].round(6)
    assert about_x[:, 1].tolist() == [0, 0, -1]  # y goes to -z


def test_ctrgcn_streams() -> None:
    x = np.array([1, 4, 9], np.float32).reshape(1, 3, 1, 1) * np.array([1, 2], np.float32)[:, None]
    assert ctrgcn.valid_frames(x) == 3
    assert ctrgcn.bones(x, [(1, 0)])[0, :, :, 0].tolist() == [[0, 1], [0, 4], [0, 9]]
    assert ctrgcn.velocity(x)[0, :, 1, 0].tolist() == [6, 10, 0]


def test_agcn_goes_round_and_follows_the_centre() -> None:
    x = np.zeros((1, 3, 7, 25, 2), np.float32)
    x[0, :, 2:5, :, 0] = people(frames=3, count=1)[0].transpose(2, 0, 1)
    kept = x.copy()
    made = agcn.pre_normalise(x)
    assert (x == kept).all()
    np.testing.assert_allclose(made[0, :, 3:6, :, 0], made[0, :, :3, :, 0], atol=1e-6)
    np.testing.assert_allclose(made[0, :, 6, :, 0], made[0, :, 0, :, 0], atol=1e-6)
    np.testing.assert_allclose(made[0, :, :, 1, 0], 0, atol=1e-6)
    assert not made[..., 1].any()
    way = made[0, :, 0, 8, 0] - made[0, :, 0, 4, 0]
    np.testing.assert_allclose(way / np.linalg.norm(way), [1, 0, 0], atol=1e-5)
    assert not agcn.pre_normalise(np.zeros_like(x)).any()
    with pytest.raises(DataError, match=r"must be \(N, 3, T, V, M\)"):
        agcn.pre_normalise(x[0])


def test_shapes_that_are_no_people_are_refused() -> None:
    with pytest.raises(DataError, match=r"must be \(M, T, V, 3\) of one or two people"):
        pyskl.pre_normalise_3d(people(count=3))
