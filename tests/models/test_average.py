"""Averages over time against their definition written as loops.

Legend: N clips, T frames, V joints, C channels.
"""

from __future__ import annotations

import numpy as np
import pytest
import torch
from tests.contracts.zoo import NETWORKS, partition
from torch import Tensor

from kinestream.errors import ConfigError
from kinestream.models import build_network
from kinestream.models.temporal import Average, Averaging


class Product(Average):
    """Each frame times the sine of the mean of the squares: no step of it commutes."""

    def statistic(self, x: Tensor) -> Tensor:
        return x**2

    def context(self, mean: Tensor) -> Tensor:
        return torch.sin(3 * mean)

    def use(self, x: Tensor, context: Tensor) -> Tensor:
        return x * context


def naive(x: np.ndarray, averaging: Averaging) -> np.ndarray:
    """For every frame: the last refresh, the frames before it, their mean."""
    answers = []
    for t in range(x.shape[1]):
        last = t // averaging.refresh * averaging.refresh
        first = 0 if averaging.window is None else max(0, last - averaging.window + 1)
        mean = (x[:, first : last + 1] ** 2).mean(axis=1)
        answers.append(x[:, t] * np.sin(3 * mean))
    return np.stack(answers, axis=1)


@pytest.mark.parametrize("frames", [1, 2, 9, 40])
@pytest.mark.parametrize(
    ("window", "refresh"), [(None, 1), (None, 5), (1, 1), (6, 1), (6, 2), (6, 6), (12, 4), (64, 8)]
)
def test_clip_form_is_the_definition(window: int | None, refresh: int, frames: int) -> None:
    averaging = Averaging("past", window, refresh)
    x = torch.randn(2, frames, 3, 4, generator=torch.Generator().manual_seed(1)).double()
    found = Product(averaging)(x)
    np.testing.assert_allclose(found, naive(x.numpy(), averaging), atol=1e-12)


def test_over_the_clip_is_the_mean_of_all_frames() -> None:
    x = torch.randn(2, 9, 3, 4, generator=torch.Generator().manual_seed(1)).double()
    found = Product(Averaging("clip"))(x)
    np.testing.assert_allclose(found, x * torch.sin(3 * (x**2).mean(1, keepdim=True)), atol=1e-12)


def test_from_the_start_the_last_frame_has_the_mean_of_the_clip() -> None:
    x = torch.randn(1, 30, 3, 4, generator=torch.Generator().manual_seed(1)).double()
    past, clip = Product(Averaging("past", None, 1))(x), Product(Averaging("clip"))(x)
    np.testing.assert_allclose(past[:, -1], clip[:, -1], atol=1e-12)
    assert (past[:, 5] - clip[:, 5]).abs().max() > 1e-3


def test_what_averages_over_the_clip_does_not_stream() -> None:
    arguments = NETWORKS["ctrgcn"] | {"averaging": {"over": "clip"}}
    network = build_network("ctrgcn", partition(), 3, 5, **arguments)
    assert not network.streams
    network.eval()
    with pytest.raises(ConfigError, match="cannot stream: set averaging.over to 'past'"):
        network.start(1)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"over": "future"}, "'past' or 'clip', got 'future'"),
        ({"window": 10, "refresh": 4}, "multiple of averaging.refresh, 4 frames, got 10"),
        ({"refresh": 0}, "1 or more frames, got 0"),
        ({"size": 3}, "takes over, window and refresh, got size"),
    ],
)
def test_wrong_options_are_refused(options: dict[str, object], message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        Averaging.of(options)
