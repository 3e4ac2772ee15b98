"""Golden cases of MS-TCN, MS-GCN and CoST-GCN, whose weights are read as users' files are.

Legend: N clips, C channels, T frames, V joints, M people, K classes, S stages.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from kinestream.clips import XYZ
from kinestream.features import Pipeline
from kinestream.files import file_sha256
from kinestream.importing import costgcn as costgcn_weights
from kinestream.importing import msgcn as msgcn_weights
from kinestream.importing import mstcn as mstcn_weights
from kinestream.importing.bundling import MS_GCN_FEATURES
from kinestream.importing.checkpoints import read_state
from kinestream.importing.imported import Imported
from kinestream.models import Network, stream
from kinestream.models.tape import ClipTape
from kinestream.models.temporal import TemporalOperator
from kinestream.models.tick import Tick
from kinestream.skeletons import Skeleton
from tests.golden.cases import GoldenCase, assert_close

FP64 = 1e-9
EXACT = 1e-12
DATA = Path(__file__).parents[3] / "shared" / "data" / "ms_gcn"

LONGEST_STREAM = 64
"""Frames streamed in a test."""

MAX_MOVED = 1 << 30
"""Numbers that a stream in torch, which shifts all its memory in every step, may move in a test."""

Arrays = dict[str, np.ndarray]
Shown = Mapping[nn.Module, Tensor | None]
NAMES = (
    (r"^mid_stage1\.", "predict."),
    (r"^mid_stages\.", "refine."),
    (r"^mid_stream\.conv_1x1$", "stem"),
    (r"^mid_stream\.st_gcn_networks\.", "blocks."),
    (r"^(predict|refine\.\d+)\.conv_1x1$", r"\1.product_in"),
    (r"^(predict|refine\.\d+)\.conv_out$", r"\1.product_out"),
)


class LeakyTape(ClipTape):
    """What the references see behind short clips: zeros, but for some operators something else.

    Args:
        lengths: (N,) frames in each clip.
        shown: By operator what stands in every frame of the padding, or ``None`` for what is there.
    """

    def __init__(self, lengths: Tensor, shown: Shown) -> None:
        super().__init__(lengths)
        self._shown = shown

    def masks(self, operator: TemporalOperator) -> bool:
        return operator not in self._shown

    def run(self, operator: TemporalOperator, x: Tensor, now: Tick) -> tuple[Tensor, Tick]:
        if (instead := self._shown.get(operator)) is not None:
            inside = now.inside.reshape(*now.inside.shape, *[1] * (x.dim() - 2))
            x = torch.where(inside, x, instead)
        return super().run(operator, x, now)


class Outputs(dict[str, Tensor]):
    """What some modules of a network give while the block runs, by name."""

    def __init__(self, network: nn.Module, names: Iterable[str]) -> None:
        super().__init__()
        self._hooks = [
            network.get_submodule(name).register_forward_hook(self._keep(name)) for name in names
        ]

    def _keep(self, name: str) -> Callable[[nn.Module, Any, Any], None]:
        def keep(module: nn.Module, args: Any, output: Any) -> None:
            self[name] = output[0] if isinstance(output, tuple) else output

        return keep

    def __enter__(self) -> Outputs:
        return self

    def __exit__(self, *error: object) -> None:
        for hook in self._hooks:
            hook.remove()


def mstcn(case: GoldenCase) -> None:
    """Padded as the reference pads, with no mask at all, exactly masked, and as a stream."""
    arrays = case.arrays()
    x, valid = torch.from_numpy(arrays["x"])[..., None], _valid(arrays)  # (N, D, T, 1), (N, T)
    imported = mstcn_weights.convert(case.weights())
    network: Any = imported.network()

    def as_theirs(key: str, y: Tensor) -> Tensor:  # (N, T, D) -> (N, D, T)
        # The reference masks behind each layer, we in front of it.
        return (y * valid[..., None] if ".layers." in key else y).transpose(1, 2)

    first: nn.Module = network.predict.layers[0].conv
    _check_padded(case, network, x, {first: None, **_biases(network)}, as_theirs)
    if "out_mask_all_ones" in arrays:
        with torch.no_grad():
            found = torch.stack(imported.network().stages(x))
        assert_close(found, arrays["out_mask_all_ones"], case.float32_tolerance())
    _check_alone(imported, x, valid.sum(1))
    _check_stream(imported, x)


def msgcn(case: GoldenCase) -> None:
    """As :func:`mstcn`; published weights and the example trial lie in the data folder."""
    imported = msgcn_weights.convert(_weights(case), dilations=_dilations(case))
    if "input" in case.about:
        _example_trial(case, imported)
        return
    arrays = case.arrays()
    x, valid = torch.from_numpy(arrays["x"]).squeeze(-1), _valid(arrays)  # (N, C, T, V), (N, T)
    step = max(1, x.shape[2] // 16)

    def as_theirs(key: str, y: Tensor) -> Tensor:  # (N, T, V, C) -> (C, T / step, V) of the first
        return y[0].movedim(-1, 0)[:, ::step]

    network: Any = imported.network()
    graph = [each for each in network.blocks.modules() if isinstance(each, TemporalOperator)]
    _check_padded(case, network, x, {**dict.fromkeys(graph), **_biases(network)}, as_theirs)
    _check_alone(imported, x, valid.sum(1))
    _check_stream(imported, x)


def _example_trial(case: GoldenCase, imported: Imported) -> None:
    """From positions to features, which differ by a frame, to the answers of all stages."""
    arrays = case.arrays()
    raw = np.load(_data_file(case.about["input"]["sha256"]), allow_pickle=False)  # (3, T, V, 1)
    joints = raw.shape[2]
    trial = Skeleton.of_sensors("trial", [f"marker{v}" for v in range(joints)])
    ours = Pipeline(trial, XYZ, MS_GCN_FEATURES).clip(raw)  # (6, T, V, 1)
    theirs = np.concatenate([ours[3:, 1:], np.zeros_like(ours[3:, :1])], axis=1)  # a frame ahead
    theirs = np.concatenate([theirs, ours[:3]])
    assert list(theirs.shape) == arrays["features_shape"].tolist()
    assert_close(theirs[:, :6], arrays["features_head"], EXACT)
    assert_close(theirs[:, -6:], arrays["features_tail"], EXACT)
    assert_close(theirs.sum(1), arrays["features_sum_over_time"], FP64)
    assert_close(np.abs(theirs).sum(1), arrays["features_abs_sum_over_time"], FP64)

    fed = torch.from_numpy(theirs[:, :: int(arrays["sample_step"])].astype(np.float32))[None]
    with torch.no_grad():
        found = torch.stack(imported.network().stages(fed))
        swapped = msgcn_weights.with_positions_first(imported).network()
        same = torch.stack(swapped.stages(torch.cat([fed[:, 3:], fed[:, :3]], dim=1)))
    assert_close(found, arrays["out"], case.float32_tolerance())
    assert_close(same, arrays["out"], case.float32_tolerance())


def costgcn(case: GoldenCase) -> None:
    """All frames where the padding is equal; those away from the ends where there is none."""
    arrays, about = case.arrays(), case.about["constructor"]
    stride, pool = int(np.prod(about["strides"])), int(about["pool_size"])
    imported = costgcn_weights.convert(
        case.weights(),
        strides=about["strides"],
        averaging={"window": pool * stride, "refresh": 1},
    )
    assert imported.arguments["people"] == about["persons"]
    x = torch.from_numpy(arrays["x"])  # (N, C, T, V, M)
    x = x if about["persons"] > 1 else x.squeeze(-1)
    network = imported.network()
    end = 0 if about["padding"] else network.delay // stride
    last = f"blocks.{len(about['strides']) - 1}"

    for double in (False, True):
        if double:
            network, x = imported.network(dtype=torch.float64), x.double()
        with torch.no_grad(), Outputs(network, [last]) as made:
            y = network(x)  # (N, K, T')
        frames = slice(end, y.shape[2] - end)
        whole = y[:, :, frames][:, :, pool - 1 :]  # answers with a whole pool behind them
        if double:
            assert_close(whole, arrays["out_clip_f64"], FP64)
            continue
        assert_close(whole, arrays["out_clip"], case.float32_tolerance())
        steps = arrays["out_forward_steps"].shape[2]
        assert_close(whole[:, :, :steps], arrays["out_forward_steps"], case.float32_tolerance())
        feature = made[last][:, frames]  # (N, T', [M,] V, C)
        feature = feature.unflatten(2, (about["persons"], -1)) if feature.dim() == 4 else feature
        feature = feature.permute(0, 2, 4, 1, 3).flatten(0, 1)  # (N*M, C, T', V)
        rows = len(arrays["feat_clip"])
        assert_close(feature[:rows], arrays["feat_clip"], case.float32_tolerance())
    _check_stream(imported, x)


def _check_padded(
    case: GoldenCase,
    network: Network,
    x: Tensor,
    shown: Shown,
    as_theirs: Callable[[str, Tensor], Tensor],
) -> None:
    """``out`` and what lies on the way to it; the network is double afterwards."""
    arrays, tolerance = case.arrays(), case.float32_tolerance()
    known = dict(network.named_modules())
    modules = {key: ours for key in arrays if (ours := _ours(key)) in known}
    valid = _valid(arrays)
    with torch.no_grad(), Outputs(network, modules.values()) as made:
        found = _padded(network, x, valid, shown)
    assert_close(found, arrays["out"], tolerance)
    for key, ours in modules.items():
        assert_close(as_theirs(key, made[ours]), arrays[key], tolerance)
    truth = arrays["out_f64"]  # of all stages, or of the first alone
    with torch.no_grad():
        found = _padded(network.double(), x.double(), valid, shown)
    assert_close(found[: len(truth)], truth, FP64)


def _padded(network: Network, x: Tensor, valid: Tensor, shown: Shown) -> Tensor:
    """(N, C, T, V) -> (S, N, K, T): all stages, padded as the references do."""
    frames = x.permute(0, 2, 3, 1)  # (N, T, V, C)
    tape = LeakyTape(valid.sum(1), shown)
    outputs, _ = network.run(frames, tape.start(frames), tape)
    return (torch.stack(outputs) * valid[..., None]).transpose(2, 3)


def _biases(network: Any) -> dict[nn.Module, Tensor]:
    """A refinement stage reads nothing behind a clip, so its product leaves its bias there."""
    return {stage.layers[0].conv: stage.product_in.bias for stage in network.refine}


def _check_alone(imported: Imported, x: Tensor, lengths: Tensor) -> None:
    """With our masks a clip of a padded batch gets the numbers that it gets alone."""
    network, x = imported.network(dtype=torch.float64), x.double()
    with torch.no_grad():
        batch = torch.stack(network.stages(x, lengths))  # (S, N, K, T)
        for n, length in enumerate(lengths.tolist()):
            alone = torch.stack(network.stages(x[n : n + 1, :, :length]))[:, 0]
            assert_close(batch[:, n, :, :length], alone.numpy(), EXACT)


def _check_stream(imported: Imported, x: Tensor) -> None:
    """Frame by frame and flushed as at once: centred, or causal where that would take minutes."""
    x = x[:1, :, :LONGEST_STREAM].double()
    network = imported.network(dtype=torch.float64)
    words = sum(memory.words for memory in network.memories())
    if words * (x.shape[2] + network.delay) > MAX_MOVED:
        network = imported.network(dtype=torch.float64, lookahead=0)
    with torch.no_grad():
        assert_close(stream(network, x), network(x).numpy(), FP64)


def _valid(arrays: Arrays) -> Tensor:
    """(N, T): which frames belong to the clip; only the first class of a mask is read."""
    return torch.from_numpy(arrays["mask"])[:, 0] > 0


def _ours(key: str) -> str:
    for pattern, ours in NAMES:
        key = re.sub(pattern, ours, key)
    return key


def _dilations(case: GoldenCase) -> list[int] | None:
    given: list[int] = case.about["constructor"]["dil"]
    return None if given == [2**i for i in range(len(given))] else given


def _weights(case: GoldenCase) -> Mapping[str, Any]:
    if "weights" in case.about:
        return read_state(_data_file(case.about["weights"]["sha256"]))
    return case.weights()


def _data_file(checksum: str) -> Path:
    for path in sorted(path for path in DATA.rglob("*") if path.is_file()):
        if file_sha256(path) == checksum:
            return path
    pytest.skip(f"no file with checksum {checksum[:12]}... in {DATA.name}/")
