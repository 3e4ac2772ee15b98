"""From a run to a bundle: what is written, what is refused."""

from __future__ import annotations

import numpy as np
import onnx
import pytest
import torch
from tests.contracts.zoo import CASES, Case, clips, make

from kinestream.errors import ParityError
from kinestream.export.graphs import clip_graph, step_graph
from kinestream.export.parity import check_parity, run_steps
from kinestream.models import Network
from kinestream.streaming import Engine, make_runner


def case() -> Case:
    return next(case for case in CASES if str(case) == "rtstgcn-look-ahead")


@pytest.fixture(scope="module")
def network() -> Network:
    return make(case(), dtype=torch.float32)


@pytest.fixture(scope="module")
def graphs(network: Network) -> tuple[bytes, bytes]:
    return step_graph(network), clip_graph(network)


def test_parity_holds(network: Network, graphs: tuple[bytes, bytes]) -> None:
    errors = check_parity(network, *graphs, clips(network).numpy())
    assert max(errors["step"], errors["clip"], errors["people"]) < 1e-5


def test_parity_refuses_a_graph_of_other_weights(
    network: Network, graphs: tuple[bytes, bytes]
) -> None:
    other = make(case(), seed=3, dtype=torch.float32)
    with pytest.raises(ParityError, match="differs from the network"):
        check_parity(other, *graphs, clips(network).numpy())


def test_parity_sees_a_delay_that_is_off_by_one(
    network: Network, graphs: tuple[bytes, bytes]
) -> None:
    x = clips(network, count=1)
    truth = network(x).detach().numpy()
    late = run_steps(
        graphs[0], network.memories(), x.numpy(), network.num_classes, network.delay + 1
    )
    assert np.abs(late - truth).max() > 0.01 * np.abs(truth).max()


def test_no_path_of_the_exporting_machine_is_inside(graphs: tuple[bytes, bytes]) -> None:
    for graph in graphs:
        assert b".py" not in graph and b"kinestream/" not in graph


def test_a_long_stream_equals_a_fresh_engine_fed_the_last_window(
    network: Network, graphs: tuple[bytes, bytes]
) -> None:
    """10,000 frames, a burst of huge values among them, leave no drift behind."""
    rng = np.random.default_rng(0)
    frames = rng.normal(size=(10_000, 1, 3, 15)).astype(np.float32)
    frames[4000:4050] *= 1e6
    memories = network.memories()
    runner = make_runner("onnxruntime", graphs[0])
    engine = Engine(runner, memories, network.frame_shape, network.num_classes)
    old, fresh = engine.start(), engine.start()
    last = network.receptive_field + network.delay
    for t, frame in enumerate(frames):
        y = engine.step([old], frame)
        if t >= len(frames) - last:
            z = engine.step([fresh], frame)
    assert np.abs(y - z).max() < 1e-5 * np.abs(z).max()


@pytest.mark.parametrize("name", ["stgcn-strided", "ctrgcn-centred-batch"])
def test_what_nobody_is_due_is_not_computed(name: str) -> None:
    """Behind a stride, and for a context between refreshes, the graph holds a branch."""
    network = make(next(case for case in CASES if str(case) == name), dtype=torch.float32)
    step = step_graph(network)
    assert any(node.op_type == "If" for node in onnx.load_from_string(step).graph.node)
    assert b".py" not in step and b"kinestream/" not in step, "a branch tells of this machine"
