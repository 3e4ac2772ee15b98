"""``export --int8``: what is measured, what is written, what is refused, and how it is used."""

from __future__ import annotations

import math
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from kinestream.benchmarking import Settings, benchmark
from kinestream.bundle import Bundle, load
from kinestream.clips import Clip
from kinestream.errors import ConfigError, DataError, ParityError
from kinestream.export import export_run
from kinestream.export.comparing import Worth, compare
from kinestream.export.rounded import check_worth, entry_of
from kinestream.metrics import Report
from kinestream.models.quantising.eight_bit import EightBit
from kinestream.streaming import Stream
from kinestream.training.run_folder import RunFolder

Array = NDArray[np.float32]


@pytest.fixture(scope="module")
def path(run_path: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("int8") / "tiny"
    return export_run(RunFolder(run_path), folder, precisions=["int8"], loss=20).path


def test_a_benchmark_times_both_precisions(path: Path) -> None:
    found = benchmark([path], Settings(people=(1,), rounds=1, frames=2))
    assert [row.title for row in found.rows] == ["tiny, onnxruntime", "tiny, onnxruntime, int8"]
    plain, rounded = (row.facts.step_bytes for row in found.rows)
    assert (path / "step.onnx").stat().st_size == plain != rounded
    assert (path / "step.int8.onnx").stat().st_size == rounded


def worth(f1: tuple[float, float], agreement: float) -> Worth:
    before, after = (
        Report("ms-tcn", 90.0, 80.0, {10: math.nan, 25: math.nan, 50: value}, 7, 900)
        for value in f1
    )
    return Worth(1000, agreement, (before, after), 1.5)


@pytest.mark.parametrize(
    ("f1", "agreement", "loss", "passes"),
    [
        ((90.0, 89.1), 99.2, 1.0, True),
        ((90.0, 88.9), 99.9, 1.0, False),
        ((90.0, 90.5), 98.9, 1.0, False),
        ((90.0, 88.9), 98.9, 2.0, True),
        ((90.0, math.nan), 99.9, 1.0, False),
        ((math.nan, math.nan), 99.9, 1.0, True),
        ((90.0, 90.0), 100.0, 0.0, True),
    ],
)
def test_what_may_be_lost(
    f1: tuple[float, float], agreement: float, loss: float, passes: bool
) -> None:
    if passes:
        check_worth(worth(f1, agreement), "int8", loss)
    else:
        with pytest.raises(ParityError, match="nothing was written"):
            check_worth(worth(f1, agreement), "int8", loss)


def test_a_comparison_is_recorded_as_it_is() -> None:
    entry = entry_of(worth((math.nan, 88.0), 99.5), "int8")
    assert entry.figures["f1@50"] == {"float32": None, "int8": 88.0}
    assert entry.figures["frame_accuracy"] == {"float32": 90.0, "int8": 90.0}
    assert (entry.recordings, entry.frames, entry.argmax_agreement) == (7, 1000, 99.5)


def test_nothing_to_compare_on_is_an_error() -> None:
    with pytest.raises(DataError, match="no recording to compare"):
        compare(torch.nn.Module(), (b"", b""), [])  # type: ignore[arg-type]


def test_the_manifest_says_what_was_measured(path: Path) -> None:
    manifest = load(path).manifest
    entry = manifest.rounded["int8"]
    assert {"step.onnx", "step.int8.onnx"} <= set(manifest.files)
    assert entry.split == "test" and entry.recordings == 2 and entry.frames == 69 + 76
    assert 80 <= entry.argmax_agreement <= 100 and entry.latency_ratio > 0
    assert entry.figures["f1@50"]["float32"] is not None


def pushed(stream: Stream, frames: Array) -> list[Array]:
    found = []
    for frame in frames:
        stream.push(frame)
        found += [row for _, row in stream.answers]
    return found


def test_streams_of_it_go_on_from_snapshots_and_are_not_those_of_float32(
    path: Path, bundle: Bundle, clip_of: Callable[..., Clip]
) -> None:
    rounded = load(path, precision="int8")
    frames = np.moveaxis(clip_of(40, seed=9).data[..., 0], 1, 0)  # (T, C, V)
    whole, exact = pushed(rounded.stream(), frames), pushed(bundle.stream(), frames)
    first = rounded.stream()
    found = pushed(first, frames[:20])
    kept = first.snapshot()
    found += pushed(rounded.restore(kept), frames[20:])
    np.testing.assert_array_equal(found, whole)  # bit for bit
    assert 0 < np.abs(np.array(found) - exact).max() < 0.1
    with pytest.raises(
        DataError, match="of precision int8, the bundle was opened with float32: op"
    ):
        bundle.restore(kept)
    with pytest.raises(DataError, match="only streams of one opened bundle can be pushed together"):
        rounded.push_many([first, bundle.stream()], list(frames[:2]))
    assert repr(rounded) == repr(bundle)[:-1] + ", int8)"


def test_many_streams_step_together(path: Path, clip_of: Callable[..., Clip]) -> None:
    rounded = load(path, precision="int8")
    people = [np.moveaxis(clip_of(30, seed=seed).data[..., 0], 1, 0) for seed in (1, 2, 3)]
    streams = [rounded.stream() for _ in people]
    for row in zip(*people, strict=True):
        rounded.push_many(streams, row)
    for stream, frames in zip(streams, people, strict=True):
        ((_, found),) = stream.answers
        np.testing.assert_allclose(found, pushed(rounded.stream(), frames)[-1], atol=1e-5)


def test_a_precision_that_is_not_there_is_refused(path: Path, bundle_path: Path) -> None:
    with pytest.raises(ConfigError, match="has no int8 graph: 'kinestream export RUN --int8'"):
        load(bundle_path, precision="int8")
    with pytest.raises(
        ConfigError, match="no precision 'int4'; take one of float32, int8, fp16, bf16"
    ):
        load(path, precision="int4")


def test_too_large_a_loss_leaves_the_old_bundle_alone(
    run_path: Path, own_bundle: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The broken twin: weights of three steps."""
    steps = EightBit.steps
    monkeypatch.setattr(EightBit, "steps", lambda self, matrix: 100 * steps(self, matrix))
    before = {file.name: file.read_bytes() for file in own_bundle.iterdir()}
    with pytest.raises(ParityError, match="in int8 .* points of F1@50 are lost"):
        export_run(RunFolder(run_path), own_bundle, precisions=["int8"])
    assert {file.name: file.read_bytes() for file in own_bundle.iterdir()} == before
