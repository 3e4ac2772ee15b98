"""The optimizer, its schedule and the averaged weights."""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn

from kinestream.models.ctrgcn import ChannelTopology
from kinestream.models.graph_conv import GraphConv
from kinestream.models.temporal import TemporalConv
from kinestream.training.config import OptimizerConfig


def make_optimizer(network: nn.Module, config: OptimizerConfig) -> torch.optim.AdamW:
    """AdamW; weight decay works on matrices only, not on gains, biases and edge importances."""
    products = (nn.Linear, nn.Conv1d, GraphConv, TemporalConv)
    matrices = [module.weight for module in network.modules() if isinstance(module, products)]
    matrices += [module.xi for module in network.modules() if isinstance(module, ChannelTopology)]
    chosen = {id(p) for p in matrices}
    others = [p for p in network.parameters() if id(p) not in chosen]
    groups = [
        {"params": matrices, "weight_decay": config.weight_decay},
        {"params": others, "weight_decay": 0.0},
    ]
    return torch.optim.AdamW(groups, lr=config.learning_rate)


def learning_rate(config: OptimizerConfig, progress: float, epochs: int) -> float:
    """Linear warm-up, then a cosine to zero.

    Args:
        config: Gives the peak and the length of the warm-up.
        progress: Epochs done, with a fraction.
        epochs: Epochs in all.
    """
    if progress < config.warmup_epochs:
        return config.learning_rate * progress / config.warmup_epochs
    rest = max(epochs - config.warmup_epochs, 1e-9)
    share = min((progress - config.warmup_epochs) / rest, 1.0)
    return config.learning_rate * 0.5 * (1 + math.cos(math.pi * share))


@torch.no_grad()
def update_average(average: dict[str, Tensor], network: nn.Module, decay: float) -> None:
    """Move averaged weights towards the network's: ``a <- decay * a + (1 - decay) * w``."""
    for name, value in network.state_dict().items():
        if value.is_floating_point():
            average[name].lerp_(value, 1 - decay)
        else:
            average[name].copy_(value)
