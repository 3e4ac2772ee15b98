"""Sizes: the published tables, and counts against what really runs."""

from __future__ import annotations

import json
import math
from functools import cache
from typing import Any

import pytest
import torch
from torch import nn
from torch.utils.flop_counter import FlopCounterMode

from kinestream.errors import ConfigError
from kinestream.memory import Memory
from kinestream.models import NETWORKS, Network, build_network
from kinestream.models.branches import MixedBranches
from kinestream.models.counting import (
    RULES,
    clip_macs,
    executed_macs,
    parameters,
    step_macs,
    window_macs,
)
from kinestream.models.norm import FrameLayerNorm
from kinestream.models.published import PUBLISHED, published_network
from kinestream.models.shiftgcn import SpatialShift
from kinestream.models.shiftgcnpp import DynamicShiftUnit
from kinestream.models.temporal import Average
from kinestream.skeletons import adjacency, skeleton

PAST = {"over": "past", "window": 256, "refresh": 8}
SMALL: dict[str, dict[str, Any]] = {
    "stgcn": {"channels": (6, 8, 8), "kernel": 3, "graph_bias": "plain", "people": 2},
    "costgcn": {"channels": (6, 8), "kernel": 5, "head": "clip"},
    "stgcnpp": {"channels": (12, 12, 14), "graph_bias": "plain", "norm": "batch"},
    "agcn": {"channels": (8, 8, 12), "kernel": 3, "people": 2},
    "aagcn": {"channels": (8, 12), "kernel": 3, "lookahead": 3},
    "ctrgcn": {"channels": (12, 16), "lookahead": "centred", "people": 2},
    "dgstgcn": {"channels": (16, 24), "each_group": True},
    "shiftgcn": {"channels": (6, 8, 8)},
    "shiftgcnpp": {"channels": (6, 8, 8)},
    "mstcn": {"layers": 3, "channels": 6, "refine": {"stages": 2, "layers": 2}},
    "mstcnpp": {"layers": 3, "channels": 6, "refine": {"stages": 1, "layers": 2}},
}
"""Every network whose published order of products is the one that runs."""


@cache
def published(name: str, layout: str = "ntu25", classes: int | None = None) -> Network:
    return published_network(name, layout=layout, classes=classes)


def small(name: str, **more: Any) -> Network:
    partition = adjacency(skeleton("sbu15"), "directed")
    return build_network(name, partition, 3, 5, **SMALL[name] | more).eval()


# The published tables


@pytest.mark.parametrize(
    ("name", "millions"),
    [
        ("stgcn", 3.10),
        ("costgcn", 3.14),
        ("stgcnpp", 1.40),
        ("agcn", 3.47),
        ("aagcn", 3.78),
        ("ctrgcn", 1.447),
        ("dgstgcn", 1.70),
    ],
)
def test_parameters_of_action_networks(name: str, millions: float) -> None:
    assert parameters(published(name)) / 1e6 == pytest.approx(millions, rel=0.01)


@pytest.mark.parametrize(
    ("name", "frames", "billions"),
    [
        ("stgcn", 64, 3.65),
        ("stgcn", 100, 5.70),
        ("stgcn", 300, 17.1),
        ("stgcnpp", 64, 1.87),
        ("stgcnpp", 100, 2.93),
        ("stgcnpp", 300, 8.78),
        ("agcn", 100, 6.5),
        ("aagcn", 64, 4.14),
        ("aagcn", 100, 6.47),
        ("aagcn", 300, 19.4),
        ("ctrgcn", 64, 1.94),
        ("ctrgcn", 300, 8.71),
        ("dgstgcn", 64, 1.61),
        ("dgstgcn", 100, 2.50),
        ("dgstgcn", 300, 7.44),
    ],
)
def test_clips_of_two_people(name: str, frames: int, billions: float) -> None:
    assert clip_macs(published(name), frames) / 1e9 == pytest.approx(billions, rel=0.01)


@pytest.mark.parametrize(
    ("name", "billions"), [("stgcn", 3.81), ("stgcnpp", 1.93), ("aagcn", 4.34), ("dgstgcn", 1.69)]
)
def test_clips_of_17_joints(name: str, billions: float) -> None:
    assert clip_macs(published(name, "coco17"), 100) / 1e9 == pytest.approx(billions, rel=0.01)


