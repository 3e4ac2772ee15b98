"""Skeletons: layouts as data files, graph partitions made of them, conversion between them."""

from kinestream.skeletons.convert import Conversion, Origin
from kinestream.skeletons.graph import adjacency, hop_distance
from kinestream.skeletons.skeleton import Skeleton, layout_names, skeleton

__all__ = [
    "Conversion",
    "Origin",
    "Skeleton",
    "adjacency",
    "hop_distance",
    "layout_names",
    "skeleton",
]
