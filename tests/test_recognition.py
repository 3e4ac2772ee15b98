"""Recordings through a bundle: files, clips, people, other rates; and without torch."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

import kinestream as ks
from kinestream.bundle import Bundle, shipped_bundles
from kinestream.clips import Clip
from kinestream.errors import DataError, InputError, MissingFileError, SkeletonError
from kinestream.recognition import recognise_people
from kinestream.skeletons import skeleton
from kinestream.streaming import resample_clip, softmax

ClipOf = Callable[..., Clip]


def truth_of(bundle: Bundle, clip: Clip) -> NDArray[np.float32]:
    """(M, T, K) probabilities from the clip graph."""
    return softmax(bundle.logits(clip.data).transpose(0, 2, 1))


def test_a_timeline_holds_the_numbers_of_the_clip(bundle: Bundle, clip_of: ClipOf) -> None:
    clip = clip_of(50, seed=3)
    timeline = ks.recognise(clip, bundle)
    np.testing.assert_allclose(timeline.scores, truth_of(bundle, clip)[0], atol=1e-5)
    np.testing.assert_allclose(timeline.times_s, np.arange(50) / 25)
    assert (timeline.classes, timeline.fps, timeline.person) == (bundle.classes, 25.0, 0)
    assert (timeline.delay_frames, timeline.background) == (3, (0,))
    assert np.array_equal(np.asarray(timeline.truth), np.asarray(clip.labels))
    assert timeline.latency_ms is not None
    assert timeline.latency_ms.shape == (50,)
    assert (timeline.latency_ms > 0).all()


@pytest.mark.parametrize("frames", [1, 2, 3, 4])
def test_a_recording_shorter_than_the_delay_gets_a_label_for_each_frame(
    bundle: Bundle, clip_of: ClipOf, frames: int
) -> None:
    timeline = ks.recognise(clip_of(frames), bundle)
    np.testing.assert_allclose(timeline.scores, truth_of(bundle, clip_of(frames))[0], atol=1e-5)


def test_two_people_get_a_timeline_each(bundle: Bundle, clip_of: ClipOf) -> None:
    clip = clip_of(30, seed=8, people=2)
    one, other = recognise_people(clip, bundle)
    assert (one.person, other.person) == (0, 1)
    for person, timeline in enumerate((one, other)):
        np.testing.assert_allclose(timeline.scores, truth_of(bundle, clip)[person], atol=1e-5)
        alone = ks.recognise(clip.person(person), bundle)
        np.testing.assert_allclose(timeline.scores, alone.scores, atol=1e-5)
    assert not np.allclose(one.scores, other.scores, atol=1e-3)
    again = ks.recognise(clip, bundle, person=1)
    assert again.person == 1
    np.testing.assert_array_equal(again.scores, other.scores)


def test_labels_come_frame_by_frame_and_person_by_person(bundle: Bundle, clip_of: ClipOf) -> None:
    clip = clip_of(20, seed=8, people=2)
    labels = list(ks.run(clip, bundle))
    assert [(label.index, label.person) for label in labels] == [
        (t, person) for t in range(20) for person in range(2)
    ]
    timelines = recognise_people(clip, bundle)
    for label in labels:
        timeline = timelines[label.person]
        assert label.label == timeline.labels[label.index]
        assert label.score == pytest.approx(timeline.confidence[label.index])
        assert label.time_s == pytest.approx(label.index / 25)


def test_a_label_is_yielded_before_the_next_frame_is_pushed(
    bundle: Bundle, clip_of: ClipOf, monkeypatch: pytest.MonkeyPatch
) -> None:
    pushed: list[int] = []
    push_many = Bundle.push_many

    def counted(self: Bundle, streams: list[ks.Stream], frames: list[object]) -> object:
        pushed.append(len(pushed))
        return push_many(self, streams, frames)  # type: ignore[arg-type]

    monkeypatch.setattr(Bundle, "push_many", counted)
    for label in ks.run(clip_of(15), bundle):
        assert len(pushed) == min(label.index + 1 + 3, 15)


def test_labels_are_told_as_they_come(bundle: Bundle, clip_of: ClipOf) -> None:
    told: list[ks.FrameLabel] = []
    (timeline,) = recognise_people(clip_of(12), bundle, on_label=told.append)
    assert [label.label for label in told] == timeline.labels.tolist()


def test_other_rates_are_resampled(bundle: Bundle, clip_of: ClipOf) -> None:
    clip = clip_of(61, seed=5, fps=30)
    timeline = ks.recognise(clip, bundle)
    assert timeline.num_frames == 51  # 2 s at 25 fps, both ends
    resampled = resample_clip(clip, 25)
    np.testing.assert_allclose(timeline.scores, truth_of(bundle, resampled)[0], atol=1e-5)
    assert np.array_equal(np.asarray(timeline.truth), np.asarray(resampled.labels))
    assert timeline.times_s[-1] == pytest.approx(2)


def test_the_truth_is_in_the_order_of_the_bundle(bundle: Bundle, clip_of: ClipOf) -> None:
    clip = replace(
        clip_of(8), classes=("turn", "jump", "rest"), labels=np.array([0, 1, 2, -1, 0, 1, 2, -1])
    )
    truth = ks.recognise(clip, bundle).truth
    assert truth is not None
    assert truth.tolist() == [2, -1, 0, -1, 2, -1, 0, -1]
    unknown = replace(clip_of(8), labels=None, classes=())
    assert ks.recognise(unknown, bundle).truth is None


def test_pacing_waits_for_each_frame(
    bundle: Bundle, clip_of: ClipOf, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = [100.0]
    monkeypatch.setattr(time, "perf_counter", lambda: now[0])
    slept: list[float] = []

    def sleep(seconds: float) -> None:
        slept.append(seconds)
        now[0] += seconds

    monkeypatch.setattr(time, "sleep", sleep)
    for label in ks.run(clip_of(10), bundle, paced=True):
        late = 0.3 if label.index > 2 else 0.0
        assert now[0] - 100 == pytest.approx(max(min(label.index + 3, 9) / 25, late))
        if label.index == 2:
            now[0] += 0.1  # whoever listens is slow once; the lost time is caught up
    assert sum(slept) == pytest.approx(9 / 25 - 0.1)
    assert min(slept) == 0.0


@pytest.fixture
def folder(clip_of: ClipOf, tmp_path: Path) -> Path:
    for seed in (1, 2):
        clip_of(10 * seed, seed).save(tmp_path / "in" / f"s{seed}.npz")
    return tmp_path / "in"


def test_files_folders_and_patterns_are_recognised(
    bundle: Bundle, bundle_path: Path, clip_of: ClipOf, folder: Path
) -> None:
    one = ks.recognise(folder / "s1.npz", bundle_path)
    np.testing.assert_array_equal(one.scores, ks.recognise(clip_of(10, 1), bundle).scores)
    assert len(list(ks.run(folder, str(bundle_path)))) == 30
    assert len(list(ks.run(f"{folder}/s2*", bundle))) == 20
    with pytest.raises(DataError, match="holds 2 recordings; recognise takes one, run many"):
        ks.recognise(folder, bundle)


def test_what_does_not_fit_is_named(bundle: Bundle, clip_of: ClipOf, tmp_path: Path) -> None:
    kinect = Clip(np.ones((3, 5, 20, 1), np.float32), skeleton("kinect20"), 25, source="k.npz")
    clip = clip_of(5)
    renamed = replace(clip, skeleton=replace(clip.skeleton, joints=("a", "b", "c", "d", "e")))
    missing = clip_of(5)
    missing.data[0, 2, 4] = np.nan
    far = replace(clip, data=clip.data * np.float32(1e9))
    cases: list[tuple[Clip, type[InputError], str]] = [
        (
            kinect,
            SkeletonError,
            "k.npz has the 20 joints of skeleton 'kinect20', bundle 'tiny' takes the 5 of 'body5'",
        ),
        (renamed, SkeletonError, "the clip has the 5 joints of skeleton 'body5'"),
        (
            replace(clip, channels=("y", "x", "z")),
            DataError,
            "the clip has channels y, x, z, bundle 'tiny' takes x, y, z",
        ),
        (missing, DataError, "joint 4 of frame 2 is nan"),
        (far, DataError, "values above 1e[+]06 are taken for a broken sensor or a wrong unit"),
        (replace(clip, fps=1000.0), DataError, "frames come at 1000 fps, the bundle works at 25"),
    ]
    for wrong, error, says in cases:
        with pytest.raises(error, match=says):
            ks.recognise(wrong, bundle)
        with pytest.raises(error, match=says):
            next(ks.run(wrong, bundle))
    with pytest.raises(DataError, match="shows 1 people, there is no number 1"):
        ks.recognise(clip, bundle, person=1)
    with pytest.raises(DataError, match="there is no number -1"):
        ks.recognise(clip, bundle, person=-1)
    with pytest.raises(MissingFileError, match="there is no file or folder .*none"):
        ks.recognise(tmp_path / "none", bundle)
    with pytest.raises(SkeletonError, match="no shipped bundle takes skeleton 'body5'; name one"):
        ks.recognise(clip)


WITHOUT_TORCH = """
import sys
sys.modules["torch"] = None  # any import of it fails
import kinestream as ks
timeline = ks.recognise(sys.argv[1], sys.argv[2])
labels = list(ks.run(sys.argv[1], bundle=sys.argv[2]))
assert [label.label for label in labels] == timeline.labels.tolist()
assert not [name for name in sys.modules if name.startswith("torch.")]
print(len(labels), *timeline.labels)
"""

SHIPPED_WITHOUT_TORCH = """
import sys
sys.modules["torch"] = None
import kinestream as ks
for kind in ("phonewatch", "kinect"):
    clip = ks.generate(kind, 1)
    timeline = ks.recognise(clip)
    assert timeline.num_frames == clip.num_frames
    print(kind, f"{timeline.report().frame_accuracy:.1f}")
"""


def test_a_bundle_runs_without_torch(
    bundle: Bundle, bundle_path: Path, clip_of: ClipOf, folder: Path
) -> None:
    done = subprocess.run(
        [sys.executable, "-c", WITHOUT_TORCH, str(folder / "s2.npz"), str(bundle_path)],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    labels = truth_of(bundle, clip_of(20, 2))[0].argmax(axis=1)
    assert done.stdout.split() == ["20", *map(str, labels)]


@pytest.mark.skipif(len(shipped_bundles()) < 2, reason="the bundles are not shipped yet")
def test_shipped_bundles_know_generated_recordings_without_torch() -> None:
    done = subprocess.run(
        [sys.executable, "-c", SHIPPED_WITHOUT_TORCH], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    for line in done.stdout.splitlines():
        assert float(line.split()[1]) > 50, done.stdout
