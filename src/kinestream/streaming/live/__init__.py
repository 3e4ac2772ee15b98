"""The tolerant front of a stream: frames as they come, and what becomes of each."""

from kinestream.streaming.live.counters import LiveCounters
from kinestream.streaming.live.live import Live
from kinestream.streaming.live.people import LivePeople, SceneEnding, SceneRecord
from kinestream.streaming.live.record import Ending, Record
from kinestream.streaming.live.settings import LiveSettings

__all__ = [
    "Ending",
    "Live",
    "LiveCounters",
    "LivePeople",
    "LiveSettings",
    "Record",
    "SceneEnding",
    "SceneRecord",
]
