"""The real COCO annotations, where they are at hand: images and people against the raw file."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from kinestream.errors import DataError
from kinestream.formats import Stated, find_recordings, read_recording

POSE = Path(__file__).parents[2].parent / "shared" / "data" / "pose" / "coco"


@pytest.mark.skipif(not POSE.is_dir(), reason=f"the real annotations are not there: {POSE}")
def test_coco() -> None:
    path = POSE / "test_coco.json"
    assert find_recordings(POSE) == [path]
    clip, repairs = read_recording(path, Stated(fps=1.0))
    assert (clip.data.shape, clip.skeleton.name) == ((3, 4, 17, 5), "coco17")
    raw = json.loads(path.read_text())
    seen = [each for each in raw["annotations"] if each["num_keypoints"]]
    images = sorted(image["file_name"] for image in raw["images"])
    names = {image["id"]: images.index(image["file_name"]) for image in raw["images"]}
    people = ~np.isnan(clip.data).all(axis=(0, 2))  # (T, M)
    assert people.sum() == len(seen) == 12
    assert (repairs.rows, repairs.missing_joints) == (
        14,
        12 * 17 - sum(e["num_keypoints"] for e in seen),
    )
    slots = [0] * len(images)
    for each in seen:
        frame = names[each["image_id"]]
        expected = np.array(each["keypoints"], dtype=np.float32).reshape(17, 3)
        expected[expected[:, 2] == 0] = np.nan
        np.testing.assert_array_equal(clip.data[:, frame, :, slots[frame]].T, expected)
        slots[frame] += 1
    with pytest.raises(DataError, match="118 annotations, none with keypoints"):
        read_recording(POSE / "test_coco_det_AP_H_56.json", Stated(fps=1.0), "coco")
