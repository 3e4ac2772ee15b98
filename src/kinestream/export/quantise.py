"""The step graph with its products in eight bits.

Frames are rounded right before a product and the sums come out as float32, so all that a stream
remembers, sums and norms stay what they are: a graph in eight bits takes and makes the same memories.
Rounding is written as QuantizeLinear and DequantizeLinear, which every runtime knows. ONNX Runtime
makes one integer product of them and of the MatMul.
"""

from __future__ import annotations

import copy

import torch

from kinestream.errors import ConfigError
from kinestream.export.graphs import step_graph
from kinestream.export.operators import Operators, translations
from kinestream.models import Network
from kinestream.models.quantising.eight_bit import EightBit
from kinestream.models.quantising.grid import products


@torch.no_grad()
def quantised_step_graph(network: Network) -> bytes:
    """The step graph of a network whose products lie on :class:`EightBit` grids.

    Args:
        network: In evaluation mode; it is left as it is.

    Raises:
        ConfigError: None of its products does.
    """
    exported = copy.deepcopy(network)
    found = 0
    for _, product in products(exported):
        if isinstance(product.grid, EightBit):
            product.grid = Operators(product.grid, product.matrix())
            found += 1
    if not found:
        raise ConfigError(
            "this network has no product that is worth eight bits: export it without --int8."
        )
    return step_graph(exported, translations())
