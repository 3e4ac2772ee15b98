"""Adjacency partitions against a naive reading of their definitions, on any graph."""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from kinestream.errors import ConfigError
from kinestream.skeletons import Skeleton, adjacency, hop_distance, layout_names, skeleton

Array = NDArray[np.float64]
ALPHA = 0.001


@st.composite
def graphs(draw: st.DrawFn) -> Skeleton:
    """Any graph of up to nine joints: trees, rings, islands, bones in either direction."""
    count = draw(st.integers(1, 9))
    pair = st.tuples(st.integers(0, count - 1), st.integers(0, count - 1))
    bones = draw(st.lists(pair.filter(lambda bone: bone[0] != bone[1]), max_size=12))
    centre = draw(st.integers(0, count - 1))
    names = tuple(f"j{v}" for v in range(count))
    return Skeleton("any", names, tuple(bones) if count > 1 else (), centre)


def walked(graph: Skeleton, max_hop: int | None = None) -> Array:
    """Bones between every two joints, by walking outwards from each."""
    hops = np.full((graph.num_joints,) * 2, np.inf)
    for start in range(graph.num_joints):
        hops[start, start] = 0
        queue = deque([start])
        while queue:
            here = queue.popleft()
            for a, b in [*graph.bones, *((b, a) for a, b in graph.bones)]:
                if a == here and np.isinf(hops[start, b]):
                    hops[start, b] = hops[start, here] + 1
                    queue.append(b)
    return hops if max_hop is None else np.where(hops <= max_hop, hops, np.inf)


def naive(graph: Skeleton, strategy: str, max_hop: int, dilation: int) -> Array:
    """What joint w receives from joint v: 1 / (its neighbours), in the subset that v belongs to."""
    hops = walked(graph, max_hop)
    rings = range(0, max_hop + 1, dilation)
    kinds: Sequence[tuple[float, str]] = {
        "uniform": [(0, "all")],
        "distance": [(hop, "all") for hop in rings],
        "spatial": [(0, "near"), *((hop, side) for hop in rings[1:] for side in ("near", "far"))],
    }[strategy]
    parts = np.zeros((len(kinds), graph.num_joints, graph.num_joints))
    for w in range(graph.num_joints):
        heard = [v for v in range(graph.num_joints) if hops[v, w] in rings]
        for v in heard:
            # Beyond max_hop the way to the centre is not known, and taken as equally long.
            v_centre, w_centre = hops[graph.centre, v], hops[graph.centre, w]
            side = "far" if v_centre < w_centre and hops[v, w] else "near"
            kind = {"uniform": (0, "all"), "distance": (hops[v, w], "all")}
            parts[kinds.index(kind.get(strategy, (hops[v, w], side))), v, w] = 1 / len(heard)
    return parts


@given(graphs(), st.none() | st.integers(0, 4))
def test_hop_distance_is_the_shortest_walk(graph: Skeleton, max_hop: int | None) -> None:
    assert np.array_equal(hop_distance(graph, max_hop), walked(graph, max_hop))


@given(
    graphs(),
    st.sampled_from(["uniform", "distance", "spatial"]),
    st.integers(1, 4),
    st.integers(1, 3),
)
def test_column_partitions_equal_the_naive_ones(
    graph: Skeleton, strategy: str, max_hop: int, dilation: int
) -> None:
    parts = adjacency(graph, strategy, max_hop=max_hop, dilation=dilation)  # type: ignore[arg-type]
    np.testing.assert_allclose(parts, naive(graph, strategy, max_hop, dilation), atol=1e-12)
    np.testing.assert_allclose(parts.sum(axis=(0, 1)), 1)  # every joint at least hears itself


@pytest.mark.parametrize("normalisation", ["symmetric", "random_walk"])
@pytest.mark.parametrize("strategy", ["uniform", "distance", "spatial"])
@given(graph=graphs())
def test_alpha_partitions_equal_the_naive_ones(
    strategy: str, normalisation: str, graph: Skeleton
) -> None:
    hops, centre = walked(graph), graph.centre
    subsets: dict[str, list[set[tuple[int, int]]]] = {
        "uniform": [set()],
        "distance": [set(), set()],
    }
    subsets["spatial"] = [set(), set(), set()]  # itself, from the inside, from the outside
    for v in range(graph.num_joints):
        for w in range(graph.num_joints):
            if hops[v, w] <= 1:
                subsets["uniform"][0].add((v, w))
                subsets["distance"][int(hops[v, w])].add((v, w))
                near = hops[centre, v] < hops[centre, w]
                subsets["spatial"][0 if v == w else 1 if near else 2].add((v, w))
    parts = adjacency(graph, strategy, normalisation=normalisation)  # type: ignore[arg-type]
    assert len(parts) == len(subsets[strategy])
    for part, links in zip(parts, subsets[strategy], strict=True):
        into = [sum((v, w) in links for v in range(len(part))) + ALPHA for w in range(len(part))]
        for v in range(len(part)):
            for w in range(len(part)):
                by = (into[v] * into[w]) ** 0.5 if normalisation == "symmetric" else into[v]
                assert part[v, w] == pytest.approx(((v, w) in links) / by, abs=1e-12)


@pytest.mark.parametrize("name", layout_names())
def test_directed_partitions_follow_the_bones(name: str) -> None:
    body = skeleton(name)
    itself, inward, outward = adjacency(body, "directed")
    assert np.array_equal(itself, np.eye(body.num_joints))
    children = {v: [c for c, parent in body.bones if parent == v] for v in range(body.num_joints)}
    for parent, own in children.items():
        for child in range(body.num_joints):
            parents = [p for c, p in body.bones if c == child]
            assert inward[parent, child] == pytest.approx((child in own) / max(len(parents), 1))
            assert outward[child, parent] == pytest.approx((child in own) / max(len(own), 1))


def test_one_joint_alone_hears_itself() -> None:
    watch = Skeleton.of_sensors("watch", ["wrist"])
    assert adjacency(watch, "uniform").tolist() == [[[1.0]]]
    assert adjacency(watch, "spatial").tolist() == [[[1.0]], [[0.0]], [[0.0]]]
    assert adjacency(watch, "directed").tolist() == [[[1.0]], [[0.0]], [[0.0]]]


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        ({"strategy": "nearest"}, "unknown partition 'nearest'; use uniform, distance"),
        ({"max_hop": 0}, "max_hop and dilation must be 1 or more, got 0 and 1"),
        ({"dilation": 0}, "got 1 and 0"),
        ({"normalisation": "row"}, "unknown normalisation 'row'; use column"),
        ({"normalisation": "symmetric", "max_hop": 2}, "'symmetric' is defined for one hop only"),
    ],
)
def test_a_combination_that_does_not_exist_is_named(
    arguments: dict[str, object], says: str
) -> None:
    with pytest.raises(ConfigError, match=says):
        adjacency(skeleton("sbu15"), **arguments)  # type: ignore[arg-type]
