"""Clip networks over long recordings, against windows cut by hand.

Legend: N clips, C channels, T frames, V joints, K classes.
"""

from __future__ import annotations

from typing import Any

import pytest
import torch
from tests.contracts.chunked import forward_in_chunks
from tests.contracts.zoo import NETWORKS, Case, clips, make

from kinestream.errors import ConfigError
from kinestream.models import Network, classify, windows
from kinestream.models.windows import Windowed

CLIP = {"head": "clip", "averaging": {"over": "clip"}, "lookahead": "centred"}


def network_of(name: str = "ctrgcn", **window: Any) -> Network:
    return make(Case(name, "windowed", NETWORKS[name] | CLIP | {"window": window}))


def by_hand(
    network: Network, x: torch.Tensor, frames: int, stride: int, ahead: int
) -> torch.Tensor:
    """For every frame: cut the window that labels it, with zeros where there is no recording."""
    assert isinstance(network, Windowed)
    answers = []
    for t in range(x.shape[2]):
        last = t // stride * stride + ahead
        window = x.new_zeros(*x.shape[:2], frames, *x.shape[3:])
        for place in range(frames):
            at = last - frames + 1 + place
            if 0 <= at < x.shape[2]:
                window[:, :, place] = x[:, :, at]
        answers.append(classify(network.window.network, window))
    return torch.stack(answers, dim=2)  # (N, K, T)


@pytest.mark.parametrize(
    ("frames", "stride", "ahead"), [(9, 1, 0), (9, 9, 8), (10, 4, 3), (10, 4, 0), (10, 1, 5)]
)
@torch.no_grad()
def test_labels_are_laid_on_the_frames(frames: int, stride: int, ahead: int) -> None:
    network = network_of(frames=frames, stride=stride, lookahead=ahead)
    x = clips(network, frames=31)
    truth = by_hand(network, x, frames, stride, ahead)
    for segment in (0, 1, 8, 30):
        torch.testing.assert_close(
            forward_in_chunks(network, x, segment), truth, atol=1e-12, rtol=0
        )
    assert (network.delay, network.stride) == (ahead, stride)


@torch.no_grad()
def test_a_window_labels_its_newest_frames_by_default() -> None:
    assert network_of(frames=12, stride=12).delay == 11
    assert network_of(frames=12, stride=4).delay == 3
    assert network_of(frames=12).delay == 0


@torch.no_grad()
def test_few_windows_at_a_time_give_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    network = network_of(frames=9, stride=2)
    x = clips(network, frames=50)
    whole = network(x)
    monkeypatch.setattr(windows, "FRAMES_AT_ONCE", 30)
    torch.testing.assert_close(network(x), whole, atol=1e-12, rtol=0)


@torch.no_grad()
def test_a_clip_is_classified_by_the_mean_of_its_logits() -> None:
    frames = make(Case("stgcn", "frame", NETWORKS["stgcn"]))
    pooled = make(Case("stgcn", "clip", NETWORKS["stgcn"] | CLIP | {"lookahead": 0}))
    from_start = make(
        Case("stgcn", "start", NETWORKS["stgcn"] | {"head": "clip", "averaging": {"window": None}})
    )
    x = clips(frames, frames=30)
    truth = frames(x).mean(2)
    torch.testing.assert_close(classify(frames, x), truth)
    torch.testing.assert_close(classify(pooled, x), truth)
    torch.testing.assert_close(classify(from_start, x), truth)


@pytest.mark.parametrize(
    ("window", "message"),
    [
        ({"frames": 9, "stride": 10}, "stride of 1 to 9 .* got 10"),
        ({"frames": 9, "lookahead": 9}, "lookahead of 0 to 8, got 1 and 9"),
        ({"frames": 0}, "whole numbers of frames, got 0, 1, 0"),
        ({"frames": 9.5}, "whole numbers of frames, got 9.5"),
        ({"stride": 2}, "window needs frames"),
        ({"length": 9}, "takes stride and lookahead, got {'length': 9}"),
    ],
)
def test_wrong_windows_are_refused(window: dict[str, int], message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        network_of(**window)
