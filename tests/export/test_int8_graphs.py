"""Step graphs in eight bits: the numbers they were rounded to, memories in float32, no drift."""

from __future__ import annotations

import copy
from collections.abc import Callable
from functools import cache
from typing import NamedTuple

import numpy as np
import onnx
import pytest
import torch
from numpy.typing import NDArray
from tests.contracts.zoo import CASES, clips, make
from torch import Tensor

from kinestream.errors import ConfigError
from kinestream.export.graphs import step_graph
from kinestream.export.parity import run_steps
from kinestream.export.quantise import quantised_step_graph
from kinestream.memory import Memory
from kinestream.models import Network
from kinestream.models.quantising.eight_bit import EightBit
from kinestream.models.quantising.grid import products
from kinestream.models.temporal import SlidingSum
from kinestream.models.tick import Tick
from kinestream.streaming import Engine, make_runner
from kinestream.training.pieces import Trial
from kinestream.training.rounding import lay_grids, ranges_of, shown

Array = NDArray[np.float32]

FAMILIES = [
    "rtstgcn-look-ahead",
    "stgcn-look-ahead",
    "costgcn-causal-batch",
    "stgcnpp-centred-layer",
    "stgcn-strided",  # behind a stride the products lie in branches of the graph
]


def network_of(name: str) -> Network:
    return make(next(case for case in CASES if str(case) == name), dtype=torch.float32)


def rounded(network: Network, frames: int = 60) -> Network:
    made = copy.deepcopy(network)
    x = clips(network, count=1, frames=frames, seed=5)[0, ..., None]
    trial = Trial(x, torch.zeros(frames, dtype=torch.int64))
    lay_grids(made, ranges_of(network, [trial]))
    return made


def stream(network: Network, graph: bytes, x: Tensor) -> Array:
    memories, stride = network.memories(), network.stride
    return run_steps(graph, memories, x.numpy(), network.num_classes, network.delay, stride)


class Rounded(NamedTuple):
    """A network, the same rounded, and its graph."""

    exact: Network
    rounded: Network
    graph: bytes


@pytest.fixture(scope="module")
def made() -> Callable[[str], Rounded]:
    """Makes each once."""

    @cache
    def of(name: str) -> Rounded:
        network = network_of(name)
        found = rounded(network)
        return Rounded(network, found, quantised_step_graph(found))

    return of


@torch.no_grad()
@pytest.mark.parametrize("name", FAMILIES)
def test_a_graph_gives_the_numbers_that_the_network_was_rounded_to(
    made: Callable[[str], Rounded], name: str
) -> None:
    network, found, graph = made(name)
    x = clips(network)
    answers, truth, exact = stream(network, graph, x), found(x).numpy(), network(x).numpy()
    peak = np.abs(exact).max()
    # A value half way between two steps may fall to either side in another order of sums.
    error = np.abs(answers - truth).max(axis=1) / peak
    assert np.median(error) < 1e-5 and error.max() < 0.02
    assert 1e-4 < np.abs(answers - exact).max() / peak < 0.1
    assert all(type(product.grid) is EightBit for _, product in products(found))


def test_weights_are_kept_in_bytes_and_only_there(made: Callable[[str], Rounded]) -> None:
    network, _, graph = made("rtstgcn-look-ahead")
    sizes = sorted(product.matrix().numel() for _, product in products(network))
    stored = onnx.load_from_string(graph).graph.initializer
    bytes_ = [int(np.prod(i.dims)) for i in stored if i.data_type == onnx.TensorProto.INT8]
    floats = [int(np.prod(i.dims)) for i in stored if i.data_type == onnx.TensorProto.FLOAT]
    assert sorted(size for size in bytes_ if size > 1) == sizes
    assert not set(sizes) & set(floats)
    assert b".py" not in graph and b"kinestream/" not in graph


