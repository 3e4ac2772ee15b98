"""Streams and engines as contestants: what they step, and when they are warm."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from kinestream.benchmarking.stepping import ROUND, moving, pushing, stepping, warm_frames
from kinestream.bundle import load
from kinestream.memory import Memory
from kinestream.streaming import Engine, make_runner
from kinestream.streaming.runners import Call, Runner
from kinestream.streaming.seats import MOST_PLANS


def test_made_up_people_sway_within_bounds_and_come_round() -> None:
    frames = moving(3, (2, 5))
    assert frames.shape == (ROUND, 3, 2, 5) and frames.dtype == np.float32
    assert np.abs(frames).max() <= 2
    steps = np.abs(np.diff(np.concatenate([frames, frames[:1]]), axis=0))
    assert steps.max() < 0.2  # from the last frame to the first, too
    assert (frames[0, 0] != frames[0, 1]).any()


def test_a_pushed_stream_labels_one_frame_after_another(bundle_path: Path) -> None:
    bundle = load(bundle_path)
    contestant = pushing("three", bundle, 3)
    assert contestant.people == 3
    labels: Any = [contestant.step() for _ in range(6)][-1]
    assert [label.index for label in labels] == [5 - bundle.delay_frames] * 3
    assert [label.person for label in labels] == [0, 1, 2]


def test_an_engine_is_warm_after_the_period_of_what_it_lends() -> None:
    wide = Memory("wide", (25, 64), taps=3, dilation=2, stride=2, delay=1)  # 8 slots, 2 frames each
    blocks = Memory("blocks", (25, 64), block=5, reads=("back",))  # 2 blocks of 5
    small = Memory("small", (5,), taps=97)
    assert warm_frames([small]) == 3
    assert warm_frames([wide, small]) == 1 + 2 + 16
    assert warm_frames([wide, blocks]) == 1 + 2 + 80
    assert warm_frames([Memory("long", (25, 64), taps=5000)]) == 2 + MOST_PLANS


class Counting:
    """A runner that counts the calls that are made on it."""

    def __init__(self, runner: Runner) -> None:
        self._runner = runner
        self.inputs, self.outputs = runner.inputs, runner.outputs
        self.made = 0

    def call(self, inputs: Any, outputs: Any) -> Call:
        self.made += 1
        return self._runner.call(inputs, outputs)


def test_a_warm_engine_makes_no_more_plans() -> None:
    pytest.importorskip("onnxscript")
    from kinestream.export.graphs import step_graph
    from kinestream.models import build_network
    from kinestream.skeletons import adjacency, skeleton

    network = build_network(
        "rtstgcn", adjacency(skeleton("ntu25")), 3, 4, channels=(64, 64, 64), kernel=[5, 9]
    ).eval()
    runner = Counting(make_runner("onnxruntime", step_graph(network)))
    engine = Engine(runner, network.memories(), network.frame_shape, 4)
    contestant = stepping("engine", engine, network.frame_shape, people=2)
    for _ in range(contestant.warm // 2):
        contestant.step()
    half = runner.made
    for _ in range(contestant.warm - contestant.warm // 2):
        contestant.step()
    warm = runner.made
    assert half < warm  # half a period is not enough
    for _ in range(2 * contestant.warm):
        contestant.step()
    assert runner.made == warm
