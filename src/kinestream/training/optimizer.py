"""The optimizer and the averaged weights."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from kinestream.models.ctrgcn import ChannelTopology
from kinestream.models.graph_conv import GraphConv
from kinestream.models.temporal import TemporalConv
from kinestream.training.config import OptimizerConfig


def make_optimizer(network: nn.Module, config: OptimizerConfig) -> torch.optim.Optimizer:
    """AdamW or SGD; weight decay is for matrices, not for gains, biases and edge importances.

    SGD has Nesterov momentum wherever it has momentum; its weight decay is added to the gradient.
    Both move all weights in one call (fused) on CPUs and NVIDIA GPUs.
    """
    products = (nn.Linear, nn.Conv1d, GraphConv, TemporalConv)
    matrices = [module.weight for module in network.modules() if isinstance(module, products)]
    matrices += [module.xi for module in network.modules() if isinstance(module, ChannelTopology)]
    chosen = {id(p) for p in matrices}
    others = [p for p in network.parameters() if id(p) not in chosen]
    groups = [
        {"params": matrices, "weight_decay": config.weight_decay},
        {"params": others, "weight_decay": 0.0},
    ]
    fused = all(p.device.type in ("cpu", "cuda") for p in network.parameters())
    if config.name == "sgd":
        momentum = config.momentum
        return torch.optim.SGD(
            groups, lr=config.learning_rate, momentum=momentum, nesterov=momentum > 0, fused=fused
        )
    return torch.optim.AdamW(groups, lr=config.learning_rate, fused=fused)


@torch.no_grad()
def update_average(average: dict[str, Tensor], network: nn.Module, decay: float) -> None:
    """Move averaged weights towards the network's: ``a <- decay * a + (1 - decay) * w``."""
    for name, value in network.state_dict().items():
        if value.is_floating_point():
            average[name].lerp_(value, 1 - decay)
        else:
            average[name].copy_(value)
