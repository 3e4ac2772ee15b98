"""The engine: streams apart and together, and the same numbers whatever runs the graph."""

from __future__ import annotations

import gc
from collections.abc import Callable

import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from kinestream.bundle import Bundle, load
from kinestream.clips import Clip
from kinestream.errors import ConfigError
from kinestream.export.graphs import step_graph
from kinestream.models import Network
from kinestream.models.rtstgcn import RTSTGCN
from kinestream.skeletons import adjacency, skeleton
from kinestream.streaming import RUNNERS, Engine, make_runner, push_many
from kinestream.streaming.engine import StreamMemory

Array = NDArray[np.float32]


def network_of(kernel: int, spacing: int = 2) -> Network:
    """Entries of 16 channels are copied, those of 48 read and written where they lie."""
    torch.manual_seed(kernel)
    graph = adjacency(skeleton("ntu25"))
    network = RTSTGCN(graph, 3, 7, channels=[16, 16, 48], kernel=kernel, spacing=[1, spacing])
    for parameter in network.parameters():
        parameter.requires_grad_(False)
    return network.eval()


def engine_of(network: Network, engine: str = "onnxruntime") -> Engine:
    runner = make_runner(engine, step_graph(network))
    return Engine(runner, network.memories(), network.frame_shape, network.num_classes)


def frames_of(count: int, people: int = 1, seed: int = 0) -> Array:
    return np.random.default_rng(seed).normal(size=(count, people, 3, 25)).astype(np.float32)


@pytest.mark.parametrize("kernel", [1, 2, 3, 4, 9, 20])
def test_a_stream_gives_what_the_clip_gives(kernel: int) -> None:
    network = network_of(kernel)
    frames = frames_of(110)
    truth = network(torch.from_numpy(frames[:, 0]).transpose(0, 1)[None])[0].T.numpy()
    engine = engine_of(network)
    stream = engine.start()
    found = np.concatenate([engine.step([stream], frame) for frame in frames])
    assert np.abs(found - truth).max() < 2e-5 * np.abs(truth).max()


@pytest.fixture(scope="module")
def engine() -> Engine:
    return engine_of(network_of(9))


def test_streams_together_give_what_each_gives_alone(engine: Engine) -> None:
    """Late joiners, leavers and any order: nobody's numbers depend on who else is there."""
    rng = np.random.default_rng(1)
    frames = frames_of(60, 11, seed=2)
    alone = []
    for person in range(11):
        stream = engine.start()
        alone.append([engine.step([stream], frame[person : person + 1])[0] for frame in frames])
        del stream
    streams: dict[int, StreamMemory] = {}
    seen: dict[int, int] = {}
    for _ in range(250):
        for person in set(range(11)) - set(streams):
            if rng.random() < 0.2:
                streams[person], seen[person] = engine.start(), 0
        here = [p for p in streams if seen[p] < 60 and rng.random() < 0.9]
        rng.shuffle(here)
        if here:
            rows = np.stack([frames[seen[p], p] for p in here])
            found = engine.step([streams[p] for p in here], rows)
            for person, row in zip(here, found, strict=True):
                expected = alone[person][seen[person]]
                assert np.abs(row - expected).max() < 1e-5 * np.abs(expected).max()
                seen[person] += 1
        for person in [p for p in streams if seen[p] == 60 or rng.random() < 0.01]:
            del streams[person]


def test_a_stream_stands_still_while_others_move(engine: Engine) -> None:
    frames = frames_of(40, 3)
    streams, reference = [engine.start() for _ in range(3)], engine.start()
    for frame in frames[:20]:
        engine.step(streams, frame)
    for frame in frames[20:]:
        engine.step([streams[0], streams[2]], frame[[0, 2]])
    for frame in frames:
        expected = engine.step([reference], frame[1:2])
    for frame in frames[20:]:
        found = engine.step([streams[1]], frame[1:2])
    assert np.abs(found - expected).max() < 1e-5 * np.abs(expected).max()


def test_plans_are_made_once_for_each_stream_and_phase(monkeypatch: pytest.MonkeyPatch) -> None:
    """Streams that are stepped one by one, with rings that take long to come round."""
    network = network_of(299, spacing=1)
    engine = engine_of(network)
    made, call = [], engine._runner.call
    monkeypatch.setattr(engine._runner, "call", lambda *given: made.append(1) or call(*given))
    streams, frame = [engine.start() for _ in range(4)], frames_of(1)[0]
    period = 2 * (299 // 2)
    for _ in range(period + 1):  # the first frame has a plan of its own
        for stream in streams:
            engine.step([stream], frame)
    known = len(made)
    assert known >= 4 * period
    for _ in range(period):
        for stream in streams:
            engine.step([stream], frame)
    assert len(made) == known


def test_seats_of_those_who_left_are_taken_again(engine: Engine) -> None:
    gc.collect()
    blocks = len(engine._pool._blocks)
    for _ in range(40):
        engine.step([engine.start()], frames_of(1)[0])
    assert len(engine._pool._blocks) <= blocks + 1


def test_what_leaves_the_window_is_gone() -> None:
    """Huge values, NaN and infinity: one receptive field later nothing is left of them."""
    network = network_of(9)
    engine = engine_of(network)
    frames = frames_of(200)
    clean, other = engine.start(), engine.start()
    broken = frames.copy()
    broken[50:60] = np.array([np.nan, np.inf, -np.inf, 1e30, -1e30] * 2)[:, None, None, None]
    last = 60 + network.receptive_field
    for t in range(200):
        expected = engine.step([clean], frames[t])
        found = engine.step([other], broken[t])
        if t >= last:
            assert np.abs(found - expected).max() < 1e-5 * np.abs(expected).max()


def test_a_running_sum_would_keep_it_for_ever() -> None:
    """What the blocks are for: ``S += new - old`` never gets rid of a NaN."""
    sums, window = np.float32(0), [np.float32(0)] * 9
    for value in [1.0, np.nan, *[1.0] * 50]:
        old, window = window[0], [*window[1:], np.float32(value)]
        sums += window[-1] - old
    assert np.isnan(sums)


@pytest.mark.parametrize("name", [name for name in RUNNERS if name != "onnxruntime"])
def test_other_runners_give_the_same_numbers(
    bundle: Bundle, clip_of: Callable[..., Clip], name: str
) -> None:
    if name == "openvino":
        pytest.importorskip("openvino", reason="openvino is not installed")
    other = load(bundle.path, engine=name)
    clips = [clip_of(frames=30, seed=seed).data[..., 0] for seed in range(2)]
    one, two = ([b.stream() for _ in clips] for b in (bundle, other))
    for t in range(30):
        frames = [clip[:, t] for clip in clips]
        push_many(one, frames)
        push_many(two, frames)
        for mine, theirs in zip(one, two, strict=True):
            for (_, expected), (_, found) in zip(mine.answers, theirs.answers, strict=True):
                assert np.abs(found - expected).max() < 1e-5


def test_an_engine_that_is_not_there_is_refused(bundle: Bundle) -> None:
    with pytest.raises(ConfigError, match="no engine 'tflite'; take one of onnxruntime"):
        load(bundle.path, engine="tflite")


def test_weights_are_loaded_once(bundle: Bundle) -> None:
    one, two = bundle.stream(), load(bundle.path).stream()
    assert one.recogniser.engine._runner is two.recogniser.engine._runner
    assert one.memory.block is not two.memory.block
