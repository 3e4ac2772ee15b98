"""Peers: the same answers by other ways, and the sentence of those that do not fit."""

from __future__ import annotations

import sys
from functools import lru_cache
from pathlib import Path
from typing import Any
from unittest.mock import Mock

import numpy as np
import pytest

torch = pytest.importorskip("torch")
pytest.importorskip("onnxscript")

from kinestream.benchmarking.peers import PEERS, check_peers, make_peer  # noqa: E402
from kinestream.benchmarking.peers.jit import compare, plain_step  # noqa: E402
from kinestream.benchmarking.peers.plain_fifo import LeanFifo, PlainFifo  # noqa: E402
from kinestream.benchmarking.peers.subject import (  # noqa: E402
    Subject,
    partition_of,
    still,
    subject_of,
)
from kinestream.benchmarking.peers.window import SlidingWindow, window_peers  # noqa: E402
from kinestream.bundle import WEIGHTS, Bundle, load  # noqa: E402
from kinestream.errors import BundleError, ConfigError, MissingExtraError  # noqa: E402
from kinestream.export.graphs import step_graph  # noqa: E402
from kinestream.models import NETWORKS, build_network  # noqa: E402
from kinestream.models.counting import step_macs  # noqa: E402
from kinestream.skeletons import adjacency, skeleton  # noqa: E402
from kinestream.streaming import Engine, make_runner  # noqa: E402

BODY = adjacency(skeleton("kinect20"))
SMALL: dict[str, dict[str, Any]] = {
    "rtstgcn": {"channels": (6, 6, 8, 8), "kernel": [3, 4, 2], "spacing": [1, 2, 1]},
    "costgcn": {"channels": (6, 6, 8), "kernel": [3, 5, 4], "norm": "batch"},
    "stgcn": {"channels": (6, 8), "kernel": 3},
}


def network_of(key: str, **changes: Any) -> Any:
    """A small network whose every weight is drawn, norms too."""
    torch.manual_seed(1)
    network = still(build_network(key, BODY, 3, 4, **(SMALL[key] | changes)))
    for name, parameter in network.named_parameters():
        if "norm" in name or "bias" in name or "mask" in name:
            parameter.copy_(parameter + 0.3 * torch.randn_like(parameter))
    return network


@lru_cache
def engine_of(key: str) -> Engine:
    """The engine of a small network: exporting one takes seconds."""
    network = network_of(key)
    runner = make_runner("onnxruntime", step_graph(network))
    return Engine(runner, network.memories(), network.frame_shape, 4)


def subject(key: str, **changes: Any) -> Subject:
    """A network and, as far as nothing is changed, its engine."""
    engine = Mock(Engine) if changes else engine_of(key)
    return Subject("mine", key, SMALL[key] | changes, network_of(key, **changes), engine)


def clip_of(frames: int) -> Any:
    """(1, C, T, V), random."""
    return torch.from_numpy(np.random.default_rng(0).normal(size=(1, 3, frames, 20))).float()


@pytest.mark.parametrize("form", [PlainFifo, LeanFifo])
@pytest.mark.parametrize("unbiased", [False, True])
def test_the_plain_form_gives_the_numbers_of_the_network(
    form: type[PlainFifo], unbiased: bool
) -> None:
    network, clip = network_of("rtstgcn", unbiased=unbiased), clip_of(30)
    step = plain_step(plain := form(network).eval(), plain, 20)
    found = np.stack([step(clip[:, :, t].numpy()) for t in range(30)], axis=-1)
    assert found == pytest.approx(network(clip).numpy(), abs=1e-4)


def test_a_plain_form_that_answers_otherwise_is_refused() -> None:
    mine = subject("rtstgcn")
    plain = PlainFifo(network_of("rtstgcn")).eval()
    compare("eager", plain_step(plain, plain, 20), mine)
    plain.get_parameter("stem.bias").add_(0.5)
    with pytest.raises(ConfigError, match=r"eager differs from the engine by .* left out"):
        compare("eager", plain_step(plain, plain, 20), mine)


