"""ONNX Runtime: reads and writes the memory of streams where it lies."""

from __future__ import annotations

from collections.abc import Iterable

import onnxruntime as ort
from onnxruntime.capi.onnxruntime_pybind11_state import OrtDevice, OrtValue, OrtValueVector

from kinestream.errors import BundleError
from kinestream.streaming.runners.runner import Call, Lending, Lent

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
        self._named: dict[tuple[tuple[str, ...], tuple[str, ...]], tuple[list[str], list[str]]] = {}
        self.inputs = frozenset(value.name for value in self._session.get_inputs())
        self.outputs = frozenset(value.name for value in self._session.get_outputs())

    def call(self, inputs: Lending, outputs: Lending) -> Call:
        taken, made = self._names(inputs, outputs)
        feeds = _vector(inputs[name] for name in taken)
        fetches = _vector(outputs[name] for name in made)
        devices, options = [CPU] * len(made), self._options
        run = self._session.run_with_ortvaluevector
        return lambda: run(options, taken, feeds, made, fetches, devices)

    def _names(self, inputs: Lending, outputs: Lending) -> tuple[list[str], list[str]]:
        """What is taken and made; the same lists for all calls of one engine."""
        names = tuple(name for name in inputs if name in self.inputs), tuple(outputs)
        return self._named.setdefault(names, (list(names[0]), list(names[1])))


def _vector(lent: Iterable[Lent]) -> OrtValueVector:
    """Handles on arrays, which stay where they are."""
    vector = OrtValueVector()
    for each in lent:
        if each.handle is None:
            each.handle = OrtValue.ortvalue_from_numpy(each.array, CPU)
        vector.push_back(each.handle)
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
