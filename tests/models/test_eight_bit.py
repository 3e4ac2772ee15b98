"""Rounding to eight bits: bounds that it keeps, sums that never overflow, slopes that pass."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from torch import Tensor

from kinestream.models.quantising.eight_bit import EightBit
from kinestream.models.quantising.grid import Grid, products
from kinestream.models.quantising.linear import GridLinear
from kinestream.models.quantising.ranges import watching

Ints = NDArray[np.int64]
INT16 = np.iinfo(np.int16)


class PerTensor(EightBit):
    """A broken twin: one step for all channels."""

    def steps(self, matrix: Tensor) -> Tensor:
        steps = super().steps(matrix)
        return steps.max().expand(len(steps))


class FullRange(EightBit):
    """A broken twin: 127 steps for every weight, whatever its neighbour."""

    def steps(self, matrix: Tensor) -> Tensor:
        return matrix.abs().amax(0) / 127


def factors(seed: int, rows: int = 33, channels: int = 12) -> tuple[Tensor, Tensor]:
    """Frames, and weights whose channels are of very different size."""
    rng = np.random.default_rng(seed)
    sizes = 10.0 ** rng.uniform(-3, 1, channels)
    x = torch.from_numpy(rng.normal(0.5, 1, (40, rows)).astype(np.float32))
    return x, torch.from_numpy((rng.normal(size=(rows, channels)) * sizes).astype(np.float32))


def grid_over(x: Tensor, kind: type[EightBit] = EightBit) -> EightBit:
    return kind(min(0.0, float(x.min())), max(0.0, float(x.max())))


def codes(grid: EightBit, x: Tensor, matrix: Tensor) -> tuple[Ints, Ints]:
    """Whole numbers that stand for both factors, found without the grid's own rounding."""
    scale, zero = float(grid.scale), int(grid.zero)
    steps = grid.steps(matrix).double().numpy()
    q = np.clip(np.rint(x.double().numpy() / scale) + zero, 0, 255).astype(np.int64)
    return q, np.rint(matrix.double().numpy() / steps).astype(np.int64)


def within_its_bound(grid: EightBit, x: Tensor, matrix: Tensor) -> bool:
    """|y - x w| <= sum |x| s_w / 2 + |w| s_x / 2 + s_x s_w / 4, with each channel's own steps."""
    own = EightBit().steps(matrix)
    half_x, half_w = grid.scale / 2, own / 2
    bound = x.abs().sum(1, keepdim=True) * half_w + matrix.abs().sum(0) * half_x
    bound = bound + len(matrix) * half_x * half_w
    error = (grid.frames(x) @ grid.weights(matrix) - x @ matrix).abs()
    return bool((error <= 1.001 * bound).all())


@pytest.mark.parametrize("seed", range(8))
def test_a_product_errs_by_no_more_than_half_a_step_of_each_factor(seed: int) -> None:
    x, matrix = factors(seed)
    assert within_its_bound(grid_over(x), x, matrix)


def test_one_step_for_all_channels_breaks_the_bound() -> None:
    x, matrix = factors(0)
    assert not within_its_bound(grid_over(x, PerTensor), x, matrix)


def exact_in_16_bits(grid: EightBit, x: Tensor, matrix: Tensor) -> bool:
    """Whether no sum of the products of two neighbouring rows leaves 16 bits, for any frames at all."""
    _, w = codes(grid, x, matrix)
    w = np.concatenate([w, np.zeros((len(w) % 2, w.shape[1]), np.int64)])
    highest = 255 * np.maximum(w, 0).reshape(-1, 2, w.shape[1]).sum(1)
    lowest = 255 * np.minimum(w, 0).reshape(-1, 2, w.shape[1]).sum(1)
    fits = highest.max() <= INT16.max and lowest.min() >= INT16.min
    return bool(fits and np.abs(w).max() <= 127)


@pytest.mark.parametrize("seed", range(8))
def test_neighbouring_products_fit_into_16_bits(seed: int) -> None:
    x, matrix = factors(seed)
    assert exact_in_16_bits(grid_over(x), x, matrix)


def test_weights_of_full_range_overflow() -> None:
    x, matrix = factors(0)
    assert not exact_in_16_bits(grid_over(x, FullRange), x, matrix)


def test_a_product_is_that_of_its_codes_in_whole_numbers() -> None:
    x, matrix = factors(3)
    grid = grid_over(x)
    q, w = codes(grid, x, matrix)
    truth = (q - int(grid.zero)) @ w * float(grid.scale) * grid.steps(matrix).double().numpy()
    found = (grid.frames(x) @ grid.weights(matrix)).numpy()
    np.testing.assert_allclose(found, truth, rtol=0, atol=2e-5 * np.abs(truth).max())


def test_zero_stays_zero_and_channels_of_zeros_do_no_harm() -> None:
    grid = EightBit(-0.37, 5.11)
    assert grid.frames(torch.zeros(3)).abs().max() == 0  # padding with zeros is exact
    assert torch.equal(grid.weights(torch.zeros(4, 2)), torch.zeros(4, 2))
    assert torch.equal(EightBit(0.0, 0.0).frames(torch.zeros(2)), torch.zeros(2))


def test_slopes_pass_inside_the_range_and_stop_outside() -> None:
    x = torch.tensor([-3.0, -0.5, 0.2, 7.0], requires_grad=True)
    EightBit(-1.0, 2.0).frames(x).sum().backward()  # type: ignore[no-untyped-call]
    assert x.grad is not None and x.grad.tolist() == [0, 1, 1, 0]
    w = torch.randn(6, 3, requires_grad=True)
    EightBit().weights(w).sum().backward()  # type: ignore[no-untyped-call]
    assert w.grad is not None and torch.equal(w.grad, torch.ones(6, 3))


def test_watching_sees_the_range_and_puts_back_what_was_there() -> None:
    linear, small = GridLinear(20, 4), GridLinear(3, 20)
    network = torch.nn.Sequential(small, linear)
    kept: Any = linear.grid
    x = torch.randn(50, 3)
    truth = network(x)
    with watching(network) as seen:
        assert torch.equal(network(x), truth)
    middle = small(x).detach()
    assert list(seen) == ["1"], "a product of three rows is worth no eight bits"
    assert seen["1"].low == pytest.approx(float(middle.min()))
    assert seen["1"].high == pytest.approx(float(middle.max()))
    assert linear.grid is kept and type(kept) is Grid
    assert [name for name, _ in products(network)] == ["1"]
