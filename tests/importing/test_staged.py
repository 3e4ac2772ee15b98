"""MS-TCN, MS-GCN and CoST-GCN give the numbers of the originals, whole and frame by frame."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import pytest
import torch
from torch import Tensor

from kinestream.errors import CheckpointError, ConfigError
from kinestream.importing import convert
from kinestream.importing.msgcn import with_positions_first
from kinestream.models import Network, stream
from tests.importing import reference_staged as reference
from tests.importing.reference import Weights

State = dict[str, Any]


def drawn(*shape: int) -> Tensor:
    return torch.randn(*shape, generator=torch.Generator().manual_seed(1))


def error(found: Tensor, truth: Tensor) -> float:
    assert found.shape == truth.shape
    return float((found - truth).abs().max() / truth.abs().max())


def assert_same(network: Network, x: Tensor, stages: Sequence[Tensor]) -> None:
    """Every stage, and the stream of the last one."""
    with torch.no_grad():
        found = network.stages(x.double())
        for y, truth in zip(found, stages, strict=True):
            assert error(y, truth) < 1e-9
        assert error(stream(network, x.double()), found[-1]) < 1e-9


@pytest.mark.parametrize(("joints", "layers", "stages"), [(1, 3, 2), (4, 2, 0), (3, 1, 1)])
def test_ms_tcn(joints: int, layers: int, stages: int) -> None:
    w, x = Weights(), drawn(2, 12, 23)
    truth = reference.mstcn(w, x, stages=stages, layers=layers, width=5, classes=4)
    imported = convert("mstcn", w.state, joints=joints)
    assert (imported.in_channels, imported.num_classes) == (12 // joints, 4)
    frames = x.unflatten(1, (joints, -1)).permute(0, 2, 3, 1)  # (N, C, T, V)
    assert_same(imported.network(dtype=torch.float64), frames, truth)


@pytest.mark.parametrize(
    ("joints", "parts", "kernel", "layers", "refining"),
    [(5, 3, 3, 4, (2, 3, 6)), (9, 1, 5, 2, (1, 1, 4)), (2, 2, 3, 3, (0, 0, 0))],
)
def test_ms_gcn(
    joints: int, parts: int, kernel: int, layers: int, refining: tuple[int, int, int]
) -> None:
    w, x = Weights(), drawn(2, 4, 21, joints)
    shape = {"width": 7, "parts": parts, "kernel": kernel, "refining": refining, "classes": 3}
    truth = reference.msgcn(w, x, dilations=[2**i for i in range(layers)], **shape)
    imported = convert("msgcn", w.state)
    assert (imported.name, imported.in_channels, imported.num_classes) == ("msgcn", 4, 3)
    assert_same(imported.network(dtype=torch.float64), x, truth)


def test_ms_gcn_with_other_dilations() -> None:
    w, x = Weights(), drawn(1, 4, 21, 3)
    shape = {"width": 6, "parts": 2, "kernel": 3, "refining": (1, 2, 5), "classes": 3}
    truth = reference.msgcn(w, x, dilations=[1, 3, 2], **shape)
    imported = convert("msgcn", w.state, dilations=[1, 3, 2])
    assert_same(imported.network(dtype=torch.float64), x, truth)
    with pytest.raises(ConfigError, match="each of 3 blocks, got 2"):
        convert("msgcn", w.state, dilations=[1, 3])


def test_ms_gcn_takes_positions_first_when_told() -> None:
    w, x = Weights(), drawn(1, 6, 17, 3)
    shape = {"width": 6, "parts": 2, "kernel": 3, "refining": (1, 2, 5), "classes": 3}
    truth = reference.msgcn(w, x, dilations=[1, 2], **shape)
    network = with_positions_first(convert("msgcn", w.state)).network(dtype=torch.float64)
    assert_same(network, torch.cat([x[:, 3:], x[:, :3]], dim=1), truth)


@pytest.mark.parametrize(
    ("people", "channels", "kernels", "strides", "parts", "pool"),
    [
        (1, (6, 6, 8), (3, 5, 3), (1, 1, 1), 3, 3),
        (2, (3, 8), (5, 5), (1, 2), 2, 4),
        (3, (4, 4, 4), (3, 3, 3), (2, 1, 2), 1, 1),
    ],
)
def test_costgcn(
    people: int,
    channels: Sequence[int],
    kernels: Sequence[int],
    strides: Sequence[int],
    parts: int,
    pool: int,
) -> None:
    w, x = Weights(), drawn(2, 3, 24, 5, people)
    truth = reference.costgcn(
        w, x, channels=channels, kernels=kernels, strides=strides, parts=parts, pool=pool, classes=3
    )
    stride = int(torch.tensor(strides).prod())
    averaging = {"window": pool * stride, "refresh": 1}
    imported = convert("costgcn", w.state, strides=strides, averaging=averaging)
    network = imported.network(dtype=torch.float64)
    assert network.people == people
    x = (x if people > 1 else x[..., 0]).double()
    with torch.no_grad():
        found = network(x)
        assert error(found[..., pool - 1 :], truth) < 1e-9
        assert error(stream(network, x), found) < 1e-9


def test_the_pool_of_costgcn_is_said() -> None:
    w = Weights()
    shape: dict[str, Any] = {"channels": (4,), "kernels": (3,), "strides": (1,), "parts": 1}
    reference.costgcn(w, drawn(1, 3, 9, 4, 1), **shape, pool=1, classes=2)
    imported = convert("costgcn", w.state, averaging={"window": 24, "refresh": 8})
    assert "the last 24 frames" in imported.notes[0]
    assert imported.network().receptive_field == 23 + 3  # the mean, then three taps


def states() -> dict[str, State]:
    """Small weights of each project."""
    tcn, gcn, cost = Weights(), Weights(), Weights()
    reference.mstcn(tcn, drawn(1, 6, 9), stages=1, layers=2, width=4, classes=3)
    shape: dict[str, Any] = {"width": 4, "parts": 2, "kernel": 3, "classes": 3}
    reference.msgcn(gcn, drawn(1, 4, 9, 3), dilations=[1, 2], refining=(1, 2, 5), **shape)
    shape = {"channels": (4, 6), "kernels": (3, 3), "strides": (1, 1), "parts": 2, "classes": 3}
    reference.costgcn(cost, drawn(1, 3, 9, 5, 2), pool=1, **shape)
    return {"mstcn": tcn.state, "msgcn": gcn.state, "costgcn": cost.state}


Damage = Callable[[State, str], State]
DAMAGES: dict[str, Damage] = {
    "missing": lambda state, key: {k: v for k, v in state.items() if k != key},
    "longer": lambda state, key: state | {key: torch.cat([state[key], state[key]])},
    "an axis more": lambda state, key: state | {key: state[key][None]},
    "a sister": lambda state, key: state | {f"{key}.more": state[key]},
}


@pytest.mark.parametrize("source", ["mstcn", "msgcn", "costgcn"])
@pytest.mark.parametrize("damage", DAMAGES)
def test_every_tensor_counts(source: str, damage: str) -> None:
    state = states()[source]
    convert(source, state)
    for key in state:
        with pytest.raises(CheckpointError) as caught:
            convert(source, DAMAGES[damage](state, key))
        assert "\n" not in str(caught.value) and len(str(caught.value)) < 300


@pytest.mark.parametrize("source", ["mstcn", "msgcn", "costgcn"])
def test_checkpoints_of_parallel_training_are_read(source: str) -> None:
    state = states()[source]
    counted = {"state_dict": {f"module.{key}": value for key, value in state.items()}}
    counted["state_dict"]["module.data_bn.num_batches_tracked"] = torch.tensor(7)
    plain, found = convert(source, state), convert(source, counted)
    assert plain.weights.keys() == found.weights.keys()
    assert all(torch.equal(found.weights[key], value) for key, value in plain.weights.items())


@pytest.mark.parametrize("source", ["mstcn", "msgcn", "costgcn"])
@pytest.mark.parametrize("other", ["mstcn", "msgcn", "costgcn"])
def test_weights_of_another_project_are_refused(source: str, other: str) -> None:
    if source != other:
        with pytest.raises(CheckpointError, match="the weights hold no"):
            convert(source, states()[other])


def test_options_that_do_not_fit_are_refused() -> None:
    with pytest.raises(ConfigError, match="divide the 6 features of a frame evenly, got 4"):
        convert("mstcn", states()["mstcn"], joints=4)
    with pytest.raises(ConfigError, match="strides"):
        convert("costgcn", states()["costgcn"], strides=[1])
