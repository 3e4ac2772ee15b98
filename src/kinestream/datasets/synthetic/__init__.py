"""Recordings made by code, with exact labels."""

from kinestream.datasets.synthetic.everyday import ACTIONS, PAIR_ACTIONS, Variation
from kinestream.datasets.synthetic.labelling import labels_at
from kinestream.datasets.synthetic.recordings import Kind, generate
from kinestream.datasets.synthetic.sets import generate_set

__all__ = [
    "ACTIONS",
    "PAIR_ACTIONS",
    "Kind",
    "Variation",
    "generate",
    "generate_set",
    "labels_at",
]
