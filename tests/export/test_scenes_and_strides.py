"""Networks of scenes and networks that answer at their own rate, from training to the stream."""

from __future__ import annotations

import copy
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from kinestream.bundle import Bundle
from kinestream.clips import Clip
from kinestream.errors import ConfigError, DataError, SkeletonError
from kinestream.export import export_run
from kinestream.recognition import recognise, recognise_people
from kinestream.streaming import softmax
from kinestream.training.config import TrainConfig
from kinestream.training.loop import train
from kinestream.training.run_folder import RunFolder

ClipOf = Callable[..., Clip]


def bundle_of(settings: dict[str, Any], folder: Path, **arguments: Any) -> Bundle:
    """A bundle trained for one epoch."""
    changed = copy.deepcopy(settings)
    changed["network"]["arguments"] |= arguments
    changed["training"] |= {"epochs": 1}
    run = RunFolder(folder / "run")
    train(TrainConfig.model_validate(changed), run)
    return export_run(run)


@pytest.fixture(scope="module")
def strided(settings: dict[str, Any], tmp_path_factory: pytest.TempPathFactory) -> Bundle:
    return bundle_of(settings, tmp_path_factory.mktemp("strided"), strides=[2, 2])


@pytest.fixture(scope="module")
def scenes(settings: dict[str, Any], tmp_path_factory: pytest.TempPathFactory) -> Bundle:
    folder = tmp_path_factory.mktemp("scenes")
    return bundle_of(settings, folder, people=2, norm_in="people")


@pytest.mark.parametrize("frames", [1, 3, 40])
def test_frames_between_two_answers_share_the_first(
    strided: Bundle, clip_of: ClipOf, frames: int
) -> None:
    clip = clip_of(frames, seed=3)
    timeline = recognise(clip, strided)
    truth = softmax(strided.logits(clip.data).transpose(0, 2, 1))[0]
    np.testing.assert_allclose(timeline.scores, truth, atol=1e-5)
    for t in range(frames):
        np.testing.assert_array_equal(timeline.scores[t], timeline.scores[t // 4 * 4])
    assert strided.manifest.stride == 4


def test_a_scene_gets_one_timeline(scenes: Bundle, clip_of: ClipOf) -> None:
    pair = clip_of(30, seed=8, people=2)
    (timeline,) = recognise_people(pair, scenes)
    truth = softmax(scenes.logits(pair.data).transpose(0, 2, 1))
    np.testing.assert_allclose(timeline.scores, truth[0], atol=1e-5)
    (swapped,) = recognise_people(
        Clip(pair.data[..., ::-1].copy(), pair.skeleton, pair.fps, classes=pair.classes), scenes
    )
    assert np.abs(swapped.scores - timeline.scores).max() > 1e-4, "places have norms of their own"


def test_who_is_missing_from_a_scene_is_zeros(scenes: Bundle, clip_of: ClipOf) -> None:
    alone = clip_of(30, seed=8)
    filled = np.concatenate([alone.data, np.zeros_like(alone.data)], axis=-1)
    (timeline,) = recognise_people(alone, scenes)
    truth = softmax(scenes.logits(filled).transpose(0, 2, 1))[0]
    np.testing.assert_allclose(timeline.scores, truth, atol=1e-5)
    stream = scenes.stream()
    for t in range(30):
        stream.push(alone.data[:, t, :, 0])
    np.testing.assert_allclose(stream.answers[0][1], truth[29 - scenes.delay_frames], atol=1e-5)


def test_wrong_scenes_are_refused(scenes: Bundle, clip_of: ClipOf) -> None:
    crowd = clip_of(10, people=3)
    with pytest.raises(DataError, match="shows 3 people, bundle 'tiny' labels scenes of 2"):
        recognise_people(crowd, scenes)
    with pytest.raises(SkeletonError, match=r"must be \(3, 5, 2\) .* got \(3, 5, 3\)"):
        scenes.stream().push(crowd.data[:, 0])
    with pytest.raises(DataError, match="3 people in a scene of 2"):
        scenes.logits(crowd.data)


def test_what_cannot_stream_is_refused_before_training(
    settings: dict[str, Any], tmp_path: Path
) -> None:
    with pytest.raises(ConfigError, match="averages over whole clips"):
        bundle_of(settings, tmp_path, head="clip", averaging={"over": "clip"})
    assert not (tmp_path / "run").exists()


def test_a_look_ahead_in_seconds(settings: dict[str, Any], tmp_path: Path) -> None:
    changed = copy.deepcopy(settings)
    changed["network"]["lookahead_s"] = 0.08
    with pytest.raises(ConfigError, match="lookahead_s or the argument lookahead, not both"):
        train(TrainConfig.model_validate(changed), RunFolder(tmp_path / "run"))
    del changed["network"]["arguments"]["lookahead"]
    changed["training"]["epochs"] = 1
    train(TrainConfig.model_validate(changed), RunFolder(tmp_path / "run"))
    bundle = export_run(RunFolder(tmp_path / "run"))
    assert bundle.delay_frames == 2  # at 25 fps
    assert bundle.manifest.network.arguments["lookahead"] == 2


def test_windows_of_a_clip_network_are_a_bundle(
    settings: dict[str, Any], tmp_path: Path, clip_of: ClipOf
) -> None:
    options = {"head": "clip", "averaging": {"over": "clip"}, "lookahead": 0, "norm": "layer"}
    bundle = bundle_of(settings, tmp_path, **options, window={"frames": 10, "stride": 5})
    clip = clip_of(33, seed=3)
    truth = softmax(bundle.logits(clip.data).transpose(0, 2, 1))[0]
    np.testing.assert_allclose(recognise(clip, bundle).scores, truth, atol=1e-5)
    assert (bundle.delay_frames, bundle.manifest.stride) == (4, 5)
