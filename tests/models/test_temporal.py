"""Temporal operators against their definition written as loops, as clips and frame by frame.

Legend: N clips, T frames, V joints, C channels.
"""

from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor

from kinestream.errors import ConfigError
from kinestream.models import Network, stream
from kinestream.models.tape import Tape
from kinestream.models.temporal import (
    Delay,
    SlidingMax,
    SlidingSum,
    TemporalConv,
    TemporalOperator,
    TemporalShift,
)
from kinestream.models.tick import Tick

CHANNELS, JOINTS = 2, 3


class Chain(Network):
    """Operators one after the other, with a non-linearity that does not keep zero."""

    def __init__(self, operators: list[TemporalOperator]) -> None:
        super().__init__(CHANNELS, JOINTS, CHANNELS)
        self.operators = torch.nn.ModuleList(operators)
        self.anchor = torch.nn.Parameter(torch.zeros(1))
        self.eval()

    def run(self, x: Tensor, now: Tick, tape: Tape) -> tuple[list[Tensor], Tick]:
        for operator in self.operators:
            assert isinstance(operator, TemporalOperator)
            x, now = tape.run(operator, x, now)
            x = torch.cos(x)
        return [x.mean(-2)], now


def naive(operator: TemporalOperator, x: np.ndarray) -> np.ndarray:
    """The definition: for every kept frame, loop over the taps."""
    people, frames, joints, _ = x.shape
    answers = []
    for t in range(0, frames, operator.stride):
        if isinstance(operator, Delay):
            answers.append(x[:, t])
            continue
        total = np.zeros((people, joints, CHANNELS))
        largest = np.full_like(total, -np.inf)
        for tap in range(operator.kernel):
            at = t + operator.lookahead - (operator.kernel - 1 - tap) * operator.dilation
            if 0 <= at < frames:
                if isinstance(operator, TemporalConv):
                    total += x[:, at] @ operator.weight[tap].detach().numpy()
                elif isinstance(operator, SlidingMax):
                    largest = np.maximum(largest, x[:, at])
                elif isinstance(operator, TemporalShift):
                    total += x[:, at] * hat(operator, tap)
                else:
                    total += x[:, at]
            elif isinstance(operator, SlidingMax):
                largest = np.maximum(largest, 0)
        if isinstance(operator, TemporalConv):
            total += operator.bias.detach().numpy()
        answers.append(largest if isinstance(operator, SlidingMax) else total)
    return np.stack(answers, axis=1)


def hat(operator: TemporalShift, tap: int) -> np.ndarray:
    """What a frame counts, by its distance from the moment that each channel looks at."""
    place = operator.shift.detach().numpy().clip(-operator.reach, operator.reach) + operator.reach
    return np.maximum(0, 1 - np.abs(place - tap))


@st.composite
def operators(draw: st.DrawFn) -> TemporalOperator:
    kind = draw(st.sampled_from(["conv", "sum", "delay", "max", "shift"]))
    kernel, dilation = draw(st.integers(1, 7)), draw(st.integers(1, 3))
    stride = draw(st.sampled_from([1, 1, 2, 3]))
    lookahead = draw(st.integers(0, (kernel - 1) * dilation))
    if kind == "delay":
        return Delay(draw(st.integers(0, 4)), stride=stride)
    if kind == "sum":
        return SlidingSum(kernel, dilation=dilation, stride=stride, lookahead=lookahead)
    if kind == "max":
        return SlidingMax(kernel, dilation=dilation, stride=stride, lookahead=lookahead)
    torch.manual_seed(kernel)
    if kind == "shift":
        reach = draw(st.integers(0, 3))
        ahead = draw(st.integers(0, 2 * reach))
        return TemporalShift(CHANNELS, reach, stride=stride, lookahead=ahead).double()
    conv = TemporalConv(
        CHANNELS, CHANNELS, kernel, dilation=dilation, stride=stride, lookahead=lookahead
    )
    torch.nn.init.normal_(conv.bias)
    return conv.double()


def clip_of(frames: int, seed: int) -> Tensor:
    generator = torch.Generator().manual_seed(seed)
    return torch.randn(2, frames, JOINTS, CHANNELS, generator=generator, dtype=torch.float64)


