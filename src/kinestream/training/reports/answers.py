"""What a run says of each recording of a split.

Legend: T frames, K classes.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from torch import Tensor

from kinestream.errors import ConfigError
from kinestream.models import Network
from kinestream.streaming import decode
from kinestream.training.building import network_of, pipeline_of
from kinestream.training.checkpoints import load_weights
from kinestream.training.config import TrainConfig
from kinestream.training.data import TrialMaker
from kinestream.training.evaluate import logits, probabilities
from kinestream.training.reports.held_out import HeldOut, check_fits, with_classes
from kinestream.training.reports.weights import LAST, load_chosen
from kinestream.training.run_folder import RunFolder, Setup


class Answer(NamedTuple):
    """One recording.

    Attributes:
        name: What the data set calls it.
        subject: Who is seen, empty where it is not known.
        truth: (T,) class indices, -1 where a frame is not labelled.
        labels: (T,) class indices, as a stream decides them.
        scores: (T, K) probabilities.
        whole: (K,) probabilities of one answer for the whole recording.
    """

    name: str
    subject: str
    truth: NDArray[np.int64]
    labels: NDArray[np.int64]
    scores: NDArray[np.float32]
    whole: NDArray[np.float32]


@dataclass(frozen=True, eq=False)
class RunAnswers:
    """A run and its answers.

    Attributes:
        run: Its folder.
        config: Its configuration.
        setup: What its training data said.
        weights: ``last`` or ``best_valid``.
        epoch: When the weights were taken.
        averaged: Whether they are a running average of the weights.
        parameters: How many numbers the network has learned.
        delay_frames: Frames a label waits for; its look-ahead.
        streams: Whether the network labels frames of a stream, or whole clips only.
        answers: One for each recording.
        unknown: Score below which frames are nobody's, measured on validation; None where it was not.
        fused_with: Names of the runs whose answers are averaged with these.
    """

    run: RunFolder
    config: TrainConfig
    setup: Setup
    weights: str
    epoch: int
    averaged: bool
    parameters: int
    delay_frames: int
    streams: bool
    answers: list[Answer]
    unknown: float | None = None
    fused_with: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        """What pictures call it: its folder, and those that it is fused with."""
        return " + ".join([self.run.path.resolve().name, *self.fused_with])

    @property
    def background(self) -> tuple[int, ...]:
        """Classes that are no segments."""
        return tuple(self.setup.classes.index(name) for name in self.config.background)

    @property
    def idle(self) -> tuple[int, ...]:
        """Classes that make no events: those of the background, and idle ones."""
        idle = map(self.setup.classes.index, self.config.events.idle)
        return tuple(sorted({*self.background, *idle}))


def answer_split(run: RunFolder, held_out: HeldOut, weights: str = LAST) -> RunAnswers:
    """Run a trained network over the recordings of a split.

    Args:
        run: A run folder.
        held_out: The recordings.
        weights: ``last``, or ``best_valid`` where the run kept it.

    Raises:
        CheckpointError: The run has no whole checkpoint of that kind.
        ConfigError: The run's configuration was changed.
        DataError: The recordings do not fit the run.
        SkeletonError: Their joints do not.
    """
    config, setup = run.config(), run.setup()
    _check_classes(run, "a background class", config.background, setup)
    _check_classes(run, "an idle class", config.events.idle, setup)
    check_fits(held_out.recordings, setup)
    checkpoint = load_chosen(run, weights)
    network = network_of(config, setup)
    load_weights(network, checkpoint.weights)
    network.eval()
    return RunAnswers(
        run=run,
        config=config,
        setup=setup,
        weights=weights,
        epoch=checkpoint.epoch,
        averaged=bool(checkpoint.part("average")),
        parameters=sum(p.numel() for p in network.parameters()),
        delay_frames=network.delay if network.streams else 0,
        streams=network.streams,
        answers=list(_answers(network, setup, held_out, config)),
    )


def _check_classes(run: RunFolder, what: str, names: list[str], setup: Setup) -> None:
    if unknown := [name for name in names if name not in setup.classes]:
        raise ConfigError(
            f"{run.path / 'config.yaml'} has {what} {unknown[0]!r} that the run does not know; it "
            f"knows {', '.join(setup.classes)}."
        )


def _answers(
    network: Network, setup: Setup, held_out: HeldOut, config: TrainConfig
) -> Iterator[Answer]:
    dataset = held_out.recordings
    maker = TrialMaker(pipeline_of(setup), network.people, config.clips)
    for name, clip in zip(dataset.names, dataset, strict=True):
        trial = maker(with_classes(clip, setup.classes))
        (found,) = logits(network, [trial])  # (K, T)
        scores = probabilities(found)
        labels = decode(scores, config.decode.margin)
        truth = trial.labels.numpy()
        yield Answer(name, clip.subject, truth, labels, scores, _whole(network, found))


def _whole(network: Network, found: Tensor) -> NDArray[np.float32]:
    if not network.streams:
        return np.asarray(probabilities(found)[0])
    # Between answers of a network with a stride the last one is repeated: it counts once.
    every = found[:, :: network.stride]  # (K, T')
    return np.asarray(network.over_clip(every.T[None])[0].softmax(0).numpy())
