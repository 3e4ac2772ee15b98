"""The step graph with its products in eight bits.

Legend: ... any leading axes, J rows that are summed over, D output channels.

Frames are rounded right before a product and the sums come out as float32, so all that a stream
remembers, sums and norms stay what they are: a graph in eight bits takes and makes the same memories.
Rounding is written as QuantizeLinear and DequantizeLinear, which every runtime knows. ONNX Runtime
makes one integer product of them and of the MatMul.
"""

from __future__ import annotations

import copy
from typing import Any

import torch
from torch import Tensor

from kinestream.errors import ConfigError
from kinestream.export.graphs import step_graph
from kinestream.models import Network
from kinestream.models.quantising.eight_bit import EightBit
from kinestream.models.quantising.grid import Grid, products


class Operators(Grid):
    """What an :class:`EightBit` grid does, as operators of an exported graph.

    Args:
        grid: Its steps.
        matrix: (J, D): the weights, which are constants from now on.
    """

    codes: Tensor
    steps: Tensor
    zeros: Tensor
    scale: Tensor
    zero: Tensor

    def __init__(self, grid: EightBit, matrix: Tensor) -> None:
        super().__init__()
        steps = grid.steps(matrix)
        codes = (matrix / steps).round().to(torch.int8)
        self.register_buffer("codes", codes.contiguous())
        self.register_buffer("steps", steps)
        self.register_buffer("zeros", torch.zeros(len(steps), dtype=torch.int8))
        self.register_buffer("scale", grid.scale.clone())
        self.register_buffer("zero", grid.zero.to(torch.uint8))

    def frames(self, x: Tensor) -> Tensor:
        codes = _operator("QuantizeLinear", (x, self.scale, self.zero), torch.uint8, x)
        return _operator("DequantizeLinear", (codes, self.scale, self.zero), torch.float32, x)

    def weights(self, matrix: Tensor) -> Tensor:
        inputs = self.codes, self.steps, self.zeros
        return _operator("DequantizeLinear", inputs, torch.float32, self.codes, axis=1)


def quantised_step_graph(network: Network) -> bytes:
    """The step graph of a network whose products lie on :class:`EightBit` grids.

    Args:
        network: In evaluation mode; it is left as it is.

    Raises:
        ConfigError: None of its products does.
    """
    exported = copy.deepcopy(network)
    found = [
        (product, product.grid)
        for _, product in products(exported)
        if isinstance(product.grid, EightBit)
    ]
    if not found:
        raise ConfigError(
            "this network has no product that is worth eight bits: export it without --int8."
        )
    with torch.no_grad():
        for product, grid in found:
            product.grid = Operators(grid, product.matrix())
    return step_graph(exported)


def _operator(
    name: str, inputs: tuple[Tensor, ...], dtype: torch.dtype, like: Tensor, **attributes: Any
) -> Tensor:
    return torch.onnx.ops.symbolic(name, inputs, attributes, dtype=dtype, shape=like.shape)
