"""What a step graph in fewer bits is worth beside the one in float32: both streamed, frame by frame.

Legend: N people, C channels, T frames, V joints, M people of a recording, K classes.
"""

from __future__ import annotations

import math
import time
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from kinestream.errors import DataError
from kinestream.export.parity import run_steps
from kinestream.metrics import Report, evaluate
from kinestream.models import Network
from kinestream.streaming import Engine, decode, make_runner, softmax
from kinestream.training.pieces import Trial

Array = NDArray[np.float32]
Steps = tuple[bytes, bytes]

ENGINE = "onnxruntime"
ROUNDS = 15
FRAMES_A_ROUND = 30


@dataclass(frozen=True)
class Worth:
    """Two graphs on the same recordings; the first is the one in float32.

    Attributes:
        frames: Of all recordings.
        agreement: Percent of frames in which both find the same class most likely.
        reports: Accuracy and F1 of each.
        latency_ratio: Time of a frame of the first over that of the second.
    """

    frames: int
    agreement: float
    reports: tuple[Report, Report]
    latency_ratio: float

    @property
    def loss(self) -> float:
        """Points of F1@50 that the second graph lacks; 0 where there are no segments."""
        before, after = (report.f1[50] for report in self.reports)
        return 0.0 if math.isnan(before) else before - after


def compare(
    network: Network,
    steps: Steps,
    trials: Sequence[Trial],
    *,
    background: Sequence[int] = (),
    margin: float = 0.0,
) -> Worth:
    """Stream recordings through two graphs.

    Args:
        network: Tells what both remember.
        steps: The step graphs.
        trials: The recordings.
        background: Classes that are no segments.
        margin: As :func:`kinestream.streaming.decode`.

    Raises:
        DataError: There is no recording, or none with a label.
    """
    if not trials:
        raise DataError("there is no recording to compare graphs on: give the split one or more.")
    found = [_all_answers(network, step, trials) for step in steps]
    same = [(a.argmax(1) == b.argmax(1)) for a, b in zip(*found, strict=True)]
    truths = [trial.labels.numpy() for trial in trials]
    before, after = (
        evaluate(
            [decode(softmax(z), margin) for z in answers],
            truths,
            network.num_classes,
            background=background,
        )
        for answers in found
    )
    agreement = 100 * float(np.concatenate(same).mean())
    ratio = latency_ratio(network, steps, trials[0])
    return Worth(sum(map(len, same)), agreement, (before, after), ratio)


def _all_answers(network: Network, step: bytes, trials: Sequence[Trial]) -> list[Array]:
    """(T, K) logits of every recording."""
    loaded = make_runner(ENGINE, step)  # once for all of them
    answers = [_answers(network, step, trial) for trial in trials]
    del loaded
    return answers


def _answers(network: Network, step: bytes, trial: Trial) -> Array:
    """(T, K): streamed as the bundle will; people who are labelled alone are averaged."""
    rows = _people(network, trial)
    classes, delay, stride = network.num_classes, network.delay, network.stride
    logits = run_steps(step, network.memories(), rows, classes, delay, stride, ENGINE)
    mean = logits.mean(0).T  # (ceil(T / stride), K)
    return np.repeat(mean, stride, axis=0)[: rows.shape[2]]


def _people(network: Network, trial: Trial) -> Array:
    """(N, C, T, V) or, for scenes, (1, C, T, V, M)."""
    x = trial.x.numpy()
    return x[None] if network.people > 1 else np.ascontiguousarray(x.transpose(3, 0, 1, 2))


def latency_ratio(network: Network, steps: Steps, trial: Trial) -> float:
    """How many times as long the first graph takes for a frame of one person.

    Both take turns, so that they see the same machine: the median over rounds of the ratio of the
    rounds' medians.
    """
    x = _people(network, trial)[:1]
    frames = [np.ascontiguousarray(x[:, :, t % x.shape[2]]) for t in range(FRAMES_A_ROUND)]
    memories, classes = network.memories(), network.num_classes
    engines = [
        Engine(make_runner(ENGINE, step), memories, network.frame_shape, classes) for step in steps
    ]
    streams = [engine.start() for engine in engines]
    ratios = []
    for _ in range(ROUNDS):
        medians = []
        for engine, stream in zip(engines, streams, strict=True):
            times = [time.perf_counter()]
            for frame in frames:
                engine.step([stream], frame)
                times.append(time.perf_counter())
            medians.append(float(np.median(np.diff(times))))
        ratios.append(medians[0] / medians[1])
    return float(np.median(ratios[1:]))  # in the first round calls are made
