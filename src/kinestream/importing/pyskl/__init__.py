"""Weights of PYSKL: ST-GCN, ST-GCN++, AAGCN, CTR-GCN and DG-STGCN."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from torch import Tensor

from kinestream.errors import CheckpointError
from kinestream.importing.foreign import Foreign
from kinestream.importing.found import Found
from kinestream.importing.imported import Imported
from kinestream.importing.options import check_options
from kinestream.importing.parts import AveragingOptions
from kinestream.importing.pyskl import aagcn, ctrgcn, dgstgcn, stgcn
from kinestream.importing.transfer import Transfer

FAMILIES: dict[str, Callable[..., Found]] = {
    "net.0.gcn1.alpha": ctrgcn.read,
    "gcn.0.gcn.conv_d.0.weight": aagcn.read,
    "gcn.0.gcn.pre.0.weight": dgstgcn.read,
    "gcn.0.gcn.conv.weight": stgcn.read,
}
"""A key that only one kind of network has, to what reads it."""


def convert(
    state: Mapping[str, Tensor],
    *,
    strides: Sequence[int] | None = None,
    people: int | None = None,
    averaging: AveragingOptions = None,
    **options: Any,
) -> Imported:
    """Make one of our networks of a PYSKL checkpoint; which one, its keys tell.

    Args:
        state: The checkpoint, or its state dict.
        strides: One number per block; default 2 where a residual is a product.
        people: M of a scene; default each person alone, unless ``data_bn`` tells.
        averaging: How means over time are taken; default over the past.
        **options: Of the network: ``dilations`` of branches that convolve, ``adaptive`` of ST-GCN
            and ST-GCN++, ``subset_wise`` of DG-STGCN.

    Raises:
        CheckpointError: The weights are not those of such a network, or are damaged.
        ConfigError: An option is unknown or does not go with the weights.

    Source: the checkpoints of kennymckormick/pyskl (Duan et al., ACM MM 2022).
    """
    foreign = Foreign(state, "backbone.", "cls_head.")
    read = next((read for key, read in FAMILIES.items() if key in foreign), None)
    if read is None:
        raise CheckpointError(
            "these are not the weights of an STGCN, AAGCN, CTRGCN or DGSTGCN of pyskl: they hold "
            f"none of {', '.join(FAMILIES)}."
        )
    check_options(read, "this network of pyskl", options)
    transfer = Transfer(foreign)
    transfer.linear("head.product", "fc_cls", dims=2)
    found = read(transfer, **options)
    return found.imported(transfer, strides=strides, people=people, averaging=averaging)