def test_jit_makes_three_contestants() -> None:
    made = make_peer("jit", subject("rtstgcn"), ())
    assert [each.name for each in made] == ["jit", "jit, lean", "eager"]
    for each in made:
        answer: Any = each.step()
        assert answer.shape == (1, 4)


@pytest.mark.parametrize(
    ("key", "changes", "sentence"),
    [
        ("stgcn", {"stem": 6}, "jit is the plain form of rtstgcn, mine is stgcn: left out."),
        ("rtstgcn", {"lookahead": 2}, "jit neither looks ahead"),
        ("rtstgcn", {"norm": "batch"}, "jit knows rtstgcn as published"),
        ("rtstgcn", {"edges": "learned"}, "jit knows rtstgcn as published"),
        ("rtstgcn", {"pool": "joints"}, "jit knows rtstgcn as published"),
    ],
)
def test_jit_says_what_it_does_not_fit(key: str, changes: dict[str, Any], sentence: str) -> None:
    with pytest.raises(ConfigError, match=sentence):
        make_peer("jit", subject(key, **changes), ())


def test_a_window_is_the_clip_of_the_newest_frames() -> None:
    network, clip = network_of("stgcn"), clip_of(20)
    window = SlidingWindow(network, 7)
    for t in range(20):
        answer = window.push(clip[:, :, t])
    wanted = network(clip[:, :, 13:])[:, :, -1]
    assert answer.numpy() == pytest.approx(wanted.numpy(), abs=1e-5)
    assert answer.numpy() != pytest.approx(network(clip[:, :, 12:19])[:, :, -1].numpy(), abs=1e-5)


def test_windows_are_those_asked_for_or_the_receptive_field() -> None:
    mine = Subject("mine", "stgcn", {}, network_of("stgcn"), Mock(Engine))
    assert mine.network.receptive_field == 5
    assert [each.name for each in window_peers(mine)] == ["window 5"]
    names = [each.name for each in window_peers(mine, [50, 2, 50])]
    assert names == ["window 50", "window 2"]
    for frames in (0, 4097):
        with pytest.raises(ConfigError, match=f"a window has 1 to 4,096 frames, got {frames}"):
            window_peers(mine, [frames])


def copied(network: Any, peer: Any) -> None:
    """Give a peer of CoST-GCN the weights of ours."""
    from kinestream.benchmarking.peers.cost_gcn import Graph

    graphs: list[Any] = [m for m in peer.modules() if isinstance(m, Graph)]
    convs = [m for m in peer.modules() if type(m).__module__ == "continual.conv"]
    peer[-1].weight.copy_(network.head.product.weight[..., None])
    peer[-1].bias.copy_(network.head.product.bias)
    projections = []
    for block, graph, conv in zip(network.blocks, graphs, convs, strict=True):
        ours = block.spatial.graph
        graph.edges.copy_(ours.edges())
        for part, product in enumerate(graph.products):
            product.weight.copy_(ours.weight[part].T[..., None, None])
            product.bias.copy_(ours.bias if part == 0 else torch.zeros_like(ours.bias))
        conv.weight.copy_(block.temporal.operator.weight.permute(2, 1, 0)[..., None])
        conv.bias.copy_(block.temporal.operator.bias)
        if isinstance(graph.shortcut, torch.nn.Sequential):
            linear = block.spatial.shortcut.product
            graph.shortcut[0].weight.copy_(linear.weight[..., None, None])
            graph.shortcut[0].bias.copy_(linear.bias)
        if block.residual.kind != "none" and isinstance(block.residual.product, torch.nn.Linear):
            projections.append(block.residual.product)
    inside = {id(m) for graph in graphs for m in graph.modules()}
    beside = [m for m in peer.modules() if type(m) is torch.nn.Conv2d and id(m) not in inside]
    for conv, linear in zip(beside, projections, strict=True):
        conv.weight.copy_(linear.weight[..., None, None])
        conv.bias.copy_(linear.bias)


