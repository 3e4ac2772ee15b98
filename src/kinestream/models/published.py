"""The networks as they were published: what their tables, weights and recipes speak of.

Action networks give one answer for a clip of two people of NTU RGB+D; most keep every second frame
in blocks 5 and 8. Segmentation networks label every frame of one person of PKU-MMD. All look ahead
as far as they can, and means are over the whole clip: ``averaging={"over": "past"}`` makes the same
network stream.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from kinestream.models import Network, build_network, network_class
from kinestream.skeletons import adjacency, skeleton

KINECT = "ntu25"
"""The skeleton of both data sets."""

_NTU: dict[str, Any] = {"channels": 3, "classes": 60, "people": 2}
_PKU: dict[str, Any] = {"channels": 6, "classes": 52, "people": 1}
_CLIP: dict[str, Any] = {
    "lookahead": "centred",
    "norm": "batch",
    "head": "clip",
    "averaging": {"over": "clip"},
}
_STRIDED = _CLIP | {"strides": (1, 1, 1, 1, 2, 1, 1, 2, 1, 1)}
_BY_PERSON = _STRIDED | {"norm_in": "people"}

PUBLISHED: dict[str, dict[str, Any]] = {
    "stgcn": _NTU
    | {
        "graph": {"strategy": "spatial"},
        "arguments": _STRIDED,
        "source": "ST-GCN (Yan et al., AAAI 2018), as in PYSKL",
    },
    "costgcn": _NTU
    | {
        "graph": {"strategy": "directed"},
        "arguments": _CLIP | {"norm_in": "people"},
        "source": "CoST-GCN* (Hedegaard et al., 2022), without strides; its clips are not padded",
    },
    "rtstgcn": _PKU
    | {
        "channels": 3,
        "graph": {"strategy": "spatial", "normalisation": "symmetric"},
        "arguments": {"kernel": 9, "spacing": (1, 1, 1, 2, 1, 1, 2, 1, 1), "unbiased": True},
        "source": "Real-Time ST-GCN (MLSP 2024)",
    },
    "stgcnpp": _NTU
    | {
        "graph": {"strategy": "directed"},
        "arguments": _STRIDED,
        "source": "ST-GCN++ of PYSKL (Duan et al., ACM MM 2022)",
    },
    "agcn": _NTU
    | {
        "graph": {"strategy": "directed"},
        "arguments": _BY_PERSON,
        "source": "2s-AGCN (Shi et al., CVPR 2019)",
    },
    "aagcn": _NTU
    | {
        "graph": {"strategy": "directed"},
        "arguments": _BY_PERSON,
        "source": "MS-AAGCN (Shi et al., TIP 2020), as in PYSKL",
    },
    "ctrgcn": _NTU
    | {
        "graph": {"strategy": "directed"},
        "arguments": _BY_PERSON,
        "source": "CTR-GCN (Chen et al., ICCV 2021)",
    },
    "dgstgcn": _NTU
    | {
        "graph": {"strategy": "directed"},
        "arguments": _STRIDED,
        "source": "DG-STGCN (Duan et al., 2022), as in PYSKL",
    },
    "shiftgcn": _NTU
    | {
        "graph": {"strategy": "spatial"},
        "arguments": _BY_PERSON,
        "source": "Shift-GCN (Cheng et al., CVPR 2020)",
    },
    "shiftgcnpp": _NTU
    | {
        "graph": {"strategy": "spatial"},
        "arguments": _BY_PERSON,
        "source": "ideas of ShiftGCN++ (Cheng et al., TIP 2021) in an arrangement of our own",
    },
    "mstcn": _PKU
    | {
        "graph": {"strategy": "uniform"},
        "arguments": {"lookahead": "centred", "dropout": 0.5},
        "source": "MS-TCN (Abu Farha and Gall, CVPR 2019), on joints",
    },
    "mstcnpp": _PKU
    | {
        "graph": {"strategy": "uniform"},
        "arguments": {"lookahead": "centred", "dropout": 0.5},
        "source": "MS-TCN++ (Li et al., TPAMI 2020), on joints",
    },
    "msgcn": _PKU
    | {
        "graph": {"strategy": "spatial"},
        "arguments": {"lookahead": "centred", "norm": "batch"},
        "source": "MS-GCN (Filtjens et al., 2022)",
    },
}
"""For each network: ``channels`` C, ``classes`` K and ``people`` M of the data set, ``graph``, the
keyword arguments of :func:`~kinestream.skeletons.adjacency`, ``arguments``, those of the network,
and ``source``."""


def published_network(
    name: str,
    *,
    layout: str | Path = KINECT,
    channels: int | None = None,
    classes: int | None = None,
    **changes: Any,
) -> Network:
    """Make a published network, with random weights and in evaluation mode.

    Args:
        name: A key of ``PUBLISHED``.
        layout: Skeleton, by name or path.
        channels: C, where not as published.
        classes: K, where not as published.
        **changes: Keyword arguments in place of published ones.

    Raises:
        ConfigError: The name or an argument is unknown.
        SkeletonError: There is no such skeleton.
    """
    network_class(name)  # an unknown name is its error
    about = PUBLISHED[name]
    partition = adjacency(skeleton(layout), **about["graph"])
    arguments = {"people": about["people"]} | about["arguments"] | changes
    channels, classes = channels or about["channels"], classes or about["classes"]
    return build_network(name, partition, channels, classes, **arguments).eval()