@pytest.mark.parametrize(
    ("layout", "classes", "million_parameters", "million_macs"),
    [("ntu25", 52, 0.668, 7.75), ("hugadb6", 12, 0.632, 1.92), ("lara19", 8, 0.641, 5.7)],
)
def test_msgcn_per_frame(
    layout: str, classes: int, million_parameters: float, million_macs: float
) -> None:
    network = published("msgcn", layout, classes)
    assert parameters(network) / 1e6 == pytest.approx(million_parameters, rel=0.01)
    assert step_macs(network) / 1e6 == pytest.approx(million_macs, rel=0.01)


@pytest.mark.parametrize(("kernel", "millions"), [(9, 78.6), (69, 468)])
def test_costgcn_of_the_rtstgcn_paper(kernel: int, millions: float) -> None:
    widths = (64,) * 3 + (128,) * 3 + (256,) * 3
    partition = adjacency(skeleton("ntu25"))
    network = build_network("stgcn", partition, 3, 52, channels=widths, stem=64, kernel=kernel)
    assert step_macs(network) / 1e6 == pytest.approx(millions, rel=0.02)


@pytest.mark.parametrize("kernel", [9, 69])
def test_rtstgcn_costs_the_same_for_any_kernel(kernel: int) -> None:
    network = published_network("rtstgcn", kernel=kernel)
    assert step_macs(network) / 1e6 == pytest.approx(20.1, rel=0.02)


def test_costgcn_per_prediction() -> None:
    network = published_network("costgcn", averaging=PAST)
    assert network.stride == 1
    assert step_macs(network) / 1e9 == pytest.approx(0.16, rel=0.01)


@pytest.mark.parametrize("name", ["stgcn", "stgcnpp", "aagcn", "ctrgcn"])
def test_a_stream_costs_a_hundredth_of_windows(name: str) -> None:
    windows = window_macs(published(name), 300)
    every_fourth = published_network(name, averaging=PAST)
    every_frame = published_network(name, averaging=PAST, strides=None)
    assert (every_fourth.stride, every_frame.stride) == (4, 1)
    assert windows >= 100 * step_macs(every_fourth)
    assert windows >= 100 * step_macs(every_frame)


# Counting itself


def by_hand(widths: list[tuple[int, int, int]], frames: int, joints: int, classes: int) -> int:
    """ST-GCN, kernel 9, three partitions, products first; blocks as (C, C', stride)."""
    total = 0
    for number, (channels, made, stride) in enumerate(widths):
        kept = math.ceil(frames / stride)
        total += frames * joints * 3 * channels * made  # products
        total += frames * joints * joints * 3 * made  # sums over neighbours
        total += kept * joints * 9 * made * made  # temporal convolution
        if number and (channels, stride) != (made, 1):
            total += kept * joints * channels * made  # residual
        frames = kept
    return total + frames * widths[-1][1] * classes


def test_stgcn_as_counted_by_hand() -> None:
    blocks = [(3, 6, 1), (6, 10, 2), (10, 10, 1), (10, 14, 3)]
    partition = adjacency(skeleton("sbu15"))
    network = build_network(
        "stgcn", partition, 3, 5, channels=(6, 10, 10, 14), strides=(1, 2, 1, 3)
    )
    for frames in (1, 6, 41):
        assert clip_macs(network, frames) == by_hand(blocks, frames, 15, 5)


@pytest.mark.parametrize("name", SMALL)
@pytest.mark.parametrize("frames", [1, 41])
def test_what_is_counted_is_what_runs(name: str, frames: int) -> None:
    network = small(name)
    assert clip_macs(network, frames) == executed_macs(network, frames) > 0


