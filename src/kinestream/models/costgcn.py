"""CoST-GCN: ST-GCN as the continual-inference papers wire it.

Legend: V joints, C channels, P partitions, K classes.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Unpack

from kinestream.models.backbone import Options, Partition
from kinestream.models.stgcn import STGCN


class COSTGCN(STGCN):
    """ST-GCN with a shortcut around every graph convolution and one bias after it, stride 1.

    CoST-GCN* of the paper, the variant that streams as it was trained: no strides and, with
    ``lookahead=0``, no padding from the future. The first block has no residual around it.

    Args:
        partition: (P, V, V) adjacency of the skeleton.
        in_channels: C of the input.
        num_classes: K.
        channels: Width of each block.
        kernel: Temporal taps, one number for all blocks or one each.
        strides: Frames per frame kept, one number per block; default 1.
        **options: As :class:`~kinestream.models.backbone.Options`.

    Source: Continual Spatio-Temporal Graph Convolutional Networks (Hedegaard et al., 2022).
    """

    def __init__(
        self,
        partition: Partition,
        in_channels: int,
        num_classes: int,
        *,
        channels: Sequence[int] = (64, 64, 64, 64, 128, 128, 128, 256, 256, 256),
        kernel: int | Sequence[int] = 9,
        strides: Sequence[int] | None = None,
        **options: Unpack[Options],
    ) -> None:
        super().__init__(
            partition,
            in_channels,
            num_classes,
            channels=channels,
            kernel=kernel,
            strides=strides,
            graph_bias="plain",
            graph_shortcut=True,
            first_residual=False,
            **options,
        )
