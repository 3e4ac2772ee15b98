"""The step graph with the weights of its products in sixteen bits.

A runtime widens them once, when it opens the graph, or multiplies in sixteen bits where its processor
does: what frames, sums and memories are made of stays float32.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from typing import TYPE_CHECKING, Literal

import torch

from kinestream.errors import ConfigError

if TYPE_CHECKING:
    from onnx import GraphProto

Sixteen = Literal["fp16", "bf16"]

DTYPES = {"fp16": torch.float16, "bf16": torch.bfloat16}

SMALLEST = 256
"""Numbers of a weight that is worth it."""

PRODUCTS = {"MatMul", "Gemm", "Conv", "Reshape", "Transpose"}
"""What weights of products go through; norms and biases are added or scaled with."""


def sixteen_bit_graph(step: bytes, precision: Sixteen) -> bytes:
    """Round the weights of products.

    Args:
        step: A step graph in float32.
        precision: ``fp16`` has finer steps, ``bf16`` the range of float32.

    Returns:
        A graph that takes and makes the same.

    Raises:
        ConfigError: There is no such weight, or one is too large for fp16.
    """
    import onnx
    from onnx import TensorProto, helper, numpy_helper

    model = onnx.load_from_string(step)
    used: dict[str, set[str]] = defaultdict(set)
    for name, operator in _uses(model.graph):
        used[name].add(operator)
    code = TensorProto.FLOAT16 if precision == "fp16" else TensorProto.BFLOAT16
    widened = []
    for weight in model.graph.initializer:
        values = numpy_helper.to_array(weight)
        if weight.data_type != TensorProto.FLOAT or values.size < SMALLEST:
            continue
        if not used[weight.name] <= PRODUCTS:
            continue
        rounded = torch.from_numpy(values.copy()).to(DTYPES[precision])
        if not rounded.isfinite().all():
            raise ConfigError(f"the weight {weight.name} is too large for {precision}: take bf16.")
        name, short = weight.name, f"{weight.name}.{precision}"
        raw = rounded.view(torch.int16).numpy().tobytes()
        weight.CopyFrom(helper.make_tensor(short, code, values.shape, raw, raw=True))
        widened.append(helper.make_node("Cast", [short], [name], to=TensorProto.FLOAT))
    if not widened:
        raise ConfigError(f"this network has no weight that is worth {precision}.")
    nodes = [*widened, *model.graph.node]
    del model.graph.node[:]
    model.graph.node.extend(nodes)
    made: bytes = model.SerializeToString()
    return made


def _uses(graph: GraphProto) -> Iterator[tuple[str, str]]:
    """Every name that a node takes and the node's operator, those of branches too."""
    for node in graph.node:
        yield from ((name, node.op_type) for name in node.input)
        for attribute in node.attribute:
            if attribute.HasField("g"):
                yield from _uses(attribute.g)
