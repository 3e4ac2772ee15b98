"""The slow networks that imports are compared with give the reference numbers themselves."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor

from tests.golden.cases import GoldenSet, assert_close
from tests.importing import reference
from tests.importing.reference import Weights

VISIBLE = Path(__file__).parents[3] / "shared" / "golden" / "visible"

ST_GCN = partial(reference.graph, parts=3, adaptive="importance", post=False, shortcut=False)
POST = partial(reference.graph, parts=3, adaptive="offset", post=True, shortcut=False)
ST_GCN_PP = partial(reference.graph, parts=3, adaptive="init", post=False, shortcut=True)
DG = partial(reference.group_graph, groups=8, ratio=0.125, subset_wise=False)
AAGCN = partial(reference.adaptive_graph, parts=3)
CTR = partial(reference.channel_graph, parts=3)
CTR_NAMES = {"names": ("net.{}", "gcn1", "tcn1", "fc_cls")}
OFFICIAL_NAMES = {"names": ("l{}", "gcn1", "tcn1", "fc")}


def ctr_temporal(w: Weights, key: str, x: Tensor, out: int, stride: int) -> Tensor:
    """CTR-GCN's temporal module as PYSKL has it, with a ReLU at its end."""
    return reference.four_branches(w, key, x, out, stride).relu()


CASES: dict[str, tuple[Callable[..., Tensor], Callable[..., Tensor], str, dict[str, Any]]] = {
    "stgcn_pyskl": (ST_GCN, reference.plain_temporal, "VC", {}),
    "stgcn_pyskl_post_offset": (
        POST,
        reference.plain_temporal,
        "VC",
        {"channels": [8, 8, 16, 16], "strides": [1, 1, 2, 1]},
    ),
    "stgcnpp": (ST_GCN_PP, reference.six_temporal, "VC", {}),
    "aagcn": (partial(AAGCN, attention=True), reference.plain_temporal, "MVC", {}),
    "aagcn_noattn": (partial(AAGCN, attention=False), reference.plain_temporal, "MVC", {}),
    "dgstgcn": (
        DG,
        reference.whole_body,
        "VC",
        {"channels": [16, 16, 16, 32, 32, 64, 64], "strides": [1, 1, 1, 2, 1, 2, 1]},
    ),
    "ctrgcn_pyskl": (partial(CTR, official=False), ctr_temporal, "MVC", CTR_NAMES),
    "ctrgcn_official": (
        partial(CTR, official=True),
        reference.four_branches,
        "MVC",
        OFFICIAL_NAMES,
    ),
}


@pytest.mark.skipif(not VISIBLE.is_dir(), reason="no golden numbers in shared/golden/visible")
@pytest.mark.parametrize("name", CASES)
def test_the_slow_networks_give_the_golden_numbers(name: str) -> None:
    case = next(case for case in GoldenSet(VISIBLE).cases() if case.name == name)
    spatial, temporal, data_bn, shape = CASES[name]
    arrays, about = case.arrays(), case.about["constructor"]
    state = {
        key.removeprefix("backbone.").removeprefix("cls_head."): value
        for key, value in case.weights().items()
    }
    base = about.get("base_channels", about.get("base_channel"))
    x = torch.from_numpy(arrays["x"])
    x = x.permute(0, 4, 2, 3, 1) if name == "ctrgcn_official" else x
    published = {
        "channels": [base] * 4 + [2 * base] * 3 + [4 * base] * 3,
        "strides": [1, 1, 1, 1, 2, 1, 1, 2, 1, 1],
    }
    logits = reference.network(
        Weights(state),
        x,
        spatial,
        temporal,
        classes=arrays["out_logits"].shape[-1],
        data_bn=data_bn,
        **{**published, **shape},
    )
    assert_close(logits, arrays["out_logits_f64"], 1e-9)


@pytest.mark.skipif(not VISIBLE.is_dir(), reason="no golden numbers in shared/golden/visible")
@pytest.mark.parametrize("name", ["stgcn_official", "stgcn_official_distance_noimp"])
def test_the_slow_st_gcn_gives_the_golden_numbers(name: str) -> None:
    case = next(case for case in GoldenSet(VISIBLE).cases() if case.name == name)
    arrays, about = case.arrays(), case.about["constructor"]
    logits = reference.official_stgcn(
        Weights(case.weights()),
        torch.from_numpy(arrays["x"]).permute(0, 4, 2, 3, 1),
        about["widths"],
        [1, 1, 1, 1, 2, 1, 1, 2, 1, 1],
        parts=len(case.weights()["A"]),
        classes=about["num_class"],
        weighted=about["edge_importance_weighting"],
    )
    assert_close(logits, arrays["out_logits_f64"], 1e-9)
