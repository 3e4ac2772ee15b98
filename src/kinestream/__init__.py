"""Kinestream recognises what people are doing from skeletons, frame by frame.

>>> import kinestream as ks
>>> bundle = ks.load("utkinect")
>>> stream = bundle.stream()
>>> label = stream.push(joints)  # doctest: +SKIP

Importing this package loads neither torch nor onnxruntime: names are fetched when first used.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from kinestream.bundle import Bundle as Bundle
    from kinestream.bundle import load as load
    from kinestream.bundle import shipped_bundles as shipped_bundles
    from kinestream.clips import Clip as Clip
    from kinestream.datasets.synthetic import generate as generate
    from kinestream.errors import KinestreamError as KinestreamError
    from kinestream.formats import read_annotations as read_annotations
    from kinestream.formats import read_clip as read_clip
    from kinestream.formats import to_skeleton as to_skeleton
    from kinestream.formats import with_labels as with_labels
    from kinestream.formats import write_annotations as write_annotations
    from kinestream.formats import write_clip as write_clip
    from kinestream.metrics import evaluate as evaluate
    from kinestream.recognition import events as events
    from kinestream.recognition import recognise as recognise
    from kinestream.recognition import run as run
    from kinestream.skeletons import Skeleton as Skeleton
    from kinestream.skeletons import skeleton as skeleton
    from kinestream.streaming import Stream as Stream
    from kinestream.streaming.events import Event as Event
    from kinestream.streaming.events import EventRules as EventRules
    from kinestream.streaming.events import Events as Events
    from kinestream.streaming.live import Live as Live
    from kinestream.streaming.live import LivePeople as LivePeople
    from kinestream.streaming.live import LiveSettings as LiveSettings
    from kinestream.timeline import FrameLabel as FrameLabel
    from kinestream.timeline import Timeline as Timeline

__version__ = "0.1.0"

_HOMES = {
    "Bundle": "bundle",
    "Clip": "clips",
    "Event": "streaming.events",
    "EventRules": "streaming.events",
    "Events": "streaming.events",
    "FrameLabel": "timeline",
    "KinestreamError": "errors",
    "Live": "streaming.live",
    "LivePeople": "streaming.live",
    "LiveSettings": "streaming.live",
    "Skeleton": "skeletons",
    "Stream": "streaming",
    "Timeline": "timeline",
    "evaluate": "metrics",
    "events": "recognition",
    "generate": "datasets.synthetic",
    "load": "bundle",
    "read_annotations": "formats",
    "read_clip": "formats",
    "recognise": "recognition",
    "run": "recognition",
    "shipped_bundles": "bundle",
    "skeleton": "skeletons",
    "to_skeleton": "formats",
    "with_labels": "formats",
    "write_annotations": "formats",
    "write_clip": "formats",
}

__all__ = sorted(_HOMES)  # pyright: ignore[reportUnsupportedDunderAll]


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module 'kinestream' has no attribute {name!r}")
    return getattr(import_module(f"kinestream.{_HOMES[name]}"), name)


def __dir__() -> list[str]:
    return [*__all__, "__version__"]
