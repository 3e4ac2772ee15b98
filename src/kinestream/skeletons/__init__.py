"""Skeletons: layouts as data files, and the graph partitions made of them."""

from kinestream.skeletons.graph import adjacency, hop_distance
from kinestream.skeletons.skeleton import Skeleton, layout_names, skeleton

__all__ = ["Skeleton", "adjacency", "hop_distance", "layout_names", "skeleton"]