@pytest.mark.parametrize("name", SMALL)
@pytest.mark.parametrize("refresh", [1, 4])
def test_a_step_costs_what_steps_run(
    name: str, refresh: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    found: dict[Average, tuple[Memory, ...]] = {}
    declare = Average.memories

    def once(self: Average, *about: Any) -> tuple[Memory, ...]:
        if self not in found:
            found[self] = declare(self, *about)
        return found[self]

    # What an average remembers is found out with products of zeros, which are no part of a step.
    monkeypatch.setattr(Average, "memories", once)
    averages = name in ("agcn", "aagcn", "ctrgcn", "dgstgcn")
    more = {"averaging": {"window": 8, "refresh": refresh}} if averages else {}
    network = small(name, **more)
    assert network.period == (refresh if averages else 1)
    state = network.start(1)
    with torch.no_grad(), FlopCounterMode(display=False) as counter:
        for _ in range(network.period):
            _, state = network.step(torch.zeros(1, *network.frame_shape), state)
    assert step_macs(network) * network.period == counter.get_total_flops() / 2


@pytest.mark.parametrize("name", ["stgcn", "stgcnpp", "aagcn", "ctrgcn", "dgstgcn"])
def test_a_step_is_what_a_longer_clip_costs_more(name: str) -> None:
    network = small(name, strides=[1] * (len(SMALL[name]["channels"]) - 1) + [3], head="clip")
    more = 2 * network.period
    assert more > 2
    extra = clip_macs(network, 41 + more) - clip_macs(network, 41)
    assert step_macs(network) == extra / more


def test_published_ctrgcn_embeds_every_frame() -> None:
    """psi and phi before the mean, where ours come after it: the same numbers for more."""
    clip = small("ctrgcn", averaging={"over": "clip"})
    embeddings = 0
    for unit in clip.modules():
        if hasattr(unit, "psi"):
            embeddings += 2 * 15 * unit.psi.weight.numel()
    people, frames = 2, 41
    extra = people * (frames - 1) * embeddings
    assert clip_macs(clip, frames) == executed_macs(clip, frames) + extra


def test_published_stgcn_sums_wider_frames() -> None:
    """After the product there are C' channels to sum over neighbours, before it C."""
    network = published("stgcn")
    plain = published_network("stgcn", graph_bias="plain")
    assert clip_macs(network, 64) > clip_macs(plain, 64) == executed_macs(plain, 64)


SCALE_ONLY = (FrameLayerNorm, SpatialShift, DynamicShiftUnit, MixedBranches)


@pytest.mark.parametrize("name", NETWORKS)
def test_no_weight_is_forgotten(name: str) -> None:
    for module in published(name).modules():
        own = [p for p in module.parameters(recurse=False) if p.dim() > 1]
        assert not own or type(module) in RULES or isinstance(module, SCALE_ONLY), type(module)


def test_counting_leaves_the_network_alone() -> None:
    network = small("ctrgcn").train()
    before = {name: value.clone() for name, value in network.state_dict().items()}
    clip_macs(network, 7)
    executed_macs(network, 7)
    assert network.training
    assert not any(module._forward_hooks for module in network.modules())
    after = network.state_dict()
    assert all(torch.equal(after[name], value) for name, value in before.items())


def test_only_what_is_trained_is_a_parameter() -> None:
    layer = nn.Linear(3, 4)
    assert parameters(layer) == 16
    layer.bias.requires_grad_(False)
    assert parameters(layer) == 12


def test_windows_cost_what_they_run() -> None:
    clip = {"averaging": {"over": "clip"}}
    windowed = small("ctrgcn", **clip, window={"frames": 12, "stride": 3})
    assert step_macs(windowed) == window_macs(small("ctrgcn", **clip), 12, every=3) > 0


def test_what_cannot_be_counted() -> None:
    with pytest.raises(ConfigError, match="averages over whole clips, so it cannot stream"):
        step_macs(published("ctrgcn"))
    with pytest.raises(ConfigError, match="frames to count must be 1 or more, got 0"):
        clip_macs(published("stgcn"), 0)
    with pytest.raises(ConfigError, match="run every 1 or more frames, got 0"):
        window_macs(published("stgcn"), 300, every=0)


# What was published


def test_every_network_was_published_somewhere() -> None:
    assert PUBLISHED.keys() == NETWORKS.keys()
    for name, about in PUBLISHED.items():
        assert {*about} == {"channels", "classes", "people", "graph", "arguments", "source"}
        json.dumps(about)
        network = published(name)
        assert not network.training
        assert network.people == about["people"]
        assert network.num_classes == about["classes"]
    with pytest.raises(ConfigError, match="unknown network 'lstm'; there are aagcn"):
        published_network("lstm")
