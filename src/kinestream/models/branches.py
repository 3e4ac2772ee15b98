"""The temporal half of newer blocks: several small windows side by side.

Legend: ... any leading axes, V joints, C channels.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from kinestream.errors import ConfigError
from kinestream.models.block import Block
from kinestream.models.norm import NormName, frame_norm
from kinestream.models.quantising.linear import GridLinear
from kinestream.models.tape import Tape
from kinestream.models.temporal import Delay, SlidingMax, TemporalConv, TemporalOperator
from kinestream.models.tick import Tick

Branch = tuple[int, int] | tuple[Literal["max"], int] | Literal["1x1"]
"""A convolution (kernel, dilation), a maximum ("max", kernel), or a product of the frame alone."""

SIX_BRANCHES: tuple[Branch, ...] = ((3, 1), (3, 2), (3, 3), (3, 4), ("max", 3), "1x1")
"""Those of ST-GCN++ and DG-STGCN."""


def span(branches: Sequence[Branch]) -> int:
    """``(kernel - 1) * dilation`` of the widest window.

    >>> span([(3, 1), (3, 4), ("max", 3), "1x1"])
    8
    """
    return max((_window(branch)[0] - 1) * _window(branch)[1] for branch in branches)


def _window(branch: object) -> tuple[int, int]:
    """Kernel and dilation.

    Raises:
        ConfigError: It is no branch.
    """
    if branch == "1x1":
        return 1, 1
    if isinstance(branch, (list, tuple)) and len(branch) == 2 and isinstance(branch[1], int):
        if branch[0] == "max":
            return branch[1], 1
        if isinstance(branch[0], int):
            return branch[0], branch[1]
    raise ConfigError(f"a branch is [kernel, dilation], ['max', kernel] or '1x1', got {branch!r}.")


class TemporalBranch(Block):
    """``operator(ReLU(Norm(x W)))``, delayed so that all branches answer for the same frame.

    Args:
        in_channels: C.
        out_channels: C'.
        joints: V.
        branch: Which.
        norm: ``layer`` or ``batch``.
        norm_after: Normalise what the operator gives, as CTR-GCN does.
        lookahead: Of all the branches together; this one looks no further than its own centre.
        stride: Answer one frame in ``stride``.
    """

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        joints: int,
        branch: Branch,
        *,
        norm: NormName,
        norm_after: bool,
        lookahead: int,
        stride: int,
    ) -> None:
        super().__init__()
        kernel, dilation = _window(branch)
        ahead = min(lookahead, (kernel - 1) * dilation // 2)
        self.product = GridLinear(in_channels, out_channels)
        self.norm: nn.Module | None = None
        self.operator: TemporalOperator
        self.wait = Delay(lookahead - ahead)
        if branch == "1x1":
            self.operator = Delay(lookahead, stride=stride)
            self.wait = Delay(0)
        else:
            self.norm = frame_norm(norm, out_channels, joints)
            if branch[0] == "max":
                self.operator = SlidingMax(kernel, stride=stride, lookahead=ahead)
            else:
                self.operator = TemporalConv(
                    out_channels,
                    out_channels,
                    kernel,
                    dilation=dilation,
                    stride=stride,
                    lookahead=ahead,
                )
        self.norm_after = frame_norm(norm, out_channels, joints) if norm_after else None
        self.lookahead = lookahead
        self.stride = stride

    def forward(self, x: Tensor, now: Tick, tape: Tape) -> tuple[Tensor, Tick]:
        if self.norm is None and self.stride > 1:
            # Frames that nobody keeps need no product.
            x, now = tape.run(self.operator, x, now)
            x = self.product(x)
        else:
            x = self.product(x)
            if self.norm is not None:
                x = F.relu(self.norm(x))
            x, now = tape.run(self.wait, x, now)
            x, now = tape.run(self.operator, x, now)
        return (x if self.norm_after is None else self.norm_after(x)), now


class TemporalBranches(Block):
    """Branches side by side, their channels joined.

    Args:
        in_channels: C.
        out_channels: C', divided among the branches.
        joints: V.
        branches: Which.
        remainder: The branch that gets the channels that do not divide, 0 or -1.
        norm: ``layer`` or ``batch``.
        norm_after: As :class:`TemporalBranch`.
        relu: End with a ReLU, as PYSKL's CTR-GCN does.
        lookahead: Of all branches together.
        stride: Answer one frame in ``stride``.

    Source: MS-G3D (Liu et al., CVPR 2020); ST-GCN++ (Duan et al., 2022), section 3.
    """

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        joints: int,
        branches: Sequence[Branch],
        *,
        remainder: Literal[0, -1],
        norm: NormName,
        norm_after: bool,
        relu: bool = False,
        lookahead: int,
        stride: int,
    ) -> None:
        super().__init__()
        if out_channels < len(branches):
            raise ConfigError(
                f"{len(branches)} branches need as many channels or more, got {out_channels}."
            )
        each = out_channels // len(branches)
        widths = [each] * len(branches)
        widths[remainder] += out_channels - each * len(branches)
        self.branches = nn.ModuleList(
            TemporalBranch(
                in_channels,
                width,
                joints,
                branch,
                norm=norm,
                norm_after=norm_after,
                lookahead=lookahead,
                stride=stride,
            )
            for width, branch in zip(widths, branches, strict=True)
        )
        self.relu = relu
        self.lookahead = lookahead
        self.stride = stride

    def forward(self, x: Tensor, now: Tick, tape: Tape) -> tuple[Tensor, Tick]:
        answers = [branch(x, now, tape) for branch in self.branches]
        later: Tick = answers[0][1]
        for _, then in answers[1:]:
            later = later.and_with(then)
        joined = torch.cat([y for y, _ in answers], dim=-1)
        return (F.relu(joined) if self.relu else joined), later


class MixedBranches(Block):
    """``Norm(W ReLU(Norm(branches(x))))``.

    Args:
        channels: C, in and out.
        joints: V.
        branches: Which.
        whole_body: Let the mean of all joints run along as one more, and add what becomes of it to
            every joint, times a coefficient of the joint, as DG-STGCN does.
        norm: ``layer`` or ``batch``.
        lookahead: Of all branches together.
        stride: Answer one frame in ``stride``.
    """

    def __init__(
        self,
        channels: int,
        joints: int,
        branches: Sequence[Branch],
        *,
        whole_body: bool = False,
        norm: NormName,
        lookahead: int,
        stride: int,
    ) -> None:
        super().__init__()
        self.branches = TemporalBranches(
            channels,
            channels,
            joints + whole_body,
            branches,
            remainder=0,
            norm=norm,
            norm_after=False,
            lookahead=lookahead,
            stride=stride,
        )
        self.share = nn.Parameter(torch.zeros(joints, 1)) if whole_body else None
        self.norm = frame_norm(norm, channels, joints)
        self.product = GridLinear(channels, channels)
        self.norm_out = frame_norm(norm, channels, joints)
        self.lookahead = lookahead
        self.stride = stride

    def forward(self, x: Tensor, now: Tick, tape: Tape) -> tuple[Tensor, Tick]:
        if self.share is not None:
            x = torch.cat([x, x.mean(-2, keepdim=True)], dim=-2)  # (..., V + 1, C)
        y, later = self.branches(x, now, tape)
        if self.share is not None:
            y = y[..., :-1, :] + self.share * y[..., -1:, :]  # (..., V, C)
        return self.norm_out(self.product(F.relu(self.norm(y)))), later
