"""The torch-free runtime: engine, streams, sources."""

from kinestream.streaming.decode import Decoder, decode
from kinestream.streaming.engine import Engine, open_session
from kinestream.streaming.resample import Resampler, resample_clip
from kinestream.streaming.stream import Recogniser, Stream, fill_scene, push_many, softmax

__all__ = [
    "Decoder",
    "Engine",
    "Recogniser",
    "Resampler",
    "Stream",
    "decode",
    "fill_scene",
    "open_session",
    "push_many",
    "resample_clip",
    "softmax",
]
