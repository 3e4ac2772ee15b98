"""OpenVINO: reads and writes the memory of streams where it lies."""

from __future__ import annotations

import threading

import numpy as np

from kinestream.errors import BundleError
from kinestream.extras import needs
from kinestream.streaming.runners.ort import short
from kinestream.streaming.runners.runner import Arrays, Call

LARGEST = 1 << 30
"""OpenVINO computes whole numbers in 32 bits; so many frames are a year."""


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

        taken = {name: array for name, array in inputs.items() if name in self.inputs}
        whole = {name: array for name, array in taken.items() if array.dtype == np.int64}
        lent = taken | {name: array.copy() for name, array in whole.items()} | dict(outputs)
        tensors = {name: shared(array) for name, array in lent.items()}

        def call() -> None:
            for name, array in whole.items():
                np.minimum(array, LARGEST, out=lent[name])
            with self._one_at_a_time:
                for name, tensor in tensors.items():
                    self._request.set_tensor(name, tensor)
                self._request.infer()

        return call
