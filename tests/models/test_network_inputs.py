"""What a newcomer gives a network by mistake, and the sentence that comes back."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch
from tests.contracts.zoo import NETWORKS, Case, clips, make, partition

from kinestream.errors import ConfigError, SkeletonError
from kinestream.models import Network, build_network, stream


@pytest.fixture
def network() -> Network:
    return make(Case("stgcn", "plain", NETWORKS["stgcn"]))


@torch.no_grad()
def test_people_of_a_clip_stream_each_alone(network: Network) -> None:
    pair = torch.stack([clips(network, seed=1), clips(network, seed=2)], dim=-1)
    torch.testing.assert_close(stream(network, pair), network(pair), atol=1e-12, rtol=0)


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        (lambda n, x: n(x[0]), r"clips must be \(N, C, T, V\) .* got \(3, 41, 15\)"),
        (lambda n, x: n(x[:, :, :0]), "not empty"),
        (lambda n, x: n(x.transpose(1, 3)), "takes 3 channels of 15 joints, got 15 channels of 3"),
        (lambda n, x: stream(n, x[:, :2]), "got 2 channels of 15 joints"),
        (
            lambda n, x: n.step(x[0, :, 0], n.start(1)),
            r"frames must be \(N, 3, 15\), got \(3, 15\)",
        ),
        (lambda n, x: n.step(x[:, :, 0], n.start(3)), "2 frames for a state of 3 streams"),
    ],
)
def test_wrong_shapes(
    network: Network, wrong: Callable[[Network, torch.Tensor], Any], message: str
) -> None:
    with pytest.raises(SkeletonError, match=message):
        wrong(network, clips(network))


def test_a_network_in_training_does_not_stream(network: Network) -> None:
    with pytest.raises(ConfigError, match=r"call \.eval\(\) first"):
        stream(network.train(), clips(network))


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"lookahead": 0.5}, "whole number of frames or 'centred', got 0.5"),
        ({"lookahead": -1}, "0 or more frames, got -1"),
        ({"people": 0}, "people must be 1 or more"),
        ({"channels": [], "dilations": None}, "one block or more"),
        ({"strides": [2]}, "strides must have a value for each of 3 blocks, got 1"),
        ({"edges": "random"}, "edges must be 'importance'"),
        ({"residual": "dense"}, "residual must be 'auto'"),
        ({"norm": "group"}, "unknown norm 'group'"),
        ({"norm_in": "all"}, "norm_in must be"),
        ({"head": "video"}, "head must be 'frame' or 'clip'"),
        ({"pool": "max"}, "unknown pool 'max'"),
        ({"refine": {"reads": "labels"}}, "refine.reads must be"),
        ({"refine": {"depth": 3}}, "refine takes stages"),
        ({"depth": 3}, "network 'stgcn': there is no argument 'depth'"),
    ],
)
def test_wrong_arguments(arguments: dict[str, Any], message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        build_network("stgcn", partition(), 3, 5, **NETWORKS["stgcn"] | arguments)


def test_a_wrong_partition() -> None:
    with pytest.raises(ConfigError, match=r"must be \(P, V, V\), got \(15, 15\)"):
        build_network("stgcn", np.ones((15, 15)), 3, 5)
