"""A stream as bytes, and back: bit-equal in another process, and nothing that does not fit."""

from __future__ import annotations

import hashlib
import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from safetensors.numpy import load as load_arrays
from safetensors.numpy import save

from kinestream.bundle import Bundle, load
from kinestream.clips import Clip
from kinestream.datasets.synthetic import generate
from kinestream.errors import DataError
from kinestream.streaming import Stream

Array = NDArray[np.float32]
MARK = b"kinestream stream 2\n"

ELSEWHERE = """
import sys, numpy as np
from kinestream.bundle import load
stream = load(sys.argv[1]).restore(open(sys.argv[2], "rb").read())
frames = np.load(sys.argv[3])
scores = []
for frame in frames:
    stream.push(frame)
    scores += [row for _, row in stream.answers]
stream.flush()
scores += [row for _, row in stream.answers]
np.save(sys.argv[4], np.stack(scores))
"""


def frames_of(bundle: Bundle, count: int) -> Array:
    clip = generate("phonewatch" if bundle.name.startswith("sp_sw") else "kinect", seed=3)
    return np.moveaxis(clip.data[..., 0], 1, 0)[:count]  # (T, C, V)


def scores(stream: Stream, frames: Array) -> list[Array]:
    found = []
    for frame in frames:
        stream.push(frame)
        found += [row for _, row in stream.answers]
    return found


@pytest.mark.parametrize("fps", [None, 30.0])
def test_it_goes_on_bit_for_bit_in_another_process(
    bundle: Bundle, clip_of: Callable[..., Clip], fps: float | None, tmp_path: Path
) -> None:
    """With look-ahead, at the bundle's rate and resampled."""
    frames = np.moveaxis(clip_of(frames=150).data[..., 0], 1, 0)
    stream = bundle.stream(fps, person=4)
    scores(stream, frames[:67])
    (tmp_path / "state").write_bytes(stream.snapshot())
    np.save(tmp_path / "frames.npy", frames[67:])
    files = [str(tmp_path / file) for file in ("state", "frames.npy", "scores.npy")]
    subprocess.run([sys.executable, "-c", ELSEWHERE, str(bundle.path), *files], check=True)
    expected = scores(stream, frames[67:])
    label = stream.label
    stream.flush()
    expected += [row for _, row in stream.answers]
    assert np.array_equal(np.load(files[2]), np.stack(expected))
    assert label.person == 4


def test_the_restored_stream_says_and_times_what_the_first_one_does() -> None:
    bundle = load("sp_sw_har")
    frames = frames_of(bundle, 120)
    stream = bundle.stream()
    for t, frame in enumerate(frames[:50]):
        stream.push(frame, 10 + t / 20)
    other = bundle.restore(stream.snapshot())
    assert other.label == stream.label
    for frame in frames[50:]:
        assert other.push(frame) == stream.push(frame)
    assert other.snapshot() == stream.snapshot()


def test_a_reset_stream_is_a_new_one() -> None:
    bundle = load("utkinect")
    frames = frames_of(bundle, 90)
    stream, new = bundle.stream(), bundle.stream()
    scores(stream, frames[:40])
    stream.flush()
    stream.reset()
    assert np.array_equal(scores(stream, frames), scores(new, frames))


def test_a_seat_that_was_left_knows_nothing() -> None:
    bundle = load("sp_sw_har")
    frames = frames_of(bundle, 60)
    expected = scores(bundle.stream(), frames)
    for _ in range(20):  # more than there are seats
        stream = bundle.stream()
        scores(stream, frames[::-1][:5])
        del stream
    assert np.array_equal(scores(bundle.stream(), frames), expected)


Rest = dict[str, Any]
Forgery = Callable[[Rest, dict[str, Array]], object]


def opened(data: bytes) -> tuple[Rest, dict[str, Array]]:
    """What a snapshot holds: no array, and arrays."""
    body = data[len(MARK) + 32 :]
    size = int.from_bytes(body[:8], "little")
    return json.loads(json.loads(body[8 : 8 + size])["__metadata__"]["stream"]), load_arrays(body)


def sealed(body: bytes) -> bytes:
    """A checksum that is right, as anybody can make one."""
    return MARK + hashlib.sha256(MARK + body).digest() + body


def forged(data: bytes, change: Forgery) -> bytes:
    rest, arrays = opened(data)
    change(rest, arrays)
    return sealed(save(arrays, {"stream": json.dumps(rest)}))


