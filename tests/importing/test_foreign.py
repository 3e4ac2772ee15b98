"""State dicts that are damaged, hostile or something else are refused in a sentence."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest
import torch
from torch import Tensor

from kinestream.errors import CheckpointError, ConfigError
from kinestream.importing import convert
from kinestream.importing.foreign import LARGEST, Foreign
from tests.importing import reference
from tests.importing.reference import Weights

State = dict[str, Any]
ADJACENCIES = ("A", "edge_importance.0", "edge_importance.1")
CONV = "st_gcn_networks.1.gcn.conv.weight"


@pytest.fixture
def state() -> State:
    """The weights of a small ST-GCN."""
    w = Weights()
    x = torch.randn(1, 1, 9, 5, 3, generator=torch.Generator().manual_seed(0))
    reference.official_stgcn(w, x, (4, 8), (1, 2), parts=2, classes=3, weighted=True)
    return dict(w.state)


def without(key: str) -> Callable[[State], State]:
    return lambda state: {name: value for name, value in state.items() if name != key}


def with_value(key: str, value: object) -> Callable[[State], State]:
    return lambda state: {**state, key: value}


DAMAGES: dict[str, tuple[Callable[[State], object], str]] = {
    "a list": (lambda state: list(state.values()), "must be a state dict.*got list"),
    "a tensor": (lambda state: state["A"], "must be a state dict.*got Tensor"),
    "nothing": (lambda state: {}, "got an empty one"),
    "nothing inside": (lambda state: {"state_dict": {}}, "got an empty one"),
    "a key missing": (without(CONV), f"hold no '{CONV}'"),
    "the adjacency missing": (without("A"), "hold no 'A'"),
    "the head missing": (without("fcn.bias"), "hold no 'fcn.bias'"),
    "an importance missing": (without("edge_importance.1"), "hold no 'edge_importance.1'"),
    "a key too many": (
        with_value("st_gcn_networks.0.extra", torch.zeros(2)),
        "'st_gcn_networks.0.extra' of the weights has no place",
    ),
    "two keys too many": (
        lambda state: {**state, "a": torch.zeros(2), "b": torch.zeros(2)},
        "'a' and 1 more",
    ),
    "a block too many": (
        with_value("st_gcn_networks.5.gcn.conv.weight", torch.zeros(2)),
        "numbered from 0 without gaps, got 0, 1, 5",
    ),
    "an axis missing": (with_value(CONV, torch.zeros(16, 4)), r"4 axes.*\(16, 4\)"),
    "an empty axis": (with_value(CONV, torch.zeros(16, 0, 1, 1)), "no empty one"),
    "a convolution too narrow": (
        with_value(CONV, torch.zeros(15, 4, 1, 1)),
        "must make 2 x 8 channels",
    ),
    "an input too wide": (with_value(CONV, torch.zeros(16, 5, 1, 1)), "does not fit"),
    "a wide product": (
        with_value("st_gcn_networks.1.residual.0.weight", torch.zeros(8, 4, 3, 1)),
        r"'st_gcn_networks.1.residual.0.weight' does not fit.*\(8, 12\).*\(8, 4\)",
    ),
    "a bias too long": (
        with_value("st_gcn_networks.0.gcn.conv.bias", torch.zeros(7)),
        "'st_gcn_networks.0.gcn.conv.bias' does not fit",
    ),
    "an even kernel": (
        with_value("st_gcn_networks.0.tcn.2.weight", torch.zeros(4, 4, 8, 1)),
        "odd number of taps, got 8",
    ),
    "joints that differ": (
        with_value("edge_importance.0", torch.zeros(2, 6, 6)),
        "'edge_importance.0' does not fit",
    ),
    "a lopsided adjacency": (
        lambda state: {**state, **dict.fromkeys(ADJACENCIES, torch.zeros(2, 4, 5))},
        r"a row and a column for every joint, got shape \(2, 4, 5\)",
    ),
    "an input norm of no size": (
        with_value("data_bn.weight", torch.zeros(16)),
        "5 joints x 3 channels",
    ),
    "a number for a tensor": (with_value("A", 1.0), "maps names to tensors, got 'A': float"),
    "a name that is none": (
        lambda state: {**state, 3: torch.zeros(1)},
        "maps names to tensors, got 3: Tensor",
    ),
    "whole numbers": (with_value("A", torch.zeros(2, 5, 5).long()), "real numbers, got .*int64"),
    "sparse numbers": (with_value("A", torch.zeros(2, 5, 5).to_sparse()), "got .*sparse"),
    "shapes only": (with_value("A", torch.zeros(2, 5, 5, device="meta")), "on meta"),
    "no numbers": (with_value(CONV, torch.full((16, 4, 1, 1), torch.nan)), "not finite"),
    "numbers too large": (
        with_value("A", torch.full((2, 5, 5), 1e300, dtype=torch.float64)),
        "not finite",
    ),
    "two prefixes": (with_value("module.A", torch.zeros(2, 5, 5)), "'A' twice"),
    "a claim of much memory": (
        with_value("A", torch.zeros(1).expand(2, LARGEST)),
        "more than the 100,000,000",
    ),
    "a name without end": (with_value("x" * 10_000, torch.zeros(1)), r"xxx\.\.\. of the weights"),
}


@pytest.mark.parametrize("damage", DAMAGES)
def test_damaged_weights_are_refused_in_a_sentence(state: State, damage: str) -> None:
    spoil, message = DAMAGES[damage]
    with pytest.raises(CheckpointError) as refused:
        convert("stgcn", spoil(state))  # type: ignore[arg-type]
    text = str(refused.value)
    assert re.search(message, text), text
    assert "\n" not in text and len(text) < 400


def test_whole_weights_are_not_refused(state: State) -> None:
    assert convert("stgcn", state).num_classes == 3


def test_every_number_is_moved_once(state: State) -> None:
    imported = convert("stgcn", state)
    blocks = 2  # each has a copy of the adjacency here
    counts = {name for name in imported.weights if name.endswith("num_batches_tracked")}
    moved = sum(v.numel() for name, v in imported.weights.items() if name not in counts)
    assert moved == sum(v.numel() for v in state.values()) + (blocks - 1) * state["A"].numel()


def test_an_import_keeps_its_weights_when_the_original_changes(state: State) -> None:
    imported = convert("stgcn", state)
    before = {name: value.clone() for name, value in imported.weights.items()}
    for value in state.values():
        value.fill_(7.0)
    network = imported.network()
    assert all(torch.equal(before[name], value) for name, value in network.state_dict().items())


def test_changes_that_the_weights_do_not_fit_are_refused(state: State) -> None:
    imported = convert("stgcn", state)
    assert imported.network(lookahead=0).delay == 0
    with pytest.raises(ConfigError, match="do not fit a network with other values of channels"):
        imported.network(channels=[4, 9])
    with pytest.raises(ConfigError, match="no argument 'depth'"):
        imported.network(depth=3)


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16, torch.float64])
def test_weights_of_any_precision_are_read_as_float32(state: State, dtype: torch.dtype) -> None:
    foreign = Foreign({name: value.to(dtype) for name, value in state.items()})
    assert foreign.take("A", 3).dtype == torch.float32


def test_a_tensor_is_handed_out_once(state: State) -> None:
    foreign = Foreign(state)
    taken: Tensor = foreign.take("A", 3)
    assert torch.equal(taken, state["A"])
    with pytest.raises(CheckpointError, match="hold no 'A'"):
        foreign.take("A", 3)
