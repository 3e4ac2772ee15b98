"""Temporal operators, each with a clip form and a step form that give the same numbers."""

from kinestream.models.temporal.conv import TemporalConv
from kinestream.models.temporal.delay import Delay
from kinestream.models.temporal.operator import TemporalOperator
from kinestream.models.temporal.sum import SlidingSum

__all__ = ["Delay", "SlidingSum", "TemporalConv", "TemporalOperator"]
