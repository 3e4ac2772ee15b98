"""OpenVINO: reads and writes the memory of streams where it lies."""

from __future__ import annotations

import threading

from kinestream.errors import BundleError
from kinestream.extras import needs
from kinestream.streaming.runners.ort import short
from kinestream.streaming.runners.runner import Arrays, Call


class OpenVinoRunner:
    """A graph in OpenVINO, in single precision on one thread of the CPU.

    Args:
        graph: Serialised ONNX.

    Raises:
        BundleError: It cannot be loaded.
    """

    def __init__(self, graph: bytes) -> None:
        with needs("the OpenVINO engine", "openvino", "openvino"):
            import openvino
        options = {
            "PERFORMANCE_HINT": "LATENCY",
            "INFERENCE_NUM_THREADS": 1,
            "NUM_STREAMS": 1,
            "INFERENCE_PRECISION_HINT": "f32",
        }
        try:
            core = openvino.Core()
            self._model = core.compile_model(core.read_model(graph), "CPU", options)
        except Exception as error:  # openvino's own exceptions share no public base
            raise BundleError(f"OpenVINO cannot load the graph: {short(error)}.") from None
        self._tensor = openvino.Tensor
        self._request = self._model.create_infer_request()
        self._one_at_a_time = threading.Lock()
        self.inputs = frozenset(port.any_name for port in self._model.inputs)
        self.outputs = frozenset(port.any_name for port in self._model.outputs)

    def call(self, inputs: Arrays, outputs: Arrays) -> Call:
        def shared(array: object) -> object:
            return self._tensor(array, shared_memory=True)

        tensors = {
            **{name: shared(array) for name, array in inputs.items() if name in self.inputs},
            **{name: shared(array) for name, array in outputs.items()},
        }

        def call() -> None:
            with self._one_at_a_time:
                for name, tensor in tensors.items():
                    self._request.set_tensor(name, tensor)
                self._request.infer()

        return call
