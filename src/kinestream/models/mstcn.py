"""MS-TCN: dilated temporal convolutions on the features of all joints together, in stages.

Legend: N people or clips, T frames, V joints, C channels, K classes.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

from torch import Tensor, nn

from kinestream.models.backbone import Partition
from kinestream.models.block import Block
from kinestream.models.head import Answers, mean_over_time
from kinestream.models.lookahead import Lookahead
from kinestream.models.network import Network
from kinestream.models.norm import FrameBatchNorm, FrameLayerNorm, NormName
from kinestream.models.refinement import Refinement, Stage
from kinestream.models.tape import Tape
from kinestream.models.temporal import Averaging
from kinestream.models.tick import Tick


class StagedTCN(Network):
    """A prediction stage on a frame's features, then refinement stages; no graph.

    Args:
        joints: V.
        in_channels: C of the input; a frame's V*C numbers are its features.
        num_classes: K.
        norm: Of the input, and of layers that have one.
        norm_in: Whether the input is normalised.
        people: M of a scene, whose features stand side by side.
        head: ``frame``, or ``clip`` for the mean over time of the last stage's logits.
        averaging: Of ``clip`` answers.
    """

    def __init__(
        self,
        joints: int,
        in_channels: int,
        num_classes: int,
        *,
        norm: NormName,
        norm_in: bool,
        people: int,
        head: Answers,
        averaging: Averaging | Mapping[str, Any] | None,
    ) -> None:
        super().__init__(in_channels, joints, num_classes, people=people)
        self.norm_in: nn.Module = nn.Identity()
        if norm_in and norm == "layer":
            self.norm_in = FrameLayerNorm(in_channels, joints)
        elif norm_in:
            self.norm_in = FrameBatchNorm(joints, in_channels)
        self.mean = mean_over_time(head, Averaging.of(averaging))

    @property
    def features(self) -> int:
        """Numbers of one frame."""
        return self.people * self.num_joints * self.in_channels

    def assemble(
        self, first: Block, refinement: Refinement, ahead: Lookahead, norm: NormName
    ) -> None:
        """Put the stages together; ``first`` has spent its look-ahead."""
        refining = [
            Stage(
                self.num_classes,
                self.num_classes,
                refinement,
                norm=norm,
                ahead=ahead,
                reads=refinement.reads,
            )
            for _ in range(refinement.stages)
        ]
        self.predict = first
        self.refine = nn.ModuleList(refining)
        ahead.check_spent()

    def run(self, x: Tensor, now: Tick, tape: Tape) -> tuple[list[Tensor], Tick]:
        x = self.norm_in(x).flatten(-3 if self.people > 1 else -2)  # (..., V*C)
        y, now = self.predict(x, now, tape)
        outputs = [y]
        for stage in self.refine:
            y, now = stage(y, now, tape)
            outputs.append(y)
        if self.mean is not None:
            outputs[-1], now = tape.run(self.mean, outputs[-1], now)
        return outputs, now

    def over_clip(self, logits: Tensor) -> Tensor:
        return logits.mean(1) if self.mean is None else logits[:, -1]


class MSTCN(StagedTCN):
    """Stages of layers ``x + W ReLU(conv(x))``, dilations 1, 2, 4, ...

    Args:
        partition: (P, V, V) adjacency, for V.
        in_channels: C of the input.
        num_classes: K.
        layers: Dilated layers of every stage; 10 centred ones wait 1,023 frames.
        channels: Width of every stage.
        lookahead: Frames that a label may wait, spent from the first layer on, or ``centred``.
        norm: Of the input.
        norm_in: Whether the input is normalised; published without.
        layer: ``product``, as above, or ``norm``, MS-GCN's layers.
        dropout: Share of values dropped in training; published 0.5.
        refine: Refinement stages; by default three of the same layers and width.
        people: M of a scene that is labelled together.
        head: ``frame`` labels every frame, ``clip`` what was seen so far.
        averaging: Of ``clip`` answers: ``over``, ``window``.

    Source: MS-TCN (Abu Farha and Gall, CVPR 2019).
    """

    def __init__(
        self,
        partition: Partition,
        in_channels: int,
        num_classes: int,
        *,
        layers: int = 10,
        channels: int = 64,
        lookahead: int | Literal["centred"] = 0,
        norm: NormName = "layer",
        norm_in: bool = False,
        layer: Literal["product", "norm"] = "product",
        dropout: float = 0.0,
        refine: Mapping[str, Any] | None = None,
        people: int = 1,
        head: Answers = "frame",
        averaging: Averaging | Mapping[str, Any] | None = None,
    ) -> None:
        super().__init__(
            int(partition.shape[-1]),
            in_channels,
            num_classes,
            norm=norm,
            norm_in=norm_in,
            people=people,
            head=head,
            averaging=averaging,
        )
        same: dict[str, Any] = {
            "layers": layers, "channels": channels, "layer": layer, "dropout": dropout
        }  # fmt: skip
        ahead = Lookahead(lookahead)
        first = Stage(self.features, num_classes, Refinement.of(same), norm=norm, ahead=ahead)
        refinement = Refinement.of({"stages": 3, **same, **(refine or {})})
        self.assemble(first, refinement, ahead, norm)
