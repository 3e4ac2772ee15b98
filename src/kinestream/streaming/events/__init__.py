"""Events: from scores of frames to actions that started and ended."""

from kinestream.streaming.events.event import Event, Kind
from kinestream.streaming.events.events import Events
from kinestream.streaming.events.rejection import rejection_threshold
from kinestream.streaming.events.rules import EventRules
from kinestream.streaming.events.writing import write_events

__all__ = ["Event", "EventRules", "Events", "Kind", "rejection_threshold", "write_events"]