@settings(max_examples=200, deadline=None, derandomize=True)
@given(operators(), st.integers(1, 25), st.integers(0, 99))
def test_clip_form_is_the_definition(operator: TemporalOperator, frames: int, seed: int) -> None:
    x = clip_of(frames, seed)
    with torch.no_grad():
        np.testing.assert_allclose(operator(x), naive(operator, x.numpy()), atol=1e-12)


@settings(max_examples=150, deadline=None, derandomize=True)
@given(st.lists(operators(), min_size=1, max_size=3), st.integers(1, 25), st.integers(0, 99))
def test_steps_are_the_clip(chain: list[TemporalOperator], frames: int, seed: int) -> None:
    network = Chain(chain).double()
    x = clip_of(frames, seed)
    with torch.no_grad():
        frames_last = x.permute(0, 3, 1, 2)  # (N, C, T, V)
        truth = network(frames_last)  # (N, K, ceil(T / stride))
        found = stream(network, frames_last)
    np.testing.assert_allclose(found, truth, atol=1e-12)


class RunningSum:
    """The broken twin: ``S += new - old``."""

    def __init__(self, kernel: int) -> None:
        self.window = [np.float32(0)] * kernel
        self.total = np.float32(0)

    def push(self, value: np.float32) -> np.float32:
        old, self.window = self.window[0], [*self.window[1:], value]
        self.total = np.float32(self.total + value - old)
        return self.total


@pytest.mark.parametrize("kernel", [4, 9])
def test_what_left_the_window_leaves_no_trace(kernel: int) -> None:
    values = np.random.default_rng(0).normal(size=400).astype(np.float32)
    values[50:60] *= 1e8
    values[200:] = 0
    network = Chain([SlidingSum(kernel)])
    sums, twin = push_all(network, values), RunningSum(kernel)
    drifted = np.array([twin.push(value) for value in values])
    truth = np.convolve(values.astype(np.float64), np.ones(kernel))[: len(values)]
    quiet = slice(60 + kernel, 200)
    np.testing.assert_allclose(sums[quiet], truth[quiet], atol=1e-6)
    assert (sums[200 + kernel :] == 0).all(), "zero means zero"
    assert np.abs(drifted[quiet] - truth[quiet]).max() > 0.1, "the twin should have drifted"


@pytest.mark.parametrize("kernel", [4, 9])
def test_a_nan_leaves_with_its_window(kernel: int) -> None:
    values = np.ones(60, np.float32)
    values[20] = np.nan
    sums = push_all(Chain([SlidingSum(kernel)]), values)
    assert np.isnan(sums[20 : 20 + kernel]).all()
    assert np.isfinite(sums[:20]).all() and (sums[20 + kernel :] == kernel).all()
    twin = RunningSum(kernel)
    assert np.isnan([twin.push(value) for value in values][-1]), "the twin should never heal"


def push_all(network: Chain, values: np.ndarray) -> np.ndarray:
    """Window sums of a single number per frame, before the chain's non-linearity."""
    (operator,) = network.operators
    assert isinstance(operator, SlidingSum)
    sums = []
    original = operator.step

    def spy(x: Tensor, past: tuple[Tensor, ...], now: Tick) -> tuple[Tensor, tuple[Tensor, ...]]:
        y, entries = original(x, past, now)
        sums.append(float(y[0, 0, 0]))
        return y, entries

    operator.step = spy  # type: ignore[method-assign]
    with torch.no_grad():
        state = network.start(1)
        sums.clear()
        for value in values:
            _, state = network.step(torch.full((1, CHANNELS, JOINTS), float(value)), state)
    return np.array(sums, np.float32)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"kernel": 0}, "must be 1 or more"),
        ({"kernel": 3, "dilation": 0}, "must be 1 or more"),
        ({"kernel": 3, "stride": 0}, "must be 1 or more"),
        ({"kernel": 3, "dilation": 2, "lookahead": 5}, "0 to .* = 4, got 5"),
        ({"kernel": 3, "lookahead": -1}, "got -1"),
    ],
)
def test_values_out_of_range_are_refused(arguments: dict[str, int], message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        SlidingSum(**arguments)
