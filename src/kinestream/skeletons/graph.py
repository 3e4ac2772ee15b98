"""Adjacency partitions: how a joint's neighbours are divided into subsets with weights of their own.

Legend: P partitions, V joints. ``A[p, v, w]`` weighs what joint w receives from joint v, so that a
graph convolution is ``y[w] = sum_p sum_v (W_p x[v]) A[p, v, w]``.
"""

from __future__ import annotations

from typing import Literal

import numpy as np
from numpy.typing import NDArray

from kinestream.errors import ConfigError
from kinestream.skeletons.skeleton import Skeleton

Strategy = Literal["uniform", "distance", "spatial", "directed"]
Normalisation = Literal["column", "symmetric", "random_walk"]
Array = NDArray[np.float64]

# The alpha of the ST-GCN paper (section 3.3): keeps joints without neighbours in a subset finite.
ALPHA = 0.001


def hop_distance(skeleton: Skeleton, max_hop: int | None = None) -> Array:
    """Number of bones between every two joints.

    Args:
        skeleton: The graph.
        max_hop: Distances above it become infinite; ``None`` measures all pairs.

    Returns:
        (V, V) float64; ``inf`` where there is no path within ``max_hop``.

    >>> hop_distance(Skeleton("arm", ("s", "e", "h"), ((1, 0), (2, 1))))[0].tolist()
    [0.0, 1.0, 2.0]
    """
    count = skeleton.num_joints
    step = np.eye(count, dtype=bool)
    for a, b in skeleton.bones:
        step[a, b] = step[b, a] = True
    hops = np.full((count, count), np.inf)
    reached = np.eye(count, dtype=bool)
    for hop in range((count if max_hop is None else max_hop) + 1):
        hops[reached & np.isinf(hops)] = hop
        reached = reached @ step
    return hops


def adjacency(
    skeleton: Skeleton,
    strategy: Strategy = "spatial",
    *,
    max_hop: int = 1,
    dilation: int = 1,
    normalisation: Normalisation = "column",
) -> Array:
    """Partitioned, normalised adjacency of a skeleton.

    Args:
        skeleton: The graph; every joint is its own neighbour.
        strategy: ``uniform`` (one subset), ``distance`` (one per hop), ``spatial`` (same hop, nearer
            to and farther from the centre) or ``directed`` (self, inward bones, outward bones).
        max_hop: Joints up to this many bones away are neighbours.
        dilation: Only every ``dilation``-th hop counts.
        normalisation: ``column`` normalises the whole neighbourhood, then splits it, as the
            reference code of ST-GCN does. ``symmetric`` and ``random_walk`` split first and
            normalise each subset with alpha = 0.001, as RT-ST-GCN does (one hop only).

    Returns:
        (P, V, V) float64.

    Raises:
        ConfigError: The combination does not exist.

    Source: ST-GCN (Yan et al., AAAI 2018), sections 3.3 and 3.4; ``directed`` from 2s-AGCN (Shi et
    al., CVPR 2019); the alpha-normalised subsets from RT-ST-GCN (MLSP 2024).

    >>> adjacency(Skeleton("pair", ("a", "b"), ((1, 0),)), "uniform").tolist()
    [[[0.5, 0.5], [0.5, 0.5]]]
    """
    if max_hop < 1 or dilation < 1:
        raise ConfigError(f"max_hop and dilation must be 1 or more, got {max_hop} and {dilation}.")
    if strategy == "directed":
        return _directed(skeleton)
    if strategy not in ("uniform", "distance", "spatial"):
        raise ConfigError(
            f"unknown partition {strategy!r}; use uniform, distance, spatial or directed."
        )
    if normalisation == "column":
        # Distances beyond max_hop stay unknown here: published weights were trained so.
        hops = hop_distance(skeleton, max_hop)
        whole = np.isin(hops, np.arange(0, max_hop + 1, dilation))
        return _split(_by_column(whole), hops, skeleton.centre, strategy, max_hop, dilation)
    if normalisation not in ("symmetric", "random_walk"):
        raise ConfigError(
            f"unknown normalisation {normalisation!r}; use column, symmetric or random_walk."
        )
    if (max_hop, dilation) != (1, 1):
        raise ConfigError(f"normalisation {normalisation!r} is defined for one hop only.")
    hops = hop_distance(skeleton)
    parts = _split((hops <= 1).astype(float), hops, skeleton.centre, strategy, 1, 1)
    if strategy == "spatial":
        parts = parts[[0, 2, 1]]  # RT-ST-GCN numbers the outward subset first
    return np.stack([_with_alpha(part, normalisation) for part in parts])


def _split(
    whole: Array, hops: Array, centre: int, strategy: Strategy, max_hop: int, dilation: int
) -> Array:
    rings = [whole * (hops == hop) for hop in range(0, max_hop + 1, dilation)]
    if strategy == "uniform":
        return np.stack([whole])
    if strategy == "distance":
        return np.stack(rings)
    to_centre = hops[centre]
    with np.errstate(invalid="ignore"):  # inf - inf: both unknown, taken as equal
        lead = np.nan_to_num(to_centre[:, None] - to_centre[None, :], nan=0.0)
    parts = [rings[0]]
    for ring in rings[1:]:
        parts += [ring * (lead >= 0), ring * (lead < 0)]
    return np.stack(parts)


def _by_column(links: NDArray[np.bool_] | Array) -> Array:
    total = links.sum(axis=0)
    scale = np.divide(1.0, total, out=np.zeros(len(total)), where=total > 0)
    return np.asarray(links * scale[None, :], dtype=np.float64)


def _with_alpha(part: Array, normalisation: Normalisation) -> Array:
    degree = part.sum(axis=0) + ALPHA
    if normalisation == "symmetric":
        root = degree**-0.5
        return np.asarray(root[:, None] * part * root[None, :], dtype=np.float64)
    return np.asarray(part / degree[:, None], dtype=np.float64)


def _directed(skeleton: Skeleton) -> Array:
    inward = np.zeros((skeleton.num_joints,) * 2)
    for child, parent in skeleton.bones:
        inward[parent, child] = 1.0
    return np.stack([np.eye(skeleton.num_joints), _by_column(inward), _by_column(inward.T)])
