"""What a configuration and its data describe: features, network, loss."""

from __future__ import annotations

from typing import Any

import torch

from kinestream.clips import Clip
from kinestream.errors import ConfigError
from kinestream.features import Pipeline
from kinestream.models import Network, build_network
from kinestream.models.norm import batch_norms
from kinestream.models.quantising.grid import products
from kinestream.models.windows import Windowed
from kinestream.skeletons import adjacency
from kinestream.training.config import TrainConfig
from kinestream.training.losses.loss import Loss
from kinestream.training.losses.making import make_loss
from kinestream.training.run_folder import Setup
from kinestream.training.whole_clips import label_of_clip


def network_of(config: TrainConfig, setup: Setup) -> Network:
    """Build the network that a configuration and its data describe."""
    graph = config.graph
    partition = adjacency(
        setup.graph(),
        graph.strategy,
        max_hop=graph.max_hop,
        dilation=graph.dilation,
        normalisation=graph.normalisation,
    )
    channels = len(pipeline_of(setup).channels)
    arguments = network_arguments(config, setup)
    return build_network(config.network.name, partition, channels, len(setup.classes), **arguments)


def network_arguments(config: TrainConfig, setup: Setup) -> dict[str, Any]:
    """The keyword arguments that a configuration gives its network.

    Raises:
        ConfigError: The look-ahead is given twice.
    """
    arguments = dict(config.network.arguments)
    if config.custom:
        arguments["custom"] = config.custom
    if config.network.lookahead_s is not None:
        if "lookahead" in arguments:
            raise ConfigError("give network.lookahead_s or the argument lookahead, not both.")
        # Whole frames that fit into the time, whatever binary fractions make of it.
        arguments["lookahead"] = int(config.network.lookahead_s * setup.fps + 1e-6)
    return arguments


def pipeline_of(setup: Setup) -> Pipeline:
    """The fitted features of a run."""
    return Pipeline(setup.graph(), tuple(setup.channels), setup.features)


def loss_of(config: TrainConfig, clips: list[Clip]) -> Loss:
    """The loss of a configuration, its class weights counted on the training recordings."""
    if config.clips is None:
        labels = [torch.from_numpy(clip.labels) for clip in clips if clip.labels is not None]
    else:
        labels = [torch.tensor([label_of_clip(clip)]) for clip in clips]
    classes = clips[0].classes
    background = [classes.index(name) for name in config.background]
    return make_loss(config.loss, labels, len(classes), background)


def check_classes(config: TrainConfig, setup: Setup) -> None:
    """Refuse background and idle classes that the data does not have.

    Raises:
        ConfigError: Names the first one.
    """
    for key, names in (("background", config.background), ("events.idle", config.events.idle)):
        if unknown := sorted(set(names) - set(setup.classes)):
            raise ConfigError(
                f"{key}: {unknown[0]!r} is not a class of the data set; it has "
                f"{', '.join(setup.classes)}."
            )


def check_trains(config: TrainConfig, network: Network) -> None:
    """Refuse what a network cannot be trained with.

    Raises:
        ConfigError: Chunks and batch statistics do not go together, ``clips`` is missing or in the
            wrong place, or there is no such figure to choose weights by.
    """
    settings = config.training
    if settings.best_valid and (settings.best_valid == "accuracy") == network.streams:
        known = "frame_accuracy, edit, f1@10, f1@25 or f1@50" if network.streams else "accuracy"
        raise ConfigError(f"training.best_valid: this network has {known}.")
    if settings.segment and settings.batch_norm == "batch" and batch_norms(network):
        raise ConfigError(
            "norm 'batch' takes statistics over all frames of a batch, which chunks do not see: set "
            "training.segment to 0, training.batch_norm to 'frozen' or norm to 'layer'."
        )
    if settings.quantise and not any(products(network)):
        raise ConfigError(
            "training.quantise: this network has no product that is worth eight bits; leave it out."
        )
    if isinstance(network, Windowed) and settings.batch_norm == "batch" and batch_norms(network):
        raise ConfigError(
            "norm 'batch' would count every frame once for each window that it is in: train the "
            "network on clips (averaging.over 'clip', section clips) and lay the window afterwards, or "
            "set training.batch_norm to 'frozen' or norm to 'layer'."
        )
    averaging = config.network.arguments.get("averaging")
    over_clips = isinstance(averaging, dict) and averaging.get("over") == "clip"
    if over_clips and network.streams and not isinstance(network, Windowed):
        raise ConfigError(
            f"averaging.over is 'clip', but nothing in this {config.network.name} averages over time: "
            f"set network.arguments.head to 'clip' for one answer for a whole clip."
        )
    if network.streams and config.clips is not None:
        raise ConfigError(
            "this network labels every frame, so recordings keep their length: leave out the section "
            "clips, or set averaging.over to 'clip' for one answer for a whole clip."
        )
    if not network.streams and config.clips is None:
        raise ConfigError(
            "this network averages over whole clips and gives one answer for each: say how long "
            "clips are made, as in clips: {frames: 64}, or set averaging.over to 'past' for a "
            "network that labels frames."
        )
