"""The weights of MS-TCN: stages of dilated convolutions on the features of a frame.

Legend: C channels, D channels out, K classes, k taps, L layers.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import torch
from torch import Tensor

from kinestream.errors import ConfigError
from kinestream.importing.foreign import Foreign
from kinestream.importing.imported import Imported
from kinestream.importing.transfer import Transfer

NOTES = (
    "Every convolution is centred, as it was trained: a label waits for the frames after its own, "
    "and the first and last frames of a recording see zeros, as in the original.",
    "In a padded batch the original's padding leaks into the last labels of shorter recordings; "
    "here each recording gets the labels that it gets alone.",
)


def convert(state: Mapping[str, Tensor], *, joints: int = 1) -> Imported:
    """Make our ``mstcn`` of a checkpoint of MS-TCN; dilations are 1, 2, 4, ... in every stage.

    Args:
        state: Names to tensors.
        joints: V; the features of a frame are those of joint 0, then of joint 1, and so on.

    Raises:
        CheckpointError: The weights are not those of an MS-TCN.
        ConfigError: The features cannot be divided among so many joints.

    Source: yabufarha/ms-tcn (Abu Farha and Gall, CVPR 2019).
    """
    foreign = Foreign(state)
    channels, features, _ = foreign.shape("stage1.conv_1x1.weight", 3)
    classes, _, _ = foreign.shape("stage1.conv_out.weight", 3)
    if joints < 1 or features % joints:
        raise ConfigError(
            f"joints must divide the {features} features of a frame evenly, got {joints}."
        )
    stages = foreign.numbers(r"stages\.(\d{1,4})\.")
    layers = foreign.numbers(r"stage1\.layers\.(\d{1,4})\.")
    transfer = Transfer(foreign)
    put_stage(transfer, "predict", "stage1", layers)
    for i in range(stages):
        put_stage(transfer, f"refine.{i}", f"stages.{i}", layers)
    arguments = {
        "layers": layers,
        "channels": channels,
        "norm_in": False,
        "refine": {"stages": stages},
        "lookahead": "centred",
    }
    alone = torch.from_numpy(np.eye(joints)[None])
    return transfer.imported("mstcn", alone, features // joints, classes, arguments, NOTES)


def put_stage(transfer: Transfer, ours: str, theirs: str, layers: int) -> None:
    """Move a stage of MS-TCN, whose layers end in a product, or of MS-GCN, where a norm follows."""
    transfer.linear(f"{ours}.product_in", f"{theirs}.conv_1x1", dims=3)
    for i in range(layers):
        here, there = f"{ours}.layers.{i}", f"{theirs}.layers.{i}"
        key = f"{there}.conv_dilated.weight"
        weight = transfer.foreign.take(key, 3)  # (D, C, k)
        transfer.put(f"{here}.conv.weight", weight.permute(2, 1, 0), key)  # (k, C, D)
        transfer.copy(f"{here}.conv.bias", f"{there}.conv_dilated.bias", 1)
        if f"{there}.bn.weight" in transfer.foreign:
            transfer.norm(f"{here}.norm", f"{there}.bn")
        else:
            transfer.linear(f"{here}.product", f"{there}.conv_1x1", dims=3)
    transfer.linear(f"{ours}.product_out", f"{theirs}.conv_out", dims=3)
