"""How each kind of golden case is run.

Legend: N clips, C channels, T frames, V joints, P partitions, K classes.
"""

from __future__ import annotations

import re
from typing import Any

import numpy as np
import torch
from torch import Tensor

from kinestream.metrics import evaluate, runs
from kinestream.metrics.segments import count_matches, edit_score
from kinestream.models import Network, build_network, stream
from kinestream.skeletons import Skeleton, adjacency, hop_distance
from kinestream.training.losses.cross_entropy import CrossEntropy
from kinestream.training.losses.term import Stretch
from kinestream.training.losses.truncated_mse import TruncatedMSE
from tests.golden.cases import GoldenCase, assert_close

FP64 = 1e-9


def rtstgcn(case: GoldenCase) -> None:
    """All four readings of the formula, as a clip and as a stream, in both precisions."""
    arrays, about = case.arrays(), case.about["constructor"]
    x = torch.from_numpy(arrays["x"])
    for key in (key for key in arrays if key.startswith("out_")):
        network = _rtstgcn_of(case.weights(), about, key)
        with torch.no_grad():
            assert_close(network(x), arrays[key], case.float32_tolerance())
            network = network.double()
            assert_close(network(x.double()), arrays[key], FP64)
            assert_close(stream(network, x.double()), arrays[key], FP64)


