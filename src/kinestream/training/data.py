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
from kinestream.training.config import DataConfig
from kinestream.training.run_folder import Setup
from kinestream.training.step import Trial


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


def make_trial(clip: Clip, pipeline: Pipeline, people: int = 1) -> Trial:
    """Features and labels of one recording as tensors; scenes are filled up to ``people``.

    Raises:
        DataError: The recording shows more people than a scene holds, or a value is infinite, or
            NaN though the features take no missing joints.
    """
    assert clip.labels is not None
    pipeline.check(clip.data, clip.source)
    data = fill_scene(clip.data, people, pipeline.absent) if people > 1 else clip.data
    x = torch.from_numpy(np.ascontiguousarray(pipeline.clip(data)))
    return Trial(x, torch.from_numpy(clip.labels))
