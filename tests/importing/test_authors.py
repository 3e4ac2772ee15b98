"""The networks of CTR-GCN's and ST-GCN's authors give the numbers of the originals."""

from __future__ import annotations

from functools import partial
from typing import Any

import pytest
import torch
from torch import Tensor

from kinestream.errors import CheckpointError, ConfigError
from kinestream.importing import Imported, convert
from kinestream.models import classify, stream
from tests.importing import reference
from tests.importing.reference import Weights

CLASSES = 4
CTR = partial(reference.channel_graph, parts=3, official=True)


def ctrgcn(joints: int, people: int) -> tuple[dict[str, Tensor], Tensor, Tensor]:
    """A random CTR-GCN, an input (N, C, T, V, M) and the original's logits for it."""
    w = Weights(seed=3)
    x = torch.randn(2, people, 19, joints, 3, generator=torch.Generator().manual_seed(4))
    logits = reference.network(
        w,
        x,
        CTR,
        reference.four_branches,
        channels=(8, 8, 17),
        strides=(1, 1, 2),
        classes=CLASSES,
        data_bn="MVC",
        names=("l{}", "gcn1", "tcn1", "fc"),
    )
    return w.state, x.permute(0, 4, 2, 3, 1), logits


def stgcn(parts: int, weighted: bool) -> tuple[dict[str, Tensor], Tensor, Tensor]:
    """A random ST-GCN, an input (N, C, T, V, M) and the original's logits for it."""
    w = Weights(seed=5)
    x = torch.randn(2, 2, 19, 6, 3, generator=torch.Generator().manual_seed(6))
    logits = reference.official_stgcn(
        w, x, (8, 8, 16), (1, 1, 2), parts=parts, classes=CLASSES, weighted=weighted
    )
    return w.state, x.permute(0, 4, 2, 3, 1), logits


def assert_same(imported: Imported, x: Tensor, logits: Tensor) -> None:
    """The clip gives the original's logits, and a stream those of the clip."""
    network = imported.network(dtype=torch.float64, averaging={"over": "clip"})
    with torch.no_grad():
        assert error(classify(network, x.double()), logits) < 1e-9
        network = imported.network(dtype=torch.float64, averaging={"window": 6, "refresh": 2})
        x = (x if network.people > 1 else x[..., 0]).double()
        assert error(stream(network, x), network(x)) < 1e-9


def error(found: Tensor, truth: Tensor) -> float:
    return float((found - truth).abs().max() / truth.abs().max())


@pytest.mark.parametrize(("joints", "people"), [(20, 1), (5, 3)])
def test_ctr_gcn(joints: int, people: int) -> None:
    state, x, logits = ctrgcn(joints, people)
    imported = convert("ctrgcn", state)
    assert imported.arguments["people"] == people
    assert_same(imported, x, logits)


@pytest.mark.parametrize(("parts", "weighted"), [(1, True), (2, False), (3, True)])
def test_st_gcn(parts: int, weighted: bool) -> None:
    state, x, logits = stgcn(parts, weighted)
    imported = convert("stgcn", state)
    assert imported.arguments["edges"] == ("importance" if weighted else "fixed")
    assert_same(imported, x, logits)


def test_pyskl_keeps_ctr_gcn_transposed() -> None:
    state, _, _ = ctrgcn(5, 2)
    theirs = convert("pyskl", {pyskl_name(key): pyskl_value(key, state) for key in state})
    ours = convert("ctrgcn", state)
    assert theirs.weights.keys() == ours.weights.keys()
    for key, value in ours.weights.items():
        torch.testing.assert_close(theirs.weights[key], value, rtol=0, atol=0)
    assert theirs.arguments == ours.arguments | {"branch_relu": True}


def pyskl_name(key: str) -> str:
    """The key of PYSKL for a key of the authors."""
    block, _, rest = key.partition(".")
    if block == "fc":
        return f"cls_head.fc_cls.{rest}"
    if block == "data_bn":
        return f"backbone.{key}"
    return f"backbone.net.{int(block[1:]) - 1}.{rest.replace('.PA', '.A')}"


def pyskl_value(key: str, state: dict[str, Tensor]) -> Tensor:
    """What PYSKL keeps there: the two relations exchanged, the third negated, A transposed."""
    if key.endswith(".PA"):
        return state[key].transpose(1, 2)
    if key.endswith(".conv4.weight"):
        return -state[key]
    exchanged = {".conv1.": ".conv2.", ".conv2.": ".conv1."}
    for name, other in exchanged.items():
        if name in key:
            return state[key.replace(name, other)]
    return state[key]


@pytest.mark.parametrize(
    ("source", "options", "message"),
    [
        ("ctrgcn", {"people": 1}, "people must be 2"),
        ("ctrgcn", {"adaptive": "init"}, "ctrgcn takes no option 'adaptive'"),
        ("stgcn", {"dilations": [1]}, "stgcn takes no option 'dilations'"),
        ("resnet", {}, "unknown source 'resnet'"),
    ],
)
def test_options_and_sources_that_do_not_exist(
    source: str, options: dict[str, Any], message: str
) -> None:
    with pytest.raises(ConfigError, match=message):
        convert(source, ctrgcn(5, 2)[0], **options)


@pytest.mark.parametrize(
    ("source", "key", "shape", "block"),
    [("ctrgcn", "fc", (3, 8), "l1"), ("stgcn", "fcn", (3, 8, 1, 1), "st_gcn_networks.0")],
)
def test_a_head_alone_is_no_network(
    source: str, key: str, shape: tuple[int, ...], block: str
) -> None:
    head = {f"{key}.weight": torch.zeros(shape), f"{key}.bias": torch.zeros(3)}
    with pytest.raises(CheckpointError, match=f"hold no '{block}'"):
        convert(source, head)


@pytest.mark.parametrize("source", ["ctrgcn", "stgcn", "pyskl"])
def test_the_weights_of_one_project_are_not_taken_for_anothers(source: str) -> None:
    state = stgcn(3, True)[0] if source == "ctrgcn" else ctrgcn(5, 2)[0]
    with pytest.raises(CheckpointError, match=r"the weights hold no|these are not the weights"):
        convert(source, state)
