"""The spatial half of an ST-GCN block.

Legend: ... any leading axes, P partitions, V joints, C channels.
"""

from __future__ import annotations

from typing import Literal

import numpy as np
import torch.nn.functional as F
from numpy.typing import NDArray
from torch import Tensor, nn

from kinestream.models.block import Block
from kinestream.models.graph_conv import Edges, GraphConv
from kinestream.models.norm import NormName, frame_norm
from kinestream.models.quantising.linear import GridLinear
from kinestream.models.tape import Tape
from kinestream.models.tick import Tick


class Shortcut(nn.Module):
    """The input of a spatial unit: as it is, or a product with a norm where the width changes."""

    def __init__(self, in_channels: int, out_channels: int, joints: int, norm: NormName) -> None:
        super().__init__()
        self.product: nn.Module = nn.Identity()
        self.norm: nn.Module = nn.Identity()
        if in_channels != out_channels:
            self.product = GridLinear(in_channels, out_channels)
            self.norm = frame_norm(norm, out_channels, joints)

    def forward(self, x: Tensor) -> Tensor:
        return self.norm(self.product(x))  # type: ignore[no-any-return]


class GraphUnit(Block):
    """``ReLU(Norm(graph(x)) + shortcut(x))``, the shortcut on request.

    Args:
        in_channels: C.
        out_channels: C'.
        partition: (P, V, V) adjacency.
        edges: As :class:`GraphConv`.
        bias: As :class:`GraphConv`.
        norm: ``layer`` or ``batch``.
        shortcut: Add the input before the ReLU, as ST-GCN++ and CoST-GCN do.
    """

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        partition: NDArray[np.float64],
        *,
        edges: Edges = "importance",
        bias: Literal["edges", "plain", "none"] = "edges",
        norm: NormName,
        shortcut: bool = False,
    ) -> None:
        super().__init__()
        joints = partition.shape[-1]
        self.graph = GraphConv(in_channels, out_channels, partition, edges=edges, bias=bias)
        self.norm = frame_norm(norm, out_channels, joints)
        self.shortcut = Shortcut(in_channels, out_channels, joints, norm) if shortcut else None

    def forward(self, x: Tensor, now: Tick, tape: Tape) -> tuple[Tensor, Tick]:
        y = self.norm(self.graph(x))
        return F.relu(y if self.shortcut is None else y + self.shortcut(x)), now
