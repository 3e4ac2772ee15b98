"""The temporal half of a block: one operator and its norm.

Legend: ... any leading axes, V joints, C channels.
"""

from __future__ import annotations

from torch import Tensor

from kinestream.models.block import Block
from kinestream.models.norm import NormName, frame_norm
from kinestream.models.tape import Tape
from kinestream.models.temporal import TemporalOperator
from kinestream.models.tick import Tick


class TemporalUnit(Block):
    """``Norm(operator(x))``.

    Args:
        operator: A temporal convolution, or the sliding sum.
        channels: C that it gives.
        joints: V.
        norm: ``layer`` or ``batch``.
    """

    def __init__(
        self, operator: TemporalOperator, channels: int, joints: int, norm: NormName
    ) -> None:
        super().__init__()
        self.operator = operator
        self.norm = frame_norm(norm, channels, joints)
        self.lookahead = operator.lookahead
        self.stride = operator.stride

    def forward(self, x: Tensor, now: Tick, tape: Tape) -> tuple[Tensor, Tick]:
        y, later = tape.run(self.operator, x, now)
        return self.norm(y), later