def test_it_takes_and_makes_the_same_memories(made: Callable[[str], Rounded]) -> None:
    network, _, graph = made("rtstgcn-look-ahead")
    before, after = (onnx.load_from_string(g).graph for g in (step_graph(network), graph))
    assert [(v.name, v.type) for v in before.input] == [(v.name, v.type) for v in after.input]
    assert [(v.name, v.type) for v in before.output] == [(v.name, v.type) for v in after.output]


def test_people_together_are_answered_as_alone(made: Callable[[str], Rounded]) -> None:
    network, _, graph = made("stgcn-look-ahead")
    x = clips(network, count=3)
    alone = np.concatenate([stream(network, graph, row[None]) for row in x])
    np.testing.assert_allclose(stream(network, graph, x), alone, atol=1e-5 * np.abs(alone).max())


def test_the_numpy_engine_agrees(made: Callable[[str], Rounded]) -> None:
    """Rounding means the same to whoever reads the standard."""
    network, _, graph = made("rtstgcn-look-ahead")
    x = clips(network, count=1, frames=20)
    ours = stream(network, graph, x)
    rows, memories = x.numpy(), network.memories()
    other = run_steps(graph, memories, rows, network.num_classes, network.delay, 1, "numpy")
    error = np.abs(ours - other).max(axis=1) / np.abs(ours).max()
    assert np.median(error) < 1e-5 and error.max() < 0.02


def test_a_network_without_such_products_is_refused() -> None:
    network = network_of("stgcn-look-ahead")
    with pytest.raises(ConfigError, match="no product that is worth eight bits"):
        quantised_step_graph(network)


class RoundedRunningSum(SlidingSum):
    """A broken twin: the sum itself is kept in eight bits, the new frame added and the old taken."""

    def memories(self, name: str, shape: tuple[int, ...], now: Tick) -> tuple[Memory, ...]:
        return (
            Memory(f"{name}.frames", shape, taps=self.kernel, delay=now.delay),
            Memory(f"{name}.sum", shape, taps=1, delay=now.delay),
        )

    def step(
        self, x: Tensor, past: tuple[Tensor, ...], now: Tick
    ) -> tuple[Tensor, tuple[Tensor, ...]]:
        frames, total = past
        y = EightBit(-8.0, 8.0).frames(total + x - frames[:, 0])
        return y, (x, y)


def forgets_a_burst(network: Network, graph: bytes) -> bool:
    """Whether a stream that saw huge values long ago answers as one that did not."""
    rng = np.random.default_rng(0)
    frames = rng.normal(size=(600, 1, 3, 15)).astype(np.float32)
    frames[300:320] *= 1e4
    engine = Engine(
        make_runner("onnxruntime", graph),
        network.memories(),
        network.frame_shape,
        network.num_classes,
        delay=network.delay,
    )
    old, fresh = engine.start(), engine.start()
    for t, frame in enumerate(frames):
        y = engine.step([old], frame)
        if t >= 500:
            z = engine.step([fresh], frame)
    return bool(np.abs(y - z).max() <= 1e-5 * np.abs(z).max())


def test_sums_in_float32_do_not_drift(made: Callable[[str], Rounded]) -> None:
    network, _, graph = made("rtstgcn-look-ahead")
    assert forgets_a_burst(network, graph)


def test_a_rounded_running_sum_drifts() -> None:
    network = rounded(network_of("rtstgcn-causal-layer"))
    for module in network.modules():
        if isinstance(module, SlidingSum):
            module.__class__ = RoundedRunningSum
    network.__dict__.pop("_probe", None)
    assert not forgets_a_burst(network, quantised_step_graph(network))


def test_ranges_are_seen_on_several_recordings_and_always_the_same() -> None:
    def make_trial(number: int) -> Trial:
        return Trial(torch.full((3, 900, 5, 1), float(number)), torch.zeros(900))

    found = shown(20, make_trial)
    numbers = [int(trial.x[0, 0, 0, 0]) for trial in found]
    assert len(set(numbers)) == 8 and sum(trial.x.shape[1] for trial in found) == 4000
    assert numbers == [int(trial.x[0, 0, 0, 0]) for trial in shown(20, make_trial)]