def _rtstgcn_of(weights: dict[str, Tensor], about: dict[str, Any], reading: str) -> Network:
    kernels = [about["gamma"]] * len(about["strides"])
    if "gamma_div_s_taps" in reading:
        kernels = [about["gamma"] // s for s in about["strides"]]
    network = build_network(
        "rtstgcn",
        weights["A"].numpy(),
        about["in_feat"],
        about["num_classes"],
        channels=about["channels"],
        kernel=kernels,
        spacing=about["strides"],
        unbiased="_unbiased_" in reading,
        edges="importance" if about["importance"] else "fixed",
        residual="auto" if about["residual"] else "none",
    )
    own = {_rtstgcn_name(key): value for key, value in weights.items() if key != "A"}
    mapped = {
        name: _as_ours(name, own[name], value.shape) if name in own else value
        for name, value in network.state_dict().items()
    }
    assert set(own) <= set(mapped), set(own) - set(mapped)
    network.load_state_dict(mapped)
    return network.eval()


def _rtstgcn_name(key: str) -> str:
    for pattern, ours in (
        (r"^fcn_in\.", "stem."),
        (r"^fcn_out\.", "head.product."),
        (r"^st_gcn\.(\d+)\.conv\.", r"blocks.\1.spatial.module."),
        (r"^st_gcn\.(\d+)\.edge_importance$", r"blocks.\1.spatial.module.mask"),
        (r"^st_gcn\.(\d+)\.bn_relu\.0\.", r"blocks.\1.temporal.norm."),
        (r"^st_gcn\.(\d+)\.residual\.0\.", r"blocks.\1.residual.product."),
        (r"^st_gcn\.(\d+)\.residual\.1\.", r"blocks.\1.residual.norm."),
    ):
        key = re.sub(pattern, ours, key)
    return key


def _as_ours(name: str, value: Tensor, shape: torch.Size) -> Tensor:
    if name.endswith("module.weight"):  # (P*C', C, 1, 1) -> (P, C, C')
        return value.reshape(shape[0], shape[2], shape[1]).transpose(1, 2)
    if "norm" in name:  # (C, 1, V) -> (V, C)
        return value.squeeze(1).T
    return value.reshape(shape)


def graphs(case: GoldenCase) -> None:
    """Every adjacency that the project can make."""
    arrays = case.arrays()
    compared = 0
    for key in arrays:
        layout, _, kind = key.partition("__")
        made = _graph(arrays, layout, kind) if f"{layout}__edges" in arrays else None
        if made is not None:
            np.testing.assert_allclose(made, arrays[key], rtol=0, atol=1e-12, err_msg=key)
            compared += 1
    assert compared >= len(arrays) // 2, f"only {compared} of {len(arrays)} arrays were compared"


def _graph(arrays: dict[str, np.ndarray], layout: str, kind: str) -> np.ndarray | None:
    edges = arrays[f"{layout}__edges"]
    joints = edges.max() + 1
    skeleton = Skeleton.from_dict(
        {
            "num_node": int(joints),
            "edge": edges.tolist(),
            "center": int(arrays[f"{layout}__center"]),
        }
    )
    if found := re.fullmatch(r"official_hop_dis_hop(\d+)", kind):
        return hop_distance(skeleton, int(found[1]))
    if found := re.fullmatch(r"official_(\w+)_hop(\d+)_dil(\d+)", kind):
        return adjacency(
            skeleton, found[1], max_hop=int(found[2]), dilation=int(found[3])  # type: ignore[arg-type]
        )  # fmt: skip
    if found := re.fullmatch(r"seed_(distance|spatial)_(symmetric|nonsymmetric)", kind):
        normalisation = "symmetric" if found[2] == "symmetric" else "random_walk"
        return adjacency(skeleton, found[1], normalisation=normalisation)  # type: ignore[arg-type]
    if found := re.fullmatch(r"pyskl_stgcn_spatial_hop(\d+)", kind):
        return adjacency(skeleton, "spatial", max_hop=int(found[1]))
    if kind in ("pyskl_spatial_hop1", "ctrgcn_spatial"):
        return adjacency(skeleton, "directed")
    return None


def metrics_segments(case: GoldenCase) -> None:
    """Edit, hits and misses of every pair, and what they add up to, with and without background."""
    arrays = case.arrays()
    bounds = list(zip(arrays["offsets"], arrays["offsets"][1:], strict=False))
    pairs = [(arrays["pred"][a:b], arrays["truth"][a:b]) for a, b in bounds]
    classes = int(max(arrays["pred"].max(), arrays["truth"].max())) + 1
    for kind, background in (("bg_kept", ()), ("bg0_dropped", (0,))):
        raises = arrays[f"f_score_raises_{kind}"]
        for i, (found, truth) in enumerate(pairs):
            ours, theirs = runs(found, background), runs(truth, background)
            np.testing.assert_allclose(
                edit_score(ours, theirs), arrays[f"edit_{kind}"][i], atol=1e-9, equal_nan=True
            )
            for j, overlap in enumerate(arrays["overlaps"]):
                if not raises[i]:
                    counts = count_matches(ours, theirs, float(overlap))
                    assert [counts.tp, counts.fp, counts.fn] == arrays[f"tp_fp_fn_{kind}"][
                        i, j
                    ].tolist()
        kept = [pair for pair, left_out in zip(pairs, raises, strict=True) if not left_out]
        report = evaluate(*zip(*kept, strict=True), classes, background=background)
        np.testing.assert_allclose(list(report.f1.values()), arrays[f"pooled_f1_{kind}"], atol=1e-9)
    whole = evaluate(*zip(*pairs, strict=True), classes)
    np.testing.assert_allclose(whole.frame_accuracy, arrays["frame_accuracy_percent"], atol=1e-9)
    each = evaluate(*zip(*pairs, strict=True), classes, protocol="per-trial")
    np.testing.assert_allclose(list(each.f1.values()), 100 * arrays["seed_f1_macro"], rtol=1e-6)
    np.testing.assert_allclose(each.edit, 100 * arrays["seed_edit_mean"][0], rtol=1e-6)


def tmse_loss(case: GoldenCase) -> None:
    """Value and gradient of cross-entropy plus smoothing, in both precisions.

    The reference divides its masked sum by all elements; ours are recordings of their own length,
    so each is run alone and weighted by what the reference divides by.
    """
    arrays, settings = case.arrays(), case.about["settings"]
    target, mask = torch.from_numpy(arrays["target"]), torch.from_numpy(arrays["mask"])
    for dtype, suffix, tolerance in ((torch.float64, "_f64", FP64), (torch.float32, "", 1e-5)):
        logits = torch.from_numpy(arrays["logits"]).to(dtype).requires_grad_()  # (S, N, K, T)
        smoothing = sum(_tmse(stage, mask, settings) for stage in logits)
        smoothing.backward(retain_graph=True)
        assert logits.grad is not None
        assert_close(logits.grad, arrays[f"grad_tmse{suffix}"], tolerance)
        per_stage = [float(_tmse(stage, mask, settings).detach()) for stage in logits]
        assert_close(per_stage, arrays[f"tmse_per_stage{suffix}"], tolerance)
        logits.grad = None
        total = smoothing + sum(_cross_entropy(stage, target) for stage in logits)
        total.backward()
        assert_close(float(total.detach()), arrays[f"total_ce_plus_tmse{suffix}"], tolerance)
        assert_close(logits.grad, arrays[f"grad_total{suffix}"], tolerance)


def _tmse(logits: Tensor, mask: Tensor, settings: dict[str, float]) -> Tensor:
    """(N, K, T) through :class:`TruncatedMSE`, recording by recording, each cut to its mask."""
    term = TruncatedMSE(settings["clamp_max"] ** 0.5)
    people, classes, frames = logits.shape
    pairs = people * term.count(torch.full((frames,), -1), classes)
    total = logits.new_zeros(())
    for row in range(people):
        length = int(mask[row, 0].sum())
        total = total + term.sum(_stretch(logits[row, :, :length], torch.full((length,), -1)))
    return settings["weight"] * total / pairs


def _cross_entropy(logits: Tensor, target: Tensor) -> Tensor:
    term = CrossEntropy()
    labels = torch.where(target >= 0, target, -1)
    known = sum(term.count(line, logits.shape[1]) for line in labels)
    parts = [term.sum(_stretch(*pair)) for pair in zip(logits, labels, strict=True)]
    return torch.stack(parts).sum() / known


def _stretch(logits: Tensor, labels: Tensor) -> Stretch:
    """A stretch whose inputs do not matter."""
    return Stretch(logits, labels, logits.new_zeros(1, len(labels), 1, 1))
