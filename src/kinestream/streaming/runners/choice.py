"""Runners by their names."""

from __future__ import annotations

from collections.abc import Callable
from weakref import WeakValueDictionary

from kinestream.errors import ConfigError
from kinestream.files import sha256
from kinestream.streaming.runners.ort import OrtRunner
from kinestream.streaming.runners.reference import NumpyRunner
from kinestream.streaming.runners.runner import Runner
from kinestream.streaming.runners.vino import OpenVinoRunner

RUNNERS: dict[str, Callable[[bytes], Runner]] = {
    "onnxruntime": OrtRunner,
    "openvino": OpenVinoRunner,
    "numpy": NumpyRunner,
}

_LOADED: WeakValueDictionary[tuple[str, str], Runner] = WeakValueDictionary()


def make_runner(engine: str, graph: bytes) -> Runner:
    """Load a graph, or take it from whoever uses it: weights are in memory once.

    Args:
        engine: ``onnxruntime``, ``openvino`` or ``numpy``.
        graph: Serialised ONNX.

    Raises:
        ConfigError: There is no such engine.
        BundleError: It cannot load the graph.
        MissingExtraError: It is not installed.
    """
    if engine not in RUNNERS:
        raise ConfigError(f"there is no engine {engine!r}; take one of {', '.join(RUNNERS)}.")
    key = engine, sha256(graph)
    runner = _LOADED.get(key)
    if runner is None:
        runner = _LOADED[key] = RUNNERS[engine](graph)
    return runner
