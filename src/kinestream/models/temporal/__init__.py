"""Operators that look along time; each has a clip form and a step form that give the same numbers."""

from kinestream.models.temporal.average import Average, Averaging
from kinestream.models.temporal.conv import TemporalConv
from kinestream.models.temporal.delay import Delay
from kinestream.models.temporal.max import SlidingMax
from kinestream.models.temporal.operator import TemporalOperator
from kinestream.models.temporal.shift import TemporalShift
from kinestream.models.temporal.sum import SlidingSum

__all__ = [
    "Average",
    "Averaging",
    "Delay",
    "SlidingMax",
    "SlidingSum",
    "TemporalConv",
    "TemporalOperator",
    "TemporalShift",
]
