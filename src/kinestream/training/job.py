"""A run that is ready to go on: data read, network built, the newest checkpoint restored."""

from __future__ import annotations

import copy
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import torch

from kinestream.clips import Clip
from kinestream.errors import ConfigError
from kinestream.models.norm import batch_norms
from kinestream.training.augment import check_augment
from kinestream.training.building import (
    check_classes,
    check_trains,
    loss_of,
    network_of,
    pipeline_of,
)
from kinestream.training.checkpoints import clear_away, drop_after, load_latest, restore
from kinestream.training.computing import Computing
from kinestream.training.config import TrainConfig
from kinestream.training.data import Splits, TrialMaker, fit_setup, load_splits
from kinestream.training.learner import Learner
from kinestream.training.optimizer import make_optimizer
from kinestream.training.pieces import Trial
from kinestream.training.ranks import Ranks
from kinestream.training.run_folder import RunFolder, Setup
from kinestream.training.source import Source, start_from, write_record
from kinestream.training.transfer import Transfer


@dataclass(frozen=True)
class Job:
    """A run that is ready to go on.

    Attributes:
        config: What to do.
        run: Where it is kept.
        setup: What the data says.
        learner: The network on its way.
        maker: Makes recordings ready for it.
        clips: The training recordings.
        held_out: Recordings of ``valid`` and ``test``, ready.
        done: Epochs done.
        transfer: What became of the weights it starts from, where there are any.
    """

    config: TrainConfig
    run: RunFolder
    setup: Setup
    learner: Learner
    maker: TrialMaker
    clips: list[Clip]
    held_out: dict[str, list[Trial]]
    done: int
    transfer: Transfer | None

    @property
    def ranks(self) -> Ranks:
        """The processes of the run."""
        return self.learner.computing.ranks


def begin(
    config: TrainConfig,
    run: RunFolder,
    computing: Computing,
    source: Source | None,
    resume: bool,
) -> Job:
    """Everything up to the first epoch; nothing is written before all of it is known to be right.

    Args:
        config: What to do.
        run: Where.
        computing: Device, precision and processes.
        source: Weights to start from; not used where the run resumes.
        resume: Go on from the newest checkpoint.

    Raises:
        ConfigError: The folder is taken, or the configuration does not fit the data.
        CheckpointError: There is nothing whole to resume from.
    """
    ranks = computing.ranks
    taken = ranks.first and run.path.exists() and not _is_empty(run.path)
    if ranks.any(taken) and not resume:
        raise ConfigError(f"{run.path} is not empty: name another folder, or pass --resume.")
    splits = load_splits(config.data)
    if resume:
        run.check_same(config)
    setup = run.setup() if resume else fit_setup(splits.train, config.features)
    check_classes(config, setup)
    check_augment(splits.train[0], config.augment)
    learner, transfer = _learner(config, setup, splits, computing, None if resume else source)
    done = _restore(run, learner) if resume else 0
    maker = TrialMaker(learner.pipeline, learner.network.people, config.clips)
    for clip in splits.train:
        maker.check(clip)
    held_out = {
        "valid": [maker(clip) for clip in splits.valid],
        "test": [maker(clip) for clip in splits.test],
    }
    if resume and ranks.first:
        run.write_config(config)
    if not resume and ranks.first:
        run.create(config, setup)
        if source is not None and transfer is not None:
            write_record(run, source, transfer)
    clips = splits.train
    return Job(config, run, setup, learner, maker, clips, held_out, done, transfer)


def _learner(
    config: TrainConfig,
    setup: Setup,
    splits: Splits,
    computing: Computing,
    source: Source | None,
) -> tuple[Learner, Transfer | None]:
    torch.manual_seed(config.training.seed)
    network = network_of(config, setup)
    check_trains(config, network)
    build = partial(network_of, config)
    transfer = start_from(source, network, setup, build) if source else None
    for norm in batch_norms(network):
        norm.frozen = config.training.batch_norm == "frozen"
    network.to(computing.device)
    if config.training.compile:
        network.stages = torch.compile(network.stages)  # type: ignore[method-assign]
    learner = Learner(
        network,
        pipeline_of(setup),
        loss_of(config, splits.train),
        make_optimizer(network, config.optimizer),
        copy.deepcopy(network.state_dict()) if config.optimizer.ema else None,
        computing,
    )
    return learner, transfer


def _restore(run: RunFolder, learner: Learner) -> int:
    """Go back to the newest whole checkpoint; returns the epochs done."""
    checkpoint = load_latest(run.checkpoints)
    average = restore(checkpoint, learner.network, learner.optimizer)
    learner.average = {k: v.to(learner.computing.device) for k, v in average.items()} or None
    learner.standing = checkpoint.standing
    learner.standing.damaged += checkpoint.damaged
    if checkpoint.standing.scaler:
        learner.computing.scaler.load_state_dict(checkpoint.standing.scaler)
    ranks = learner.computing.ranks
    ranks.any(False)  # all have read it
    if ranks.first:
        clear_away(run.checkpoints, checkpoint)
        drop_after(run.best_valid, checkpoint.epoch)
        run.keep_metrics_until(checkpoint.epoch)
    return checkpoint.epoch


def _is_empty(folder: Path) -> bool:
    # A cluster's job keeps what it was asked there before the run begins.
    return folder.is_dir() and all(path.name == "cluster" for path in folder.iterdir())
