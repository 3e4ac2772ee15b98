"""The torch-free runtime: engine, streams, sources."""

from kinestream.streaming.engine import Engine, open_session
from kinestream.streaming.resample import Resampler, resample_clip
from kinestream.streaming.stream import Recogniser, Stream, push_many, softmax

__all__ = [
    "Engine",
    "Recogniser",
    "Resampler",
    "Stream",
    "open_session",
    "push_many",
    "resample_clip",
    "softmax",
]
