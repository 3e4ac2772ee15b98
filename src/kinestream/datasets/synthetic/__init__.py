"""Recordings made by code, with exact labels."""

from kinestream.datasets.synthetic.recordings import Kind, generate, labels_at

__all__ = ["Kind", "generate", "labels_at"]
