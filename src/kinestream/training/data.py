"""From a data set to what the loop trains on."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch

from kinestream.clips import Clip
from kinestream.datasets.layouts.opening import open_dataset
from kinestream.errors import ConfigError, DataError
from kinestream.features import Pipeline
from kinestream.streaming import fill_scene
from kinestream.training.config import ClipsConfig, DataConfig
from kinestream.training.pieces import Trial
from kinestream.training.run_folder import Setup
from kinestream.training.whole_clips import label_of_clip, played


@dataclass(frozen=True)
class Splits:
    """The recordings of a run, in memory."""

    train: list[Clip]
    valid: list[Clip]
    test: list[Clip]


def load_splits(config: DataConfig) -> Splits:
    """Read a prepared data set and divide it.

    Raises:
        ConfigError: A validation subject is not in the training split.
        DataError: A recording has no labels.
    """
    training, testing = (
        open_dataset(config.path, split, config.protocol, config.fps)
        for split in (config.train, config.test)
    )
    test = list(testing)
    clips = list(training)
    unknown = set(config.valid_subjects) - {clip.subject for clip in clips}
    if unknown:
        raise ConfigError(
            f"data.valid_subjects {sorted(unknown)} are not in split {config.train!r}, which has "
            f"{', '.join(sorted({clip.subject for clip in clips}))}."
        )
    for clip in clips + test:
        if clip.labels is None:
            raise DataError(f"{clip.source} has no labels; training needs one for every frame.")
    valid = [clip for clip in clips if clip.subject in config.valid_subjects]
    if not config.train_on_valid:
        clips = [clip for clip in clips if clip.subject not in config.valid_subjects]
    if not clips:
        raise ConfigError("no training recording is left once the validation subjects are out.")
    return Splits(clips, valid, test)


def fit_setup(clips: Sequence[Clip], features: Sequence[str | dict[str, object]]) -> Setup:
    """Measure on the training recordings what features and exports need to know.

    Raises:
        DataError: A value is infinite, or NaN though the features take no missing joints.
    """
    first = clips[0]
    pipeline = Pipeline(first.skeleton, first.channels, list(features))
    for clip in clips:
        pipeline.check(clip.data, clip.source)
    pipeline.fit([clip.data for clip in clips])
    return Setup(
        classes=list(first.classes),
        skeleton=first.skeleton.to_dict(),
        channels=list(first.channels),
        fps=first.fps,
        features=pipeline.to_list(),
        subjects=sorted({clip.subject for clip in clips}),
    )


@dataclass(frozen=True)
class TrialMaker:
    """Makes recordings ready for one network.

    Attributes:
        pipeline: The fitted features.
        people: How many a scene of the network holds.
        clips: For a network that answers once for a whole clip, how long clips are made.
    """

    pipeline: Pipeline
    people: int = 1
    clips: ClipsConfig | None = None

    def check(self, clip: Clip) -> None:
        """Refuse what :meth:`__call__` would, before an hour of training.

        Raises:
            DataError: As there, except for missing joints.
        """
        if self.clips is not None:
            label_of_clip(clip)
        if self.people > 1:
            fill_scene(clip.data[:, :1], self.people, self.pipeline.absent)

    def __call__(self, clip: Clip, rng: np.random.Generator | None = None) -> Trial:
        """Features and labels of a recording as tensors; scenes are filled up to ``people``.

        Args:
            clip: Has labels.
            rng: Draws the stretch of a clip in training; without it the clip is taken whole.

        Raises:
            DataError: The recording shows more people than a scene holds, or has several labels
                where one is wanted, or a value is infinite, or NaN though the features take no
                missing joints.
        """
        assert clip.labels is not None
        labels = clip.labels
        if self.clips is not None:
            labels = np.array([label_of_clip(clip)])
            clip = played(clip, self.clips, rng)
        self.pipeline.check(clip.data, clip.source)
        people = self.people
        data = fill_scene(clip.data, people, self.pipeline.absent) if people > 1 else clip.data
        x = torch.from_numpy(np.ascontiguousarray(self.pipeline.clip(data)))
        return Trial(x, torch.from_numpy(labels))
