"""COCO keypoints: frames, people and joints from small files made here."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from kinestream.clips import Clip
from kinestream.errors import DataError, KinestreamError, SkeletonError
from kinestream.formats import Reading, Stated, read_recording, read_recordings
from kinestream.formats.coco import read_coco
from kinestream.formats.coco_writer import write_coco
from kinestream.skeletons import skeleton

JOINTS = list(skeleton("coco17").joints)
ONE_A_SECOND = Stated(fps=1.0)


def person(image: object, x: float, **more: Any) -> dict[str, Any]:
    """All 17 joints at (x, 2x), fully visible, but for a joint that is not labelled."""
    keypoints = [value for k in range(17) for value in ((x, 2 * x, 2) if k != 5 else (9, 9, 0))]
    return {"image_id": image, "category_id": 1, "keypoints": keypoints, **more}


def file(
    folder: Path, images: list[dict[str, Any]], people: list[dict[str, Any]], **more: Any
) -> Path:
    categories = [{"id": 1, "name": "person", "keypoints": JOINTS, "skeleton": [[1, 2]]}]
    content = {"images": images, "annotations": people, "categories": categories, **more}
    return results(folder, content)


def results(folder: Path, content: object) -> Path:
    path = folder / "people.json"
    path.write_text(json.dumps(content))
    return path


def read(path: Path, stated: Stated = ONE_A_SECOND) -> Reading:
    return read_recording(path, stated, "coco")


def nose_x(clip: Clip) -> list[list[float]]:
    return np.nan_to_num(clip.data[0, :, 0], nan=-1).tolist()


def test_people_without_tracks_stand_in_the_order_of_their_frame(tmp_path: Path) -> None:
    images = [{"id": 70, "file_name": "10.jpg"}, {"id": 71, "file_name": "9.jpg"}]
    empty = {**person(71, 5), "keypoints": [0] * 51}
    clip, repairs = read(
        file(tmp_path, images, [empty, person(71, 1), person(71, 2), person(70, 3)])
    )
    assert nose_x(clip) == [[1, 2], [3, -1]]
    assert (clip.channels, clip.skeleton.name, clip.fps) == (("x", "y", "score"), "coco17", 1.0)
    assert np.isnan(clip.data[:, 0, 5, 0]).all()
    assert clip.data[:, 0, 6, 0].tolist() == [1, 2, 2]
    assert (repairs.rows, repairs.missing_joints, repairs.dropped_people) == (4, 3, 0)


def test_tracks_keep_their_slot_and_frame_ids_their_place(tmp_path: Path) -> None:
    images = [{"id": t, "frame_id": t} for t in (12, 10, 13)]
    people = [person(10, 1, track_id=8), person(13, 2, track_id=8), person(13, 3, track_id=4)]
    clip, repairs = read(file(tmp_path, images, people))
    assert nose_x(clip) == [[-1, 1], [-1, -1], [-1, -1], [3, 2]]
    assert (repairs.empty_frames, repairs.gaps, repairs.backwards) == (2, 1, 0)


def test_a_list_of_results_is_read_by_frame_number(tmp_path: Path) -> None:
    people = [person("0.jpg", 1, idx=2), person("3.jpg", 2, idx=1), person("3.jpg", 3, idx=2)]
    clip, repairs = read(results(tmp_path, people))
    assert nose_x(clip) == [[-1, 1], [-1, -1], [-1, -1], [2, 3]]
    assert repairs.empty_frames == 2


def test_ids_far_apart_are_loose_images(tmp_path: Path) -> None:
    clip, repairs = read(results(tmp_path, [person(40083, 2), person(785, 1), person(40083, 3)]))
    assert nose_x(clip) == [[1, -1], [2, 3]]
    assert repairs.gaps == 0


def test_scores_of_results_are_kept(tmp_path: Path) -> None:
    keypoints = [value for k in range(17) for value in (k, k, k / 16)]
    clip, _ = read(results(tmp_path, [{"image_id": 1, "keypoints": keypoints, "score": 0.9}]))
    np.testing.assert_allclose(clip.data[2, 0, 1:, 0], np.arange(1, 17) / 16)
    assert np.isnan(clip.data[:, 0, 0, 0]).all()


def test_videos_are_recordings_of_their_own(tmp_path: Path) -> None:
    images = [{"id": k, "video_id": k // 2, "frame_id": k % 2} for k in range(4)]
    people = [person(k, k + 1) for k in range(4)]
    path = file(tmp_path, images, people, videos=[{"id": 0, "name": "walk"}])
    found = list(read_recordings(path, ONE_A_SECOND))
    assert [each.name for each in found] == ["people/walk", "people/1"]
    assert [nose_x(each.clip) for each in found] == [[[1], [2]], [[3], [4]]]
    with pytest.raises(DataError, match=r"holds 2 recordings \(people/walk, people/1\); name one"):
        read(path)
    assert nose_x(read(path, Stated(fps=1.0, recording="people/1")).clip) == [[3], [4]]
    with pytest.raises(DataError, match="none is 'people/9'"):
        read(path, Stated(fps=1.0, recording="people/9"))


def test_joints_are_found_by_name(tmp_path: Path) -> None:
    path = file(tmp_path, [{"id": 1}], [person(1, 1)])
    content = json.loads(path.read_text())
    content["categories"][0]["keypoints"] = JOINTS[::-1]
    clip, _ = read(results(tmp_path, content))
    assert clip.skeleton.name == "coco17"
    assert np.isnan(clip.data[0, 0, :, 0]).tolist() == [k == 16 - 5 for k in range(17)]


def test_joints_of_a_category_make_a_skeleton(tmp_path: Path) -> None:
    category = {
        "id": 3,
        "name": "dog",
        "keypoints": ["nose", "left_paw", "right_paw"],
        "skeleton": [[1, 2], [3, 1], [2, 2], ["a", 1]],
    }
    dog = {"image_id": 1, "category_id": 3, "keypoints": [1, 2, 2, 3, 4, 1, 5, 6, 2]}
    clip, _ = read(file(tmp_path, [{"id": 1}], [dog], categories=[category]))
    found = clip.skeleton
    assert (found.name, found.units, found.pairs) == ("dog", "px", ((1, 2),))
    assert found.bones == ((1, 0), (0, 2))
    assert clip.data[..., 0].ravel().tolist() == [1, 3, 5, 2, 4, 6, 2, 1, 2]
    category["skeleton"] = [[1, 9]]
    with pytest.raises(SkeletonError, match=r"people\.json: skeleton 'dog'"):
        read(file(tmp_path, [{"id": 1}], [dog], categories=[category]))


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"annotations": []}, "holds 0 annotations, none with keypoints"),
        ({"annotations": {"a": 1}}, "annotations must be a list"),
        ({"annotations": [person(None, 1)]}, "image_id must be a number or a name"),
        ({"annotations": [person([1], 1)]}, "image_id must be a number or a name"),
        ({"annotations": [{**person(1, 1), "keypoints": ["a"] * 51}]}, "must be a list of numbers"),
        ({"annotations": [{**person(1, 1), "keypoints": [1, 2]}]}, "has not 17 keypoints"),
        ({"annotations": [person(5, 1)]}, "nobody is seen in any of 1 frames"),
        ({"images": {}}, "images must be a list"),
        ({"images": [{"file_name": "a"}]}, "images must be a list of objects with an id"),
        ({"images": [{"id": 1, "frame_id": 0}, {"id": 2, "frame_id": 10**9}]}, "only 2 of"),
    ],
)
def test_a_wrong_file_is_one_clear_sentence(
    tmp_path: Path, change: dict[str, Any], says: str
) -> None:
    path = file(tmp_path, [{"id": 1}], [person(1, 1)])
    path.write_text(json.dumps(json.loads(path.read_text()) | change))
    with pytest.raises(KinestreamError, match=says) as caught:
        read(path)
    assert str(path) in str(caught.value)


def test_boxes_are_no_poses(tmp_path: Path) -> None:
    path = results(tmp_path, [{"bbox": [1, 2, 3, 4], "image_id": 1, "score": 0.5}])
    with pytest.raises(DataError, match="holds 1 annotations, none with keypoints"):
        read(path)


def test_keypoints_without_names_need_a_skeleton(tmp_path: Path) -> None:
    path = results(tmp_path, [{"image_id": 1, "keypoints": [1, 2, 3] * 18}])
    with pytest.raises(SkeletonError, match="18 keypoints without names, skeleton 'coco17' has 17"):
        read(path)
    assert read(path, Stated(skeleton("openpose18"), 1.0)).clip.skeleton.name == "openpose18"


def test_two_kinds_of_animals_are_refused(tmp_path: Path) -> None:
    categories = [{"id": k, "keypoints": [f"a{k}", "b"]} for k in (1, 2)]
    people = [{"image_id": 1, "category_id": k, "keypoints": [1] * 6} for k in (1, 2)]
    with pytest.raises(DataError, match="2 categories with keypoints of their own"):
        read(file(tmp_path, [{"id": 1}], people, categories=categories))


def test_the_rate_must_be_stated(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="does not tell its frame rate"):
        list(read_coco(file(tmp_path, [{"id": 1}], [person(1, 1)]), Stated()))


def test_what_is_written_is_read_again_with_absent_people(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    data = rng.uniform(1, 500, (3, 5, 18, 3)).astype(np.float32)
    data[:, :2, :, 1] = np.nan
    data[:, 3] = np.nan
    data[:, 4, 7] = np.nan
    clip = Clip(data, skeleton("openpose18"), 1.0, ("x", "y", "score"))
    write_coco(clip, tmp_path / "people.json")
    again = read(tmp_path / "people.json").clip
    np.testing.assert_array_equal(again.data, data)
    annotation = json.loads((tmp_path / "people.json").read_text())["annotations"][0]
    x, y = data[0, 0, :, 0], data[1, 0, :, 0]
    expected = [x.min(), y.min(), x.max() - x.min(), y.max() - y.min()]
    np.testing.assert_allclose(annotation["bbox"], expected, rtol=1e-5)
    assert annotation["num_keypoints"] == 18


def test_positions_without_scores_are_written_as_visible(tmp_path: Path) -> None:
    data = np.ones((2, 2, 17, 1), dtype=np.float32)
    write_coco(Clip(data, skeleton("coco17"), 1.0, ("x", "y")), tmp_path / "people.json")
    assert (read(tmp_path / "people.json").clip.data[2] == 2).all()
    with pytest.raises(DataError, match="COCO files hold x, y"):
        write_coco(Clip(np.ones((3, 2, 17, 1)), skeleton("coco17"), 1.0), tmp_path / "a.json")
