"""Where values are dropped in training."""

from __future__ import annotations

import pytest
import torch

from kinestream.models import Network, build_network
from kinestream.skeletons import adjacency, skeleton


def network_of(head: str) -> Network:
    body = adjacency(skeleton("coco17"))
    averaging = {"over": "clip"} if head == "clip" else {}
    return build_network(
        "stgcn", body, 3, 4, channels=(6,), kernel=3, dropout=0.5, head=head, averaging=averaging
    ).train()


@pytest.mark.parametrize(("head", "dropped"), [("frame", False), ("clip", True)])
def test_only_answers_of_clips_lose_pooled_features(head: str, dropped: bool) -> None:
    """Answers of frames would flicker, and smoothing would fight that instead of the network's own."""
    network = network_of(head)
    for block in network.blocks:  # type: ignore[union-attr]
        block.eval()
    x = torch.randn(1, 3, 20, 17, generator=torch.Generator().manual_seed(0))
    assert torch.equal(network(x), network(x)) != dropped


def test_blocks_drop_values() -> None:
    network = network_of("frame")
    x = torch.randn(1, 3, 20, 17, generator=torch.Generator().manual_seed(0))
    assert not torch.equal(network(x), network(x))
    assert torch.equal(network.eval()(x), network(x))
