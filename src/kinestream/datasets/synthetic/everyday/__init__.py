"""Everyday actions of generated people: alone or in pairs, seen by a camera or felt by sensors."""

from kinestream.datasets.synthetic.everyday.pairs import PAIR_ACTIONS
from kinestream.datasets.synthetic.everyday.scene import Options, Scene, Variation
from kinestream.datasets.synthetic.everyday.vocabulary import ACTIONS

__all__ = ["ACTIONS", "PAIR_ACTIONS", "Options", "Scene", "Variation"]
