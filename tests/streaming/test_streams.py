"""Streams: the numbers of the clip graph, one frame at a time, for one person or for many."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import ArrayLike, NDArray

from kinestream.bundle import Bundle, load
from kinestream.clips import Clip
from kinestream.errors import DataError, InputError, SkeletonError
from kinestream.streaming import Stream, push_many, softmax
from kinestream.timeline import FrameLabel

Array = NDArray[np.float32]
ClipOf = Callable[..., Clip]
DELAY = 3


def frames_of(clip: Clip, person: int = 0) -> list[Array]:
    return [clip.data[:, t, :, person] for t in range(clip.num_frames)]


def streamed(stream: Stream, frames: Sequence[ArrayLike]) -> Array:
    """(T, K): the probabilities of every frame, pushed one by one and flushed."""
    rows = []
    for frame in frames:
        stream.push(frame)
        rows += [scores for _, scores in stream.answers]
    stream.flush()
    return np.stack([*rows, *(scores for _, scores in stream.answers)])


def at_once(bundle: Bundle, frames: Sequence[Array]) -> Array:
    """(T, K): the same from the clip graph."""
    data = np.stack(frames, axis=1)[..., None]
    return softmax(bundle.logits(data)[0].T)


def close(one: Array, other: Array) -> None:
    np.testing.assert_allclose(one, other, rtol=0, atol=1e-5)


@pytest.mark.parametrize("frames", [1, 2, DELAY, DELAY + 1, 9, 60])
def test_a_stream_gives_the_numbers_of_the_clip(
    bundle: Bundle, clip_of: ClipOf, frames: int
) -> None:
    joints = frames_of(clip_of(frames, seed=frames))
    scores = streamed(bundle.stream(), joints)
    assert scores.shape == (frames, 3)
    close(scores, at_once(bundle, joints))
    assert np.ptp(at_once(bundle, joints), axis=0).max() > 1e-3 or frames == 1


def test_a_label_says_of_which_frame_it_speaks(bundle: Bundle, clip_of: ClipOf) -> None:
    joints = frames_of(clip_of(12))
    truth = at_once(bundle, joints)
    stream = bundle.stream(person=7)
    assert stream.delay_s == DELAY / 25
    labels = [stream.push(frame) for frame in joints]
    for label in labels[:DELAY]:
        assert (label.index, label.label, label.name, label.score) == (-1, -1, "", 0.0)
    labels = labels[DELAY:] + stream.flush()
    for index, label in enumerate(labels):
        best = int(truth[index].argmax())
        name = bundle.classes[best]
        assert label == FrameLabel(index, index / 25, 7, best, name, label.score, DELAY / 25)
        assert label.score == pytest.approx(float(truth[index].max()), abs=1e-5)
    assert len(labels) == 12
    assert stream.label == labels[-1]


@pytest.mark.parametrize("start_s", [-5.0, 0.0, 1000.5, 1.7e9])
def test_times_may_start_anywhere(bundle: Bundle, clip_of: ClipOf, start_s: float) -> None:
    times = [start_s + t / 25 for t in range(10)]
    stream = bundle.stream()
    labels = [stream.push(f, t) for f, t in zip(frames_of(clip_of(10)), times, strict=True)]
    labels = [label for label in labels if label.index >= 0] + stream.flush()
    assert [label.time_s for label in labels] == times


def test_a_label_carries_the_time_of_its_frame_and_no_other(
    bundle: Bundle, clip_of: ClipOf
) -> None:
    """A camera that stutters, and one that loses a second."""
    times = [0.0, 0.041, 0.079, 0.125, 0.16, 1.2, 1.24, 1.281, 1.32, 1.36]
    stream = bundle.stream()
    labels = [stream.push(f, t) for f, t in zip(frames_of(clip_of(10)), times, strict=True)]
    labels = [label for label in labels if label.index >= 0] + stream.flush()
    assert [label.time_s for label in labels] == times


def test_untold_times_go_on_from_the_last_that_was_told(bundle: Bundle, clip_of: ClipOf) -> None:
    told = [None, None, 3.0, None, None, 4.5, None]
    stream = bundle.stream()
    labels = [stream.push(f, t) for f, t in zip(frames_of(clip_of(7)), told, strict=True)]
    labels = [label for label in labels if label.index >= 0] + stream.flush()
    expected = [0, 0.04, 3, 3.04, 3.08, 4.5, 4.54]
    np.testing.assert_allclose([label.time_s for label in labels], expected)


def test_many_streams_at_different_places_equal_each_alone(bundle: Bundle, clip_of: ClipOf) -> None:
    clips = [frames_of(clip_of(frames, seed=40 + frames)) for frames in (6, 17, 25, 2)]
    starts, streams = (5, 0, 8, 11), [bundle.stream(person=p) for p in range(4)]
    found: list[list[Array]] = [[] for _ in clips]
    for now in range(40):
        here = [p for p in range(4) if 0 <= now - starts[p] < len(clips[p])]
        labels = bundle.push_many(
            [streams[p] for p in here], [clips[p][now - starts[p]] for p in here]
        )
        assert [label.person for label in labels] == here
        for p in here:
            found[p] += [scores for _, scores in streams[p].answers]
    for p, stream in enumerate(streams):
        stream.flush()
        found[p] += [scores for _, scores in stream.answers]
        close(np.stack(found[p]), streamed(bundle.stream(), clips[p]))
        close(np.stack(found[p]), at_once(bundle, clips[p]))


def test_streams_of_one_bundle_share_nothing(bundle: Bundle, clip_of: ClipOf) -> None:
    one, other = frames_of(clip_of(15, seed=1)), frames_of(clip_of(15, seed=2))
    first, second = bundle.stream(), bundle.stream()
    rows: list[list[Array]] = [[], []]
    for a, b in zip(one, other, strict=True):
        for place, (stream, frame) in enumerate(((first, a), (second, b))):
            stream.push(frame)
            rows[place] += [scores for _, scores in stream.answers]
    for place, joints in enumerate((one, other)):
        np.testing.assert_array_equal(np.stack(rows[place]), streamed(bundle.stream(), joints)[:12])


def bad_frame(joints: Array, kind: str) -> ArrayLike:
    bad = joints.copy()
    if kind in ("nan", "inf", "-inf"):
        bad[1, 2] = float(kind)
    frames: dict[str, ArrayLike] = {
        "far": joints * 0 + np.float32(1.1e6),
        "overflow": np.full(joints.shape, 1e300),
        "joints": joints[:, :4],
        "channels": joints[:2],
        "turned": joints.T,
        "person": joints[..., None],
        "scalar": 3.0,
        "empty": [],
        "ragged": [[1.0, 2.0], [1.0]],
        "text": "joints",
        "nothing": None,  # type: ignore[dict-item]
        "object": {"x": 1},  # type: ignore[dict-item]
    }
    return frames.get(kind, bad)


@pytest.mark.parametrize(
    ("kind", "error", "says"),
    [
        ("nan", DataError, "joint 2 is nan: a missing joint must be filled in; bundle.live"),
        ("inf", DataError, "joint 2 is inf: a coordinate must be a finite number"),
        ("-inf", DataError, "joint 2 is -inf"),
        (
            "far",
            DataError,
            r"a joint lies at 1.1e\+06 m; values above 1e\+06 are taken for a broken",
        ),
        ("overflow", DataError, "is inf"),
        (
            "joints",
            SkeletonError,
            r"must be \(3, 5\) \(channels x, y, z; .*'body5'\), got \(3, 4\)",
        ),
        ("channels", SkeletonError, r"must be \(3, 5\) .* got \(2, 5\)"),
        ("turned", SkeletonError, r"got \(5, 3\)"),
        ("person", SkeletonError, r"got \(3, 5, 1\)"),
        ("scalar", SkeletonError, r"got \(\)"),
        ("empty", SkeletonError, r"got \(0,\)"),
        ("ragged", DataError, "a frame must be numbers, as many for each joint"),
        ("text", DataError, "a frame must be numbers"),
        ("nothing", InputError, "a frame must be|is nan"),
        ("object", DataError, "a frame must be numbers"),
    ],
)
def test_a_bad_frame_leaves_every_stream_as_it_was(
    bundle: Bundle, clip_of: ClipOf, kind: str, error: type[InputError], says: str
) -> None:
    clips = [frames_of(clip_of(12, seed=seed)) for seed in (1, 2, 3)]
    streams = [bundle.stream() for _ in clips]
    rows: list[list[Array]] = [[], [], []]
    for t in range(12):
        frames: list[ArrayLike] = [joints[t] for joints in clips]
        if t in (0, 7):
            labels = [stream.label for stream in streams]
            spoilt = [*frames[:2], bad_frame(clips[2][t], kind)]
            with pytest.raises(error, match=rf"^stream 2 \(person 0\): .*({says})"):
                bundle.push_many(streams, spoilt)
            with pytest.raises(error, match=says) as caught:
                streams[2].push(spoilt[2])
            assert not re.search("stream 2|of frame", str(caught.value))
            assert [stream.label for stream in streams] == labels
        bundle.push_many(streams, frames)
        for stream, found in zip(streams, rows, strict=True):
            found += [scores for _, scores in stream.answers]
    for stream, found, joints in zip(streams, rows, clips, strict=True):
        labels = stream.flush()
        assert [label.index for label in labels] == [9, 10, 11]
        assert [label.time_s for label in labels] == pytest.approx([0.36, 0.4, 0.44])
        found += [scores for _, scores in stream.answers]
        close(np.stack(found), at_once(bundle, joints))


@pytest.mark.parametrize(
    ("time_s", "says"),
    [
        (0.04, "frame times must grow, got 0.04 s after 0.04 s"),
        (0.03, "frame times must grow, got 0.03 s after 0.04 s"),
        (-1, "frame times must grow, got -1.0 s after 0.04 s"),
        (float("nan"), r"time_s must be finite seconds, -1e\+12 to 1e\+12, got nan"),
        (float("inf"), "time_s must be finite seconds, .* got inf"),
        (-float("inf"), "time_s must be finite seconds, .* got -inf"),
        (1.7e12, r"time_s must be finite seconds, .* got 1700000000000.0: is it in milliseconds\?"),
        pytest.param(10**400, "time_s must be finite seconds, .* got inf", id="huge"),
        ("abc", "time_s must be a number of seconds, got 'abc'"),
        (True, "time_s must be a number of seconds, got True"),
        ([1.0], "time_s must be a number of seconds, got list"),
    ],
)
def test_times_that_are_none_or_do_not_grow_are_refused(
    bundle: Bundle, clip_of: ClipOf, time_s: Any, says: str
) -> None:
    joints = frames_of(clip_of(10))
    stream, other = bundle.stream(), bundle.stream()
    rows = []
    for t, frame in enumerate(joints):
        if t == 2:
            with pytest.raises(DataError, match=rf"stream 1 \(person 0\): {says}"):
                push_many([other, stream], [frame, frame], [9.0, time_s])
        stream.push(frame, t / 25)
        rows += [scores for _, scores in stream.answers]
    stream.flush()
    close(np.stack([*rows, *(s for _, s in stream.answers)]), at_once(bundle, joints))
    assert other.push(joints[0], 0.0).index == -1  # it had not moved: 0 s is not too early


def test_a_flushed_stream_is_over(bundle: Bundle, clip_of: ClipOf) -> None:
    joints = frames_of(clip_of(5))
    stream = bundle.stream()
    for frame in joints:
        stream.push(frame)
    assert [label.index for label in stream.flush()] == [2, 3, 4]
    assert stream.flush() == []
    with pytest.raises(DataError, match="this stream was flushed; start a new one"):
        stream.push(joints[0])
    with pytest.raises(DataError, match="this stream was flushed"):
        bundle.push_many([bundle.stream(), stream], [joints[0], joints[1]])
    assert stream.flush() == []


def test_a_stream_that_saw_nothing_has_nothing_to_say(bundle: Bundle) -> None:
    stream = bundle.stream()
    assert stream.flush() == []
    assert stream.label.index == -1


def test_what_the_caller_does_with_his_buffer_is_his_own_affair(
    bundle: Bundle, clip_of: ClipOf
) -> None:
    joints = frames_of(clip_of(12))
    stream, buffer, rows = bundle.stream(fps=30), np.zeros((3, 5), np.float32), []
    for frame in joints:
        buffer[:] = frame
        stream.push(buffer)
        buffer[:] = np.nan
        rows += [scores for _, scores in stream.answers]
    assert np.isfinite(rows).all()
    other = bundle.stream(fps=30)
    again = []
    for frame in joints:
        other.push(frame.tolist())
        again += [scores for _, scores in other.answers]
    np.testing.assert_array_equal(np.stack(rows), np.stack(again))


@settings(max_examples=25)
@given(orders=st.lists(st.sets(st.integers(0, 2), min_size=1), max_size=25))
def test_any_order_of_pushes_gives_the_same_numbers(
    bundle: Bundle, clip_of: ClipOf, orders: list[set[int]]
) -> None:
    clips = [frames_of(clip_of(25, seed=seed)) for seed in (4, 5, 6)]
    streams = [bundle.stream() for _ in clips]
    seen, rows = [0, 0, 0], [[], [], []]  # type: list[int], list[list[Array]]
    for chosen in orders:
        who = sorted(chosen)
        bundle.push_many([streams[p] for p in who], [clips[p][seen[p]] for p in who])
        for p in who:
            seen[p] += 1
            rows[p] += [scores for _, scores in streams[p].answers]
    for p, stream in enumerate(streams):
        stream.flush()
        rows[p] += [scores for _, scores in stream.answers]
        if seen[p]:
            close(np.stack(rows[p]), at_once(bundle, clips[p][: seen[p]]))


def test_streams_that_cannot_be_pushed_together(
    bundle: Bundle, bundle_path: object, clip_of: ClipOf
) -> None:
    frame = frames_of(clip_of(1))[0]
    one, other = bundle.stream(), load(str(bundle_path)).stream()
    cases: list[tuple[Any, Any, Any, str]] = [
        ([one], [frame, frame], None, "1 streams need as many frames and times, got 2 frames."),
        ([one], [frame], [0.0, 1.0], "1 streams need as many .*, got 1 frames and 2 times."),
        ([], [frame], None, "0 streams need as many"),
        ([one, one], [frame, frame], None, "one of them was given twice"),
        ([one, other], [frame, frame], None, "only streams of one opened bundle can be pushed"),
        (one, [frame], None, "streams must be a list, got Stream"),
        ([bundle], [frame], None, "streams must be made by bundle.stream.., got Bundle"),
        ([one], 3.0, None, "frames must be a list, one for each stream, got 3.0"),
        ([one], [frame], 1.0, "times_s must be a list, one for each stream, got 1.0"),
    ]
    for streams, frames, times, says in cases:
        with pytest.raises(DataError, match=says):
            push_many(streams, frames, times)
    assert bundle.push_many([], []) == []


def test_a_bundle_pushes_its_own_streams_only(
    bundle: Bundle, bundle_path: object, clip_of: ClipOf
) -> None:
    frame, other = frames_of(clip_of(1))[0], load(str(bundle_path))
    strangers = [other.stream(), other.stream()]
    with pytest.raises(DataError, match="only streams of one opened bundle .* one load.. returned"):
        bundle.push_many(strangers, [frame, frame])
    assert [stream.clock.pushed for stream in strangers] == [0, 0]
    assert len(other.push_many(strangers, [frame, frame])) == 2


def test_times_of_today_are_told_apart_in_messages(bundle: Bundle, clip_of: ClipOf) -> None:
    frame, stream = frames_of(clip_of(1))[0], bundle.stream()
    stream.push(frame, 1732220000.125)
    with pytest.raises(DataError, match="got 1732220000.1 s after 1732220000.125 s"):
        stream.push(frame, 1732220000.1)


def test_a_stream_that_has_come_to_the_end_of_times_stops(bundle: Bundle, clip_of: ClipOf) -> None:
    frame, stream = frames_of(clip_of(1))[0], bundle.stream()
    stream.push(frame, 1e12)
    with pytest.raises(DataError, match="time_s must be finite seconds"):
        stream.push(frame)


def test_a_stream_says_what_it_is(bundle: Bundle, clip_of: ClipOf) -> None:
    stream = bundle.stream(50, person=2)
    assert repr(stream) == "Stream(person 2, 50 fps at 25, 0 frames, label None)"
    for frame in frames_of(clip_of(12)):
        stream.push(frame)
    name = stream.label.name
    assert name
    assert repr(stream) == f"Stream(person 2, 50 fps at 25, 12 frames, label {name!r})"
    assert repr(bundle.stream()) == "Stream(person 0, 25 fps, 0 frames, label None)"


@pytest.mark.parametrize(
    ("fps", "says"),
    [
        (0, "fps must be above 0"),
        (-25, "fps must be above 0"),
        (float("nan"), "fps must be above 0"),
        (float("inf"), "fps must be above 0"),
        (201, "frames come at 201 fps, the bundle works at 25: rates within a factor of 8"),
        (3, "frames come at 3 fps, the bundle works at 25"),
    ],
)
def test_a_rate_that_makes_no_sense_is_refused(bundle: Bundle, fps: float, says: str) -> None:
    with pytest.raises(DataError, match=says):
        bundle.stream(fps=fps)


def test_softmax_gives_probabilities() -> None:
    logits = np.array([[0.0, 0.0], [1000.0, 0.0], [-1000.0, -1001.0]], np.float32)
    e = float(np.exp(1))
    expected = [[0.5, 0.5], [1, 0], [e / (e + 1), 1 / (e + 1)]]
    np.testing.assert_allclose(softmax(logits), np.array(expected), atol=1e-6)