@pytest.fixture(scope="module")
def good(bundle: Bundle, clip_of: Callable[..., Clip]) -> bytes:
    """Of a stream that looks ahead and is resampled: 6 frames at 50 fps, of which it sees 3."""
    stream = bundle.stream(50)
    scores(stream, np.moveaxis(clip_of(frames=6).data[..., 0], 1, 0))
    return stream.snapshot()


def test_what_is_put_together_again_goes_on(bundle: Bundle, good: bytes) -> None:
    """So forgeries are refused for what was changed in them, and for nothing else."""
    assert bundle.restore(forged(good, lambda rest, arrays: None)).snapshot() == good


@pytest.mark.parametrize("kind", [bytes, bytearray, memoryview])
def test_all_kinds_of_bytes_are_taken(
    bundle: Bundle, good: bytes, kind: Callable[[bytes], bytes]
) -> None:
    assert bundle.restore(kind(good)).snapshot() == good


@pytest.mark.parametrize("data", [None, "text", 7, [1, 2], np.zeros(9, np.uint8)])
def test_what_is_no_bytes_is_no_snapshot(bundle: Bundle, data: Any) -> None:
    with pytest.raises(DataError, match="a snapshot must be bytes, got "):
        bundle.restore(data)


def test_every_changed_byte_is_noticed(bundle: Bundle, good: bytes) -> None:
    rng = np.random.default_rng(0)
    for place in {*range(120), *rng.integers(0, len(good), 3000).tolist()}:
        changed = bytearray(good)
        changed[place] ^= int(rng.integers(1, 256))
        with pytest.raises(DataError, match="not the snapshot|its checksum does not match"):
            bundle.restore(changed)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda good: b"", "not the snapshot"),
        (lambda good: b"\x10" * 400, "not the snapshot"),
        (lambda good: MARK, "not the snapshot"),
        (lambda good: good[len(MARK) + 32 :], "not the snapshot"),
        (lambda good: good[:-40], "its checksum does not match"),
        (lambda good: good + b"\0", "its checksum does not match"),
        (lambda good: sealed(good), "not the snapshot"),
        (lambda good: sealed(b"\0" * 9), "not the snapshot"),
        (lambda good: sealed((1 << 40).to_bytes(8, "little") + good[60:]), "not the snapshot"),
        (lambda good: sealed(good[len(MARK) + 32 : -40]), "arrays cannot be read"),
        (lambda good: sealed(good[len(MARK) + 32 :] + bytes(1 << 23)), "too many"),
    ],
)
def test_bytes_that_are_no_snapshot_are_refused(
    bundle: Bundle, good: bytes, change: Callable[[bytes], bytes], said: str
) -> None:
    with pytest.raises(DataError, match=said):
        bundle.restore(change(good))


def told(**changed: Any) -> Forgery:
    return lambda rest, arrays: rest.update(changed)


def kept(name: str, value: Any) -> Forgery:
    return lambda rest, arrays: arrays.update({name: np.asarray(value, np.float32)})


def filled(name: str, value: float) -> Forgery:
    return lambda rest, arrays: arrays[name].flat.__setitem__(-1, value)


def without(name: str) -> Forgery:
    return lambda rest, arrays: arrays.pop(name)


