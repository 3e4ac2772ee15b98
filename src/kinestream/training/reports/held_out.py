"""The recordings that a run is tested on, and whether they fit it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from kinestream.clips import Clip
from kinestream.datasets.layouts.dataset import Dataset
from kinestream.datasets.layouts.opening import open_dataset, open_splits
from kinestream.datasets.layouts.store_index import STORE
from kinestream.errors import ConfigError, DataError, SkeletonError
from kinestream.streaming.resample import same_rate
from kinestream.training.config import DataConfig
from kinestream.training.run_folder import Setup


@dataclass(frozen=True)
class HeldOut:
    """The recordings of one split.

    Attributes:
        recordings: Read one at a time.
        split: What was asked for, for example ``test``.
        protocol: How the data set is divided; None where it was divided when it was written.
        path: The data set.
    """

    recordings: Dataset
    split: str
    protocol: str | None
    path: Path


def open_held_out(
    config: DataConfig,
    split: str = "test",
    *,
    path: str | Path | None = None,
    protocol: str | None = None,
) -> HeldOut:
    """Open the split of a data set as a run's configuration divides it.

    ``train`` and ``test`` are what the configuration calls so, ``valid`` are its validation
    subjects; every other name is a split of the data set.

    Args:
        config: What the run was told of its data.
        split: Which recordings.
        path: Another place of the data, or other data; the run's own by default.
        protocol: How a store is divided; the run's own by default.

    Raises:
        MissingFileError: There is no such data set or split.
        ConfigError: The run kept no validation subjects, or the protocol cannot be chosen.
    """
    root = Path(config.path if path is None else path)
    # Other data may lie as a folder that was divided when it was written.
    asked = protocol or (config.protocol if path is None or (root / STORE).is_file() else None)
    name = {"train": config.train, "test": config.test}.get(split, split)
    if split == "valid" and (config.valid_subjects or "valid" not in open_splits(root, asked)):
        name = config.train
        if not config.valid_subjects:
            raise ConfigError(
                f"this run held no subjects out, and {root} has no split 'valid': test on another "
                f"split, or train with data.valid_subjects."
            )
    found = open_dataset(root, name, asked, config.fps)
    if config.valid_subjects and name == config.train and split in ("train", "valid"):
        found = _part(found, config, split)
    return HeldOut(found, split, asked, root)


def _part(found: Dataset, config: DataConfig, split: str) -> Dataset:
    """The validation subjects of the training split, or what was trained on."""
    if split == "train" and config.train_on_valid:
        return found
    inside = [subject in config.valid_subjects for subject in found.subjects]
    chosen = [k for k, valid in enumerate(inside) if valid == (split == "valid")]
    if not chosen:
        raise ConfigError(f"{found.title} has no recording of part {split!r} of this run.")
    return found.take(chosen)


def check_fits(found: Dataset, setup: Setup) -> None:
    """Refuse recordings that are not of the kind a run was trained on.

    Raises:
        SkeletonError: The joints differ.
        DataError: Channels, rate or classes differ.
    """
    ours = setup.graph()
    if found.skeleton.joints != ours.joints:
        raise SkeletonError(
            f"{found.title} has the {found.skeleton.num_joints} joints of skeleton "
            f"{found.skeleton.name!r}, the run was trained on the {ours.num_joints} of "
            f"{ours.name!r}."
        )
    if list(found.channels) != setup.channels:
        raise DataError(
            f"{found.title} has channels {', '.join(found.channels)}, the run takes "
            f"{', '.join(setup.channels)}."
        )
    if not same_rate(found.fps, setup.fps):
        raise DataError(
            f"{found.title} has {found.fps:g} frames per second, the run was trained at "
            f"{setup.fps:g}: prepare the data at that rate."
        )
    if unknown := [name for name in found.classes if name not in setup.classes]:
        raise DataError(
            f"{found.title} has a class {unknown[0]!r} that the run does not know; it knows "
            f"{', '.join(setup.classes)}."
        )


def with_classes(clip: Clip, classes: list[str]) -> Clip:
    """The recording with its labels in another order of classes.

    Raises:
        DataError: It has no labels.
    """
    if clip.labels is None:
        raise DataError(f"{clip.source} has no labels; a test needs one for every frame.")
    if list(clip.classes) == classes:
        return clip
    places = np.array([*(classes.index(name) for name in clip.classes), -1], np.int64)
    return replace(clip, classes=tuple(classes), labels=places[clip.labels])