def test_continual_is_the_same_network_with_as_many_multiply_adds() -> None:
    pytest.importorskip("continual")
    from kinestream.benchmarking.peers.cost_gcn import cost_gcn, macs_of, sizes_of

    torch.manual_seed(2)
    network: Any = still(build_network("costgcn", BODY, 3, 4, **SMALL["costgcn"]))
    widths, kernels, parts = sizes_of(network)
    assert (widths, kernels, parts) == ([3, 6, 6, 8], [3, 5, 4], 3)
    clip = clip_of(25)
    with torch.no_grad():
        peer = cost_gcn(widths, kernels, parts, 20, 4)
        assert macs_of(peer, 20) == step_macs(network)
        copied(network, peer)
        found = torch.stack([peer.forward_step(clip[:, :, t]) for t in range(25)], dim=-1)
    assert found.numpy() == pytest.approx(network(clip).numpy(), abs=1e-4)


def test_continual_that_costs_something_else_is_left_out(monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("continual")
    from kinestream.benchmarking.peers import cost_gcn

    mine = subject("costgcn")
    (contestant,) = make_peer("continual", mine, ())
    answer: Any = contestant.step()
    assert answer.shape == (1, 4)
    honest = cost_gcn.cost_gcn
    monkeypatch.setattr(
        cost_gcn, "cost_gcn", lambda w, k, p, v, c: honest(w, [2 * taps for taps in k], p, v, c)
    )
    with pytest.raises(ConfigError, match=r"continual would count .* M multiply-adds"):
        make_peer("continual", mine, ())


@pytest.mark.parametrize(
    ("key", "changes", "sentence"),
    [
        ("rtstgcn", {"kernel": 2}, "continual is built as costgcn, mine is rtstgcn: left out."),
        ("costgcn", {"lookahead": 1}, "continual answers every frame"),
        ("costgcn", {"strides": (1, 2, 1)}, "continual answers every frame"),
        ("costgcn", {"refine": {"stages": 2, "channels": 16}}, "continual would count"),
    ],
)
def test_continual_says_what_it_does_not_fit(
    key: str, changes: dict[str, Any], sentence: str
) -> None:
    pytest.importorskip("continual")
    with pytest.raises(ConfigError, match=sentence):
        make_peer("continual", subject(key, **changes), ())


def test_unknown_and_missing_peers_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(ConfigError, match="there is no peer 'tsm'; there are continual, window"):
        check_peers(["tsm"])
    monkeypatch.setitem(sys.modules, "continual", None)
    with pytest.raises(MissingExtraError, match=r"'continual' needs .*kinestream\[bench\]"):
        check_peers(["continual"])
    monkeypatch.setitem(sys.modules, "torch", None)
    for name in PEERS:
        with pytest.raises(MissingExtraError):
            check_peers([name])


def test_the_network_of_a_bundle_gives_the_numbers_of_its_clip_graph(
    bundle: Bundle, clip_of: Any
) -> None:
    clip = clip_of(30, seed=5)
    features = bundle.pipeline.clip(clip.data).transpose(3, 0, 1, 2)
    answers = subject_of(bundle).network(torch.from_numpy(np.ascontiguousarray(features)))
    assert answers.numpy() == pytest.approx(bundle.logits(clip.data), abs=1e-4)


@pytest.mark.parametrize("key", NETWORKS)
def test_the_adjacency_of_every_network_is_found_in_its_weights(key: str) -> None:
    network = build_network(key, BODY, 3, 4)
    found = partition_of(network.state_dict(), 20)
    build_network(key, found, 3, 4).load_state_dict(network.state_dict())


def test_weights_of_another_network_are_refused(own_bundle: Path, bundle: Bundle) -> None:
    from safetensors.torch import save_file

    weights = subject_of(bundle).network.state_dict()
    weights.popitem()
    opened = load(own_bundle)
    save_file(weights, own_bundle / WEIGHTS)
    with pytest.raises(BundleError, match="cannot be loaded: .*Missing key"):
        subject_of(opened)
