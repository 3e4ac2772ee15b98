"""ONNX Runtime: reads and writes the memory of streams where it lies."""

from __future__ import annotations

from typing import Any

import onnxruntime as ort
from numpy.typing import NDArray
from onnxruntime.capi.onnxruntime_pybind11_state import OrtDevice, OrtValue, OrtValueVector

from kinestream.errors import BundleError
from kinestream.streaming.runners.runner import Arrays, Call

CPU = OrtDevice(OrtDevice.cpu(), OrtDevice.default_memory(), 0)


class OrtRunner:
    """A graph in ONNX Runtime, on one thread of the CPU.

    Its packed weights serve all streams; a call may be made on any thread.

    Args:
        graph: Serialised ONNX.

    Raises:
        BundleError: It cannot be loaded.
    """

    def __init__(self, graph: bytes) -> None:
        self._session = open_session(graph)
        self._options = ort.RunOptions()
        self.inputs = frozenset(value.name for value in self._session.get_inputs())
        self.outputs = frozenset(value.name for value in self._session.get_outputs())

    def call(self, inputs: Arrays, outputs: Arrays) -> Call:
        taken = [name for name in inputs if name in self.inputs]
        made = list(outputs)
        feeds = _vector([inputs[name] for name in taken])
        fetches = _vector(list(outputs.values()))
        devices = [CPU] * len(made)
        run, options = self._session.run_with_ortvaluevector, self._options

        lent = [inputs, outputs]

        def call() -> None:
            run(options, taken, feeds, made, fetches, devices)
            assert lent  # the handles do not keep their arrays

        return call


def _vector(arrays: list[NDArray[Any]]) -> OrtValueVector:
    """Handles on arrays, which stay where they are."""
    vector = OrtValueVector()
    vector.reserve(len(arrays))
    for array in arrays:
        vector.push_back(OrtValue.ortvalue_from_numpy(array, CPU))
    return vector


def open_session(graph: bytes) -> ort.InferenceSession:
    """Load a serialised ONNX graph on one thread of the CPU.

    One thread: the matrices are small, and more threads only spoil the latency of the slowest
    frames.

    Raises:
        BundleError: It cannot be loaded.
    """
    options = ort.SessionOptions()
    options.intra_op_num_threads = 1
    options.inter_op_num_threads = 1
    options.log_severity_level = 4  # what fails is raised; its log would only repeat it
    try:
        return ort.InferenceSession(graph, options, providers=["CPUExecutionProvider"])
    except Exception as error:  # onnxruntime's own exceptions share no public base
        raise BundleError(f"ONNX Runtime cannot load the graph: {short(error)}.") from None


def short(error: Exception) -> str:
    """The beginning of a library's message, in one line."""
    return " ".join(str(error).split())[:160].rstrip(" .")
