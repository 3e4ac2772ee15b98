"""The torch-free runtime: engine, streams, sources."""

from kinestream.streaming.decode import Decoder, decode
from kinestream.streaming.engine import Engine
from kinestream.streaming.frames import fill_scene
from kinestream.streaming.resample import Resampler, resample_clip
from kinestream.streaming.runners import RUNNERS, make_runner, open_session
from kinestream.streaming.stream import Recogniser, Stream, push_many, softmax

__all__ = [
    "RUNNERS",
    "Decoder",
    "Engine",
    "Recogniser",
    "Resampler",
    "Stream",
    "decode",
    "fill_scene",
    "make_runner",
    "open_session",
    "push_many",
    "resample_clip",
    "softmax",
]
