"""Rounding as operators that an export writes as QuantizeLinear and DequantizeLinear.

Legend: ... any leading axes, J rows that are summed over, D output channels.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor

from kinestream.models.quantising.eight_bit import HIGHEST, EightBit
from kinestream.models.quantising.grid import Grid


@torch.library.custom_op(
    "kinestream::on_grid", mutates_args=(), schema="(Tensor x, Tensor scale, Tensor zero) -> Tensor"
)
def on_grid(x: Tensor, scale: Tensor, zero: Tensor) -> Tensor:
    """(...) to codes of 8 bits and back."""
    codes = ((x / scale).round() + zero).clamp(0, HIGHEST)
    return (codes - zero) * scale


@torch.library.custom_op(
    "kinestream::from_codes", mutates_args=(), schema="(Tensor codes, Tensor steps) -> Tensor"
)
def from_codes(codes: Tensor, steps: Tensor) -> Tensor:
    """(J, D) whole numbers and (D,) steps -> (J, D)."""
    return codes * steps


@on_grid.register_fake
def _shape_of_frames(x: Tensor, scale: Tensor, zero: Tensor) -> Tensor:
    return torch.empty_like(x)


@from_codes.register_fake
def _shape_of_weights(codes: Tensor, steps: Tensor) -> Tensor:
    return torch.empty_like(codes, dtype=torch.float32)


def translations() -> dict[Callable[..., Any], Callable[..., Any]]:
    """How both are written, for the exporter."""
    from onnxscript import opset20 as op

    def frames(x: Any, scale: Any, zero: Any) -> Any:
        return op.DequantizeLinear(op.QuantizeLinear(x, scale, zero), scale, zero)

    def weights(codes: Any, steps: Any) -> Any:
        return op.DequantizeLinear(codes, steps, axis=1)

    operators = torch.ops.kinestream
    return {operators.on_grid.default: frames, operators.from_codes.default: weights}


class Operators(Grid):
    """An :class:`EightBit` grid for an export: weights are constants from now on.

    Args:
        grid: Its steps.
        matrix: (J, D): the weights.
    """

    codes: Tensor
    steps: Tensor
    scale: Tensor
    zero: Tensor

    def __init__(self, grid: EightBit, matrix: Tensor) -> None:
        super().__init__()
        steps = grid.steps(matrix)
        self.register_buffer("codes", (matrix / steps).round().to(torch.int8).contiguous())
        self.register_buffer("steps", steps)
        self.register_buffer("scale", grid.scale.clone())
        self.register_buffer("zero", grid.zero.to(torch.uint8))

    def frames(self, x: Tensor) -> Tensor:
        y: Tensor = on_grid(x, self.scale, self.zero)
        return y

    def weights(self, matrix: Tensor) -> Tensor:
        y: Tensor = from_codes(self.codes, self.steps)
        return y
