"""A stream as bytes, and back: bit-equal in another process, and nothing that does not fit."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

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


def damaged() -> list[tuple[str, bytes, str]]:
    stream = load("sp_sw_har").stream()
    scores(stream, frames_of(load("sp_sw_har"), 5))
    good = stream.snapshot()
    size = int.from_bytes(good[:8], "little")
    rest = json.loads(json.loads(good[8 : 8 + size])["__metadata__"]["stream"])
    arrays = load_arrays(good)

    def but(changed: dict[str, object] = {}, **others: Array) -> bytes:  # noqa: B006
        return save(arrays | others, {"stream": json.dumps(rest | changed)})

    return [
        ("nothing", b"", "not the snapshot"),
        ("noise", b"\x10" * 400, "not the snapshot"),
        ("a huge header", (1 << 40).to_bytes(8, "little") + good[8:], "not the snapshot"),
        ("cut", good[:-40], "damaged|not the snapshot"),
        ("more than a stream holds", good + b"\0" * (1 << 23), "too many"),
        ("unknown key", but({"more": 1}), "not the snapshot"),
        ("infinite time", but({"start_s": float("inf")}), "not the snapshot"),
        ("negative count", but({"frames": -1}), "not the snapshot"),
        ("another bundle", but({"identity": "0"}), "another bundle"),
        ("a class that is not there", but({"decided": 99}), "does not fit"),
        ("too many frames wait", but({"waiting_s": [0.0] * 50}), "does not fit"),
        ("other shape", but(**{"memory.0": np.zeros((2, 2), np.float32)}), "does not fit"),
        ("one too many", but(extra=np.zeros(3, np.float32)), "does not fit"),
        ("other past", but(**{"past.0.0": np.zeros((9, 9), np.float32)}), "does not fit"),
        ("no label", but({"label": {"index": 0}}), "label"),
    ]


@pytest.mark.parametrize(("data", "said"), [pytest.param(*c[1:], id=c[0]) for c in damaged()])
def test_what_is_no_snapshot_of_the_bundle_is_refused(data: bytes, said: str) -> None:
    with pytest.raises(DataError, match=said):
        load("sp_sw_har").restore(data)


def test_a_snapshot_of_another_bundle_is_refused() -> None:
    stream = load("utkinect").stream()
    with pytest.raises(DataError):
        load("sp_sw_har").restore(stream.snapshot())
