"""Partitions and layouts against the numbers of the reference codes."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from kinestream.skeletons import Skeleton, adjacency, hop_distance, layout_names, skeleton

FILE = Path(__file__).resolve().parents[3] / "shared" / "golden" / "visible" / "graphs.npz"
Arrays = dict[str, NDArray[np.float64]]


@pytest.fixture(scope="module")
def golden() -> Arrays:
    if not FILE.is_file():
        pytest.skip("the golden files (../shared/golden) are not here")
    with np.load(FILE, allow_pickle=False) as arrays:
        return {name: arrays[name] for name in arrays.files}


def graph_of(golden: Arrays, layout: str) -> Skeleton:
    """The graph that a layout's numbers were made of."""
    centre = int(golden.get(f"{layout}__center", np.array(0)))
    for key in ("edges", "inward"):
        if f"{layout}__{key}" in golden:
            return graph(layout, golden[f"{layout}__{key}"].tolist(), centre)
    # Only neighbours are told: bones point at joint 0, which is the centre.
    near = golden[f"{layout}__pyskl_binary_adj_hop1"][0] > 0
    bones, seen = [], [0]
    for parent in seen:
        new = [v for v in np.flatnonzero(near[parent]).tolist() if v not in seen]
        bones += [[child, parent] for child in new]
        seen += new
    return graph(layout, bones, centre)


def graph(name: str, edges: list[list[int]], centre: int) -> Skeleton:
    joints = tuple(f"j{v}" for v in range(max(map(max, edges)) + 1))
    return Skeleton(name, joints, tuple((a, b) for a, b in edges), centre)


def made(body: Skeleton, what: str) -> NDArray[np.float64] | None:
    """Our numbers under a golden key; None where the key holds no numbers of ours."""
    if found := re.fullmatch(r"official_hop_dis_hop(\d+)", what):
        return hop_distance(body, int(found[1]))
    if found := re.fullmatch(r"official_([a-z]+)_hop(\d+)_dil(\d+)", what):
        hops, dilation = int(found[2]), int(found[3])
        return adjacency(body, found[1], max_hop=hops, dilation=dilation)  # type: ignore[arg-type]
    if found := re.fullmatch(r"seed_([a-z]+)_(symmetric|nonsymmetric)", what):
        kind = "symmetric" if found[2] == "symmetric" else "random_walk"
        return adjacency(body, found[1], normalisation=kind)  # type: ignore[arg-type]
    if found := re.fullmatch(r"pyskl_stgcn_spatial_hop(\d+)", what):
        return adjacency(body, max_hop=int(found[1]))
    if what in ("pyskl_spatial_hop1", "ctrgcn_spatial"):
        return adjacency(body, "directed")
    if what == "pyskl_binary_adj_hop1":
        return np.asarray(hop_distance(body, 1) == 1, dtype=np.float64)[None]
    assert what in ("edges", "center", "inward"), f"an unknown golden key: {what}"
    return None


def test_every_partition_equals_the_reference(golden: Arrays) -> None:
    compared = 0
    for key, expected in golden.items():
        layout, _, what = key.partition("__")
        ours = made(graph_of(golden, layout), what)
        if ours is not None:
            np.testing.assert_allclose(ours, expected, rtol=0, atol=1e-12, err_msg=key)
            compared += 1
    assert compared >= 63


def test_shipped_layouts_have_the_edges_of_the_reference(golden: Arrays) -> None:
    both = [name for name in layout_names() if f"{name}__edges" in golden]
    assert {"ntu25", "coco17", "openpose18", "hugadb6", "lara19"} <= set(both)
    for name in both:
        body = skeleton(name)
        assert [list(bone) for bone in body.bones] == golden[f"{name}__edges"].tolist()
        assert body.centre == golden[f"{name}__center"]


def test_kinect20_is_the_ucla_graph(golden: Arrays) -> None:
    """NW-UCLA was recorded with the same camera; its code turns some bones around."""
    ours = {frozenset(bone) for bone in skeleton("kinect20").bones}
    assert ours == {frozenset(bone) for bone in golden["ucla20__inward"].tolist()}