FORGERIES: list[tuple[Forgery, str]] = [
    (told(more=1), "not the snapshot"),
    (lambda rest, arrays: rest.pop("told_s"), "not the snapshot"),
    (told(start_s=float("inf")), "not the snapshot"),
    (told(start_s=float("nan")), "not the snapshot"),
    (told(start_s=-1e300), "not the snapshot"),
    (told(last_s=1.1e12), "not the snapshot"),
    (told(told_s=-1.1e12), "not the snapshot"),
    (told(waiting_s=[0, 0.04, 1e13]), "not the snapshot"),
    (told(frames=-1), "not the snapshot"),
    (told(frames=3.0), "not the snapshot"),
    (told(label=-1), "not the snapshot"),
    (told(label=0.5), "not the snapshot"),
    (told(label="rest"), "not the snapshot"),
    (told(label=True), "not the snapshot"),
    (told(score=1.5), "not the snapshot"),
    (told(score=float("nan")), "not the snapshot"),
    (told(person="x"), "not the snapshot"),
    (told(person=-1), "not the snapshot"),
    (told(fps="30"), "not the snapshot"),
    (told(fps=-25.0), "not the snapshot"),
    (told(fps=1e9), "frames come at 1e.09 fps, the bundle works at 25"),
    (told(identity="0"), "another bundle"),
    (told(precision="int8"), "precision int8, the bundle was opened with float32"),
    (told(precision="x" * 99), "not the snapshot"),
    (told(start_s=-1e12), "contradict"),  # the next push would fill in 1e13 frames
    (told(start_s=-1.0), "contradict"),
    (told(start_s=1.0), "contradict"),
    (told(last_s=None), "contradict"),
    (told(pushed=0), "contradict"),
    (told(told_number=99), "contradict"),
    (told(frames=2), "contradict"),
    (told(frames=1 << 61), "contradict"),
    (told(length=3), "contradict"),
    (told(length=3, frames=6), "contradict"),
    (told(waiting_s=[]), "contradict"),
    (told(waiting_s=[0.0] * 4), "contradict"),
    (told(waiting_s=[0.0, 0.08, 0.04]), "contradict"),
    (told(label=1), "contradict"),  # nothing was answered yet
    (told(fps=25.0), "contradict|other arrays"),  # of a stream that is not resampled
    (filled("memory.0", np.nan), "not finite"),
    (filled("memory.1", -np.inf), "not finite"),
    (filled("past.0.1", np.inf), "not finite"),
    (filled("grid", np.nan), "not finite"),
    (without("grid"), "other arrays"),
    (without("memory.1"), "other arrays"),
    (kept("grid", np.zeros((2, 2))), "other arrays"),
    (kept("memory.0", np.zeros((2, 2))), "other arrays"),
    (kept("extra", np.zeros(3)), "other arrays"),
    (kept("answer", np.zeros(3)), "other arrays"),
    (kept("past.0.1", np.zeros((9, 9))), "does not fit the features"),
]


@pytest.mark.parametrize(("change", "said"), FORGERIES)
def test_what_somebody_changed_and_signed_anew_is_refused(
    bundle: Bundle, good: bytes, change: Forgery, said: str
) -> None:
    with pytest.raises(DataError, match=said):
        bundle.restore(forged(good, change))


def test_a_label_of_no_class_is_refused() -> None:
    bundle = load("sp_sw_har")
    stream = bundle.stream()
    scores(stream, frames_of(bundle, 5))
    good = stream.snapshot()
    assert bundle.restore(forged(good, told(label=4))).label.name == bundle.classes[4]
    for change in (told(label=5), told(label=None), told(pushed=9), kept("grid", np.zeros((6, 2)))):
        with pytest.raises(DataError, match="contradict|other arrays"):
            bundle.restore(forged(good, change))


@pytest.mark.parametrize("fps", [None, 50.0])
@pytest.mark.parametrize("frames", [0, 1, 2, 3, 4, 9])
@pytest.mark.parametrize("flushed", [False, True])
def test_streams_of_every_age_come_back(
    bundle: Bundle, clip_of: Callable[..., Clip], fps: float | None, frames: int, flushed: bool
) -> None:
    """Before the first frame, while the look-ahead fills, later, and when all is over."""
    stream = bundle.stream(fps, person=3)
    joints = np.moveaxis(clip_of(frames=10).data[..., 0], 1, 0)
    for t, frame in enumerate(joints[:frames]):
        stream.push(frame, 1.7e9 + t / (fps or 25))
    if flushed:
        stream.flush()
    other = bundle.restore(stream.snapshot())
    assert (other.label, other.snapshot()) == (stream.label, stream.snapshot())
    if not flushed:
        assert other.push(joints[frames]) == stream.push(joints[frames])
        assert other.flush() == stream.flush()


def test_a_stream_whose_numbers_are_gone_is_not_kept(
    bundle: Bundle, clip_of: Callable[..., Clip]
) -> None:
    stream = bundle.stream()
    scores(stream, np.moveaxis(clip_of(frames=9).data[..., 0], 1, 0))
    stream.memory.kept()[0][...] = np.nan
    with pytest.raises(DataError, match="not finite; begin anew with reset"):
        stream.snapshot()
    stream.reset()
    assert bundle.restore(stream.snapshot()).label.index == -1


def test_a_snapshot_of_another_bundle_is_refused() -> None:
    stream = load("utkinect").stream()
    with pytest.raises(DataError, match="of another bundle"):
        load("sp_sw_har").restore(stream.snapshot())
